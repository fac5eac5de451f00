"""What was said, and where it came from: the one thing that a scorer sees.

The stored columns are those of Inspect Scout's transcript table, in its names, so that Scout reads
our files and we read its; the columns after ``events_data`` are ours.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from assay.records.message import Message
from assay.records.sample import Polarity


class Transcript(msgspec.Struct, frozen=True, omit_defaults=True):
    """One conversation with its origin. Only ``transcript_id`` is required."""

    transcript_id: Annotated[str, Meta(description="Unique name of the transcript.")]
    messages: Annotated[tuple[Message, ...], Meta(description="The conversation, in order.")] = ()
    source_type: Annotated[
        str | None, Meta(description="Where it came from: assay_run, eval_log, usage, guard.")
    ] = None
    source_id: Annotated[str | None, Meta(description="Id within the source.")] = None
    source_uri: Annotated[str | None, Meta(description="File or address of the source.")] = None
    date: Annotated[str | None, Meta(description="When it took place, ISO 8601.")] = None
    task_set: Annotated[str | None, Meta(description="The eval's name.")] = None
    task_id: Annotated[str | None, Meta(description="The sample's id.")] = None
    task_repeat: Annotated[int | None, Meta(description="The epoch, from 1.")] = None
    agent: Annotated[str | None, Meta(description="The solver's name.")] = None
    agent_args: Annotated[dict[str, Any] | None, Meta(description="The solver's settings.")] = None
    model: Annotated[str | None, Meta(description="provider/model.")] = None
    model_options: Annotated[
        dict[str, Any] | None, Meta(description="Parameters of generation.")
    ] = None
    score: Annotated[Any | None, Meta(description="Headline score, in imported transcripts.")] = (
        None
    )
    score_explanation: Annotated[str | None, Meta(description="Why that score.")] = None
    success: Annotated[bool | None, Meta(description="Headline success, if any.")] = None
    message_count: Annotated[int | None, Meta(description="Number of messages.")] = None
    total_time: Annotated[float | None, Meta(description="Seconds from start to end.")] = None
    total_tokens: Annotated[int | None, Meta(description="Input and output tokens.")] = None
    error: Annotated[str | None, Meta(description="Why the conversation broke off.")] = None
    limit: Annotated[str | None, Meta(description="The limit that ended it, if any.")] = None
    trust_content: Annotated[bool | None, Meta(description="Scout's mark; unused here.")] = None
    events: Annotated[list[Any] | None, Meta(description="Inspect's events, if any.")] = None
    timelines: Annotated[list[Any] | None, Meta(description="Inspect's timelines, if any.")] = None
    events_data: Annotated[
        dict[str, Any] | None, Meta(description="Inspect's shared event data, if any.")
    ] = None
    run_id: Annotated[str | None, Meta(description="The run that made it.")] = None
    account_id: Annotated[str | None, Meta(description="Who acted (usage).")] = None
    org_id: Annotated[str | None, Meta(description="Their organization (usage).")] = None
    cluster: Annotated[str | None, Meta(description="What the sample was derived from.")] = None
    sample_hash: Annotated[str | None, Meta(description="Hash of the sample's content.")] = None
    stop_reason: Annotated[str | None, Meta(description="Why the last reply ended.")] = None
    input_tokens: Annotated[int | None, Meta(description="Tokens read by the model.")] = None
    output_tokens: Annotated[int | None, Meta(description="Tokens written by the model.")] = None
    latency: Annotated[float | None, Meta(description="Seconds of waiting for the model.")] = None
    target: Annotated[tuple[str, ...], Meta(description="Answers that count as right.")] = ()
    choices: Annotated[tuple[str, ...], Meta(description="Options of a choice sample.")] = ()
    choice_distribution: Annotated[
        dict[str, float] | None, Meta(description="Probability of each choice's letter.")
    ] = None
    choice_method: Annotated[
        str | None, Meta(description="How the distribution was had: logprobs or sampling.")
    ] = None
    pair_id: Annotated[str | None, Meta(description="Joins a request to its twin.")] = None
    polarity: Annotated[Polarity | None, Meta(description="violative or benign.")] = None
    policy_area: Annotated[str | None, Meta(description="Area of the policy.")] = None
    language: Annotated[str | None, Meta(description="Language tag.")] = None
    sample_metadata: Annotated[
        dict[str, Any] | None, Meta(description="Other fields of the sample.")
    ] = None

    surface: Annotated[
        str | None, Meta(description="Product or interface of the conversation (usage).")
    ] = None
    client_id: Annotated[
        str | None, Meta(description="Keyed hash of the client's hints (usage).")
    ] = None
    network_id: Annotated[
        str | None, Meta(description="Keyed hash of the network's hints (usage).")
    ] = None

    @property
    def reply(self) -> str:
        """Text of the last assistant message; empty where there is none."""
        for message in reversed(self.messages):
            if message.role == "assistant":
                return message.content
        return ""
