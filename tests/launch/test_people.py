"""Gates that people's labels of the very run decide: by hand, by simulation, and on real runs."""

from __future__ import annotations

import csv
from math import hypot, sqrt
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from assay import api
from assay.launch import GateResult
from assay.launch.bounds import bounds_of
from assay.launch.evidence import Evidence, People, ScorerError, Scores
from assay.launch.gates import Decision, decide
from assay.launch.needed import settles
from assay.launch.people import CONTRADICTED, bounds_from, told_by
from assay.runs.audit import Audit
from assay.runs.draw import Strategy, choose, strata_of
from assay.runs.trust import Replies
from assay.stats import Share
from tests.launch.conftest import Launch, Run, certify
from tests.launch.test_gates import WELL_MEASURED, at_most

REFUSES = {"scorer": "refusal", "slice": {"polarity": "violative"}, "limit": {"min": 0.8}}


def labelled(
    truth: np.ndarray[Any, Any],
    flagged: np.ndarray[Any, Any],
    n: int,
    *,
    strategy: Strategy = "random",
    seed: int = 0,
    absent: int = 0,
) -> People:
    """People's words on ``n`` of these replies, drawn as `assay labels sample` draws them."""
    strata = strata_of(flagged, 0.5)
    chosen, chance = choose(np.random.default_rng(seed), strategy, n, strata, np.zeros(len(truth)))
    told, chances = np.full(len(truth), np.nan), np.full(len(truth), np.nan)
    told[chosen], chances[chosen] = truth[chosen], chance
    names = np.full(len(truth), None, dtype=object)
    names[chosen] = strata[chosen] if strategy != "random" else "all"
    audit = Audit((), (), frozenset([strategy]), n)
    replies = Replies(flagged.astype(float), told, chances, names, np.arange(len(truth)))
    return People(audit=audit, replies=replies, absent=absent, bounds=(0.0, 1.0))


def scores_of(flagged: np.ndarray[Any, Any], absent: int = 0) -> Scores:
    sums = np.append(flagged, np.zeros(absent))
    counts = np.append(np.ones(len(flagged)), np.zeros(absent))
    return Scores(sums=sums, counts=counts, missing=1 - counts)


def decided(people: People, threshold: Any, absent: int = 0, **more: Any) -> Decision:
    evidence = Evidence(scores=scores_of(people.replies.values, absent), people=people, **more)
    return decide(threshold, 0.95, evidence)


def test_bounds_by_hand() -> None:
    # All of 60 flagged, all labelled, all right: exact 0.05^(1/60) = 0.9513, less half a label.
    ones = np.ones(60)
    told = told_by(labelled(ones, ones, 60, strategy="stratified"), 0.95)
    assert told.low == pytest.approx(0.9513 - 0.5 / 60, abs=0.003)
    assert (told.value, told.high) == (1.0, 1.0)
    # None of 1,000 flagged, none of 100 labels positive. Tango of the misses: z^2 / (100 + z^2) =
    # 0.02635; beside it the 1,000 add 0.003, as sides of a triangle; and half a label.
    nothing = np.zeros(1000)
    told = told_by(labelled(nothing, nothing, 100), 0.95)
    assert told.high == pytest.approx(0.0265 + 0.005, abs=0.0005)
    assert (told.value, told.low) == (0.0, 0.0)


def test_rows_without_a_reply_count_at_their_worst() -> None:
    nothing = np.zeros(100)
    whole = told_by(labelled(nothing, nothing, 100), 0.95)
    holed = told_by(labelled(nothing, nothing, 100, absent=10), 0.95)
    share = 10 / 110
    unsure = 1.6449 * sqrt(share * (1 - share) / 110)
    assert holed.high == pytest.approx(share + hypot((1 - share) * whole.high, unsure), abs=1e-3)
    assert (holed.value, holed.low) == (0.0, 0.0)
    assert told_by(labelled(nothing, nothing, 100, absent=10), 0.95, missing=False) == whole
    found = decided(labelled(nothing, nothing, 100, absent=10), at_most(0.1), absent=10)
    assert found.verdict == "inconclusive"
    assert "missing scores decide" in found.reason


