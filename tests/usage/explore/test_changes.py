from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from assay.records import Placed, Transcript
from assay.stats import difference, rate
from assay.store.tables import write_rows
from assay.usage.explore.changes import FALSE_ALARMS, Compared, compare_parts, from_few
from assay.usage.explore.columns import Columns
from assay.usage.explore.gather import gather
from assay.usage.explore.groups import Groups, count, groups_of
from assay.usage.explore.kinds import Kind
from assay.usage.explore.limits import BLANK, FEW, Minima, told_cells
from tests.usage.explore.made import MONTHS, TOPICS, Made, a_cluster, make


def test_a_group_that_doubles_is_found_and_the_others_are_not(tmp_path: Path) -> None:
    made = make(tmp_path, rising=2, each=150)
    view = gather(made.root, made.usage, examples=False)
    names = {number: each.cluster.name for number, each in enumerate(view.groups, 1)}
    last = next(each for each in view.comparisons if (each.first, each.second) == (0, 2))
    up = {names[each.group] for each in last.changes if each.difference > 0}
    assert up == {TOPICS[2], "at a desk"}
    change = next(each for each in last.changes if names[each.group] == TOPICS[2])
    assert change.before == pytest.approx(1 / 6)
    assert change.after == pytest.approx(2 / 7)
    assert change.low < change.difference < change.high
    assert change.q <= FALSE_ALARMS
    early = next(each for each in view.comparisons if (each.first, each.second) == (0, 1))
    assert early.clear == 0
    assert early.tested == 9


def test_a_change_from_few_is_a_bound_that_holds_for_every_hidden_count(tmp_path: Path) -> None:
    made = make(tmp_path, each=60, rising=5)
    months: dict[str, list[str]] = {}
    for each in made.transcripts:
        if made.base_of[each.transcript_id] == 5:
            months.setdefault((each.date or "")[:7], []).append(each.transcript_id)
    gone = {name for month in MONTHS[:2] for name in months[month][13:]}
    view = gather(_without(made, gone).root, made.usage, examples=False)
    last = next(each for each in view.comparisons if (each.first, each.second) == (0, 2))
    names = {number: each.cluster.name for number, each in enumerate(view.groups, 1)}
    (new,) = [each for each in last.changes if each.before is None]
    assert names[new.group] == TOPICS[5]
    assert new.after is not None
    before, after = last.conversations
    assert new.difference == pytest.approx(new.after - 24 / before)
    for hidden in range(25):
        truth = new.after - hidden / before
        gap = difference(rate(round(new.after * after), after), rate(hidden, before))
        assert new.difference <= truth + 1e-9
        assert new.low <= gap.low
        assert gap.high <= new.high


def compared(sides: list[list[int]]) -> Compared:
    """Two sides of so many conversations in each group, each of its own principal."""
    base = np.array([g for side in sides for g, n in enumerate(side) for _ in range(n)], np.int32)
    side = np.array([s for s, own in enumerate(sides) for n in own for _ in range(n)], np.int32)
    whose = np.arange(len(base), dtype=np.int32)
    groups = groups_of(
        [
            a_cluster(f"0.{n}", None, f"g{n}", sum(own[n] for own in sides), 50, n)
            for n in range(len(sides[0]))
        ]
    )
    columns = Columns(base, whose, side, {}, {})
    kind = Kind("model", "", ["a", "b"], side, [0, 1])
    counts, people = count(groups, columns, side, 2)
    told = told_cells(counts, people, groups.parents, MINIMA)
    (found,) = compare_parts(groups, columns, kind, told, MINIMA)
    return found


MINIMA = Minima(25, 10)


@pytest.mark.parametrize("clustered", [True, False])
def test_a_fall_to_few_is_a_bound_too(clustered: bool) -> None:
    kind_of = np.array([0] * 1000 + [1] * 1000, dtype=np.int32)
    base = np.array([0] * 60 + [1] * 940 + [0] * 5 + [1] * 995, dtype=np.int32)
    groups = _flat(2)
    whose = np.arange(2000, dtype=np.int32)
    columns = Columns(base, whose if clustered else None, kind_of, {}, {})
    kind = Kind("model", "", ["a", "b"], kind_of, [0, 1])
    told = np.array([[1000, 1000], [60, FEW], [940, 995]], dtype=np.int64)
    (found,) = compare_parts(groups, columns, kind, told, MINIMA)
    fall = next(each for each in found.changes if each.group == 1)
    assert fall.after is None
    assert fall.difference == pytest.approx(0.024 - 0.06)
    assert fall.low < -0.06
    assert fall.high > fall.difference
    for hidden in range(25):
        gap = difference(rate(hidden, 1000), rate(60, 1000))
        assert fall.low <= gap.low
        assert gap.high <= fall.high


