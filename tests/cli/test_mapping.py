"""usage map, as it is typed."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from assay.cli import main
from assay.records import Transcript
from assay.store.looks import looks
from assay.usage.folder import UsageFolder
from tests.usage.mapping.made import about, import_of


@pytest.fixture
def usage(tmp_path: Path) -> UsageFolder:
    return import_of(tmp_path, about(300))


@dataclass(frozen=True)
class Done:
    returncode: int
    stdout: str
    stderr: str


Typed = Callable[..., Done]


@pytest.fixture
def typed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Typed:
    """What the command says and how it ends, in this process: starting one takes longer."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")

    def typed(*arguments: str) -> Done:
        monkeypatch.setattr(sys, "argv", ["assay", "usage", "map", *arguments])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return Done(int(ended.value.code or 0), said.out, said.err)

    return typed


def test_a_map_is_made_and_told(tmp_path: Path, usage: UsageFolder, typed: Typed) -> None:
    done = typed("made", "--embedder", "words", "--json")
    assert done.returncode == 0, done.stderr
    record = json.loads(done.stdout)
    assert record["shown"] + sum(record["hidden"].values()) == 300
    again = typed("made", "--embedder", "words")
    assert again.returncode == 0
    assert "shown" in again.stdout
    assert "usage/made/map/explorer.html" in again.stdout
    page = tmp_path / "usage" / "made" / "map" / "explorer.html"
    assert "Usage map" in page.read_text()


def test_where_nothing_may_be_shown_the_command_says_so(
    tmp_path: Path, usage: UsageFolder, typed: Typed
) -> None:
    done = typed("made", "--embedder", "words", "--min-conversations", "1000")
    assert done.returncode == 2
    assert "too few conversations" in done.stdout


def test_a_safety_map_needs_a_reason_which_is_kept(
    tmp_path: Path, usage: UsageFolder, typed: Typed
) -> None:
    done = typed("made", "--embedder", "words", "--profile", "safety")
    assert done.returncode == 1
    assert "--why" in done.stderr
    done = typed("made", "--embedder", "words", "--profile", "safety", "--why", "a report of spam")
    assert done.returncode == 0, done.stderr
    assert [(look.what, look.subject, look.why) for look in looks(tmp_path)] == [
        ("map", "made", "a report of spam"),
        ("explorer of the map", "made", "a report of spam"),
    ]


@pytest.mark.parametrize("minimum", ["--min-conversations", "--min-principals"])
def test_lower_minima_need_a_reason_which_is_kept_and_the_map_says_so(
    tmp_path: Path, usage: UsageFolder, typed: Typed, minimum: str
) -> None:
    done = typed("made", "--embedder", "words", minimum, "5")
    assert done.returncode == 1
    assert "--why" in done.stderr
    assert not (tmp_path / "usage" / "made" / "map").exists()
    done = typed("made", "--embedder", "words", minimum, "5", "--why", "a small pilot")
    assert done.returncode == 0, done.stderr
    assert "groups of few people may be shown" in done.stderr
    first = looks(tmp_path)[0]
    assert (first.what, first.why) == ("map", "a small pilot")


def test_a_seed_below_nothing_is_refused_in_words(
    tmp_path: Path, usage: UsageFolder, typed: Typed
) -> None:
    done = typed("--seed", "-1")
    assert done.returncode == 1
    assert done.stderr.startswith("assay: assay usage map: the seed is -1.")


def test_an_import_that_is_not_there(tmp_path: Path, usage: UsageFolder, typed: Typed) -> None:
    done = typed("other")
    assert done.returncode == 1
    assert "there is no import 'other'" in done.stderr


def test_without_accounts_the_command_says_what_to_do(tmp_path: Path, typed: Typed) -> None:
    rows = [Transcript(each.transcript_id, each.messages) for each in about(60)]
    import_of(tmp_path, rows)
    done = typed("made", "--embedder", "words")
    assert done.returncode == 1
    assert "--accounts-unknown" in done.stderr
    done = typed("made", "--embedder", "words", "--accounts-unknown")
    assert done.returncode == 0
    assert "ACCOUNTS UNKNOWN" in done.stderr
