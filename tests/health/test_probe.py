"""The completion probe: what is known by heart stands out from chance, and nothing else does."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay import api
from assay.errors import AssayError
from assay.health.probe import share_of
from tests.health.conftest import Run, WriteEval, request_text

KNOWS, WRITES = "python/tests.health.models:knows", "python/tests.health.models:writes"


def rows(count: int) -> list[dict[str, str]]:
    return [
        {"id": f"s{n}", "input": request_text(n, 24), "target": "yes"} for n in range(count)
    ] + [{"id": "short", "input": "Too short.", "target": "yes"}]


def test_what_is_known_by_heart_shows_and_is_kept(
    workspace: Path, write_eval: WriteEval, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_eval("e", rows(60))
    asked = workspace / "asked"
    monkeypatch.setenv("ASKED", str(asked))
    found = api.probe_eval("e", KNOWS, workspace=workspace)
    assert (found.asked, found.too_short, found.failed, found.whole) == (60, 1, 0, 40)
    assert found.own.value == pytest.approx(40 / 60)
    assert found.other.value == 0
    assert found.excess.low is not None
    assert found.excess.low > 0.5
    assert len(asked.read_text().splitlines()) == 60
    assert not (workspace / "health").exists()  # the journal went with the errand
    [health] = api.eval_health(["e"], workspace=workspace)
    assert health.contamination is not None
    assert health.contamination.probes == (found,)
    assert any("from memory" in reason for reason in health.reasons)


def test_who_makes_things_up_does_not_show(workspace: Path, write_eval: WriteEval) -> None:
    write_eval("e", rows(60))
    found = api.probe_eval("e", "scripted/echo", n=20, workspace=workspace)
    assert (found.asked, found.own.value, found.whole) == (20, 0, 0)
    assert found.excess.low is not None
    assert found.excess.low <= 0
    [health] = api.eval_health(["e"], workspace=workspace)
    assert not any("from memory" in reason for reason in health.reasons)
    # A probe speaks for the content that it asked about.
    write_eval("e", rows(59))
    [health] = api.eval_health(["e"], workspace=workspace)
    assert health.contamination is not None
    assert health.contamination.probes == ()


def test_what_cannot_be_probed_is_said(workspace: Path, write_eval: WriteEval) -> None:
    write_eval("e", [{"id": "a", "input": "Too short.", "target": "yes"}])
    with pytest.raises(AssayError, match="16 words"):
        api.probe_eval("e", KNOWS, workspace=workspace)


def test_a_budget_stops_it_and_the_same_command_goes_on(
    workspace: Path, write_eval: WriteEval, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_eval("e", rows(40))
    asked = workspace / "asked"
    monkeypatch.setenv("ASKED", str(asked))
    tight = api.Controls(spending=api.Spending(tokens=1_200))
    with pytest.raises(AssayError, match="goes on"):
        api.probe_eval("e", KNOWS, workspace=workspace, controls=tight)
    before = len(asked.read_text().splitlines())
    assert before < 40
    assert api.probe_eval("e", KNOWS, workspace=workspace).asked == 40
    assert len(asked.read_text().splitlines()) == 40  # nothing was asked twice


@given(st.lists(st.sampled_from("abcdefgh"), min_size=8, max_size=40))
def test_shares_lie_between_none_and_all(second: list[str]) -> None:
    assert share_of(second, " ".join(second)) == 1
    assert share_of(second, "") == 0
    assert 0 <= share_of(second, " ".join(second[:6])) <= 1
