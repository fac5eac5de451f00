from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from assay.records import Placed, Transcript
from assay.store.tables import write_rows
from assay.usage.explore.changes import FALSE_ALARMS, compare_parts
from assay.usage.explore.columns import Columns
from assay.usage.explore.gather import gather
from assay.usage.explore.groups import Groups, count, groups_of
from assay.usage.explore.kinds import Kind
from assay.usage.explore.limits import Minima, told_cells
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


def test_a_group_that_was_too_small_before_counts_as_new_from_its_greatest_size(
    tmp_path: Path,
) -> None:
    made = make(tmp_path, each=60, rising=5)
    months: dict[str, list[str]] = {}
    for each in made.transcripts:
        if made.base_of[each.transcript_id] == 5:
            months.setdefault((each.date or "")[:7], []).append(each.transcript_id)
    gone = {name for month in MONTHS[:2] for name in months[month][13:]}
    view = gather(made.root, _without(made, gone).usage, examples=False)
    last = next(each for each in view.comparisons if (each.first, each.second) == (0, 2))
    names = {number: each.cluster.name for number, each in enumerate(view.groups, 1)}
    new = [each for each in last.changes if each.before is None]
    assert [names[each.group] for each in new] == [TOPICS[5]]
    assert new[0].difference < new[0].after


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
