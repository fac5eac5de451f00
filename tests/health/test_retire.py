"""Retirement: never without a bridge, and said wherever the eval turns up again."""

from __future__ import annotations

from pathlib import Path

import pytest

from assay import api
from assay.errors import AssayError, NotFoundError
from assay.runs.retirement import Retired
from assay.store.catalogue import Catalogue
from tests.health.conftest import Run, WriteEval


def retire(workspace: Path, **more: str) -> Retired:
    told = {"successor": "new", "by": "Ada", "reason": "worn out", **more}
    return api.retire_eval("old", workspace=workspace, **told)


def test_a_bridge_is_demanded_and_kept(workspace: Path, write_eval: WriteEval, run: Run) -> None:
    write_eval("old")
    write_eval("new", 50)
    run("a", "old")
    run("b", "new")
    with pytest.raises(AssayError, match="nothing would bridge") as caught:
        retire(workspace)
    assert "assay run old new --model MODEL" in str(caught.value)
    first = run("b", "old", wrong={1, 2, 3})
    found = retire(workspace)
    assert found.old_run == first
    assert found.model.endswith("b.jsonl")
    assert [(each.eval, each.value) for each in found.old] == [("old", 0.95)]
    assert [(each.eval, each.value) for each in found.new] == [("new", 1.0)]
    with Catalogue(workspace) as catalogue:
        assert [(each.what, each.subject) for each in catalogue.trail()] == [
            ("retired eval", "old")
        ]
    [health] = api.eval_health(["old"], workspace=workspace)
    assert health.retired is not None
    assert health.retired == found
    assert "0.950 [" in health.retired.words


def test_a_part_or_another_version_is_no_bridge(
    workspace: Path, write_eval: WriteEval, run: Run
) -> None:
    write_eval("old")
    write_eval("new")
    run("a", "old")
    run("a", "new", limit=10)
    with pytest.raises(AssayError, match="nothing would bridge"):
        retire(workspace)
    run("a", "new")
    write_eval("new", version="2.0")
    with pytest.raises(AssayError, match="nothing would bridge"):
        retire(workspace)


def test_what_is_missing_is_told(workspace: Path, write_eval: WriteEval) -> None:
    write_eval("old")
    with pytest.raises(AssayError, match="a name and a reason"):
        retire(workspace, by=" ")
    with pytest.raises(NotFoundError):
        retire(workspace, successor="nothing")
    with pytest.raises(AssayError, match="succeed itself"):
        retire(workspace, successor="old")


def test_later_comparisons_say_it(workspace: Path, write_eval: WriteEval, run: Run) -> None:
    write_eval("old")
    write_eval("new")
    one, two = run("a", "old"), run("a", "new")
    assert len(api.compare(one, two, workspace=workspace).uncompared) == 2
    retire(workspace)
    found = api.compare(one, two, workspace=workspace)
    assert any("retired on" in each.why and "new" in each.why for each in found.uncompared)
    again = api.compare(one, run("a", "old"), workspace=workspace)
    assert [each.what for each in again.contrasts] == ["retired"]
    assert "the bridge is" in again.contrasts[0].candidate
