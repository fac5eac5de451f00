"""Reads conversations as data sets of chats publish them: ShareGPT, LMSYS-Chat, WildChat, and kin.

A row holds a list of messages under one of several names, a tree of them, or a prompt and its
reply.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from assay.formats.chat import messages_of
from assay.formats.usage_base import (
    Conversation,
    RowError,
    count,
    first,
    list_of,
    seconds,
    word,
)
from assay.formats.usage_chatgpt import branch, is_tree
from assay.formats.usage_hints import named, places_of, who
from assay.records import Message, Role

LISTS = (
    "conversations",
    "conversation",
    "messages",
    "items",
    "dialogue",
    "dialog",
    "turns",
    "chat",
)
PROMPTS = ("prompt", "question", "instruction", "query", "user_message", "input", "request")
REPLIES = (
    "response",
    "answer",
    "reply",
    "output",
    "completion",
    "assistant_message",
    "model_output",
)
_IDS = (
    "id",
    "conversation_hash",
    "conversation_id",
    "conversationId",
    "chat_id",
    "uuid",
    "transcript_id",
    "question_id",
    "hash",
)
_ARENA = (("conversation_a", "model_a", "a"), ("conversation_b", "model_b", "b"))
_KEPT = ("turn", "toxic", "redacted", "country", "state", "winner", "success")
_SPEAKERS: dict[str, Role] = {
    "human": "user",
    "user": "user",
    "prompter": "user",
    "gpt": "assistant",
    "chatgpt": "assistant",
    "bing": "assistant",
    "bard": "assistant",
    "claude": "assistant",
    "model": "assistant",
    "assistant": "assistant",
    "bot": "assistant",
    "ai": "assistant",
    "function_call": "assistant",
    "system": "system",
    "developer": "system",
    "tool": "tool",
    "function": "tool",
    "function_response": "tool",
    "observation": "tool",
}


def fits(row: dict[str, Any]) -> bool:
    """Whether the row is one of these."""
    if is_tree(row) or any(list_of(row.get(name)) for name in (*LISTS, "conversation_a")):
        return True
    return first(row, *PROMPTS) is not None and first(row, *REPLIES) is not None


def read_chat(row: dict[str, Any]) -> Iterator[Conversation]:
    """The conversation of a row; of a battle between two models, both.

    Raises:
        RowError: there is none.
    """
    if "conversation_a" in row:
        for name, by, side in _ARENA:
            told = {**row, "conversation": row.get(name), "model": row.get(by)}
            ident = word(first(row, *_IDS))
            yield _conversation(told, f"{ident}-{side}" if ident else None)
        return
    if is_tree(row):
        turns, model = branch(row)
        row = {"model": model, **row, "messages": turns}
    yield _conversation(row, named([row], *_IDS))


def _conversation(row: dict[str, Any], ident: str | None) -> Conversation:
    turns = next((told for name in LISTS if (told := list_of(row.get(name)))), None)
    messages = spoken(turns) if turns is not None else _pair(row)
    opening: dict[str, Any] = next((turn for turn in turns or () if isinstance(turn, dict)), {})
    hinted = "hashed_ip" in opening or "header" in opening  # WildChat's turns
    found = who(places_of(row, opening) if hinted else places_of(row))
    found["account"] = found["account"] if found["account"] != ident else None
    return Conversation(
        messages=messages,
        id=ident,
        **found,
        model=word(first(row, "model", "model_name", "model_id")),
        language=word(first([row, opening], "language", "lang")),
        input_tokens=count(row.get("input_tokens")),
        output_tokens=count(row.get("output_tokens")),
        latency=seconds(row.get("latency")),
        metadata={name: row[name] for name in _KEPT if _is_plain(row.get(name))},
    )


def spoken(turns: list[Any]) -> tuple[Message, ...]:
    """Messages of ``from``/``value``, ``role``/``content`` or kin.

    Raises:
        RowError: one of them is no message.
    """
    if len(turns) == 1 and isinstance(turns[0], list):
        turns = turns[0]
    messages: list[Message] = []
    for number, turn in enumerate(turns, 1):
        if isinstance(turn, str):  # speakers take turns
            messages.append(Message("assistant" if number % 2 == 0 else "user", turn))
            continue
        if not isinstance(turn, dict):
            raise RowError("bad_message", f"message {number} is no object")
        said = first(turn, "from", "role", "speaker", "author")
        role = _SPEAKERS.get(said.lower()) if isinstance(said, str) else None
        if role is None:
            raise RowError("unknown_role", f"message {number} is by {str(said)[:40]!r}")
        text = first(turn, "value", "content", "text", "markdown", "message")
        if type(text) is str and not turn.get("tool_calls") and "tool_call_id" not in turn:
            messages.append(Message(role, text))
            continue
        try:
            messages.extend(messages_of([{**turn, "role": role, "content": text}]))
        except ValueError as error:
            raise RowError("bad_message", f"message {number}: {error}") from None
    return tuple(messages)


def _pair(row: dict[str, Any]) -> tuple[Message, ...]:
    asked, replied = first(row, *PROMPTS), first(row, *REPLIES)
    if isinstance(asked, list):
        return (*spoken(asked), *_reply(_text(replied)))
    if asked is None and replied is None:
        raise RowError("no_messages", "there is neither a list of messages nor a prompt")
    system = row.get("system") or row.get("system_prompt")
    before = (Message("system", system),) if isinstance(system, str) else ()
    more = row.get("input") if "instruction" in row else None  # Alpaca's second half of a prompt
    text = _text(asked) + (f"\n\n{more}" if isinstance(more, str) and more else "")
    return (*before, *((Message("user", text),) if text else ()), *_reply(_text(replied)))


def _reply(text: str) -> tuple[Message, ...]:
    return (Message("assistant", text),) if text else ()


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        inner = first(value, "content", "text", "value")
        if isinstance(inner, str):
            return inner
    if value is None:
        return ""
    raise RowError("bad_message", f"a prompt or reply is {type(value).__name__}, not text")


def _is_plain(value: Any) -> bool:
    return isinstance(value, bool | int | float) or (isinstance(value, str) and len(value) <= 60)
