"""Conversations as ChatGPT exports them: a tree of messages, of which one branch was read last."""

from __future__ import annotations

from typing import Any

from assay.formats.usage_base import RowError, first, list_of, object_of

_UNSAID = ("thoughts", "reasoning_recap", "user_editable_context", "model_editable_context")
"""Kinds of content that nobody said: private reasoning, and what the product adds."""
_PIECES = ("text", "result", "content")


def is_tree(row: dict[str, Any]) -> bool:
    """Whether the row is such a conversation."""
    return isinstance(row.get("mapping"), dict) and "current_node" in row


def branch(row: dict[str, Any]) -> tuple[list[dict[str, Any]], str | None]:
    """The messages from the root to the current node, in order, and the last model that replied.

    Branches that the person left, by editing a message or asking again, are left out.

    Raises:
        RowError: the current node is not there, or the tree runs in a circle.
    """
    nodes, at = row["mapping"], row["current_node"]
    turns: list[dict[str, Any]] = []
    model = None
    seen = set[str]()
    while at is not None:
        node = object_of(nodes.get(at)) if isinstance(at, str) else {}
        if not node or at in seen:
            raise RowError(
                "bad_message", f"node {str(at)[:40]!r} of the tree is missing or repeated"
            )
        seen.add(at)
        message = object_of(node.get("message"))
        told = object_of(message.get("metadata"))
        model = model or first(told, "model_slug")
        if message and not told.get("is_visually_hidden_from_conversation"):
            turns += _turn(message)
        at = node.get("parent")
    return turns[::-1], model if isinstance(model, str) else None


def _turn(message: dict[str, Any]) -> list[dict[str, Any]]:
    """A message as others have it; none where nothing was said."""
    role = object_of(message.get("author")).get("role")
    content = object_of(message.get("content"))
    if content.get("content_type") in _UNSAID:
        return []
    parts: list[Any] = [
        part if isinstance(part, str) else _mark(object_of(part))
        for part in list_of(content.get("parts"))
    ]
    if not parts and isinstance(said := first(content, *_PIECES), str):
        parts = [said]
    text = "\n".join(part for part in parts if part)
    return [{"role": role, "content": text}] if text else []


def _mark(part: dict[str, Any]) -> str:
    """What stands for a part that is no text; words that were spoken stand for themselves."""
    if isinstance(said := part.get("text"), str):
        return said
    kind = str(part.get("content_type", "part"))
    return "[image]" if kind.startswith("image") else f"[{kind[:40]}]"
