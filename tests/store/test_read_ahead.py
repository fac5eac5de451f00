"""Reading a journal in the order of arrival gives what looking up gives, in any order of asking."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assay.store import read_ahead
from assay.store.journal import Journal

REPLIES = {f"key-{i:03}".encode(): f"reply {i}".encode() * 10 for i in range(300)}


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path: Path = tmp_path_factory.mktemp("journal") / "journal.sqlite"

    async def fill() -> None:
        journal = Journal(path)
        await asyncio.gather(*(journal.put(key, reply) for key, reply in REPLIES.items()))
        await journal.close()

    asyncio.run(fill())
    return path


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seed=st.integers(),
    jitter=st.sampled_from([0, 5, 100, 1000]),
    most=st.sampled_from([1, 1_000, 10_000_000]),
)
async def test_every_order_finds_every_reply(
    filled: Path, monkeypatch: pytest.MonkeyPatch, seed: int, jitter: int, most: int
) -> None:
    monkeypatch.setattr(read_ahead, "_MOST_BYTES", most)
    chance = random.Random(seed)
    order = sorted(enumerate(REPLIES), key=lambda at: at[0] + chance.uniform(0, jitter))
    again = chance.choices(list(REPLIES), k=20)
    journal = Journal(filled)
    try:
        for key in [key for _, key in order] + again:
            assert journal.get(key) == REPLIES[key]
            assert journal.get(b"no such " + key) is None
    finally:
        await journal.close()


async def test_what_is_put_later_is_found_too(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.sqlite")
    await journal.put(b"old", b"1")
    await journal.close()
    journal = Journal(tmp_path / "journal.sqlite")
    await journal.put(b"new", b"2")
    assert [journal.get(key) for key in (b"new", b"old", b"new", b"old")] == [b"2", b"1"] * 2
    await journal.close()


async def test_what_nobody_asks_for_is_not_held(
    filled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(read_ahead, "_MOST_BYTES", 2_000)
    journal = Journal(filled)
    try:
        for key in reversed(REPLIES):
            assert journal.get(key) == REPLIES[key]
            assert journal._ahead._bytes <= 2_000 + 100
    finally:
        await journal.close()