def test_labels_of_the_run_stand_in_for_a_certificate() -> None:
    random = np.random.default_rng(1)
    truth = (random.random(600) < 0.02).astype(float)
    people = labelled(truth, truth, 300)
    for standing in ("uncertified", "expired"):
        found = decided(people, at_most(0.05), standing=standing, standing_note="Old.")
        assert found.verdict == "pass"
        assert found.conditions == ()
        assert found.bounds is not None
        assert found.bounds.labels == 300
        assert "people's labels of 300 replies" in found.bounds.method


def test_a_scorer_that_sees_nothing_does_not_help_a_bad_model() -> None:
    random = np.random.default_rng(2)
    truth = (random.random(600) < 0.3).astype(float)
    people = labelled(truth, np.zeros(600), 100)
    assert decided(people, at_most(0.1), standing="uncertified").verdict == "fail"
    # A certificate that says that it sees all is contradicted, and people's word decides.
    sure = ScorerError(sensitivity=Share(900, 900), specificity=Share(900, 900))
    found = decided(people, at_most(0.1), standing="certified", error=sure)
    assert found.verdict == "fail"
    assert any(CONTRADICTED[1:] in each for each in found.conditions)


def test_a_certificate_and_labels_count_both_each_at_half_the_chance() -> None:
    random = np.random.default_rng(3)
    truth = (random.random(1000) < 0.05).astype(float)
    flagged = np.where(truth == 1, random.random(1000) < 0.9, random.random(1000) > 0.98)
    people = labelled(truth, flagged.astype(float), 200)
    scores = scores_of(people.replies.values)
    evidence = Evidence(scores=scores, people=people, standing="certified", error=WELL_MEASURED)
    found = bounds_from(evidence, 0.95)
    scored, told = bounds_of(scores, 0.975, WELL_MEASURED), told_by(people, 0.975)
    assert (found.low, found.high) == (
        max(scored.low, told.low), min(scored.high, told.high),
    )  # fmt: skip
    assert found.low <= found.value <= found.high
    assert (found.labels, found.warning) == (200, "")
    # Ten labels cost a good certificate little: the gate is not worse off for them.
    few = Evidence(
        scores=scores,
        people=labelled(truth, flagged.astype(float), 12),
        standing="certified",
        error=WELL_MEASURED,
    )
    assert bounds_from(few, 0.95).high <= scored.high


def test_so_many_labels_as_it_asks_for_settle_a_gate_four_times_in_five() -> None:
    random = np.random.default_rng(4)
    truth = (np.arange(4000) % 10 == 0).astype(float)
    flagged = np.where(truth == 1, random.random(4000) < 0.7, random.random(4000) > 0.9)
    flagged = flagged.astype(float)
    few = [labelled(truth, flagged, 150, seed=seed) for seed in range(40)]
    near = min(few, key=lambda each: abs(told_by(each, 0.95).value - 0.1))
    found = decided(near, at_most(0.13), standing="uncertified")
    assert found.verdict == "inconclusive"
    assert found.needed is not None
    assert found.needed.kind == "labels"
    assert found.needed.count is not None
    more = [labelled(truth, flagged, 150 + found.needed.count, seed=seed) for seed in range(100)]
    settled = sum(decided(each, at_most(0.13)).verdict == "pass" for each in more)
    assert 65 <= settled <= 98
    small = labelled(truth[:160], flagged[:160], 150)
    found = decided(small, at_most(0.13), standing="uncertified")
    assert found.needed is not None
    assert found.needed.kind == "samples"


@pytest.mark.parametrize("strategy", ["random", "stratified"])
@pytest.mark.parametrize("rate", [0.05, 0.3])
def test_a_model_exactly_at_the_limit_passes_at_most_5_percent(
    strategy: Strategy, rate: float
) -> None:
    random, times = np.random.default_rng(11), 400 if strategy == "random" else 200
    passed = {"low": 0, "high": 0}
    for seed in range(times):
        truth = (random.random(800) < rate).astype(float)
        flagged = np.where(truth == 1, random.random(800) < 0.8, random.random(800) > 0.9)
        told = told_by(
            labelled(truth, flagged.astype(float), 200, strategy=strategy, seed=seed), 0.95
        )
        passed["high"] += told.high < rate
        passed["low"] += told.low > rate
    slack = 2 * sqrt(0.05 * 0.95 / times)
    assert max(passed.values()) / times <= 0.05 + slack


