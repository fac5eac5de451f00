"""Looks: written down with a reason before anything is shown, and listed."""

from __future__ import annotations

from pathlib import Path

import pytest

from assay import api
from assay.errors import AssayError
from assay.store.catalogue import Catalogue, whoever
from assay.store.looks import record_look


def test_looks_are_listed_with_who_when_what_and_why(tmp_path: Path) -> None:
    record_look(tmp_path, "conversations", "june, cluster 0.4", "case 17", "safety")
    record_look(tmp_path, "map", "june", "", "insight")
    first, second = api.usage_looks(workspace=tmp_path)
    assert (first.who, first.what, first.subject) == (
        whoever(),
        "conversations",
        "june, cluster 0.4",
    )
    assert (first.why, first.profile, second.profile) == ("case 17", "safety", "insight")
    assert first.time <= second.time


def test_a_look_without_a_reason_is_refused_and_not_written(tmp_path: Path) -> None:
    with pytest.raises(AssayError, match="needs a reason"):
        record_look(tmp_path, "map", "june", " ", "safety")
    assert api.usage_looks(workspace=tmp_path) == []


def test_other_lines_of_the_trail_are_no_looks(tmp_path: Path) -> None:
    with Catalogue(tmp_path) as catalogue, catalogue.change():
        catalogue.note("signed launch", "a", {})
    assert api.usage_looks(workspace=tmp_path) == []
