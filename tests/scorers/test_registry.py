"""From a definition to a scorer, and every fault of a definition in words."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from assay.errors import DefinitionError
from assay.models.scripted import Scripted
from assay.scorers import build_scorer, check_scorer_spec, scorer_kinds
from assay.scorers.rubric import Rubric
from assay.scorers.text import Includes, Regex
from tests.support.strangers import installed

RUBRIC = {"kind": "rubric", "rubric": "Be kind.", "labels": {"kind": 1, "unkind": 0}}


def test_the_built_in_kinds_come_by_the_hook() -> None:
    built_in = {"choice", "exact", "includes", "numeric", "refusal", "regex", "rubric"}
    assert built_in <= set(scorer_kinds())


def test_a_kind_alone_is_a_scorer_of_that_name() -> None:
    named = build_scorer("refusal")
    assert (named.name, named.kind, named.good, named.bounds) == (
        "refusal",
        "refusal",
        "by_polarity",
        (0.0, 1.0),
    )
    assert len(named.version) == 12


def test_parameters_stand_beside_kind_and_name() -> None:
    named = build_scorer({"kind": "regex", "name": "help", "pattern": "988", "good": "by_polarity"})
    assert named.scorer == Regex(pattern="988", good="by_polarity")
    assert (named.name, named.kind, named.good) == ("help", "regex", "by_polarity")


def test_lists_of_a_definition_become_parameters() -> None:
    named = build_scorer({"kind": "includes", "any_of": ["a", "b"]})
    assert named.scorer == Includes(any_of=("a", "b"))


def test_the_name_is_no_part_of_the_version_and_parameters_are() -> None:
    one = build_scorer({"kind": "numeric", "name": "n", "tolerance": 1})
    same = build_scorer({"kind": "numeric", "tolerance": 1.0})
    other = build_scorer({"kind": "numeric", "tolerance": 2})
    assert one.version == same.version
    assert one.version != other.version


@pytest.mark.parametrize("role", [None, "second"])
def test_a_rubric_finds_its_judge_by_role(role: str | None) -> None:
    judge = Scripted([""], name="scripted/j")
    spec = RUBRIC if role is None else {**RUBRIC, "model": role}
    named = build_scorer(spec, {role or "judge": judge})
    assert isinstance(named.scorer, Rubric)
    assert named.scorer.model is judge
    assert named.scorer.labels == {"kind": 1.0, "unkind": 0.0}


def test_a_missing_judge_says_how_to_name_one() -> None:
    with pytest.raises(DefinitionError) as caught:
        build_scorer({**RUBRIC, "name": "kindness"})
    assert len(caught.value.problems) == 1
    told = str(caught.value)
    assert "kindness" in told
    assert "--judge provider/model" in told


FAULTS: list[tuple[Any, list[str]]] = [
    ("refusall", ["no kind of scorer 'refusall'", "Did you mean 'refusal'?"]),
    ("zzz", ["no kind of scorer 'zzz'", "There are: choice, exact"]),
    ({}, ["has no kind"]),
    ([], ["has no kind"]),
    (None, ["has no kind"]),
    ({"kind": 5}, ["has no kind"]),
    ({"kind": "exact", "name": ""}, ["the name '' will not do"]),
    ({"kind": "exact", "name": "a b"}, ["the name 'a b' will not do"]),
    ({"kind": "exact", "name": 3}, ["the name 3 will not do"]),
    ({"kind": "exact", "ignorecase": True}, ["'ignorecase'", "Did you mean 'ignore_case'?"]),
    ({"kind": "exact", "ignore_case": "yes"}, ["'ignore_case' is 'yes'", "true or false"]),
    ({"kind": "exact", "good": "hihg"}, ["high, low, by_polarity", "Did you mean 'high'?"]),
    ({"kind": "exact", "model": "judge"}, ["exact has no parameter 'model'"]),
    ({"kind": "regex"}, ["needs the parameter 'pattern'"]),
    ({"kind": "regex", "pattern": 988}, ["is 988; it must be text", "Put it in quotes."]),
    ({"kind": "regex", "pattern": "(a"}, ["not a regular expression", "position 2"]),
    ({"kind": "regex", "pattern": ""}, ["every reply would match"]),
    ({"kind": "includes", "any_of": "Paris"}, ["must be a list", "Write [Paris]."]),
    ({"kind": "includes", "any_of": [1]}, ["must be a list, each item text"]),
    ({"kind": "includes", "any_of": [""]}, ["every reply contains it"]),
    ({"kind": "numeric", "tolerance": "1"}, ["it must be a number"]),
    ({"kind": "numeric", "tolerance": True}, ["it must be a number"]),
    ({"kind": "numeric", "tolerance": -1}, ["tolerance must be"]),
    ({"kind": "choice", "by": "parse"}, ["parsed, distribution", "Did you mean 'parsed'?"]),
    ({"kind": "rubric", "labels": {"a": 1, "b": 0}}, ["needs the parameter 'rubric'"]),
    ({"kind": "rubric", "rubric": "x"}, ["needs the parameter 'labels'"]),
    ({**RUBRIC, "labels": ["a", "b"]}, ["'labels' is", "a mapping, each value a number"]),
    ({**RUBRIC, "labels": {"a": "high", "b": 0}}, ["a mapping, each value a number"]),
    ({**RUBRIC, "labels": {"a": 1}}, ["two or more"]),
    ({**RUBRIC, "rubric": "  "}, ["rubric is empty"]),
    ({**RUBRIC, "model": 7}, ["'model' is 7; it must name a role"]),
]


@pytest.mark.parametrize(("spec", "told"), FAULTS, ids=lambda value: str(value)[:40])
def test_faults_are_told(spec: Any, told: list[str]) -> None:
    faults = check_scorer_spec(spec)
    assert len(faults) == 1
    for part in told:
        assert part in faults[0]
    with pytest.raises(DefinitionError):
        build_scorer(spec, {"judge": Scripted([""])})


def test_all_faults_are_told_at_once() -> None:
    spec = {"kind": "regex", "name": "a b", "patern": "x", "good": 1}
    assert len(check_scorer_spec(spec)) == 4


@pytest.mark.parametrize("spec", ["exact", RUBRIC, {"kind": "regex", "pattern": "(?i)a"}])
def test_a_sound_definition_needs_no_model_to_be_checked(spec: Any) -> None:
    assert check_scorer_spec(spec) == []


STRANGER = """
import dataclasses
from typing import ClassVar
from assay.records import Score

