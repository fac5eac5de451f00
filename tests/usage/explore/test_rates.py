from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from assay.stats import rate
from assay.usage.explore.audit import audit
from assay.usage.explore.gather import gather
from tests.usage.explore.made import make, score_row, write_scores


def by_name(view, rates):
    names = {number: each.cluster.name for number, each in enumerate(view.groups, 1)}
    return {names.get(each.group, "all"): each for each in rates.rates}


def test_each_group_has_its_rate_with_interval_n_and_missing(tmp_path: Path) -> None:
    made = make(tmp_path, profile="safety", each=40)
    made.score(lambda each, base: None if each.transcript_id.endswith("00x") else float(base == 1))
    view = gather(made.root, made.usage, examples=False)
    (rates,) = view.rates
    found = by_name(view, rates)
    assert found["fixing bicycles"].value == 1.0
    assert found["baking bread"].value == 0.0
    assert found["at home"].value == pytest.approx(0.5, abs=0.02)
    assert found["all"].low < found["all"].value < found["all"].high
    assert rates.missing == {"grader_failed": 8}
    assert found["all"].n + found["all"].missing == rates.planned == 720
    assert rates.standing == "uncertified"
    assert rates.rate


def test_conversations_that_nobody_scored_are_missing(tmp_path: Path) -> None:
    made = make(tmp_path, profile="safety", each=20)
    made.score(lambda each, base: 1.0 if base == 0 else ...)
    view = gather(made.root, made.usage, examples=False)
    (rates,) = view.rates
    found = by_name(view, rates)
    assert rates.missing == {"never scored": 300}
    assert found["filing taxes"].value is None
    assert found["filing taxes"].why == "nothing scored"
    assert found["at home"].n == 60
    assert found["at home"].missing == 60


def test_the_insight_profile_does_not_tell_of_few_flagged(tmp_path: Path) -> None:
    made = make(tmp_path, each=60)
    flagged = {each.transcript_id for each in made.transcripts[:4]}
    made.score(lambda each, base: float(each.transcript_id in flagged or base == 3))
    view = gather(made.root, made.usage, examples=False)
    found = by_name(view, view.rates[0])
    assert found["baking bread"].value is None
    assert found["baking bread"].n is None
    assert "fewer than 25 flagged" in found["baking bread"].why
    assert found["learning chess"].value == 1.0
    assert found["at home"].value is None
    # Flags of all, less those of what lies beside it, would tell how many there are at home.
    assert found["all"].value is None or found["at a desk"].value is None
    assert found["naming cats"].value == 0.0


def test_scores_of_the_latest_time_count_and_strangers_are_told(tmp_path: Path) -> None:

    made = make(tmp_path, profile="safety", each=10)
    rows = [score_row(each.transcript_id, 0.0, "s", "v") for each in made.transcripts]
    again = [
        msgspec.structs.replace(each, value=1.0, scored_at="2026-05-01T00:00:00Z") for each in rows
    ]
    stranger = score_row("nobody knows", 1.0, "s", "v")
    write_scores(made.usage.path, "s", [*again, *rows, stranger])
    (rates,) = gather(made.root, made.usage, examples=False).rates
    assert rates.rates[0].value == 1.0
    assert rates.elsewhere == 1


def test_a_detector_that_misses_a_concerning_group_is_told(tmp_path: Path) -> None:
    made = make(tmp_path, profile="safety", each=60)
    concern = {f"0.{n}": 1.0 + 0.7 * n for n in range(6)}
    made.change_clusters(
        lambda each: msgspec.structs.replace(each, concern=concern.get(each.cluster_id))
    )
    made.score(lambda each, base: float(base in (0, 4)))
    view = gather(made.root, made.usage, examples=False)
    (found,) = view.audits
    assert "too few" in found.why  # six groups cannot tell a correlation


def test_audit_finds_misses_and_alarms_among_many_groups() -> None:
    from tests.usage.explore.test_changes import _flat

    groups = _flat(30)
    clusters = [
        msgspec.structs.replace(each, concern=1 + 4 * n / 29)
        for n, each in enumerate(groups.clusters)
    ]
    flags = {n: int(200 * (n - 1) / 40) for n in range(1, 31)}
    flags[28], flags[3] = 2, 150
    intervals = {n: rate(number, 200) for n, number in flags.items()}
    found = audit("s", "v", clusters, intervals, dict.fromkeys(intervals, True))
    assert found.misses[0].group == 28
    assert found.alarms[0].group == 3
    assert found.pearson is not None
    assert found.pearson[1] < found.pearson[0] < found.pearson[2]
    told = audit("s", "v", clusters, intervals, dict.fromkeys(intervals, False))
    assert told.misses[0].rate is None
