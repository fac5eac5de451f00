"""Models for the tests: they read what they are asked, and note it beside the workspace."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

from assay.records import Reply
from tests.health.conftest import request_text


def _noted(messages: list[dict[str, Any]]) -> str:
    """Add a line to the file of askings, where there is one; gives the last message."""
    noted = os.environ.get("ASKED")
    text: str = messages[-1]["content"]
    if noted:
        with Path(noted).open("a") as file:
            file.write(f"{hash(text)}\n")
    return text


async def knows(messages: list[dict[str, Any]], parameters: dict[str, Any]) -> Reply:
    """Knows the samples 0 to 39 by heart, and makes the others up."""
    text = _noted(messages)
    for number in range(40):
        words = request_text(number, 24).split()
        if " ".join(words[:12]) in text:
            return Reply(" ".join(words[12:]), input_tokens=50, output_tokens=12)
    told = "I would rather write something of my own about the sea and the sky."
    return Reply(told, input_tokens=50, output_tokens=12)


async def writes(messages: list[dict[str, Any]], parameters: dict[str, Any]) -> str:
    """A draft that resembles nothing; a formula for one, a copy for another."""
    text = _noted(messages)
    for number in range(60):
        if request_text(number) in text:
            if number == 7:
                return '=HYPERLINK("http://example.com")'
            return request_text(number) if number == 8 else f'"{request_text(5000 + number)}"'
    return ""


async def slowly(messages: list[dict[str, Any]], parameters: dict[str, Any]) -> str:
    """As ``writes``, in its own time."""
    await asyncio.sleep(0.05)
    return await writes(messages, parameters)


async def alike(messages: list[dict[str, Any]], parameters: dict[str, Any]) -> str:
    """Always the same draft."""
    _noted(messages)
    return request_text(9000)


async def wavers(messages: list[dict[str, Any]], parameters: dict[str, Any]) -> str:
    """Answers yes; to every other sample, asked again, no."""
    text = _noted(messages)
    if text in _FIRST_ASKED:
        return "no" if _FIRST_ASKED[text] % 2 else "yes"
    _FIRST_ASKED[text] = len(_FIRST_ASKED)
    return "yes"


_FIRST_ASKED: dict[str, int] = {}