@dataclasses.dataclass(frozen=True)
class Shout:
    marks: int = 1
    good: str = "low"
    kind: ClassVar[str] = "shout"
    code_version: ClassVar[str] = "1"
    bounds: ClassVar[tuple[float, float]] = (0.0, 1.0)
    async def score(self, transcript):
        return Score(value=float(transcript.reply.count("!") >= self.marks))

class Plain:
    pass
"""


ENTRY_POINTS = """[assay.scorers]
shout = stranger:Shout
plain = stranger:Plain
gone = stranger_gone:Gone
exact = stranger:Shout
"""


@pytest.fixture
def stranger(tmp_path: Path) -> Iterator[None]:
    """Another package, installed beside ours, that brings scorers of its own."""
    with installed(tmp_path, "stranger", STRANGER, ENTRY_POINTS):
        yield


@pytest.mark.usefixtures("stranger")
class TestStrangers:
    def test_their_kinds_are_built_like_ours(self) -> None:
        named = build_scorer({"kind": "shout", "marks": 3})
        assert (named.kind, named.good, named.bounds) == ("shout", "low", (0.0, 1.0))
        assert check_scorer_spec({"kind": "shout", "mark": 3}) != []

    def test_a_class_without_parameters_is_refused(self) -> None:
        assert "not a dataclass" in check_scorer_spec("plain")[0]

    def test_a_package_that_is_broken_is_named(self) -> None:
        assert "stranger_gone" in check_scorer_spec("gone")[0]

    def test_two_packages_with_one_kind_are_not_told_apart_by_luck(self) -> None:
        assert "several packages" in check_scorer_spec("exact")[0]
