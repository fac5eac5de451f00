"""The catalogue: what people said is kept as they said it, whole or not at all."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.errors import StoreError
from assay.store.catalogue import Catalogue, Draw, Drawn, Label, exists

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


def label(
    transcript_id: str = "t1", rater: str = "ann", text: str = "yes", **more: object
) -> Label:
    told = {"run_id": "r", "scorer": "s", "value": 1.0, "time": "now", "source_hash": "h", **more}
    return Label(transcript_id=transcript_id, rater=rater, label=text, **told)  # type: ignore[arg-type]


def add(catalogue: Catalogue, *labels: Label) -> int:
    with catalogue.change():
        return catalogue.add_labels(labels)


def test_every_rater_is_kept_and_a_later_word_takes_the_place_of_the_earlier(
    tmp_path: Path,
) -> None:
    with Catalogue(tmp_path) as catalogue:
        assert add(catalogue, label(), label(rater="bob", text="no", value=0.0)) == 2
        assert add(catalogue, label(text="no", value=0.0)) == 1
        now = {each.rater: each.label for each in catalogue.labels("r", "s")}
    assert now == {"ann": "no", "bob": "no"}
    stored = sqlite3.connect(tmp_path / "assay.db").execute("SELECT label FROM labels").fetchall()
    assert [text for (text,) in stored] == ["yes", "no", "no"]  # the first word is still there


def test_saying_it_again_adds_nothing(tmp_path: Path) -> None:
    with Catalogue(tmp_path) as catalogue:
        assert add(catalogue, label(), label("t2")) == 2
        assert add(catalogue, label(), label("t2")) == 0
        assert add(catalogue, label(note="on reflection")) == 1


def test_a_word_counts_once_for_each_draw_that_asked_for_it(tmp_path: Path) -> None:
    with Catalogue(tmp_path) as catalogue:
        assert add(catalogue, label(draw_id="a"), label(draw_id="b")) == 2
        assert add(catalogue, label(draw_id="a"), label(draw_id="b")) == 0
        assert add(catalogue, label("t2", value=None, text="cannot tell", draw_id="a")) == 1
        assert catalogue.answered("r", "s") == {("a", "t1"), ("b", "t1")}
        assert len(catalogue.labels("r", "s")) == 2


def test_labels_of_other_runs_and_scorers_stay_apart(tmp_path: Path) -> None:
    with Catalogue(tmp_path) as catalogue:
        add(catalogue, label(), label(scorer="other"), label(run_id="q"))
        assert len(catalogue.labels("r", "s")) == 1
        assert len(catalogue.labels("r")) == 2


def test_a_change_that_fails_leaves_nothing(tmp_path: Path) -> None:
    with Catalogue(tmp_path) as catalogue:
        with pytest.raises(StoreError):
            add(catalogue, label(), label(rater=None))  # type: ignore[arg-type]
        assert catalogue.labels("r") == []
        assert add(catalogue, label()) == 1


def test_a_kill_in_the_midst_of_a_change_leaves_nothing(tmp_path: Path) -> None:
    with Catalogue(tmp_path) as catalogue:
        add(catalogue, label("before"))
    script = """
import os, signal, sys
from pathlib import Path
from assay.store.catalogue import Catalogue, Label
catalogue = Catalogue(Path(sys.argv[1]))
with catalogue.change():
    catalogue.add_labels(
        Label("r", f"t{n}", "s", "yes", 1.0, "ann", "now", "h") for n in range(5000)
    )
    os.kill(os.getpid(), signal.SIGKILL)
"""
    died = subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=False)
    assert died.returncode == -signal.SIGKILL
    with Catalogue(tmp_path) as catalogue:
        assert [each.transcript_id for each in catalogue.labels("r")] == ["before"]


def test_a_draw_comes_back_as_it_was_made(tmp_path: Path) -> None:
    options = {"yes": 1.0, "no": 0.0, "cannot tell": None}
    draw = Draw("d", "r", "s", "random", options, {"all": (9, 2)}, 7, "now")
    drawn = [Drawn(1, "t9", "all", 2 / 9), Drawn(2, "t4", "all", 2 / 9)]
    with Catalogue(tmp_path) as catalogue:
        with catalogue.change():
            catalogue.add_draw(draw, drawn)
        assert catalogue.draw("d") == draw
        assert catalogue.draws("r", "s") == [draw]
        assert catalogue.drawn("d") == drawn
        assert catalogue.draw("e") is None


@settings(max_examples=30, deadline=None)
@given(text=TEXT, note=TEXT, rater=TEXT)
def test_any_text_comes_back(tmp_path_factory: pytest.TempPathFactory, **told: str) -> None:
    with Catalogue(tmp_path_factory.mktemp("w")) as catalogue:
        said = label(text=told["text"], note=told["note"], rater=told["rater"])
        add(catalogue, said)
        assert catalogue.labels("r") == [said]


def test_the_trail_says_who_did_what(tmp_path: Path) -> None:
    with Catalogue(tmp_path) as catalogue:
        with catalogue.change():
            catalogue.note("certified", "x", {"labels": "a"})
            catalogue.note("signed", "y", {})
        [first, second] = catalogue.trail()
    assert (first.what, first.subject, first.details) == ("certified", "x", {"labels": "a"})
    assert first.who
    assert second.time >= first.time


def test_many_may_open_a_new_one_at_once(tmp_path: Path) -> None:
    def work(number: int) -> int:
        with Catalogue(tmp_path) as catalogue:
            return add(catalogue, label(f"t{number}"))

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(work, range(24))) == 24
    with Catalogue(tmp_path) as catalogue:
        assert len(catalogue.labels("r")) == 24


def test_a_newer_file_is_left_alone(tmp_path: Path) -> None:
    Catalogue(tmp_path).__exit__()
    with sqlite3.connect(tmp_path / "assay.db") as connection:
        connection.execute("PRAGMA user_version = 999")
    with pytest.raises(StoreError, match="newer Assay"):
        Catalogue(tmp_path)


def test_what_is_no_catalogue_is_told(tmp_path: Path) -> None:
    (tmp_path / "assay.db").write_bytes(b"not a database at all" * 100)
    with pytest.raises(StoreError, match=r"assay\.db"):
        Catalogue(tmp_path)


def test_looking_makes_none(tmp_path: Path) -> None:
    assert not exists(tmp_path)
    assert list(tmp_path.iterdir()) == []
