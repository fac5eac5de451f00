"""Where things lie, and who may work on them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from assay.errors import NotFoundError, StoreError
from assay.records import RunRecord
from assay.store.files import write_whole
from assay.store.workspace import RunFolder, Workspace


def record(name: str) -> RunRecord:
    return RunRecord(
        id=name,
        plan="0" * 32,
        status="complete",
        created="2026-01-01T00:00:00+00:00",
        model="scripted/echo",
        model_details={},
        roles={"target": "scripted/echo"},
        evals=(),
        versions={},
    )


def make(workspace: Workspace, name: str) -> RunFolder:
    folder = RunFolder(workspace.runs_folder / name)
    folder.save(record(name))
    return folder


def test_found_from_a_folder_within(tmp_path: Path) -> None:
    (tmp_path / "assay.toml").write_text("")
    inner = tmp_path / "evals" / "mine"
    inner.mkdir(parents=True)
    assert Workspace.find(inner).root == tmp_path


def test_runs_are_named_by_id_beginning_or_latest(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    make(workspace, "20260101-000000-aa")
    newest = make(workspace, "20260202-000000-bb")
    assert workspace.run("latest").id == newest.id
    assert workspace.run("20260101").read().id == "20260101-000000-aa"
    with pytest.raises(NotFoundError, match="could be any of"):
        workspace.run("2026")
    with pytest.raises(NotFoundError, match="no run 'x'"):
        workspace.run("x")


def test_a_record_comes_back_as_it_was(tmp_path: Path) -> None:
    folder = make(Workspace(tmp_path), "a")
    assert folder.read() == record("a")


def test_a_damaged_record_is_told(tmp_path: Path) -> None:
    folder = make(Workspace(tmp_path), "a")
    folder.record_file.write_text("{")
    with pytest.raises(StoreError, match="damaged"):
        folder.read()


def test_one_process_at_a_time(tmp_path: Path) -> None:
    folder = make(Workspace(tmp_path), "a")
    script = (
        "import sys; from pathlib import Path; from assay.store.workspace import RunFolder\n"
        "with RunFolder(Path(sys.argv[1])).lock():\n    print('held', flush=True); input()"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", script, str(folder.path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    assert folder.locked()
    with pytest.raises(StoreError, match="another process"), folder.lock():
        pass
    holder.kill()
    holder.communicate()
    assert not folder.locked()
    with folder.lock():
        pass


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_whole(path, "old")
    (tmp_path / "file.part").mkdir()  # so that the new one cannot be written
    with pytest.raises((StoreError, OSError)):
        write_whole(path, "new")
    assert path.read_text() == "old"


def test_a_folder_that_is_not_there_is_no_workspace(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="no such folder"):
        Workspace.find(tmp_path / "nowhere")
