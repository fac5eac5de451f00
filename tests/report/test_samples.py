from __future__ import annotations

import random
import tracemalloc
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.report import samples
from assay.report.model import RunView
from assay.report.samples import Pool, choose
from tests.report.material import Told, a_pair, a_row, a_run, a_transcript

OFFERS = st.lists(
    st.tuples(st.sampled_from("abcde"), st.sampled_from([0.0, -0.5, -1.0])), max_size=60
)


def stream(count: int, *, unscored: int = 0, unwanted: int = 0) -> Iterator[Told]:
    """The first so many unscored, the next so many unwanted, the rest as it should be."""
    for number in range(count):
        transcript = a_transcript(number)
        if number < unscored:
            yield transcript, (a_row(transcript, unscored="model_error"),)
        else:
            good = 0.0 if number < unscored + unwanted else 1.0
            yield transcript, (a_row(transcript, value=good),)


def run(told: object) -> RunView:
    return RunView(a_run("test/model", id="run"), (), told)  # type: ignore[arg-type]


def tiers(chosen: samples.Samples) -> Counter[str]:
    return Counter(msgspec.json.decode(entry)["tier"] for entry in chosen.entries)


class TestPool:
    @given(OFFERS, st.integers(1, 12), st.randoms(use_true_random=False))
    def test_the_order_of_the_offers_does_not_matter(
        self, offers: list[tuple[str, float]], room: int, chance: random.Random
    ) -> None:
        ranked = [((name,), (bad, i), (name, i)) for i, (name, bad) in enumerate(offers)]
        kept = []
        for _ in range(2):
            pool = Pool[tuple[str, int]](room)
            for stratum, rank, item in ranked:
                if pool.admits(stratum, rank):
                    pool.add(stratum, rank, item)
            pool.shrink(room)
            kept.append(set(pool.items()))
            chance.shuffle(ranked)
        assert kept[0] == kept[1]
        assert len(kept[0]) == min(room, len(offers))

    @given(OFFERS, st.integers(1, 12))
    def test_strata_share_evenly_and_keep_their_best(
        self, offers: list[tuple[str, float]], room: int
    ) -> None:
        pool = Pool[tuple[str, tuple[float, int]]](room)
        for i, (name, bad) in enumerate(offers):
            if pool.admits((name,), (bad, i)):
                pool.add((name,), (bad, i), (name, (bad, i)))
        pool.shrink(room)
        offered = Counter(name for name, _ in offers)
        kept = Counter(name for name, _ in pool.items())
        for name, count in kept.items():
            assert all(kept[other] >= min(offered[other], count - 1) for other in offered)
            ranks = sorted((bad, i) for i, (other, bad) in enumerate(offers) if other == name)
            assert sorted(rank for n, rank in pool.items() if n == name) == ranks[:count]

    def test_more_strata_than_room_stay_bounded(self) -> None:
        pool = Pool[int](10)
        for i in range(1000):
            if pool.admits((str(i),), (0.0, i)):
                pool.add((str(i),), (0.0, i), i)
            assert len(pool) <= 21
        pool.shrink(10)
        assert sorted(pool.items()) == list(range(10))


class TestChoose:
    def test_a_small_run_is_shown_whole_worst_first(self) -> None:
        chosen = choose(run(stream(30, unscored=3, unwanted=5)), None)
        order = [msgspec.json.decode(entry)["tier"] for entry in chosen.entries]
        assert order == ["unscored"] * 3 + ["unwanted"] * 5 + ["rest"] * 22
        assert chosen.complete
        assert chosen.of_tier == {"unscored": 3, "unwanted": 5, "rest": 22}

    def test_unscored_and_unwanted_come_first_and_a_fifth_is_an_even_spread(self) -> None:
        chosen = choose(run(stream(3000, unscored=30, unwanted=2000)), None, limit=100)
        assert tiers(chosen) == {"unscored": 26, "unwanted": 54, "rest": 20}
        assert chosen.total == 3000
        assert not chosen.complete
        assert chosen.of_tier["unwanted"] == 2000

    def test_room_that_one_kind_does_not_need_goes_to_the_others(self) -> None:
        assert tiers(choose(run(stream(3000, unscored=5, unwanted=7)), None, limit=100)) == {
            "unscored": 5,
            "unwanted": 7,
            "rest": 88,
        }
        assert tiers(choose(run(stream(3000, unscored=3000)), None, limit=100)) == {"unscored": 100}

    def test_the_spread_covers_every_area_and_language(self) -> None:
        chosen = choose(run(stream(3000)), None, limit=100)
        areas = Counter(msgspec.json.decode(entry)["area"] for entry in chosen.entries)
        assert len(areas) == 10
        assert max(areas.values()) - min(areas.values()) <= 3
        assert chosen.facets["language"] == ("en", "fa", "zh")

    def test_the_order_of_the_stream_does_not_matter(self) -> None:
        told = list(stream(500, unscored=100, unwanted=200))
        first = choose(run(told), None, limit=60)
        random.Random(1).shuffle(told)
        assert choose(run(told), None, limit=60) == first

    def test_a_pair_counts_as_two_transcripts(self) -> None:
        chosen = choose(*a_pair(), limit=100)
        assert len(chosen.entries) == 50
        told = [msgspec.json.decode(entry) for entry in chosen.entries]
        assert all(len(one["sides"]) == 2 for one in told)
        assert all(one["sides"][1] for one in told)

    def test_a_sample_that_the_baseline_lacks_stands_alone(self) -> None:
        ours = run(stream(3))
        theirs = replace(run([]), record=a_run("other", id="other"))
        assert all(msgspec.json.decode(e)["sides"][1] is None for e in choose(ours, theirs).entries)

    def test_the_page_stays_below_its_size(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(samples, "MAX_BYTES", 20_000)
        chosen = choose(run(stream(300, unscored=5)), None)
        assert sum(map(len, chosen.entries)) <= 20_000
        assert chosen.kept["unscored"] == 5
        assert chosen.kept["rest"] < chosen.of_tier["rest"]

    def test_an_empty_run_is_no_error(self) -> None:
        assert choose(run([]), None).entries == ()
        assert choose(run([]), run([])).total == 0

    def test_memory_does_not_grow_with_the_run(self) -> None:
        def peak(count: int) -> int:
            tracemalloc.start()
            choose(run(stream(count, unscored=count // 10, unwanted=count // 3)), None, limit=50)
            held = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
            return held

        peak(500)
        assert peak(16_000) < 1.5 * peak(2_000)

    def test_one_pass_over_each_run_is_enough(self) -> None:
        ours, theirs = run(iter(list(stream(20)))), run(iter(list(stream(20))))
        assert len(choose(ours, theirs).entries) == 20
