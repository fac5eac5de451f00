"""The mitigations ledger: what may be opened, what proves an effect, and what closing demands."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from assay import api
from assay.errors import AssayError, NotFoundError
from assay.launch.ledger import findings_of
from assay.records import Finding
from assay.store.catalogue import Catalogue
from assay.store.workspace import Workspace
from tests.launch.conftest import Launch, Run, write_eval
from tests.launch.test_commands import assay

FIRM = {"limit": {"min": 0.9}}
VIOLATIVE = {"scorer": "refusal", "slice": {"polarity": "violative"}, "limit": {"min": 0.8}}


def opened(workspace: Path, kind: Any = "gate", subject: str = "right", **more: Any) -> Finding:
    more = {"owner": "Ana", "summary": "It is wrong too often.", **more}
    if kind == "gate":
        more.setdefault("launch", "pilot")
    return api.open_finding(kind, subject, workspace=workspace, **more)


def mitigated(workspace: Path, id: str, *runs: str) -> Finding:
    more = dict(zip(("before", "after"), runs, strict=False))
    return api.mitigate_finding(id, what="A system prompt.", by="Bo", workspace=workspace, **more)


def test_a_finding_is_opened_mitigated_proved_and_closed(
    workspace: Path, run: Run, launch: Launch
) -> None:
    launch(FIRM)
    before = run("new", wrong=30)
    found = opened(workspace)
    assert (found.id, found.open, found.measure and found.measure.words) == (
        "F1", True, "sums/exact",
    )  # fmt: skip
    with pytest.raises(AssayError, match="no mitigation is shown"):
        api.close_finding("F1", by="Ana", workspace=workspace)
    assert mitigated(workspace, "F1").mitigations[0].effect is None
    with pytest.raises(AssayError, match="no run before and after it"):
        api.close_finding("F1", by="Ana", workspace=workspace)
    after = run("new", wrong=3)
    found = api.prove_finding("f1", 1, before=before, after=after, workspace=workspace)
    effect = found.mitigations[0].effect
    assert effect is not None
    assert effect.shown
    # 27 of 100 pairs rose, none fell.
    assert effect.value == pytest.approx(0.27)
    assert (effect.before, effect.after, effect.n, effect.clusters) == (0.7, 0.97, 100, 100)
    assert effect.missing == {}
    assert "paired" in effect.method
    assert effect.standing == "by definition"
    closed = api.close_finding("F1", by="Ana", reason="Shown.", workspace=workspace)
    assert (closed.open, closed.closed_by, closed.reason) == (False, "Ana", "Shown.")
    with pytest.raises(AssayError, match="was closed by Ana"):
        mitigated(workspace, "F1")
    with Catalogue(workspace) as catalogue:
        trail = [(each.what, each.subject) for each in catalogue.trail()]
    assert trail == [
        ("opened finding", "F1"), ("mitigated finding", "F1"), ("proved mitigation", "F1"),
        ("closed finding", "F1"),
    ]  # fmt: skip


def test_an_effect_within_the_noise_closes_nothing_and_says_how_much_more(
    workspace: Path, run: Run, launch: Launch
) -> None:
    launch(FIRM)
    before, after = run("new", wrong=4), run("new", wrong=1)
    opened(workspace)
    effect = mitigated(workspace, "F1", before, after).mitigations[0].effect
    assert effect is not None
    assert not effect.shown
    # 3 of 100 rose: (1.96 + 0.84)^2 * (0.03 - 0.0009) / 0.03^2 = 254 pairs in all.
    assert effect.needed_samples == pytest.approx(254 - 100, abs=3)
    with pytest.raises(AssayError) as caught:
        api.close_finding("F1", by="Ana", workspace=workspace)
    told = str(caught.value)
    assert "+3 points" in told
    assert "does not exclude zero" in told
    assert f"about {effect.needed_samples} more samples" in told
    # The later evidence counts; a change for the worse shows nothing, however clear.
    worse = run("new", wrong=60)
    found = api.prove_finding("F1", 1, before=before, after=worse, workspace=workspace)
    effect = found.mitigations[0].effect
    assert effect is not None
    assert (effect.shown, effect.needed_samples) == (False, None)
    assert "no number of samples" in effect.needed
    with pytest.raises(AssayError, match="-56 points"):
        api.close_finding("F1", by="Ana", workspace=workspace)


def test_missing_scores_count_at_their_worst(workspace: Path, run: Run, launch: Launch) -> None:
    launch(FIRM)
    before, after = run("new", wrong=10), run("new")
    opened(workspace)
    assert mitigated(workspace, "F1", before, after).shown
    _forget_scores(workspace, after, 8)
    with pytest.raises(AssayError, match="what is missing could undo"):
        api.close_finding("F1", by="Ana", workspace=workspace)
    effect = mitigated(workspace, "F1", before, after).mitigations[1].effect
    assert effect is not None
    assert effect.missing == {"after: grader_failed": 8}
    assert "8 that are missing" in effect.needed


def _forget_scores(workspace: Path, run: str, count: int) -> None:
    """As if the grader had failed on the last samples."""
    import duckdb

    file = workspace / "runs" / run / "scores.parquet"
    wanted = ", ".join(f"'s{99 - n}'" for n in range(count))
    new = file.with_suffix(".new")
    duckdb.execute(
        f"COPY (SELECT * REPLACE (CASE WHEN sample_id IN ({wanted}) THEN NULL ELSE value END AS"
        f" value, CASE WHEN sample_id IN ({wanted}) THEN 'grader_failed' ELSE unscored END AS"
        f" unscored) FROM '{file}') TO '{new}' (FORMAT parquet)"
    )
    new.replace(file)


def test_runs_that_cannot_prove_say_why(workspace: Path, run: Run, launch: Launch) -> None:
    launch(FIRM)
    before = run("new", wrong=30)
    opened(workspace)
    with pytest.raises(AssayError, match="are one"):
        mitigated(workspace, "F1", before, before)
    unfinished = run("new", limit=50)
    record = workspace / "runs" / unfinished / "run.json"
    record.write_text(record.read_text().replace('"complete"', '"stopped"'))
    with pytest.raises(AssayError, match=f"run {unfinished} is incomplete"):
        mitigated(workspace, "F1", before, unfinished)
    other = run("new", eval="other")
    with pytest.raises(NotFoundError, match="no eval sums"):
        mitigated(workspace, "F1", before, other)
    write_eval(workspace / "evals" / "sums", version="2")
    changed = run("new")
    with pytest.raises(AssayError, match=r"eval sums is 1 in .* and 2 in"):
        mitigated(workspace, "F1", before, changed)
    numbers = {"kind": "includes", "name": "exact"}
    write_eval(workspace / "evals" / "sums", scorers=[numbers])
    with pytest.raises(AssayError, match="scorer exact is"):
        mitigated(workspace, "F1", before, run("new"))
    assert api.show_finding("F1", workspace=workspace).mitigations == ()  # nothing was kept


def test_a_system_prompt_is_a_mitigation_and_is_told(
    workspace: Path, run: Run, launch: Launch
) -> None:
    launch(FIRM)
    before = run("new", wrong=30)
    write_eval(workspace / "evals" / "sums", system="Be right.")
    after = run("new")
    opened(workspace)
    effect = mitigated(workspace, "F1", before, after).mitigations[0].effect
    assert effect is not None
    assert effect.shown
    assert "system prompt: (none) before, Be right. after" in effect.differs


@pytest.mark.parametrize(
    ("kind", "subject", "more", "words"),
    [
        ("gate", "wrong", {}, "Its gates: right, refuses"),
        ("gate", "right", {"launch": None}, "one of a launch"),
        ("gate", "right", {"launch": "other"}, "no launch 'other'"),
        ("gate", "right", {"measure": "sums/exact"}, "its own measure"),
        ("regression", "sums", {}, "no eval and scorer"),
        ("regression", "sums/choice", {}, "Its scorers: exact, refusal"),
        ("regression", "else/exact", {}, "Evals with runs: sums"),
        ("regression", "sums/exact/colour=red", {}, "no part of a slice"),
        ("regression", "sums/refusal", {}, "polarity=violative"),
        ("regression", "sums/exact", {"launch": "other"}, "no launch 'other'"),
        ("sample", "no-such", {}, "no run has a transcript"),
        ("cluster", " ", {}, "needs a subject"),
        ("cluster", "poems", {"owner": " "}, "needs --owner"),
    ],
)
def test_a_subject_must_be_there(
    workspace: Path, run: Run, launch: Launch, kind: str, subject: str, more: Any, words: str
) -> None:
    launch(FIRM, {**VIOLATIVE, "id": "refuses"})
    run("new")
    with pytest.raises(AssayError) as caught:
        opened(workspace, kind, subject, **more)
    assert words in str(caught.value)
    assert findings_of(Workspace(workspace)) == ()


def test_a_regression_is_measured_in_its_slice(workspace: Path, run: Run) -> None:
    before, after = run("new", refused=100), run("new", refused=2)
    found = opened(workspace, "regression", "sums/refusal/polarity=benign")
    assert found.measure is not None
    assert found.measure.slice == {"polarity": "benign"}
    effect = mitigated(workspace, found.id, before, after).mitigations[0].effect
    assert effect is not None
    assert (effect.better, effect.n, effect.shown) == ("low", 50, True)
    assert effect.standing == "uncertified"
    assert effect.value == pytest.approx(-0.98)


def test_what_became_of_the_very_sample_is_said(workspace: Path, run: Run) -> None:
    before, after = run("new", wrong=30), run("new", wrong=1)
    rows = api.sql(
        f"select transcript_id from scores where run_id = '{before}' and sample_id = 's0'"
        " and scorer = 'exact'",
        workspace=workspace,
    )[1]
    transcript = rows[0][0]
    with pytest.raises(AssayError, match=r"several scorers.*exact, refusal"):
        opened(workspace, "sample", transcript)
    with pytest.raises(AssayError):
        opened(workspace, "sample", transcript, measure="sums/choice")
    found = opened(workspace, "sample", transcript, measure="sums/exact")
    assert (found.subject, found.sample_id, found.epoch) == (transcript, "s0", 1)
    effect = mitigated(workspace, found.id, before, after).mitigations[0].effect
    assert effect is not None
    assert effect.sample is not None
    assert effect.shown  # the eval as a whole became better,
    assert (effect.sample.before, effect.sample.after) == (0.0, 0.0)  # the sample did not
    assert effect.sample.before_transcript == transcript
    assert effect.sample.standing == "in both runs"


def test_a_cluster_may_wait_for_its_measure(workspace: Path, run: Run) -> None:
    found = opened(workspace, "cluster", "poems about locks")
    assert found.measure is None
    before, after = run("new", wrong=30), run("new")
    with pytest.raises(AssayError, match="nothing says what measures F1"):
        mitigated(workspace, "F1", before, after)
    mitigated(workspace, "F1")
    runs = {"before": before, "after": after, "workspace": workspace}
    found = api.prove_finding("F1", 1, measure="sums/exact", **runs)
    assert found.shown
    with pytest.raises(AssayError, match="stays so"):
        api.prove_finding("F1", 1, measure="sums/refusal/polarity=benign", **runs)
    with pytest.raises(NotFoundError, match="no mitigation 2"):
        api.prove_finding("F1", 2, **runs)


def test_open_ones_come_first_then_the_newest(workspace: Path, run: Run, launch: Launch) -> None:
    assert findings_of(Workspace(workspace)) == ()
    assert not (workspace / "assay.db").exists()  # looking makes nothing
    launch(FIRM)
    before, after = run("new", wrong=30), run("new")
    first = opened(workspace)
    assert opened(workspace) == first  # the same again is the same
    for number in range(2, 5):
        opened(workspace, "cluster", f"cluster {number}")
    mitigated(workspace, "F3")
    api.prove_finding(
        "F3", 1, before=before, after=after, measure="sums/exact", workspace=workspace
    )
    api.close_finding("F3", by="Ana", workspace=workspace)
    place = Workspace(workspace)
    assert [each.id for each in findings_of(place)] == ["F4", "F2", "F1", "F3"]
    assert [each.id for each in findings_of(place, "pilot")] == ["F1"]
    assert [each.id for each in api.list_findings(workspace=workspace)] == ["F4", "F2", "F1"]
    with pytest.raises(NotFoundError):
        api.show_finding("F9", workspace=workspace)


def test_many_findings_are_read_at_once(workspace: Path) -> None:
    for number in range(30):
        opened(workspace, "cluster", f"cluster {number}")
        mitigated(workspace, f"F{number + 1}")
    found = findings_of(Workspace(workspace))
    assert [each.id for each in found] == [f"F{number}" for number in range(30, 0, -1)]
    assert all(len(each.mitigations) == 1 for each in found)


def test_findings_that_are_opened_at_once_have_ids_of_their_own(workspace: Path) -> None:
    def begin(number: int) -> str:
        return opened(workspace, "cluster", f"cluster {number}").id

    with ThreadPoolExecutor(8) as pool:
        ids = list(pool.map(begin, range(24)))
    assert sorted(ids) == sorted(f"F{number}" for number in range(1, 25))


def test_what_is_said_stays_on_one_line(workspace: Path, run: Run, launch: Launch) -> None:
    run("new")
    launch(FIRM)
    opened(workspace, summary="Bad.\nLaunch pilot: go.", owner="Ana\n\tLopes")
    [condition] = api.check_launch("pilot", workspace=workspace).conditions
    assert condition == "finding F1 (gate right, owner Ana Lopes) is open: Bad. Launch pilot: go."


def test_an_open_finding_makes_a_go_conditional_and_voids_only_what_did_not_see_it(
    workspace: Path, run: Run, launch: Launch
) -> None:
    before = run("new", wrong=40)
    after = run("new")
    launch(FIRM)

    def signature() -> Any:
        return api.check_launch("pilot", workspace=workspace).signatures[-1]

    assert api.check_launch("pilot", workspace=workspace).verdict == "go"
    sign = {"by": "Ada", "role": "head", "workspace": workspace}
    api.sign_launch("pilot", **sign)
    opened(workspace, "cluster", "of another launch")
    assert signature().standing == "holds"
    opened(workspace, summary="Wrong in\nGerman.")
    found = api.check_launch("pilot", workspace=workspace)
    assert found.verdict == "conditional"
    assert [each.id for each in found.findings] == ["F2"]
    assert any("finding F2" in each and "Wrong in" in each for each in found.conditions)
    assert signature().standing == "void"
    assert "the verdict was go, and is conditional" in signature().changes
    given = api.sign_launch("pilot", **sign).signatures[-1]
    assert given.standing == "holds"
    mitigated(workspace, "F2", before, after)
    assert signature().standing == "holds"  # work on what was seen voids nothing
    api.close_finding("F2", by="Ada", workspace=workspace)
    found = api.check_launch("pilot", workspace=workspace)
    assert (found.verdict, found.conditions, found.findings) == ("go", (), ())
    assert signature().changes == ("the verdict was conditional, and is go",)


def test_the_commands(workspace: Path, run: Run, launch: Launch) -> None:
    before, after = run("new", wrong=30), run("new")
    launch(FIRM)
    told = assay(
        "finding", "open", "--kind", "gate", "--subject", "right", "--launch", "pilot",
        "--owner", "Ana\x1b[2J", "--summary", "Wrong.", cwd=workspace,
    )  # fmt: skip
    assert told.returncode == 0, told.stderr
    assert "F1: gate right of launch pilot, open" in told.stdout
    assert "\x1b" not in told.stdout
    refused = assay("finding", "close", "F1", "--by", "Ana", cwd=workspace)
    assert refused.returncode == 1
    assert "no mitigation is shown to have worked" in refused.stderr
    told = assay(
        "finding", "mitigate", "F1", "--what", "Prompt.", "--by", "Bo",
        "--before", before, "--after", after, cwd=workspace,
    )  # fmt: skip
    assert "Shown: +30 points" in told.stdout
    assert "assay finding close F1" in told.stderr
    checked = assay("launch", "check", "pilot", cwd=workspace)
    assert "finding F1 (gate right" in checked.stderr
    assert checked.returncode == 0
    listed = json.loads(assay("finding", "list", "--json", cwd=workspace).stdout)
    assert [each["id"] for each in listed] == ["F1"]
    assert listed[0]["mitigations"][0]["effect"]["shown"] is True
    assert assay("finding", "close", "F1", "--by", "Ana", cwd=workspace).returncode == 0
    assert "F1" not in assay("finding", "list", cwd=workspace).stdout
    assert "closed by Ana" in assay("finding", "show", "F1", cwd=workspace).stdout
    assert "closed" in assay("finding", "list", "--all", cwd=workspace).stdout
