"""Purges: what is due goes, nothing else does, a kill changes nothing, and it is written down."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import sqlite3
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from assay import api
from assay.errors import AssayError, DefinitionError, NotFoundError, StoreError
from assay.records import RawRow
from assay.store.catalogue import Catalogue
from assay.store.tables import read_rows, write_rows
from assay.usage.folder import UsageFolder
from assay.usage.mapping.folder import MapFolder
from assay.usage.retention import retention_overdue
from assay.usage.secret import keyed, workspace_secret

ACCOUNTS = ("ann", "bob", "cy")
OLD, NEW = "2020-01-01T00:00:00+00:00", "2099-01-01T00:00:00+00:00"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "assay.toml").write_text("[usage]\nkeep_raw = true\nretention_days = 30\n")
    return tmp_path


def imported(root: Path, name: str = "june", rows: int = 60) -> UsageFolder:
    log = root / f"{name}.jsonl"
    with log.open("w") as file:
        for number in range(rows):
            said = [
                {"role": "user", "content": f"question {number} of ann@example.org, in {name}"},
                {"role": "assistant", "content": f"answer {number}"},
            ]
            row = {"id": f"{name}-{number}", "messages": said, "user_id": ACCOUNTS[number % 3]}
            file.write(json.dumps(row) + "\n")
    record = api.import_usage([log], name=name, workspace=root)
    assert record.conversations == rows
    assert record.with_account == rows
    return UsageFolder(root / "usage" / name)


def dated(folder: UsageFolder, *parts: list[str]) -> None:
    """Raw parts whose rows were taken in at these times."""
    for each in folder.raw_folder.glob("*"):
        each.unlink()
    for number, times in enumerate(parts):
        rows = [
            RawRow(transcript_id=f"{number}-{row}", imported=time_, messages=())
            for row, time_ in enumerate(times)
        ]
        write_rows(folder.raw_part(number), RawRow, rows)


def trail(root: Path) -> list[tuple[str, dict[str, Any]]]:
    with Catalogue(root) as catalogue:
        return [(entry.what, entry.details) for entry in catalogue.trail()]


def raw_times(folder: UsageFolder) -> list[str]:
    parts = sorted(folder.raw_folder.glob("part-*.parquet"))
    return [row.imported for part in parts for row in read_rows(part, RawRow)]


def test_raw_text_past_its_time_goes_and_the_rest_stays(root: Path) -> None:
    folder = imported(root)
    dated(folder, [OLD, OLD], [OLD, NEW, NEW], [NEW])
    left = folder.raw_folder / "part-00009.parquet.part"
    left.write_bytes(b"half written")
    assert "assay usage purge june" in retention_overdue(folder.path)

    (purged,) = api.purge_usage("june", workspace=root)

    assert raw_times(folder) == [NEW, NEW, NEW]
    assert purged.rows == {"raw/part-00000.parquet": 2, "raw/part-00001.parquet": 1}
    assert set(purged.unlinked) == {"raw/part-00000.parquet", "raw/part-00009.parquet.part"}
    assert set(purged.sha256) == {*purged.rows, *purged.unlinked}
    assert purged.oldest_kept == NEW
    assert retention_overdue(folder.path) == ""
    begun, done = trail(root)
    assert begun[0] == "begins to purge usage"
    assert begun[1]["sha256"] == purged.sha256
    assert done[0] == "purged usage"
    assert done[1]["oldest_kept"] == NEW
    (again,) = api.purge_usage(workspace=root)
    assert (again.rows, again.unlinked) == ({}, ())


def test_a_workspace_that_keeps_no_raw_text_any_more_loses_it(root: Path) -> None:
    folder = imported(root)
    assert len(raw_times(folder)) == 60
    (root / "assay.toml").write_text("")
    assert retention_overdue(folder.path)
    api.purge_usage(workspace=root)
    assert raw_times(folder) == []
    assert not folder.read().keeps_raw


def test_an_account_goes_from_every_table_and_the_log_does_not_bring_it_back(root: Path) -> None:
    folder, other = imported(root), imported(root, "july", rows=9)
    hash_ = keyed(workspace_secret(root), "account", "bob")
    ids = [row.transcript_id for row in folder.transcripts()]
    scores = folder.path / "scores.parquet"
    write_rows(scores, RawRow, [RawRow(transcript_id=i, imported=NEW, messages=()) for i in ids])
    map_ = folder.path / "map"
    (map_ / "work").mkdir(parents=True)
    made = ("map.json", "clusters.parquet", "vectors.npy", "explorer.html", "work/words.i32")
    for name in (*made, ".explorer.html.a1b2.part"):
        (map_ / name).write_bytes(b"of the texts")
    (folder.path / "journal.sqlite").write_bytes(b"replies")

    purges = api.purge_usage(account="bob", workspace=root)

    assert {each.import_name: each.conversations for each in purges} == {"june": 20, "july": 3}
    kept = list(folder.transcripts())
    assert {row.account_id for row in kept} == {
        keyed(workspace_secret(root), "account", each) for each in ("ann", "cy")
    }
    left = {row.transcript_id for row in kept}
    assert [row.transcript_id for row in kept] == [each for each in ids if each in left]
    for file in (scores, *folder.raw_folder.glob("part-*.parquet")):
        assert {row.transcript_id for row in read_rows(file, RawRow)} == left
    assert not [each for each in map_.rglob("*") if each.is_file()]
    assert not (folder.path / "journal.sqlite").exists()
    assert (folder.read().conversations, folder.read().with_account) == (40, 40)
    assert sum(folder.read().languages.values()) == 40
    assert other.read().conversations == 6
    assert api.import_usage([root / "june.jsonl"], name="june", workspace=root).conversations == 40
    assert hash_ not in {row.account_id for row in folder.transcripts()}
    assert [what for what, _ in trail(root)].count("purged usage") == 2
    assert "bob" not in json.dumps([details for _, details in trail(root)])


def test_conversations_without_an_account_stay_when_one_goes(root: Path) -> None:
    said = [{"role": "user", "content": "hello"}, {"role": "assistant", "content": "hi"}]
    rows = [{"id": str(n), "messages": said, "user_id": user} for n, user in enumerate("ab")]
    del rows[1]["user_id"]
    (root / "some.jsonl").write_text("\n".join(map(json.dumps, rows)))
    api.import_usage([root / "some.jsonl"], workspace=root)
    (purged,) = api.purge_usage(account="a", workspace=root)
    assert purged.conversations == 1
    folder = UsageFolder(root / "usage" / "some")
    assert [row.account_id for row in folder.transcripts()] == [None]
    assert not (folder.path / "purge.json").exists()


def test_an_import_that_cannot_be_purged_does_not_keep_the_others_from_it(root: Path) -> None:
    one, other = imported(root, "a"), imported(root, "b")
    dated(one, [OLD])
    dated(other, [OLD])
    with one.lock(), pytest.raises(StoreError, match="another process"):
        api.purge_usage(workspace=root)
    assert (raw_times(one), raw_times(other)) == ([OLD], [])
    with one.lock(), pytest.raises(StoreError, match="another process"):
        api.purge_usage(account="bob", workspace=root)
    assert (one.read().conversations, other.read().conversations) == (60, 40)
    (one.path / "purge.json").write_text('{"account": null}')  # as a killed purge leaves it
    with one.lock(), pytest.raises(StoreError, match="another process"):
        api.purge_usage("b", everything=True, workspace=root)
    assert (one.path.exists(), other.path.exists()) == (True, False)


def test_a_private_map_stays_without_the_accounts_conversations(root: Path) -> None:
    folder = imported(root)
    api.map_usage("june", settings=api.MapSettings(embedder="words", epsilon=4), workspace=root)
    api.explore_usage("june", workspace=root)
    map_ = MapFolder(folder.path)
    before = map_.clusters_file.read_bytes(), map_.record_file.read_bytes()
    api.purge_usage(account="bob", workspace=root)
    assert (map_.clusters_file.read_bytes(), map_.record_file.read_bytes()) == before
    left = {row.transcript_id for row in folder.transcripts()}
    assert {row.transcript_id for row in map_.placed()} == left
    assert not list(map_.path.glob("*.html"))
    assert not [each for each in map_.work_folder.rglob("*") if each.is_file()]


def test_everything_of_an_import_goes_and_no_other(root: Path) -> None:
    folder, other = imported(root), imported(root, "july", rows=9)
    (purged,) = api.purge_usage("june", everything=True, workspace=root)
    assert not folder.path.exists()
    assert purged.conversations == 60
    assert other.read().conversations == 9
    with pytest.raises(NotFoundError):
        api.purge_usage("june", everything=True, workspace=root)


@pytest.mark.parametrize("options", [{"everything": True}, {"everything": True, "account": "a"}])
def test_everything_needs_the_name_of_one_import(root: Path, options: dict[str, Any]) -> None:
    with pytest.raises(AssayError, match="which import"):
        api.purge_usage(workspace=root, **options)


def test_what_an_endpoint_took_in_and_did_not_store_is_not_overlooked(root: Path) -> None:
    folder = imported(root, rows=3)
    with sqlite3.connect(folder.state_file) as state:
        state.execute("INSERT INTO inbox (source, passed) VALUES (1, x'00')")
    state.close()
    for options in ({"account": "ann"}, {}):
        with pytest.raises(StoreError, match="not stored yet"):
            api.purge_usage("june", workspace=root, **options)  # type: ignore[arg-type]


def test_a_purge_waits_for_nobody_who_works_on_the_import(root: Path) -> None:
    folder = imported(root, rows=3)
    with folder.lock(), pytest.raises(StoreError, match="another process"):
        api.purge_usage("june", account="ann", workspace=root)


def test_raw_text_needs_a_retention_period(root: Path) -> None:
    (root / "assay.toml").write_text("[usage]\nkeep_raw = true\n")
    with pytest.raises(DefinitionError, match="retention_days"):
        imported(root)
    (root / "assay.toml").write_text("[usage]\nkeep_rwa = true\n")
    with pytest.raises(DefinitionError, match="keep_raw, retention_days"):
        imported(root)


_PURGE = "import sys; from assay import api; api.purge_usage({}, workspace=sys.argv[1])"


KILLED: dict[str, dict[str, Any]] = {
    "account='bob'": {"account": "bob"},
    "'june', everything=True": {"name": "june", "everything": True},
    "'june'": {"name": "june"},
}


@pytest.mark.parametrize("what", KILLED)
def test_a_purge_that_is_killed_goes_on(root: Path, what: str) -> None:
    """Killed at moments spread over its time, then given again: it ends as if undisturbed."""
    random.seed(what)
    for _ in range(2):
        folder = imported(root, rows=300)
        if what == "'june'":
            dated(folder, *[[OLD] * 50 + [NEW]] * 6)
        before = begun(root)
        child = subprocess.Popen([sys.executable, "-c", _PURGE.format(what), str(root)])
        while begun(root) == before and child.poll() is None:
            time.sleep(0.005)
        time.sleep(random.uniform(0, 0.05))
        child.send_signal(signal.SIGKILL)
        child.wait()
        with contextlib.suppress(NotFoundError):  # everything was done when it was killed
            api.purge_usage(**KILLED[what], workspace=root)
        if "everything" in what:
            assert not folder.path.exists()
        elif "account" in what:
            assert len(list(folder.transcripts())) == 200
            assert folder.read().conversations == 200
            assert len(raw_times(folder)) == 200
        else:
            assert raw_times(folder) == [NEW] * 6
        assert not list((root / "usage").glob("*/purge.json"))
        assert not list((root / "usage").rglob("*.part"))
        if folder.path.exists():
            api.purge_usage("june", everything=True, workspace=root)


def begun(root: Path) -> int:
    return [what for what, _ in trail(root)].count("begins to purge usage")


def test_the_secret_is_made_once_and_kept_from_others(tmp_path: Path) -> None:
    secret = workspace_secret(tmp_path)
    file = tmp_path / "usage" / "secret.key"
    assert len(secret) == 32
    assert workspace_secret(tmp_path) == secret == file.read_bytes()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    ignored = subprocess.run(
        ["git", "check-ignore", "usage/secret.key", "usage/june/raw/part-00000.parquet"],
        cwd=_repository(tmp_path),
        capture_output=True,
        text=True,
        check=True,
    )
    assert len(ignored.stdout.splitlines()) == 2
    file.chmod(0o640)
    with pytest.raises(StoreError, match="may be read by others"):
        workspace_secret(tmp_path)
    file.chmod(0o600)
    file.write_bytes(secret[:-1])
    with pytest.raises(StoreError, match="not a secret"):
        workspace_secret(tmp_path)


def test_a_gitignore_of_ones_own_is_kept_and_the_secret_added(tmp_path: Path) -> None:
    (tmp_path / "usage").mkdir()
    (tmp_path / "usage" / ".gitignore").write_text("maps/")
    workspace_secret(tmp_path)
    assert (tmp_path / "usage" / ".gitignore").read_text().splitlines() == ["maps/", "secret.key"]


def test_many_processes_make_one_secret(tmp_path: Path) -> None:
    code = (
        "import sys, pathlib; from assay.usage.secret import workspace_secret;"
        "print(workspace_secret(pathlib.Path(sys.argv[1])).hex())"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    children = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(6)]
    assert len({child.communicate()[0] for child in children}) == 1
    assert sorted(os.listdir(tmp_path / "usage")) == [".gitignore", "secret.key"]


def test_hashes_differ_by_kind_and_secret_and_not_by_width() -> None:
    assert keyed(b"a" * 32, "account", "x") == keyed(b"a" * 32, "account", " \uff58 ")
    assert len(keyed(b"a" * 32, "account", "\ud800")) == 20
    told = {
        keyed(secret, kind, value)
        for secret in (b"a" * 32, b"b" * 32)
        for kind in ("account", "accountx", "org")
        for value in ("x", "xx", "X")
    }
    assert len(told) == 18


def _repository(path: Path) -> Path:
    subprocess.run(["git", "init", "-q", str(path)], check=True)
    return path