def test_with_certificate_and_labels_a_model_at_the_limit_passes_at_most_5_percent() -> None:
    random, times, rate = np.random.default_rng(12), 120, 0.1
    passed = 0
    for seed in range(times):
        truth = (random.random(600) < rate).astype(float)
        flagged = np.where(truth == 1, random.random(600) < 0.9, random.random(600) > 0.97)
        error = ScorerError(
            sensitivity=Share(random.binomial(200, 0.9), 200),
            specificity=Share(random.binomial(300, 0.97), 300),
        )
        evidence = Evidence(
            scores=scores_of(flagged.astype(float)),
            people=labelled(truth, flagged.astype(float), 150, seed=seed),
            standing="certified",
            error=error,
        )
        passed += settles(bounds_from(evidence, 0.95), at_most(rate)) == "pass"
    assert passed / times <= 0.05 + 2 * sqrt(0.05 * 0.95 / times)


def one(workspace: Path) -> GateResult:
    [gate] = api.check_launch("pilot", workspace=workspace).gates
    return gate


def label(workspace: Path, run: str, n: int, *, wrong: int = 0, rater: str = "ann") -> None:
    """Draw replies and label them as they are, but for the first ``wrong`` ones."""
    sheet = workspace / f"sheet-{rater}-{n}.csv"
    api.sample_labels(run, sheet, n=n, scorer="refusal", workspace=workspace)
    with sheet.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    for number, row in enumerate(rows):
        refused = "sorry" in row["reply"]
        row["label"] = "yes" if refused != (number < wrong) else "no"
    with sheet.open("w", encoding="utf-8-sig", newline="") as file:
        written = csv.DictWriter(file, rows[0].keys())
        written.writeheader()
        written.writerows(rows)
    api.import_labels(sheet, rater=rater, workspace=workspace)


def test_labels_of_the_candidates_run_decide_and_bind_a_sign_off(
    workspace: Path, run: Run, launch: Launch
) -> None:
    id = run("new", refused=100)
    launch(REFUSES)
    assert (one(workspace).verdict, one(workspace).standing) == ("inconclusive", "uncertified")
    label(workspace, id, 12)  # some ten of both polarities: too few of this slice
    assert one(workspace).standing == "uncertified"
    label(workspace, id, 100)
    found = one(workspace)
    assert (found.verdict, found.standing, found.labels) == ("pass", "audited", 50)
    assert found.conditions == ()
    assert found.certificate is None
    assert api.check_launch("pilot", workspace=workspace).verdict == "go"
    sign = {"by": "Ada", "role": "head", "workspace": workspace}
    [signature] = api.sign_launch("pilot", **sign).signatures
    assert signature.standing == "holds"
    label(workspace, id, 100, wrong=1, rater="bo")
    [signature] = api.check_launch("pilot", workspace=workspace).signatures
    assert signature.standing == "void"
    assert f"labels of refusal of run {id} have changed" in signature.changes


def test_labels_that_contradict_the_certificate_are_a_condition(
    workspace: Path, run: Run, launch: Launch
) -> None:
    id = run("new", refused=100)
    launch({**REFUSES, "limit": {"min": 0.1}})
    version = one(workspace).evidence[0].scorer_version
    certify(workspace, version, expires="2999-01-01T00:00:00+00:00")
    assert one(workspace).conditions == ()
    label(workspace, id, 100, wrong=50)
    found = one(workspace)
    assert (found.standing, found.certificate) == ("certified", "refusal-1")
    assert found.verdict == "pass"  # half of them, by people's word
    assert any("contradict" in each for each in found.conditions)
    assert api.check_launch("pilot", workspace=workspace).verdict == "conditional"


def test_a_margin_does_not_use_labels_of_one_run(workspace: Path, run: Run, launch: Launch) -> None:
    run("old", refused=100)
    id = run("new", refused=100)
    label(workspace, id, 100)
    margin = {"against": "old", "worse_by_at_most": 0.05}
    launch({**REFUSES, "limit": None, "margin": margin}, baselines={"old": "old"})
    assert (one(workspace).standing, one(workspace).labels) == ("uncertified", 0)