def test_the_hidden_side_is_as_uncertain_as_the_told_one_where_people_act_in_clusters() -> None:
    kind_of = np.array([0] * 1000 + [1] * 1000, dtype=np.int32)
    base = np.array([0] * 5 + [1] * 995 + [0] * 200 + [1] * 800, dtype=np.int32)
    kind = Kind("model", "", ["a", "b"], kind_of, [0, 1])
    told = np.array([[1000, 1000], [FEW, 200], [995, 800]], dtype=np.int64)
    widths = []
    for each in (1, 5):
        whose = (np.arange(2000) // each).astype(np.int32)
        columns = Columns(base, whose, kind_of, {}, {})
        (found,) = compare_parts(_flat(2), columns, kind, told, MINIMA)
        change = next(c for c in found.changes if c.group == 1)
        widths.append(change.difference - change.low)
    assert widths[1] > 1.8 * widths[0]


def test_groups_that_grew_from_few_are_told_by_what_the_page_tells_anyway() -> None:
    grown = compared([[4] * 8 + [484, 484], [52] * 8 + [292, 292]])
    assert grown.untold == 8
    assert {each.group for each in grown.changes} == {1, 2}  # the two that fell
    assert len(grown.from_few) == 8
    assert all(each.rising for each in grown.from_few)
    # 56 in all, fewer than 25 of them before: 32 at least; of 1,000. The truth is 52.
    assert {each.least for each in grown.from_few} == {0.032}
    shrunk = compared([[52] * 8 + [292, 292], [4] * 8 + [484, 484]])
    assert [each.rising for each in shrunk.from_few] == [False] * 8
    # The same page, the same words, whatever the hidden count is.
    hidden = [compared([[n] * 8 + [484] * 2, [56 - n] * 8 + [292] * 2]) for n in (1, 12, 24)]
    shares = [{round(e.least * c.conversations[1], 6) for e in c.from_few}
              for c in hidden]  # fmt: skip
    assert shares == [{32}] * 3


def test_nothing_is_said_of_a_group_whose_sides_may_be_alike() -> None:
    told = np.array([[100, 1000, 500], [FEW, BLANK, FEW], [FEW, BLANK, BLANK]], dtype=np.int64)
    totals = [1600, 80, 80]
    # 24 of 100 is more than 32 of 1,000.
    assert from_few(told, totals, (0, 1), MINIMA) == ()
    told[0, 0] = 1000
    first, second = from_few(told, totals, (0, 1), MINIMA)
    assert (first.group, first.least) == (1, 0.032)
    assert (second.group, second.least) == (2, 0.025)  # the third may hold all the rest


def _without(made: Made, gone: set[str]) -> Made:
    made.transcripts = [each for each in made.transcripts if each.transcript_id not in gone]
    write_rows(made.usage.part(0), Transcript, made.transcripts)
    placed = [each for each in made.place.placed() if each.transcript_id not in gone]
    write_rows(made.place.conversations_file, Placed, placed)
    made.change_record(conversations=len(made.transcripts))
    return made


def test_false_alarms_are_as_rare_as_stated_where_people_come_in_clusters() -> None:
    random = np.random.default_rng(7)
    groups, bases = _flat(40), 40
    alarms, trials = 0, 200
    for _ in range(trials):
        people = random.integers(5, 15, 150)
        whose = np.repeat(np.arange(150), people).astype(np.int32)
        taste = random.dirichlet(np.full(bases, 0.5), 150)
        base = np.array([random.choice(bases, p=taste[each]) for each in whose], dtype=np.int32)
        side = (whose % 2).astype(np.int32)
        columns = Columns(base, whose, side, {}, {})
        kind = Kind("model", "", ["a", "b"], side, [0, 1])
        counts, people_in = count(groups, columns, side, 2)
        told = told_cells(counts, people_in, groups.parents, Minima(1, 1))
        (found,) = compare_parts(groups, columns, kind, told, Minima(1, 1))
        alarms += found.clear > 0
    assert alarms / trials <= 0.08


def _flat(bases: int) -> Groups:
    return groups_of([a_cluster(f"0.{n}", None, f"g{n}", 100, 50, n) for n in range(bases)])
