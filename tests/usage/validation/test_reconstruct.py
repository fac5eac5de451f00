"""What comes back of known categories: right maps score well, wrong ones do not."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from assay.records import Measured
from assay.usage.mapping.settings import MapSettings
from assay.usage.validation.faithful import NOT_SHOWN, name_checks
from assay.usage.validation.grammar import categories, synthetic
from assay.usage.validation.labelled import Labelled, bare_import, transcripts_of
from assay.usage.validation.mapped import Mapped, map_of
from assay.usage.validation.reconstruct import (
    hits_of,
    misplaced,
    recalls,
    reconstruction,
    share_of,
)

CATEGORIES = ("gardening", "job applications", "illegal drugs", "database queries")


@pytest.fixture(scope="module")
def known() -> Labelled:
    """English conversations of four categories."""
    rows = [
        row for row in synthetic(6000, 3).rows if row.label in CATEGORIES and row.language == "en"
    ]
    return Labelled("few", rows[:700])


@pytest.fixture(scope="module")
def labels(known: Labelled) -> np.ndarray:  # type: ignore[type-arg]
    return np.array([CATEGORIES.index(row.label) for row in known.rows])


@pytest.fixture(scope="module")
def seen(known: Labelled, tmp_path_factory: pytest.TempPathFactory) -> Mapped:
    usage = bare_import(tmp_path_factory.mktemp("known") / "import", transcripts_of(known))
    return map_of(usage, MapSettings(min_conversations=10), None)


def shuffled(seen: Mapped) -> Mapped:
    """The same map with every conversation in a group of somebody else's."""
    return dataclasses.replace(seen, base=np.random.default_rng(0).permutation(seen.base))


def test_a_group_stands_for_the_category_that_most_of_it_has() -> None:
    groups = np.array([0, 0, 0, 1, 1, -1], dtype=np.int32)
    labels = np.array([5, 5, 2, 2, 2, 5])
    assert hits_of(groups, labels).tolist() == [True, True, False, True, True, False]
    share = share_of(hits_of(groups, labels), groups)
    assert share is not None
    assert (share.value, share.n, share.clusters) == (pytest.approx(4 / 6), 6, 3)


def test_known_categories_come_back(seen: Mapped, labels: np.ndarray) -> None:  # type: ignore[type-arg]
    found = reconstruction(seen, 0, labels, 0)
    assert found.share.value > 0.85
    assert found.share.low is not None
    assert found.share.low > max(found.shuffled, found.constant)
    assert found.share.n == len(labels)
    assert found.share.value <= found.most == 1


def test_a_map_whose_conversations_are_shuffled_scores_as_bad(
    seen: Mapped,
    labels: np.ndarray,  # type: ignore[type-arg]
) -> None:
    bad = reconstruction(shuffled(seen), 0, labels, 0)
    assert bad.share.value == pytest.approx(bad.shuffled, abs=0.06)
    good, worse = misplaced(seen, 0), misplaced(shuffled(seen), 0)
    assert good is not None
    assert worse is not None
    assert good.value < 0.1 < 0.6 < worse.value


def test_names_of_a_shuffled_map_pick_nobody_out(seen: Mapped, known: Labelled) -> None:
    texts = [row.messages[0].content for row in known.rows]
    good, bad = name_checks(seen, texts, None, 0)[0], name_checks(shuffled(seen), texts, None, 0)[0]
    assert good.measured is not None
    assert bad.measured is not None
    assert good.measured.value > 0.7
    assert bad.measured.value == pytest.approx(0.5, abs=0.06)
    assert good.planned == good.measured.n + sum(good.missing.values())


def test_what_is_hidden_counts_as_not_given_back(known: Labelled, tmp_path: Path) -> None:
    usage = bare_import(tmp_path / "import", transcripts_of(known))
    seen = map_of(usage, MapSettings(min_conversations=60), None)
    labels = np.array([CATEGORIES.index(row.label) for row in known.rows])
    hidden = sum(seen.record.hidden.values())
    assert 0 < hidden < len(labels)
    found = reconstruction(seen, 0, labels, 0)
    assert found.share.n == len(labels)
    assert found.of_shown is not None
    assert found.of_shown.n == len(labels) - hidden
    assert found.share.value == pytest.approx(
        found.of_shown.value * found.of_shown.n / found.share.n
    )
    assert name_checks(seen, [""] * len(labels), None, 0)[0].missing[NOT_SHOWN] > 0


def test_each_category_is_told_and_the_worst_comes_first(
    seen: Mapped,
    labels: np.ndarray,  # type: ignore[type-arg]
) -> None:
    found = recalls(seen, labels, CATEGORIES, labels == 2)
    assert {each.category for each in found} == set(CATEGORIES)
    assert [each.recall.value for each in found] == sorted(each.recall.value for each in found)
    assert [each.category for each in found if each.concerning] == ["illegal drugs"]
    total = sum(each.recall.value * each.recall.n for each in found)
    share: Measured = reconstruction(seen, 0, labels, 0).share
    assert total == pytest.approx(share.value * share.n)


def test_the_grammar_is_the_same_for_a_seed() -> None:
    assert synthetic(300, 1).sha256 == synthetic(300, 1).sha256 != synthetic(300, 2).sha256
    rows = synthetic(3000, 1).rows
    assert len({row.label for row in rows}) == len(categories()) == 23
    assert {row.language for row in rows} == {"en", "de", "fr", "es"}
    assert len({row.messages for row in rows}) > 0.95 * len(rows)
    assert sum(row.concerning for row in rows) == pytest.approx(3000 * 7 / 23, rel=0.1)
