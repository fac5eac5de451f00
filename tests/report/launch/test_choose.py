"""Which transcripts are chosen: the unscored and the worst first, a fair share of the rest."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
import pytest

from assay.launch import load_launch
from assay.launch.collect import Collector, Found
from assay.report.launch.choose import choose_samples
from assay.report.samples import Samples
from assay.store.workspace import Workspace
from tests.report.launch.made import CANDIDATE, SHIPPED, make_workspace, write_run
from tests.report.material import a_view


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_workspace(tmp_path_factory.mktemp("chosen"))


def found(root: Path, run: str) -> list[Found]:
    """A run's evals and scorers."""
    place = Workspace.find(root)
    folder = place.run(run)
    record = folder.read()
    return [Found(folder, record, e, s) for e in record.evals for s in e.scorers]


def told(samples: Samples) -> list[dict[str, Any]]:
    return [msgspec.json.decode(each) for each in samples.entries]


def test_with_room_for_all_everything_is_there_and_counted(root: Path) -> None:
    own = found(root, "20261121")
    samples = choose_samples(own, {}, room=1_000)
    assert samples.complete
    assert samples.total == len(samples.entries) == 700
    assert samples.of_tier == samples.kept
    assert sum(each["tier"] == "unscored" for each in told(samples)) == samples.of_tier["unscored"]


def test_where_room_is_short_unscored_and_unwanted_come_first(root: Path) -> None:
    samples = choose_samples(found(root, "20261121"), {}, room=100)
    tiers = [each["tier"] for each in told(samples)]
    assert len(tiers) == 100
    order = {"unscored": 0, "unwanted": 1, "rest": 2}
    assert tiers == sorted(tiers, key=order.__getitem__)
    kept = Counter(tiers)
    assert kept["unscored"] == samples.of_tier["unscored"]
    assert kept["rest"] == 20  # a fifth shows what went as it should
    assert len({each["eval"] for each in told(samples)}) == 5


def test_a_transcript_stands_beside_its_twin_unless_the_sample_changed(root: Path) -> None:
    own, theirs = found(root, "20261121"), found(root, "20261101")
    twins = {(own[0].folder.path, each.eval.name): each for each in theirs}
    for each in told(choose_samples(own, twins, room=50)):
        assert len(each["sides"]) == 2
        assert each["sides"][1] is not None
    changed = a_view(SHIPPED, seed=2, skill=0.5, wary=0.2, hostile=False)
    moved = [
        (msgspec.structs.replace(t, task_set=f"{t.task_set} "), rows)
        for t, rows in changed.transcripts
    ]
    view = type(changed)(changed.record, changed.estimates, moved)
    folder = write_run(root, view, "20261030-090000-eeeeee")  # other hashes of all samples
    twins = {(own[0].folder.path, e.eval.name): e for e in found(root, folder.id)}
    assert all(each["sides"][1] is None for each in told(choose_samples(own, twins, room=50)))


def test_the_choice_is_the_same_every_time(root: Path) -> None:
    own = found(root, "20261121")
    assert choose_samples(own, {}, room=60) == choose_samples(own[::-1], {}, room=60)


def test_nothing_to_choose_from() -> None:
    assert choose_samples([], {}) == Samples((), 0, {}, {}, {
        "eval": (), "polarity": (), "area": (), "language": (), "labels": (),
    })  # fmt: skip


def test_the_collector_gives_what_a_subject_has(root: Path) -> None:
    place = Workspace.find(root)
    definition = load_launch("pilot", root)
    collector = Collector(place, definition)
    fitting = collector.fitting(definition.candidate, "harmful-requests", "refusal", None)
    assert not isinstance(fitting, str)
    assert [each.record.model for each in fitting] == [CANDIDATE] * 2
    assert isinstance(collector.fitting(definition.candidate, "none", "refusal", None), str)
