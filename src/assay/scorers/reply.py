"""What scorers need of a transcript's last reply, and what they say where there is none."""

from __future__ import annotations

import re

from assay.records import Message, Score, Transcript

_VISIBLE = re.compile(r"[^\s\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\x00-\x1f\x7f]")


def last_assistant(transcript: Transcript) -> Message | None:
    """The last assistant message, or None."""
    for message in reversed(transcript.messages):
        if message.role == "assistant":
            return message
    return None


def is_blank(text: str) -> bool:
    """Does the text hold nothing that a reader would see?"""
    return _VISIBLE.search(text) is None


def missing_reply(transcript: Transcript) -> Score | None:
    """The score of a transcript whose last reply has no text; None where there is text.

    A reply that the provider's filter withheld is an answer that does not match: value 0.
    Everything else without text (also a reply that only calls tools) is unscored.
    """
    message = last_assistant(transcript)
    if message is not None and not is_blank(message.content):
        return None
    if transcript.stop_reason == "content_filter":
        return Score(value=0.0, explanation="The provider's filter withheld the reply: no match.")
    if message is None:
        why = "The transcript has no assistant message."
    elif message.tool_calls:
        why = "The last reply calls a tool and says nothing."
    else:
        why = "The last reply is empty."
    return Score(unscored="no_response", explanation=why)


def shown(text: str, length: int = 80) -> str:
    """Text for an explanation: on one line, escaped, and not too long."""
    cut = text if len(text) <= length else text[: length - 1] + "\u2026"
    return repr(cut)


def encodable(text: str) -> str:
    """The text with "?" for what UTF-8 cannot hold: half of a surrogate pair."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()
