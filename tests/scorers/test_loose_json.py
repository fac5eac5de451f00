"""The object in a reply is found, whatever stands around it."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.scorers.loose_json import last_object


@given(
    st.text(alphabet="ab {[\n\"'`", max_size=30),
    st.dictionaries(st.text(max_size=5), st.integers() | st.text(max_size=5), max_size=3),
)
def test_finds_the_last_labelled_object(before: str, rest: dict[str, int | str]) -> None:
    wanted = {**rest, "label": "a"}
    text = (
        before.replace('"', "")
        + "\n```json\n"
        + json.dumps(wanted, indent=1)
        + "\n```\nThat is it."
    )
    assert last_object(text) == wanted


@pytest.mark.parametrize("text", ["", "none", "[1]", "{", '{"a": ', "{'a': 1}", "{}}" * 0, '"{"'])
def test_finds_none(text: str) -> None:
    assert last_object(text) is None


def test_an_inner_object_does_not_count() -> None:
    assert last_object('{"label": "a", "more": {"label": "b"}}') == {
        "label": "a",
        "more": {"label": "b"},
    }


@pytest.mark.parametrize("unit", ["{", '{"a":', "[", '{"a":1}', "\\", '{"label": "' + "x" * 99])
def test_a_megabyte_takes_no_time(unit: str) -> None:
    text = unit * (1_000_000 // len(unit))
    began = time.process_time()
    last_object(text)
    assert time.process_time() - began < 0.5
