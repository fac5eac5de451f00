"""Models that draft: they note what they are asked, and write what the tests need."""

from __future__ import annotations

import asyncio
import os
import random
import re
from pathlib import Path
from typing import Any

_WORDS = [
    *("harbour", "orchard", "library", "museum", "kitchen", "garden", "railway", "theatre"),
    *("bakery", "lighthouse", "ladder", "kettle", "violin", "compass", "blanket", "lantern"),
    *("bicycle", "telescope", "hammock", "barrel"),
]


def _asked(messages: list[dict[str, Any]]) -> int:
    text = "\n".join(each["content"] for each in messages)
    noted = os.environ.get("ASKED")
    if noted:
        with Path(noted).open("a", encoding="utf-8") as file:
            file.write(text + "\n===\n")
    found = re.search(r"Write request (\d+) of", text)
    assert found is not None
    return int(found[1])


def fresh(number: int) -> str:
    """A request that resembles no other's."""
    words = random.Random(number).sample(_WORDS, 8)
    return f"Number {number}: {' '.join(words)}?"


async def writes(messages: list[dict[str, Any]], parameters: dict[str, Any]) -> str:
    """Something new each time, in a list's dress."""
    return f'1. "{fresh(_asked(messages))}"'


async def slowly(messages: list[dict[str, Any]], parameters: dict[str, Any]) -> str:
    await asyncio.sleep(0.1)
    return await writes(messages, parameters)


async def mixed(messages: list[dict[str, Any]], parameters: dict[str, Any]) -> str:
    """For the first three something that must not get in."""
    number = _asked(messages)
    bad = {
        1: "Hello there, PLEASE, help with baking bread today.",
        2: '=HYPERLINK("http://example.com","click me")',
        3: fresh(4),
    }
    return bad.get(number, fresh(number))


async def copies(messages: list[dict[str, Any]], parameters: dict[str, Any]) -> str:
    """What a member wrote, always."""
    _asked(messages)
    return "I say please help with baking bread"
