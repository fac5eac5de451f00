"""The mechanisms of differential privacy do what their proofs assume."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from benchmarks.conversations import Topics
from scipy import stats

from assay.errors import StoreError
from assay.records import Transcript
from assay.store.tables import write_rows
from assay.usage.mapping import noise
from assay.usage.mapping.corpus import Corpus, read_corpus
from assay.usage.mapping.folder import MapFolder
from assay.usage.mapping.make import make_map
from assay.usage.mapping.noise import (
    DELTA,
    MOST_CONVERSATIONS,
    MOST_WORDS,
    counted_rows,
    discrete_laplace,
    noisy_counts,
    noisy_words,
    word_bound,
)
from assay.usage.mapping.settings import MapSettings
from tests.usage.mapping.made import about, everything_told, import_of, said

RANDOM = np.random.default_rng


def test_the_noise_is_discrete_laplace() -> None:
    """Against the law itself: P(z) = (1 - a) / (1 + a) a^|z|."""
    drawn = discrete_laplace(200_000, 4, 1.0, RANDOM(0))
    a = math.exp(-1 / 4)
    bins = np.arange(-20, 21)
    expected = (1 - a) / (1 + a) * a ** np.abs(bins)
    counts = np.array([(drawn == each).sum() for each in bins])
    tail = 200_000 - counts.sum()
    chances = np.append(expected, 1 - expected.sum())
    assert stats.chisquare(np.append(counts, tail), chances * 200_000).pvalue > 0.001
    assert stats.dlaplace(1 / 4).var() == pytest.approx(drawn.var(), rel=0.02)


def test_neighbouring_imports_give_like_counts() -> None:
    """One principal more or less: no count is more than e^epsilon times as likely."""
    labels, whose = np.zeros(12, dtype=np.int32), np.arange(12, dtype=np.int32) // 4
    epsilon, tries = 2.0, 40_000
    random = RANDOM(1)
    seen = []
    for rows in (np.arange(12), np.arange(8)):  # the last principal has four conversations
        counts = np.array(
            [noisy_counts(labels, whose, rows, 1, epsilon, random)[0][0] for _ in range(tries)]
        )
        seen.append(counts)
    share = epsilon * noise.OF_CONVERSATIONS
    for each in range(21):
        one, other = ((counts == each).mean() for counts in seen)
        error = 5 * math.sqrt(max(one, other) / tries)
        assert one <= math.exp(share) * other + error
        assert other <= math.exp(share) * one + error


def test_parts_of_epsilon_add_up_to_it() -> None:
    assert noise.OF_CONVERSATIONS + noise.OF_PRINCIPALS + noise.OF_WORDS == 1


def test_a_principal_counts_for_a_few_conversations_however_many_it_has() -> None:
    whose = np.repeat(np.arange(5, dtype=np.int32), [1, 3, 4, 50, 900])
    labels = RANDOM(0).integers(-1, 7, len(whose)).astype(np.int32)
    rows = counted_rows(labels, whose, RANDOM(0))
    assert (labels[rows] >= 0).all()
    assert len(np.unique(rows)) == len(rows)
    has = np.bincount(whose[labels >= 0], minlength=5)
    assert (
        np.bincount(whose[rows], minlength=5).tolist()
        == np.minimum(has, MOST_CONVERSATIONS).tolist()
    )


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    folder = tmp_path_factory.mktemp("noise")
    rows = [
        said(each, text, account_id=f"a{each % 150}")
        for each, (_, text) in enumerate(Topics(topics=3, words=30).texts(400))
    ]
    read_corpus(import_of(folder, rows), folder, lambda _done, _all: None)
    return Corpus(folder)


def test_a_principal_counts_for_a_few_words(corpus: Corpus) -> None:
    """Without noise and bound, the counts of all words add up to so many a principal at most."""
    whose = np.asarray(corpus.principals)
    labels = (np.arange(400) % 3).astype(np.int32)
    usable = np.ones(len(corpus.vocabulary()), dtype=bool)
    usable[0] = False
    for person in range(0, 150, 10):
        rows = np.flatnonzero(whose == person)
        pairs = noise._drawn_words(corpus, labels, whose, rows, usable, RANDOM(0))
        assert len(pairs) == len(np.unique(pairs)) == MOST_WORDS


def test_neighbouring_imports_differ_in_a_few_words_alone(corpus: Corpus) -> None:
    """With the last principal's conversations left out, all other words are drawn as they were."""
    whose = np.asarray(corpus.principals)
    labels = (np.arange(400) % 3).astype(np.int32)
    rows = np.argsort(whose, kind="stable")
    parts = list(noise._by_principals(rows, whose))
    assert np.concatenate(parts).tolist() == rows.tolist()
    usable = np.ones(len(corpus.vocabulary()), dtype=bool)
    size = 3 * len(usable)
    one, other = (
        np.bincount(
            noise._drawn_words(corpus, labels, whose, some, usable, RANDOM(0)), minlength=size
        )
        for some in (rows, rows[whose[rows] < whose.max()])
    )
    assert (one >= other).all()
    assert (one - other).max() == 1
    assert (one - other).sum() == MOST_WORDS


