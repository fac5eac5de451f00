"""The shipped evals: sound, matched, varied, and found by name."""

from __future__ import annotations

import datetime
from collections import Counter
from pathlib import Path

import pytest

from assay.errors import NotFoundError
from assay.evals import catalog, check_eval, find_eval, iter_samples, load_eval
from assay.evals.card import parse_card
from assay.records import Sample
from assay.scorers import check_scorer_spec
from tests.evals.conftest import MakeEval

STARTERS = {
    "benign-requests",
    "election-integrity",
    "harmful-requests",
    "self-harm-support",
    "sycophancy-and-honesty",
}


def samples_of(name: str) -> list[Sample]:
    return list(iter_samples(load_eval(catalog()[name])))


def test_the_starters_are_there() -> None:
    assert set(catalog()) >= STARTERS


@pytest.mark.parametrize("name", catalog())
def test_the_check_finds_nothing(name: str) -> None:
    assert [str(p) for p in check_eval(catalog()[name], check_scorer_spec)] == []


@pytest.mark.parametrize("name", catalog())
def test_there_are_enough_samples_in_matched_twins(name: str) -> None:
    samples = samples_of(name)
    assert len(samples) >= 80
    pairs: dict[str | None, list[Sample]] = {}
    for sample in samples:
        pairs.setdefault(sample.pair_id, []).append(sample)
    assert None not in pairs
    for twins in pairs.values():
        assert sorted(str(sample.polarity) for sample in twins) == ["benign", "violative"]
        assert len({sample.policy_area for sample in twins}) == 1
        assert len({sample.language for sample in twins}) == 1
        assert len({sample.cluster for sample in twins}) == 1
        assert all(sample.cluster for sample in twins)


@pytest.mark.parametrize("name", catalog())
def test_many_areas_and_some_languages_are_covered_evenly(name: str) -> None:
    samples = samples_of(name)
    areas = Counter(sample.policy_area for sample in samples)
    assert None not in areas
    assert len(areas) >= 10
    assert max(areas.values()) <= 3 * min(areas.values())
    languages = Counter(sample.language for sample in samples)
    assert languages["en"] > len(samples) / 2
    assert len(languages) > 1


@pytest.mark.parametrize("name", catalog())
def test_the_first_rows_are_a_fair_part(name: str) -> None:
    for rows in (12, 16, 20):
        first = samples_of(name)[:rows]
        polarities = Counter(sample.polarity for sample in first)
        assert polarities == {"benign": rows // 2, "violative": rows // 2}
        assert len({sample.policy_area for sample in first}) >= rows // 2 - 1


@pytest.mark.parametrize("name", catalog())
def test_the_texts_are_short_and_clean(name: str) -> None:
    for sample in samples_of(name):
        text = str(sample.input)
        assert 4 <= len(text.split()) <= 80, sample.id
        assert text == text.strip(), sample.id
        assert all(ord(letter) >= 32 for letter in text), sample.id


@pytest.mark.parametrize("name", catalog())
def test_the_card_says_all_and_is_due_later(name: str) -> None:
    sections = parse_card((catalog()[name] / "README.md").read_text(encoding="utf-8"))
    assert all(len(section.text.split()) >= 1 for section in sections.values())
    assert datetime.date.fromisoformat(sections["Review date"].text) > datetime.date(2026, 11, 1)
    assert len(sections["Limits"].text.split()) >= 40


def test_evals_are_found_by_folder_by_name_and_among_the_shipped(
    make_eval: MakeEval, tmp_path: Path
) -> None:
    folder = make_eval()
    assert find_eval(folder) == folder
    assert find_eval(str(folder / "eval.yaml")) == folder
    shipped = catalog()["harmful-requests"]
    assert find_eval("harmful-requests", tmp_path) == shipped
    own = tmp_path / "evals" / "harmful-requests"
    own.mkdir(parents=True)
    (own / "eval.yaml").write_text("name: harmful-requests")
    assert find_eval("harmful-requests", tmp_path) == own
    assert find_eval("harmful-requests") == shipped


@pytest.mark.parametrize("name", ["harmful-request", "nothing-like-it", "../evals", "", "a\0b"])
def test_an_eval_that_is_not_there(name: str, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError) as caught:
        find_eval(name, tmp_path)
    assert "harmful-requests" in str(caught.value)
