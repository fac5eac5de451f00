"""Certificates: the figures are those of the labels, and nothing is left out unsaid."""

from __future__ import annotations

import csv
import datetime
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from assay import api
from assay.errors import AssayError, DefinitionError, NotFoundError, StoreError
from assay.models.openai import OpenAI
from assay.records import Estimate
from assay.runs.certificates import certificate_for
from assay.runs.labelled import read_label_set
from assay.stats import Share, agreement, clustered_mean, corrected_rate, krippendorff_alpha, rate
from assay.store.catalogue import Catalogue
from tests.runs.conftest import MakeEval
from tests.scorers.material import data_file
from tests.support.fault_server import FaultServer, Seen, reply

FLAGS = {"kind": "includes", "name": "flags", "any_of": ["BAD"]}


def write(path: Path, rows: list[dict[str, Any]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        sheet = csv.DictWriter(file, rows[0].keys())
        sheet.writeheader()
        sheet.writerows(rows)
    return path


def replies(hits: int, misses: int, alarms: int, passed: int, **more: Any) -> list[dict[str, Any]]:
    """So many replies of each kind; the scorer flags those that hold BAD."""
    kinds = [("BAD", "yes")] * hits + [("fine", "yes")] * misses
    kinds += [("BAD", "no")] * alarms + [("fine", "no")] * passed
    return [
        {"input": f"q{n}", "reply": f"{word} {n}", "label": label, **more}
        for n, (word, label) in enumerate(kinds)
    ]


def certify(workspace: Path, rows: list[dict[str, Any]], **told: Any) -> api.Certificate:
    file = write(workspace / "labels.csv", rows)
    return api.certify(told.pop("scorer", FLAGS), file, workspace=workspace, **told)


def test_the_rates_are_those_counted_by_hand(workspace: Path) -> None:
    record = certify(workspace, replies(18, 2, 3, 47))
    assert (record.replies, record.positives, record.negatives) == (70, 20, 50)
    for found, expected in (
        (record.sensitivity, rate(18, 20)),
        (record.specificity, rate(47, 50)),
        (record.precision, rate(18, 21)),
        (record.agreement, rate(65, 70)),
    ):
        assert found is not None
        assert (found.value, found.low, found.high) == pytest.approx(
            (expected.estimate, expected.low, expected.high)
        )
    told = agreement([1] * 18 + [0] * 2 + [1] * 3 + [0] * 47, [1] * 20 + [0] * 50)
    assert record.kappa is not None
    assert told.kappa is not None
    assert record.kappa.value == pytest.approx(told.kappa.estimate)
    assert record.constant == pytest.approx(50 / 70)


def test_many_labelled_replies_of_the_same_words_are_told(workspace: Path) -> None:
    rows = replies(10, 2, 3, 15)
    assert certify(workspace, rows).warnings == ()
    for number, row in enumerate(rows):
        row["reply"] = f"BAD {number % 12}" if number < 20 else f"Fine,   {number}!"
    [told] = certify(workspace, rows).warnings
    assert "Of 30 labelled replies only 22 differ" in told


def test_replies_of_one_origin_are_clustered(workspace: Path) -> None:
    rows = replies(18, 2, 3, 47)
    for number, row in enumerate(rows):
        row["cluster"] = number // 2
    record = certify(workspace, rows)
    expected = clustered_mean([2] * 9 + [0], [2] * 10, binary=True)
    assert record.sensitivity is not None
    assert record.sensitivity.clusters == 10
    assert (record.sensitivity.low, record.sensitivity.high) == pytest.approx(
        (expected.low, expected.high)
    )


def test_replies_to_one_request_share_an_origin_though_no_column_says_so(workspace: Path) -> None:
    rows = [{**row, "input": f"q{n // 5}"} for n, row in enumerate(replies(15, 5, 5, 15))]
    record = certify(workspace, rows)
    assert record.sensitivity is not None
    assert (record.sensitivity.n, record.sensitivity.clusters) == (20, 4)


def test_the_unscored_are_told_and_count_as_wrong_in_the_worst_case(workspace: Path) -> None:
    # "no" counts as positive here: 8 negatives, two of them without a reply to read.
    rows = replies(8, 0, 0, 12)
    for row in rows[:2]:
        row["reply"] = ""
    record = certify(workspace, rows, scorer="refusal", positive=["no"])
    assert record.unscored == {"no_response": 2}
    assert record.specificity is not None
    assert record.worst_specificity is not None
    assert (record.specificity.n, record.specificity.value) == (6, 1.0)
    assert record.worst_specificity.value == pytest.approx(6 / 8)
    assert record.sensitivity is not None
    assert record.sensitivity.value == 0


def test_the_unlabelled_and_the_contested_are_told_and_left_out(workspace: Path) -> None:
    rows = [{**row, "rater": rater} for row in replies(5, 0, 0, 5) for rater in ("ann", "bob")]
    rows[0]["label"] = "no"  # bob says yes
    rows[-1]["label"] = rows[-2]["label"] = "cannot tell"
    rows[-3]["label"] = ""
    record = certify(workspace, rows)
    assert (record.replies, record.contested, record.unlabelled) == (10, 1, 1)
    assert (record.positives, record.negatives, record.raters) == (4, 4, 2)
    alpha = krippendorff_alpha(
        [[0, 1, 1, 1, 1, 0, 0, 0, 0], [1, 1, 1, 1, 1, 0, 0, 0, float("nan")]]
    )
    assert record.rater_alpha is not None
    assert record.rater_alpha.value == pytest.approx(alpha.estimate)


def test_three_raters_make_a_majority(workspace: Path) -> None:
    rows = [
        {**row, "rater": rater, "label": "no" if rater == "cyn" else row["label"]}
        for row in replies(4, 0, 0, 4)
        for rater in ("ann", "bob", "cyn")
    ]
    record = certify(workspace, rows)
    assert (record.positives, record.contested, record.raters) == (4, 0, 3)


def test_slices_are_told_where_enough_is_labelled(workspace: Path) -> None:
    rows = replies(12, 0, 0, 12, policy_area="weapons") + [
        {**row, "input": f"other {row['input']}", "policy_area": "drugs"}
        for row in replies(3, 3, 0, 14)
    ]
    record = certify(workspace, rows)
    drugs, weapons = record.slices
    assert (drugs.slice, drugs.positives, drugs.sensitivity) == ({"policy_area": "drugs"}, 6, None)
    assert drugs.specificity is not None
    assert weapons.sensitivity is not None
    assert (weapons.sensitivity.value, weapons.sensitivity.n) == (1.0, 12)


def test_labels_of_other_words_need_to_be_said(workspace: Path) -> None:
    rows = [{**row, "label": f"the {row['label']}!"} for row in replies(5, 0, 0, 5)]
    with pytest.raises(DefinitionError, match=r"row 2: the label 'the yes!'.*--positive"):
        certify(workspace, rows)
    assert certify(workspace, rows, positive=["The Yes!"]).positives == 5
    with pytest.raises(DefinitionError, match="no row has the label 'bad'"):
        certify(workspace, rows, positive=["bad"])
    record = certify(workspace, rows, positive=["the yes!", "bad"])
    assert "no row has the label 'bad'" in record.warnings[0]


def test_columns_can_be_named_and_several_be_raters(workspace: Path) -> None:
    rows = [
        {"q": row["input"], "a": row["reply"], "one": row["label"], "two": row["label"]}
        for row in replies(5, 1, 1, 5)
    ]
    with pytest.raises(DefinitionError, match="column label=NAME"):
        certify(workspace, rows)
    columns = {"input": "q", "reply": "a", "label": "one,two"}
    assert certify(workspace, rows, columns=columns).raters == 2
    with pytest.raises(DefinitionError, match="no column 'b'"):
        certify(workspace, rows, columns={**columns, "reply": "b"})


@pytest.mark.parametrize("suffix", [".jsonl", ".csv"])
def test_files_of_every_kind_have_the_same_hash(workspace: Path, suffix: str) -> None:
    rows = replies(3, 1, 1, 3)
    first = read_label_set(write(workspace / "labels.csv", rows))
    other = workspace / f"other{suffix}"
    if suffix == ".jsonl":
        other.write_text(
            "".join(json.dumps({**row, "label": row["label"] == "yes"}) + "\n" for row in rows)
        )
        assert read_label_set(other).hash != first.hash  # other words were said
        other.write_text("".join(json.dumps(row) + "\n" for row in rows[::-1]))
    else:
        write(other, rows[::-1])
    assert read_label_set(other).hash == first.hash
    rows[0]["label"] = "no"
    assert read_label_set(write(workspace / "labels.csv", rows)).hash != first.hash


def test_a_judge_whose_replies_repeat_is_asked_once(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rubric = {"kind": "rubric", "name": "j", "rubric": "Bad?", "labels": {"bad": 1, "good": 0}}
    verdict = json.dumps({"explanation": "", "label": "bad", "citations": []})
    rows = [
        {**row, "label": "bad" if row["label"] == "yes" else "good"} for row in replies(2, 0, 0, 2)
    ]
    asked = []

    def answer(seen: Seen) -> str:
        asked.append(seen)
        return verdict

    with FaultServer(reply(answer)) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        monkeypatch.setattr(OpenAI, "details", {"repeatable": True}, raising=False)
        record = certify(workspace, rows, scorer=rubric, judge="openai/judge")
    assert len(asked) == 4
    assert record.flips is None


def test_a_judge_is_asked_twice_and_its_flips_are_counted(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rubric = {"kind": "rubric", "name": "j", "rubric": "Bad?", "labels": {"bad": 1, "good": 0}}
    asked: dict[str, int] = {}

    def answer(seen: Seen) -> str:
        text = seen.body.decode()
        number = next(n for n in range(10) if f"q{n}" in text)
        asked[f"q{number}"] = asked.get(f"q{number}", 0) + 1
        bad = number < 5 or (number == 9 and asked["q9"] == 2)
        return json.dumps({"explanation": "", "label": "bad" if bad else "good", "citations": []})

    with FaultServer(reply(answer)) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        rows = [
            {**row, "label": "bad" if row["label"] == "yes" else "good"}
            for row in replies(5, 0, 0, 5)
        ]
        record = certify(workspace, rows, scorer=rubric, judge="openai/judge")
    assert set(asked.values()) == {2}
    assert record.judge == "openai/judge"
    assert record.flips is not None
    assert (record.flips.value, record.flips.n) == (0.1, 10)
    assert record.sensitivity is not None
    assert record.sensitivity.value == 1
    assert not list((workspace / "certificates").glob(".*"))


def test_it_is_kept_as_a_file_and_deleting_that_withdraws_it(workspace: Path) -> None:
    record = certify(workspace, replies(5, 0, 0, 5))
    [file] = (workspace / "certificates").iterdir()
    assert file.name == f"flags-{record.version}-{record.labels_hash[:8]}.json"
    assert msgspec.json.decode(file.read_bytes(), type=api.Certificate) == record
    assert api.certificates(workspace=workspace) == [record]
    with Catalogue(workspace) as catalogue:
        assert catalogue.certificates() == [record]
        assert [entry.what for entry in catalogue.trail()] == ["certified"]
    file.unlink()
    assert api.certificates(workspace=workspace) == []
    file.write_text("{}")
    with pytest.raises(StoreError, match="not a certificate"):
        api.certificates(workspace=workspace)


def test_the_one_that_holds_goes_before_the_expired_and_the_runs_own_before_the_newest(
    workspace: Path,
) -> None:
    base = certify(workspace, replies(5, 0, 0, 5))

    def like(name: str, made: str, expires: str, run: str | None = None) -> api.Certificate:
        return msgspec.structs.replace(base, id=name, made=made, expires=expires, run=run)

    expired = like("expired", "2030", "2031", "r")
    own = like("own", "2029", "2040", "r")
    newest = like("newest", "2032", "2040")
    now = "2035"
    assert certificate_for([expired, newest, own], base.version, "r", now) == own
    assert certificate_for([expired, newest, own], base.version, "q", now) == newest
    assert certificate_for([expired], base.version, "r", now) == expired
    assert certificate_for([expired, newest], "another", "r", now) is None


def overall(workspace: Path) -> Estimate:
    [found] = [each for each in api.show("latest", workspace=workspace).estimates if not each.slice]
    return found


@pytest.fixture
def run(workspace: Path, make_eval: MakeEval) -> api.Summary:
    """100 replies, 20 of them flagged."""
    rows = [{"id": f"s{n}", "input": f"{'BAD' if n < 20 else 'fine'} {n}"} for n in range(100)]
    make_eval("echoes", rows, scorers=[FLAGS])
    [summary] = api.run(["echoes"], "scripted/echo", workspace=workspace)
    return summary


def test_a_figure_says_what_vouches_for_its_scorer(workspace: Path, run: api.Summary) -> None:
    before = overall(workspace)
    assert (before.standing, before.certificate, before.corrected) == ("uncertified", None, None)
    record = certify(workspace, replies(90, 10, 5, 95))
    after = overall(workspace)
    assert (after.standing, after.certificate) == ("certified", record.id)
    assert (after.value, after.low, after.high) == (before.value, before.low, before.high)
    expected = corrected_rate(Share(20, 100), Share(90, 100), Share(95, 100)).interval
    assert after.corrected is not None
    assert after.corrected.value == pytest.approx((0.2 + 0.95 - 1) / (0.9 + 0.95 - 1))
    assert (after.corrected.low, after.corrected.high) == pytest.approx(
        (expected.low, expected.high)
    )
    later = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=1)
    [file] = (workspace / "certificates").iterdir()
    old = msgspec.structs.replace(record, expires=later.isoformat(timespec="seconds"))
    file.write_bytes(msgspec.json.encode(old))
    assert overall(workspace).standing == "expired"


def test_a_certificate_that_the_run_contradicts_corrects_nothing(
    workspace: Path, run: api.Summary
) -> None:
    certify(workspace, replies(95, 5, 60, 40))  # it would flag 60% of what is fine
    found = overall(workspace)
    assert found.corrected is None
    assert "cannot hold here" in found.warning


def test_a_certificate_of_one_class_is_half_of_one(workspace: Path, run: api.Summary) -> None:
    whole = certify(workspace, replies(18, 2, 3, 47))
    half = certify(workspace, replies(0, 0, 3, 47))
    assert (half.unknown, half.sensitivity) == ("positives", None)
    assert overall(workspace).certificate == whole.id  # though it is older
    for file in (workspace / "certificates").glob(f"{whole.id}*"):
        file.unlink()
    found = overall(workspace)
    assert (found.certificate, found.standing, found.corrected) == (half.id, "half certified", None)


def test_labels_of_a_run_certify_its_scorer(workspace: Path, run: api.Summary) -> None:
    with pytest.raises(NotFoundError, match="labels sample"):
        api.certify("flags", "latest", workspace=workspace)
    out = workspace / "sheet.csv"
    api.sample_labels("latest", out, n=40, strategy="stratified", workspace=workspace)
    with out.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    missed = next(row for row in rows if "fine" in row["reply"])
    for row in rows:
        row["label"] = "yes" if "BAD" in row["reply"] or row is missed else "no"
    api.import_labels(write(out, rows), rater="ann", workspace=workspace)
    record = api.certify("flags", "latest", workspace=workspace)
    assert record.run == run.run.id
    # One of 20 labelled of 80 passed is a miss, so about 4 of them are: 20 of 24 are caught.
    assert record.sensitivity is not None
    assert record.sensitivity.value == pytest.approx(20 / 24)
    assert record.specificity is not None
    assert record.specificity.value == 1
    assert overall(workspace).certificate == record.id


def test_nothing_to_measure_with_is_told(workspace: Path) -> None:
    with pytest.raises(NotFoundError, match="no such file"):
        api.certify("refusal", workspace / "no.csv", workspace=workspace)
    with pytest.raises(DefinitionError, match="column reply=NAME"):
        certify(workspace, [{"text": "a", "label": "yes"}])
    with pytest.raises(AssayError, match="no reply has a label"):
        certify(workspace, [{"reply": "a", "label": "cannot tell"}])
    with pytest.raises(DefinitionError, match="no kind of scorer"):
        certify(workspace, replies(1, 1, 1, 1), scorer={"kind": "nonsense"})


def test_hostile_labels_are_told_and_harm_nothing(workspace: Path) -> None:
    rows = replies(2, 0, 0, 2)
    rows[0]["label"] = "\x1b[2J=cmd|' /C calc'!A0"
    with pytest.raises(DefinitionError, match="row 2"):
        certify(workspace, rows)
    rows[0]["label"] = "yes"
    rows[1]["reply"] = "BAD \ud7ff </script> ../../etc " + "x" * 100_000
    assert certify(workspace, rows).positives == 2


def test_on_real_labels_the_figures_are_those_that_were_published(workspace: Path) -> None:
    file = data_file("xstest/xstest_v2_completions_gpt4.csv")
    positive = ["2_full_refusal", "3_partial_refusal"]
    record = api.certify("refusal", file, positive=positive, workspace=workspace)
    assert (record.replies, record.positives, record.negatives) == (450, 220, 230)
    assert record.sensitivity is not None
    assert record.sensitivity.value == pytest.approx(206 / 220)
    assert record.specificity is not None
    assert record.specificity.value == 1
