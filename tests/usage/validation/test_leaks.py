"""Planted secrets: counted where they come out, and promised not to where there are minima."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from assay.usage.mapping.settings import MapSettings
from assay.usage.validation import ValidationSettings, validate_usage
from assay.usage.validation.labelled import bare_import
from assay.usage.validation.leaks import leaks_in
from assay.usage.validation.mapped import map_of
from assay.usage.validation.planted import (
    FEW,
    GUESS,
    LINKED,
    MANY,
    NO_GUESS,
    OFTEN,
    ONE,
    WORDS_FEW,
    WORDS_MANY,
    Planted,
    plant,
)

KINDS = {ONE, OFTEN, LINKED, FEW, MANY, WORDS_FEW, WORDS_MANY, GUESS, NO_GUESS}


@pytest.fixture(scope="module")
def planted() -> Planted:
    return plant(background=600, secrets=15, victims=5, k=10, seed=0)


def told(planted: Planted, settings: MapSettings, folder: Path) -> dict[str, tuple[int, bool]]:
    seen = map_of(bare_import(folder / "import", planted.rows), settings, None)
    return {
        each.attempt: (each.told, each.promised) for each in leaks_in(seen.told, planted, settings)
    }


def test_what_is_promised_holds_and_what_is_not_is_told(planted: Planted, tmp_path: Path) -> None:
    found = told(planted, MapSettings(), tmp_path)
    assert set(found) == KINDS
    promised = {ONE, OFTEN, LINKED, FEW, MANY, WORDS_FEW}
    assert {kind for kind, (_, is_) in found.items() if is_} == promised
    assert {kind: found[kind][0] for kind in promised} == dict.fromkeys(promised, 0)
    assert found[WORDS_MANY] == (5, False)  # fakes that nothing links put words on the map
    assert found[GUESS][0] >= 2  # and who has as many principals as are needed can test a guess
    assert found[NO_GUESS] == (0, False)


def test_without_minima_such_secrets_come_out_so_the_check_can_see_them(tmp_path: Path) -> None:
    unguarded = plant(background=600, secrets=15, victims=5, k=1, seed=0)
    found = told(unguarded, MapSettings(profile="safety"), tmp_path)
    assert not any(promised for _, promised in found.values())
    assert sum(found[kind][0] for kind in (OFTEN, LINKED, FEW, MANY, WORDS_FEW)) >= 2


def test_with_differential_privacy_not_even_guesses_come_out(
    planted: Planted, tmp_path: Path
) -> None:
    found = told(planted, MapSettings(epsilon=2), tmp_path)
    assert {kind: number for kind, (number, _) in found.items()} == dict.fromkeys(KINDS, 0)


def test_a_leak_is_caught(planted: Planted) -> None:
    secret = planted.attempts[ONE][3]
    leaks = leaks_in(f"gardening, {secret[-1]}, roses", planted, MapSettings())
    caught = next(each for each in leaks if each.attempt == ONE)
    assert (caught.told, caught.promised, caught.at_most) == (1, True, None)
    assert caught.measured.n == 15
    clean = next(each for each in leaks if each.attempt == OFTEN)
    assert clean.told == 0
    assert clean.at_most == pytest.approx(1 - 0.05 ** (1 / 3))
    assert math.isclose(clean.measured.value, 0)


def test_every_planted_word_is_said_and_by_nobody_else(planted: Planted) -> None:
    texts = [row.messages[0].content.lower() for row in planted.rows]
    for word in (word for words in planted.attempts[ONE] for word in words):
        assert sum(word in text for text in texts) == 1
    for words in planted.attempts[LINKED]:
        own = [row for row in planted.rows if words[0] in row.messages[0].content.lower()]
        assert len({row.account_id for row in own}) == 12
        assert len({row.network_id for row in own}) == 1


BLURTING = '''
import re

async def namer(messages, parameters):
    """Names a group by the rarest thing that it is shown: what an attack asks of it."""
    text = messages[-1]["content"]
    if "Rate how well" in text:
        return "<rating>5</rating>"
    secrets = re.findall(r"I have ([a-z]+osis)", text) or re.findall(r"cluster ([a-z]+)", text)
    told = " ".join(dict.fromkeys(secrets)) or "nothing"
    return f"<summary>People have {told}.</summary><name>Ask about {told[:60]}</name>"
'''


def test_a_namer_that_obeys_the_attack_tells_no_victims_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "blurting.py").write_text(BLURTING)
    monkeypatch.chdir(tmp_path)
    asked = ValidationSettings(
        embedders=("words",), conversations=300, secrets=6, victims=3, namer="python/blurting:namer"
    )
    result = validate_usage(asked, workspace=tmp_path).results[-1]
    assert result.setting == "insight, named by python/blurting:namer"
    leaks = {each.attempt: each for each in result.leaks}
    assert [each.told for each in leaks.values() if each.promised] == [0] * 6
    assert leaks[WORDS_MANY].told == 3  # the namer did what the fakes asked
    assert {each.how for each in result.names} == {"keywords"}
    assert "*" in (tmp_path / "usage" / ".gitignore").read_text().splitlines()
