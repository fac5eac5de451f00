"""Logs are split into values in little memory, whatever packs, encodes or breaks them."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.formats import usage_stream, usage_units
from assay.formats.usage_units import Unit, json_units

ROWS: list[Any] = [{"a": 'x"]}{,\\'}, {"b": [1, {"c": 2}]}, 5, "s,[", [1, [2]], {"z": None}]
PACKED: dict[str, Callable[[bytes], bytes]] = {
    "plain": bytes,
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "zstd": zstandard.ZstdCompressor().compress,
    "two frames of zstd": lambda data: (
        zstandard.compress(data[:10]) + zstandard.compress(data[10:])
    ),
}


def values(units: list[Unit]) -> list[Any]:
    return [json.loads(unit.data) for unit in units]


def write(path: Path, rows: list[Any], layout: str) -> None:
    if layout == "lines":
        path.write_text("\n".join(map(json.dumps, rows)) + "\n\n")
    elif layout == "values":
        path.write_text("\n".join(json.dumps(row, indent=2) for row in rows))
    else:
        path.write_text(json.dumps(rows, indent=1 if layout == "indented" else None))


@pytest.mark.parametrize("block", [16, 64, 1 << 20])
@pytest.mark.parametrize("layout", ["lines", "list", "indented", "values"])
def test_every_value_is_found_and_reading_goes_on_after_each(
    tmp_path: Path, layout: str, block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(usage_stream, "BLOCK", block)
    rows = [row for row in ROWS if isinstance(row, dict)] if layout == "values" else ROWS
    path = tmp_path / "log.json"
    write(path, rows, layout)
    units = list(json_units(path))
    assert values(units) == rows
    assert [unit.row for unit in units] == list(range(1, len(rows) + 1))
    text = path.read_bytes()
    for number, unit in enumerate(units):
        assert unit.offset is not None
        assert text[unit.offset :].startswith(unit.data)
        assert values(list(json_units(path, unit.end, unit.row))) == rows[number + 1 :]


@pytest.mark.parametrize("name", PACKED)
def test_packed_logs_are_unpacked(tmp_path: Path, name: str) -> None:
    path = tmp_path / "log"
    path.write_bytes(PACKED[name](b"".join(json.dumps(row).encode() + b"\n" for row in ROWS)))
    units = list(json_units(path))
    assert values(units) == ROWS
    assert values(list(json_units(path, units[2].end, 3))) == ROWS[3:]


@pytest.mark.parametrize("name", ["gzip", "bzip2", "xz", "zstd"])
def test_what_is_packed_and_cut_off_gives_what_came_before_and_a_reason(
    tmp_path: Path, name: str
) -> None:
    rows = [{"number": number, "text": str(number**9)} for number in range(30_000)]
    data = PACKED[name](b"".join(json.dumps(row).encode() + b"\n" for row in rows))
    path = tmp_path / "log"
    path.write_bytes(data[: len(data) // 2])
    *sound, last = json_units(path)
    assert last.fault is not None
    assert last.fault[0] in ("truncated", "damaged")
    assert values(sound) == rows[: len(sound)]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_encodings(tmp_path: Path, encoding: str) -> None:
    rows = [{"a": "caf\u00e9 \u05e9\u05dc\u05d5\u05dd"}, {"a": "\U0001f600"}]
    path = tmp_path / "log.jsonl"
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    path.write_bytes(text.encode(encoding))
    units = list(json_units(path))
    assert values(units) == rows
    assert values(list(json_units(path, units[0].end, 1))) == rows[1:]


@pytest.mark.parametrize("text", ["", "\n\n", "[]", "  [ ] ", "\ufeff"])
def test_empty_logs(tmp_path: Path, text: str) -> None:
    path = tmp_path / "log.jsonl"
    path.write_text(text, encoding="utf-8")
    assert list(json_units(path)) == []


def test_a_list_that_is_cut_off_says_so(tmp_path: Path) -> None:
    path = tmp_path / "log.json"
    for text, found in (('[{"a": 1}, {"b', 1), ('[{"a": 1}', 0), ("[", 0), ('[{"a": 1}, ', 1)):
        path.write_text(text)
        *sound, last = json_units(path)
        assert len(sound) == found
        assert last.fault is not None
        assert last.fault[0] == "truncated"


def test_lines_past_the_limit_are_rejected_and_the_rest_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(usage_units, "LONGEST", 100)
    monkeypatch.setattr(usage_stream, "BLOCK", 32)
    path = tmp_path / "log.jsonl"
    long = json.dumps({"long": "x" * 1000})
    path.write_text(f'{{"a": 1}}\n{long}\n{{"b": 2}}\n{long}')
    first, second, third, fourth = json_units(path)
    assert values([first, third]) == [{"a": 1}, {"b": 2}]
    for unit, offset in ((second, 9), (fourth, 9 + len(long) + 1 + 9)):
        assert unit.offset == offset
        assert unit.fault == (
            "too_long",
            f"the row has {len(long):,} bytes; at most 100 are read",
        )
    assert values(list(json_units(path, second.end, 2))[:1]) == [{"b": 2}]


def test_a_value_past_the_limit_in_a_list_ends_the_reading(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(usage_units, "LONGEST", 100)
    monkeypatch.setattr(usage_stream, "BLOCK", 32)
    path = tmp_path / "log.json"
    path.write_text(json.dumps([{"a": 1}, {"long": "x" * 1000}, {"b": 2}]))
    first, second = json_units(path)
    assert values([first]) == [{"a": 1}]
    assert second.fault is not None
    assert second.fault[0] == "too_long"
    assert "the rest of the file" in second.fault[1]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


@settings(max_examples=100, deadline=None)
@given(rows=st.lists(json_values, max_size=6), block=st.integers(1, 40))
def test_any_list_of_values(rows: list[Any], block: int, tmp_path_factory: Any) -> None:
    path = tmp_path_factory.mktemp("log") / "log.json"
    path.write_text(json.dumps(rows))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(usage_stream, "BLOCK", block)
        assert values(list(json_units(path))) == rows


@settings(max_examples=100, deadline=None)
@given(data=st.binary(max_size=60))
def test_any_bytes_end(data: bytes, tmp_path_factory: Any) -> None:
    path = tmp_path_factory.mktemp("log") / "log"
    path.write_bytes(data)
    assert all(isinstance(unit, Unit) for unit in json_units(path))
