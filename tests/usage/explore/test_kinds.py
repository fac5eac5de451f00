from __future__ import annotations

from datetime import date

import numpy as np

from assay.usage.explore.columns import NO_DAY, Columns
from assay.usage.explore.kinds import OTHER, Kind, kinds_of
from assay.usage.explore.limits import Minima


def columns(days: list[int], languages: list[str]) -> Columns:
    names = sorted(set(languages))
    codes = np.array([names.index(each) for each in languages], dtype=np.int32)
    zeros = np.zeros(len(days), dtype=np.int32)
    return Columns(
        base=zeros,
        principal=None,
        day=np.array(days, dtype=np.int32),
        codes={"language": codes, "surface": zeros, "model": zeros},
        values={"language": names, "surface": ["app"], "model": ["m"]},
    )


def kinds(
    days: list[int], languages: list[str], least: int = 5, usual: int = 1000
) -> dict[str, Kind]:
    found = kinds_of(columns(days, languages), Minima(least, 1), usual)
    return {each.name: each for each in found}


def test_the_unit_of_time_is_the_shortest_that_gives_few_periods() -> None:
    start = date(2026, 1, 5).toordinal()
    for days, unit in ((5, "day"), (60, "week"), (300, "month"), (900, "quarter"), (4000, "year")):
        found = kinds([start + n * days // 200 for n in range(200)], ["en"] * 200)["time"]
        assert found.unit == unit
        assert len(found.values) <= 12
        assert np.bincount(found.of).sum() == 200


def test_periods_are_longer_where_groups_are_small() -> None:
    start = date(2026, 1, 5).toordinal()
    days = [start + n * 170 // 200 for n in range(200)]
    told = {
        usual: kinds(days, ["en"] * 200, least=25, usual=usual)["time"] for usual in (600, 100, 40)
    }
    assert {usual: each.unit for usual, each in told.items()} == {
        600: "month",
        100: "quarter",
        40: "quarter",  # two periods are the least that can be compared
    }
    weeks = [start + n // 3 for n in range(75)]
    halves = kinds(weeks, ["en"] * 75, least=25, usual=40)["time"]
    assert (halves.unit, halves.compared) == ("half", [0, 1])
    assert halves.values == ["until 2026-01-17", "from 2026-01-18"]
    assert np.bincount(halves.of).tolist() == [39, 36]


def test_clocks_that_are_wrong_do_not_stretch_the_periods() -> None:
    start = date(2026, 1, 1).toordinal()
    days = [start + n % 10 for n in range(3000)] + [1, date(2199, 1, 1).toordinal(), NO_DAY]
    found = kinds(days, ["en"] * len(days))["time"]
    assert found.unit == "day"
    assert found.values == [f"2026-01-{n:02d}" for n in range(1, 11)] + ["outside these periods"]
    assert np.bincount(found.of)[-1] == 3


def test_a_value_of_few_has_no_name_of_its_own() -> None:
    found = kinds([1] * 103, ["en"] * 60 + ["de"] * 40 + ["one person's dialect"] * 3)["language"]
    assert found.values == ["en", "de", OTHER]
    assert np.bincount(found.of).tolist() == [60, 40, 3]


def test_what_tells_nothing_apart_is_no_kind() -> None:
    assert kinds([NO_DAY] * 50, ["en"] * 50) == {}
