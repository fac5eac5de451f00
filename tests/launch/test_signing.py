"""Sign-offs: who may give one, and that any later change of the evidence voids it visibly."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import pytest

from assay import api
from assay.errors import AssayError
from assay.launch import Signature, load_launch
from assay.launch.check import gather_and_decide
from assay.launch.signing import with_signatures
from assay.store.workspace import Workspace
from tests.launch.conftest import Launch, Run, certify, write_eval
from tests.launch.test_commands import assay

FIRM = {"limit": {"min": 0.9}}
REFUSES = {"scorer": "refusal", "slice": {"polarity": "violative"}, "limit": {"min": 0.8}}


def signed(workspace: Path, **more: Any) -> Signature:
    more = {"by": "Ada", "role": "head of safeguards", **more}
    return api.sign_launch("pilot", workspace=workspace, **more).signatures[-1]


def now(workspace: Path) -> Signature:
    [signature] = api.check_launch("pilot", workspace=workspace).signatures
    return signature


def test_a_sign_off_holds_while_nothing_changes(workspace: Path, run: Run, launch: Launch) -> None:
    run("new")
    launch(FIRM)
    assert not (workspace / "assay.db").exists()
    assert api.check_launch("pilot", workspace=workspace).signatures == ()
    assert not (workspace / "assay.db").exists()  # looking makes nothing
    given = signed(workspace, conditions=["watch it weekly"])
    assert (given.standing, given.verdict) == ("holds", "go")
    assert now(workspace) == given
    assert "watch it weekly" in given.words


def test_a_no_go_and_a_nobody_cannot_sign(workspace: Path, run: Run, launch: Launch) -> None:
    run("new", wrong=30)
    launch(FIRM)
    with pytest.raises(AssayError, match="no-go"):
        signed(workspace)
    waiver = {"gate": "right", "by": "Ada", "reason": "pilot", "expires": "2999-01-01"}
    launch(FIRM, waivers=[waiver])
    assert signed(workspace).verdict == "conditional"
    for fault in ({"by": " "}, {"role": ""}, {"expires": datetime.date(2020, 1, 1)}):
        with pytest.raises(AssayError):
            signed(workspace, **fault)
    assert now(workspace).standing == "holds"  # nothing was added


def test_every_change_of_the_evidence_voids_it(workspace: Path, run: Run, launch: Launch) -> None:
    id = run("new", refused=100)
    launch(REFUSES)
    version = api.check_launch("pilot", workspace=workspace).gates[0].evidence[0].scorer_version
    certify(workspace, version, expires="2999-01-01T00:00:00+00:00")
    signed(workspace)

    certificate = next((workspace / "certificates").glob("*.json"))
    before = certificate.read_text()
    certificate.write_text(before.replace('"Ada"', '"Eve"'))
    assert now(workspace).standing == "void"
    assert now(workspace).changes == ("a scorer's certificate has changed",)
    certificate.write_text(before)
    assert now(workspace).standing == "holds"

    scores = workspace / "runs" / id / "scores.parquet"
    kept = scores.read_bytes()
    api.rescore(id, ["includes"], workspace=workspace)
    assert f"scores.parquet of run {id} has changed" in now(workspace).changes
    assert scores.read_bytes() != kept

    newer = run("new", refused=100)
    assert f"run {id} is no longer the evidence" in now(workspace).changes
    assert f"run {newer} is new evidence" in now(workspace).changes

    launch({**REFUSES, "limit": {"min": 0.1}})
    assert "the launch's file has changed" in now(workspace).changes


def test_a_new_condition_voids_it_although_no_file_changed(
    workspace: Path, run: Run, launch: Launch
) -> None:
    run("new")
    launch(FIRM)
    signed(workspace)
    write_eval(workspace / "evals" / "sums", version="2")
    found = now(workspace)
    assert found.standing == "void"
    assert "the verdict was go, and is conditional" in found.changes


def test_a_sign_off_may_expire(workspace: Path, run: Run, launch: Launch) -> None:
    run("new")
    launch(FIRM)
    today = datetime.datetime.now(datetime.UTC).date()
    assert signed(workspace, expires=today).standing == "holds"
    place = Workspace(workspace)
    later = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=2)
    check = gather_and_decide(place, load_launch("pilot", workspace), now=later)
    assert with_signatures(place, check).signatures[0].standing == "expired"


def test_signing_from_the_command_line(workspace: Path, run: Run, launch: Launch) -> None:
    id = run("new")
    launch(FIRM)
    sign = ("launch", "sign", "pilot", "--by", "Ada\x1b[2J", "--role", "lead")
    told = assay(*sign, "--conditions", "one", "--conditions", "two", cwd=workspace)
    assert told.returncode == 0
    assert "holds" in told.stderr
    assert "one; two" in told.stderr
    assert "\x1b" not in told.stderr
    with (workspace / "runs" / id / "run.json").open("a") as file:
        file.write("\n")
    after = assay("launch", "check", "pilot", "--markdown", "s.md", cwd=workspace)
    assert after.returncode == 0  # a sign-off changes no verdict
    assert f"Void because run.json of run {id} has changed" in after.stderr
    assert "### Sign-offs" in (workspace / "s.md").read_text()
    run("new", wrong=30)
    refused = assay(*sign, cwd=workspace)
    assert refused.returncode == 1
    assert "nobody can sign" in refused.stderr
