"""Where an import stands: all of a commit or nothing of it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from assay.errors import StoreError
from assay.usage.state import Pending, Source, State


def pending(rows: int) -> Pending:
    keys = [os.urandom(16) for _ in range(rows)]
    return Pending(
        seen=set(keys),
        ids={key[:10]: (key, b"p" * 16) for key in keys},
        rejected=[(1, 7, None, "not_json", "why")],
        superseded={keys[0].hex()},
        sources={1: Source(1, "a.jsonl", "chat", "stamp", rows=rows + 1, place=99, line=rows + 1)},
    )


def test_a_full_disk_keeps_what_was_committed(tmp_path: Path) -> None:
    state = State(tmp_path / "import.sqlite")
    first, second = pending(10), pending(5_000)
    state.commit(first, (0, 10))
    state._db.execute("PRAGMA max_page_count = 40")
    with pytest.raises(StoreError, match="Free some space"):
        state.commit(second, (1, 5_000))
    assert (state.parts(), state.stored(), state.superseded()) == (1, 10, 1)
    assert state.seen([*first.seen, *second.seen]) == first.seen
    state._db.execute("PRAGMA max_page_count = 100000")
    state.commit(second, (1, 5_000))
    assert (state.parts(), state.stored()) == (2, 5_010)
    state.close()
    state = State(tmp_path / "import.sqlite")
    [source] = state.sources()
    assert (source.uri, source.rows, source.place, source.line) == ("a.jsonl", 5_001, 99, 5_001)
    assert len(state.ids(second.ids)) == 5_000
    assert [row.reason for row in state.rejected()] == ["not_json"] * 2
    state.close()


def test_the_inbox_is_kept_until_what_it_held_is_committed(tmp_path: Path) -> None:
    state = State(tmp_path / "import.sqlite")
    state.receive(1, [b"one", b"two"])
    state.close()
    state = State(tmp_path / "import.sqlite")
    waiting = state.inbox(10)
    assert [blob for _, _, blob in waiting] == [b"one", b"two"]
    state.receive(1, [b"three"])
    state.commit(Pending(taken=waiting[-1][0]), None)
    assert [blob for _, _, blob in state.inbox(10)] == [b"three"]
    state.close()
    assert b"two" not in (tmp_path / "import.sqlite").read_bytes()


def test_another_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "import.sqlite").write_text("this is no database, but a text of some length\n" * 9)
    with pytest.raises(StoreError, match="delete the import's folder"):
        State(tmp_path / "import.sqlite")
