"""Has a model write the labelled conversations: the grammar says what, the model says it anew."""

from __future__ import annotations

from assay.errors import AssayError
from assay.models import Model
from assay.records import Message, Parameters, Reply, Request
from assay.runs.settings import Settings
from assay.scorers.refusal import find_refusal
from assay.store.workspace import Workspace
from assay.usage.validation.asking import ask_all
from assay.usage.validation.grammar import synthetic
from assay.usage.validation.labelled import Known, Labelled, check_labelled

_LANGUAGES = {"en": "English", "de": "German", "fr": "French", "es": "Spanish"}
_TOKENS = 200


def written(
    place: Workspace, settings: Settings, model: str, conversations: int, seed: int
) -> tuple[Labelled, int]:
    """Conversations in a model's words, and how many it did not write.

    A model that refuses a category, or says nothing, leaves its conversations out: they are
    counted, never replaced, so that a category that a model shuns is seen to be missing.

    Raises:
        AssayError: the model wrote of fewer than two categories.
    """
    drafts = synthetic(conversations, seed).rows

    async def ask(models: dict[str, Model], number: int) -> Reply:
        return await models["writer"].generate(_request(drafts[number], number + 1))

    replies = ask_all(place, settings, {"writer": model}, len(drafts), ask)
    rows = [
        Known(
            (Message("user", reply.text.strip()),),
            draft.label,
            draft.concerning,
            draft.language,
            draft.account,
        )
        for draft, reply in zip(drafts, replies, strict=True)
        if _is_there(reply)
    ]
    labelled = Labelled(f"written by {model} ({len(rows):,}, seed {seed})", rows)
    try:
        check_labelled(labelled)
    except AssayError as error:
        raise AssayError(
            f"{model} wrote {len(rows):,} of {len(drafts):,} conversations, of too few categories.",
            fix="Use a model that writes such requests, or leave out --model.",
        ) from error
    return labelled, len(drafts) - len(rows)


def _request(draft: Known, number: int) -> Request:
    asked = " / ".join(message.content for message in draft.messages)
    text = (
        "For a test of software that groups requests by subject, rewrite this request to an "
        f"assistant as another person would type it, in {_LANGUAGES[draft.language]}. Keep what is "
        "asked, change the words, add a detail. Do not answer it. Write the new request alone.\n\n"
        f"Request: {asked}"
    )
    return Request(
        (Message("user", text),), Parameters(max_tokens=_TOKENS, temperature=1.0), number
    )


def _is_there(reply: Reply) -> bool:
    plain = reply.text.strip()
    return (
        bool(plain)
        and reply.stop_reason != "content_filter"
        and find_refusal(plain).verdict == "compliance"
    )