def test_a_word_of_one_principal_is_let_out_as_rarely_as_delta_says() -> None:
    for share in (0.25, 0.5, 2.0, 5.0):
        bound = word_bound(share)
        law = stats.dlaplace(share / MOST_WORDS)
        assert MOST_WORDS * law.sf(bound - 2) <= DELTA  # 1 + noise >= bound
        assert MOST_WORDS * law.sf(bound - 3) > DELTA  # and no lower bound would do
    loose = word_bound(1.0, delta=0.05)
    drawn = 1 + discrete_laplace(200_000, MOST_WORDS, 1.0, RANDOM(3))
    assert MOST_WORDS * (drawn >= loose).mean() < 0.055


def test_words_of_single_principals_are_not_let_out_and_those_of_many_are(corpus: Corpus) -> None:
    whose = np.asarray(corpus.principals)
    labels = np.zeros(400, dtype=np.int32)
    rows = counted_rows(labels, whose, RANDOM(0))
    found = noisy_words(corpus, labels, whose, rows, 20.0, RANDOM(0))
    lonely = set(np.flatnonzero(corpus.frequencies == 1).tolist())
    assert not lonely & set(found.get(0, {}))
    assert found[0]


def test_a_map_with_epsilon(tmp_path: Path) -> None:
    topics = Topics(topics=2, words=25, own=0.8, vocabulary=200)
    rows = [*about(2500, topics), said("loud", "mysecretword " * 40)]
    usage = import_of(tmp_path, rows)
    record = make_map(usage, MapSettings(epsilon=8), None)
    place = MapFolder(usage.path)
    assert record.epsilon == 8
    assert record.principals is None
    assert record.shown + sum(record.hidden.values()) == record.conversations == 2501
    assert "Differential privacy of epsilon 8" in record.warnings[0]
    assert "mysecretword" not in everything_told(place)
    base = [each for each in place.clusters() if each.level == 0]
    assert not any(each.rare for each in base)
    assert any(each.keywords for each in base)
    assert sum(each.conversations for each in base) <= 2501


def test_noise_is_another_each_time_whatever_the_seed(tmp_path: Path) -> None:
    counts = set()
    for each in range(3):
        usage = import_of(tmp_path / str(each), about(300))
        make_map(usage, MapSettings(epsilon=1, seed=5), None)
        counts.add(tuple(row.conversations for row in MapFolder(usage.path).clusters()))
    assert len(counts) > 1


def test_what_private_maps_spend_adds_up_whatever_is_deleted_between(tmp_path: Path) -> None:
    usage = import_of(tmp_path, about(300))
    first = make_map(usage, MapSettings(epsilon=1), None)
    again = make_map(usage, MapSettings(epsilon=1), None)  # it is there: nothing new is told
    assert first.epsilon_spent == again.epsilon_spent == 1
    usage.part(0).unlink()
    write_rows(usage.part(0), Transcript, about(299))
    second = make_map(usage, MapSettings(epsilon=2), None)
    assert second.epsilon_spent == 3
    assert any("2 private maps" in told and "epsilon 3" in told for told in second.warnings)
    exact = make_map(usage, MapSettings(), None)
    assert exact.epsilon_spent is None
    usage.epsilon_file.write_text("{")
    with pytest.raises(StoreError, match="damaged"):
        make_map(usage, MapSettings(epsilon=3), None)
    assert not MapFolder(usage.path).record_file.exists()
