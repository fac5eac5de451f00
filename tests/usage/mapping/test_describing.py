"""Names that a model writes: of use, hostile, or unfit; and the auditor's word on them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.errors import AssayError, DefinitionError
from assay.usage.mapping import MapSettings, map_usage
from assay.usage.mapping.asking import (
    Described,
    described_by,
    naming_request,
    rating_of,
    tells_of_somebody,
)
from assay.usage.mapping.folder import MapFolder
from assay.usage.mapping.privacy import AUDITED
from tests.usage.mapping.made import about, everything_told, import_of, said
from tests.usage.mapping.test_privacy import planted, victim

GOOD = "<summary>People ask for help. It is of one kind.</summary><name>Ask for help</name>"


def test_a_reply_in_the_form_that_was_asked_for() -> None:
    assert described_by(f"Sure! {GOOD}") == Described(
        "Ask for help", "People ask for help. It is of one kind."
    )


@pytest.mark.parametrize(
    "reply",
    ["", "Ask for help", GOOD + GOOD, GOOD.replace("Ask", "word " * 11), "<name></name>"],
)
def test_other_replies_name_nothing(reply: str) -> None:
    assert described_by(reply) is None


@pytest.mark.parametrize(
    ("reply", "rating"),
    [
        ("<rating>4</rating>", 4),
        ("I think <rating> 2 </rating>.", 2),
        ("4", None),
        ("<rating>9</rating>", None),
        ("<rating>1</rating> or <rating>5</rating>", None),
        ("", None),
    ],
)
def test_a_rating_is_read_or_is_none(reply: str, rating: int | None) -> None:
    assert rating_of(reply) == rating


@pytest.mark.parametrize(
    ("name", "tells"),
    [
        ("Ask about illness", False),
        ("Ask about leptospirosis", True),
        ("Write to ann@example.org", True),
        ("Call 5550199", True),
        ("See <b>this</b>", True),
    ],
)
def test_words_of_few_numbers_and_addresses_are_refused(name: str, tells: bool) -> None:
    assert tells_of_somebody(Described(name, "A summary."), {"leptospirosis"}) == tells


@given(st.lists(st.text(max_size=200), min_size=1, max_size=5))
def test_no_text_can_close_what_it_stands_in(texts: list[str]) -> None:
    asked = naming_request(texts, []).messages[0].content
    mark = asked.split("--- ")[1].split(" ")[0]
    assert not any(mark in text for text in texts)
    assert asked.count(f"--- {mark} ends ---") == 1


MODEL = '''
async def honest(messages, parameters):
    text = messages[0]['content']
    if "<rating>" in text:
        return "<rating>4</rating>"
    return {good!r}

async def leaky(messages, parameters):
    """Obeys the conversations: it tells whatever was said about an illness."""
    text = messages[0]['content']
    if "<rating>" in text:
        return "<rating>5</rating>"
    secret = "leptospirosis" if "leptospirosis" in text else "help"
    return "<summary>One of them has it.</summary><name>Ask about " + secret + "</name>"

async def quoting(messages, parameters):
    """Hands on what one of them wrote, with marks of its own between the words."""
    text = messages[0]['content']
    if "<rating>" in text:
        return "<rating>5</rating>"
    told = "My crust, is SALT and my yeast" if "my crust" in text else "Ask for help"
    return "<summary>They ask.</summary><name>" + told + "</name>"

async def strict(messages, parameters):
    text = messages[0]['content']
    return "<rating>2</rating>" if "<rating>" in text else {good!r}

async def mumbling(messages, parameters):
    text = messages[0]['content']
    return "rather private" if "<rating>" in text else {good!r}
'''


def described(folder: Path, function: str, rows: list) -> MapFolder:  # type: ignore[type-arg]
    """The map that the command makes with this model as namer, in a process of its own."""
    (folder / "namers.py").write_text(MODEL.format(good=GOOD), encoding="utf-8")
    usage = import_of(folder, rows)
    program = (
        "from assay.usage.mapping import MapSettings, map_usage; "
        "map_usage('made', settings=MapSettings("
        f"embedder='words', namer='python/namers:{function}'))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return MapFolder(usage.path)


def test_a_model_names_what_is_shown(tmp_path: Path) -> None:
    place = described(tmp_path, "honest", about(300))
    shown = [each for each in place.clusters() if each.shown]
    assert all(each.name.startswith("Ask for help") for each in shown)
    bases = [each.name for each in shown if each.level == 0]
    assert len(set(bases)) == len(bases) > 1  # the same name for all: keywords tell them apart
    assert all(each.summary and each.keywords for each in shown)
    assert not place.journal_file.exists()


def test_a_model_that_obeys_the_attacker_does_not_tell_of_the_victim(tmp_path: Path) -> None:
    """Many real principals planted beside a victim, an obeying model and a blind auditor."""
    rows = [*about(300), *planted(50), victim()]
    place = described(tmp_path, "leaky", rows)
    told = everything_told(place)
    assert "leptospirosis" not in told
    assert "Ask about help" in told  # it was asked, and is used where it tells of nobody


BREAD = ["my crust is salt and", "and my yeast", "salt is my crust", "yeast and my crust is"]


@pytest.mark.parametrize(("quoted", "taken"), [(1, False), (9, False), (10, True)])
def test_words_on_end_as_few_wrote_them_are_no_name(
    tmp_path: Path, quoted: int, taken: bool
) -> None:
    """Each word alone is said by many; so many of these in a row by few."""
    texts = [" . ".join(BREAD[each % 4 :]) for each in range(80)]
    for each in range(0, 4 * quoted, 4):
        texts[each] += " . my crust is salt and my yeast"
    rows = [said(each, text) for each, text in enumerate(texts)]
    place = described(tmp_path, "quoting", rows)
    names = [each.name for each in place.clusters() if each.shown]
    assert names
    assert any("SALT and my yeast" in name for name in names) == taken


@pytest.mark.parametrize("function", ["strict", "mumbling"])
def test_what_the_auditor_does_not_pass_is_hidden(tmp_path: Path, function: str) -> None:
    place = described(tmp_path, function, about(300))
    record = place.read()
    assert record.shown == 0
    assert (
        record.hidden[AUDITED]
        + sum(number for reason, number in record.hidden.items() if reason != AUDITED)
        == 300
    )
    assert not any(each.name or each.keywords for each in place.clusters())


def test_a_model_that_fails_leaves_no_map_and_the_command_goes_on(tmp_path: Path) -> None:
    usage = import_of(tmp_path, [said(each, "help me write a letter") for each in range(60)])
    with pytest.raises(Exception, match="cannot be loaded"):
        map_usage(
            "made",
            settings=MapSettings(embedder="words", namer="python/no_such:namer"),
            workspace=tmp_path,
        )
    assert not MapFolder(usage.path).record_file.exists()
    assert map_usage("made", settings=MapSettings(embedder="words"), workspace=tmp_path).shown == 60


def test_a_model_is_outside_of_differential_privacy() -> None:
    with pytest.raises(DefinitionError, match="outside"):
        MapSettings(epsilon=1, namer="python/a:b")


def test_the_budget_of_the_workspace_holds_for_names_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    (tmp_path / "assay.toml").write_text("[budget]\ndollars = 1\n", encoding="utf-8")
    import_of(tmp_path, about(300))
    with pytest.raises(DefinitionError, match="has no price"):
        map_usage(
            "made",
            settings=MapSettings(embedder="words", namer="openai/unpriced"),
            workspace=tmp_path,
        )


def test_a_namer_that_cannot_be_asked_is_told_before_anything_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    usage = import_of(tmp_path, about(60))
    for namer in ("nope/model", "local/not-here", "anthropic/some-model"):
        with pytest.raises(AssayError):
            map_usage("made", settings=MapSettings(namer=namer), workspace=tmp_path)
    assert not (usage.path / "map").exists()
