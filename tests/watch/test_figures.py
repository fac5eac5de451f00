"""Sequences as a watch keeps them: what restarts them, and the promise with restarts included."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from assay.records import ScorerRecord
from assay.store.workspace import Workspace
from assay.watch.definition import WatchDefinition
from assay.watch.figures import AGAIN, Sequences, Sight
from assay.watch.reference import Baseline
from assay.watch.result import Counts, Look, SeenFigure

SCORER = ScorerRecord("exact", "exact", "1", {}, "high", (0.0, 1.0))


class Watching:
    """A watch of one figure that is told its counts."""

    def __init__(self, value: float = 0.9, **fields: Any) -> None:
        figure = {"id": "right", "eval": "e", "scorer": "exact", "reference": {"value": value}}
        figure |= {name: fields.pop(name) for name in ("margin",) if name in fields}
        self.definition = WatchDefinition.model_validate(
            {"name": "n", "model": "m", "every": "1d", "watch": [figure], **fields}
        )
        self.baseline = Baseline(Workspace(Path()), self.definition, self.definition.watch[0])
        self.looks: list[Look] = []

    def see(self, won: float, of: int = 40, **conditions: str) -> SeenFigure:
        number = len(self.looks) + 1
        sight = Sight(
            figure=self.definition.watch[0],
            baseline=self.baseline,
            counts=Counts(planned=of, scored=of, total=float(won), missing={}),
            conditions={"eval": "1", **conditions},
            scorer=SCORER,
            standing="",
            due=f"day {number}",
        )
        seen = Sequences(self.definition, self.looks).see(sight)
        day = f"day {number}"
        self.looks.append(
            Look(number, day, day, 1, "done", "", None, None, "", f"run {number}", (seen,))
        )
        return seen


def test_the_promise_holds_with_restarts_included() -> None:
    """80 watches whose eval changes every fifth look; the share that ever alarmed may be 40%."""
    rng = np.random.default_rng(31)
    alarmed = 0
    for _ in range(80):
        watch = Watching(false_alarms={"chance": 0.4})
        seen = [watch.see(rng.binomial(40, 0.9), eval=str(look // 5)) for look in range(25)]
        alarmed += any(each.figure.changed or each.unscored.changed for each in seen)
        assert seen[-1].figure.sequence >= 5
    assert alarmed / 80 <= 0.4


def test_an_alert_ends_a_sequence_and_the_standing_goes_on() -> None:
    watch = Watching(false_alarms={"chance": 0.05})
    assert watch.see(36).figure.standing == "as expected"
    first = watch.see(4).figure
    assert (first.standing, first.changed, first.sequence) == ("lower", True, 1)
    then = watch.see(4).figure
    assert (then.standing, then.changed, then.sequence, then.n) == ("lower", False, 2, 40)
    assert then.restarted == AGAIN
    assert then.since == first.since == "day 2"
    # Confirmed and no alert; what comes after is not hidden by what was before.
    assert watch.see(4).figure.looks == 1
    later = [watch.see(40).figure for _ in range(6)]
    assert [each.standing for each in later if each.changed] == ["higher"]


def test_the_opposite_change_is_an_alert_of_its_own() -> None:
    for rule in ({"chance": 0.05}, {"looks": 500}):
        watch = Watching(value=0.5, false_alarms=rule)
        kinds = [watch.see(won).figure for won in [0] * 4 + [40] * 10]
        assert [each.standing for each in kinds if each.changed] == ["lower", "higher"]


def test_new_conditions_begin_a_sequence_and_say_what_changed() -> None:
    watch = Watching(false_alarms={"chance": 0.05})
    watch.see(10)
    seen = watch.see(36, eval="2").figure
    assert (seen.sequence, seen.looks, seen.standing) == (2, 1, "as expected")
    assert seen.restarted == "eval: 1 became 2"
    assert seen.reference == "0.9"
    assert watch.see(36, eval="2").figure.restarted == ""
