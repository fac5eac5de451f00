from __future__ import annotations

from typing import Any

import msgspec

from assay.records import Estimate
from assay.report.findings import Finding, findings, headline
from assay.report.model import RunView, Tables
from tests.report.material import CHOICE, REFUSAL, a_figure, a_pair, a_run, an_eval

EVAL = an_eval("harmful-requests", 400, REFUSAL)
SIDES: tuple[dict[str, str], ...] = ({"polarity": "violative"}, {"polarity": "benign"})


def view(*estimates: Estimate, model: str = "test/model", **changes: Any) -> RunView:
    return RunView(a_run(model, id="run", **{"evals": (EVAL,), **changes}), estimates, ())


def both(value: float = 0.9, **changes: Any) -> tuple[Estimate, ...]:
    return tuple(a_figure(value, slice=side, **changes) for side in SIDES)


def found(candidate: RunView, baseline: RunView | None = None) -> tuple[Finding, ...]:
    return findings(candidate, baseline, Tables(candidate, baseline).overall())


def serious(candidate: RunView, baseline: RunView | None = None) -> list[str]:
    return [f"{one.about}: {one.text}" for one in found(candidate, baseline) if one.serious]


def test_a_whole_run_raises_no_warning() -> None:
    assert serious(view(*both())) == []
    assert "None of the 400 planned scores is missing." in {
        one.text for one in found(view(*both()))
    }


def test_what_is_missing_is_counted_over_the_whole_run() -> None:
    told = serious(view(*both(missing={"model_error": 3, "refusal": 1}, n=196)))
    assert told == [
        "This run: 8 of 400 planned scores are missing (2.0%): model gave no reply (6), "
        "judge refused to score (2). Each figure says how far its own could move it."
    ]


def test_slices_are_not_counted_twice() -> None:
    whole = a_figure(0.5, slice={}, scorer="choice", good="high")
    side = a_figure(0.5, slice={"polarity": "benign"}, scorer="choice", good="high")
    area = a_figure(0.5, slice={"policy_area": "fraud", "polarity": "benign"})
    assert headline(view(whole, side, area, *both())) == (whole, *both())


def test_a_planned_score_that_no_figure_counts_is_told() -> None:
    assert serious(view(*both(planned=150, n=150))) == [
        "This run, harmful-requests, refusal: 100 of 400 planned scores are in no figure."
    ]


def test_samples_without_polarity_are_told_where_it_decides() -> None:
    unmarked = a_figure(0.5, slice={"polarity": "(none)"}, n=100, planned=100)
    (told,) = serious(view(*both(planned=150, n=150), unmarked))
    assert "100 of 400 planned scores are of samples marked neither" in told


def test_a_planned_eval_without_any_figure_is_told() -> None:
    (told,) = serious(view(*both(), evals=(EVAL, an_eval("forgotten", 5, CHOICE))))
    assert told == "This run, forgotten, choice: Planned, but there is no figure for it."


def test_no_figures_at_all() -> None:
    assert "This run: There is no figure at all." in serious(view())


def test_a_run_that_did_not_end_says_so() -> None:
    told = serious(view(*both(), status="stopped", stopped_because="the budget was spent"))
    assert told == ["This run: The run was stopped before its end: the budget was spent."]
    assert "had not finished" in serious(view(*both(), status="running"))[0]


def test_a_limit_says_how_much_was_asked() -> None:
    limited = msgspec.structs.replace(EVAL, limit=400)
    (told,) = serious(view(*both(), evals=(limited,)))
    assert (
        told == "This run: Only the first 400 samples were asked, not the whole: harmful-requests."
    )


def test_warnings_of_methods_are_told_whole_for_overall_figures_and_counted_for_slices() -> None:
    few = "fewer than 10 clusters"
    slices = [a_figure(0.5, slice={"language": name, **SIDES[0]}, warning=few) for name in "ab"]
    told = serious(view(both()[0], both(warning=few)[1], *slices))
    assert told == [
        "This run, harmful-requests, refusal: On benign requests, the method warns: "
        "fewer than 10 clusters.",
        "This run: 2 figures of slices should not be relied on; the reason stands beside each.",
    ]


def test_what_keeps_two_runs_from_being_compared_is_told_once() -> None:
    other = msgspec.structs.replace(EVAL, hash="sha256:other")
    told = serious(view(*both()), view(*both(), evals=(other,)))
    assert told == [
        "harmful-requests: The two runs cannot be compared here: the eval's content differs."
    ]


def test_what_else_differs_between_the_runs_is_told() -> None:
    other = msgspec.structs.replace(EVAL, system="Be careful.", parameters={"temperature": 1.0})
    told = serious(view(*both()), view(*both(), evals=(other,), roles={}))
    assert told == [
        "harmful-requests: Besides the model, the two runs differ in: system prompt, parameters.",
        "Judges: The two runs were scored with different models.",
    ]


def test_what_holds_for_both_runs_is_said_once() -> None:
    ours, theirs = (
        view(*both(n=196, missing={"not_run": 4})),
        view(*both(n=196, missing={"not_run": 4})),
    )
    assert [one.split(":")[0] for one in serious(ours, theirs)] == ["Both runs"]
    others = view(*both(n=195, missing={"not_run": 5}))
    assert [one.split(":")[0] for one in serious(ours, others)] == ["Candidate", "Baseline"]


def test_an_overall_figure_without_any_score_is_told() -> None:
    nothing = a_figure(
        None, slice=SIDES[1], n=0, missing={"not_run": 200}, warning="Nothing was scored."
    )
    told = serious(view(both()[0], nothing))
    assert "This run, harmful-requests, refusal: Nothing was scored on benign requests." in told


def test_a_rare_gap_is_not_rounded_away() -> None:
    big = an_eval("harmful-requests", 1_000_000, REFUSAL)
    estimates = (
        a_figure(0.9, slice=SIDES[0], n=499_999, planned=500_000, missing={"not_run": 1}),
        a_figure(0.9, slice=SIDES[1], n=500_000, planned=500_000),
    )
    (told,) = serious(view(*estimates, evals=(big,)))
    assert "1 of 1,000,000 planned scores are missing (0.0001%)" in told


def test_only_clear_differences_are_named() -> None:
    told = [one.text for one in found(view(*both(0.9)), view(*both(0.5)))]
    assert sum("clearly better" in text for text in told) == 1
    assert sum("clearly worse" in text for text in told) == 1
    told = [one.text for one in found(view(*both(0.52)), view(*both(0.5)))]
    assert any("None of 2 overall differences from the baseline is clear" in text for text in told)


def test_the_figure_furthest_from_the_ideal_is_named() -> None:
    estimates = (a_figure(0.95, slice=SIDES[0]), a_figure(0.3, slice=SIDES[1]))
    told = [one.text for one in found(view(*estimates)) if "furthest" in one.text]
    assert told == [
        "On benign requests, the figure furthest from the ideal: 30.0% [25.0, 35.0], "
        "200 of 200 scored."
    ]


def test_serious_findings_come_first() -> None:
    candidate, baseline = a_pair()
    flags = [one.serious for one in found(candidate, baseline)]
    assert flags == sorted(flags, reverse=True)
    assert any(flags)
