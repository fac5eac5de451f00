"""The health of evals on real runs: what is said, and what is not said for want of evidence."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pytest

from assay import api
from assay.errors import NotFoundError
from assay.health.result import CellHealth, EvalHealth
from assay.stats import alpha, signal_to_noise
from tests.health.conftest import Run, WriteEval, request_text


def one(workspace: Path, name: str = "e", **more: bool) -> EvalHealth:
    [found] = api.eval_health([name], workspace=workspace, **more)
    return found


def cell(workspace: Path) -> CellHealth:
    [found] = one(workspace).cells
    return found


def test_without_runs_nothing_can_be_told(workspace: Path, write_eval: WriteEval) -> None:
    write_eval("e")
    found = one(workspace)
    assert found.verdict == "cannot tell"
    assert "no scored run" in found.reasons[0]
    with pytest.raises(NotFoundError):
        one(workspace, "nothing")


def test_too_few_models_and_too_few_items_are_named(
    workspace: Path, write_eval: WriteEval, run: Run
) -> None:
    write_eval("e", 20)
    run("a", "e")
    found = one(workspace)
    assert found.verdict == "cannot tell"
    assert "3 models needed to compare them, 1 there" in found.reasons[0]
    for model in "bc":
        run(model, "e")
    found = one(workspace)
    assert found.verdict == "cannot tell"  # all pass, but twenty items are too few to say so
    assert "30 items of different origin needed, 20" in found.reasons[0]


def test_an_eval_that_all_models_pass_is_retired(
    workspace: Path, write_eval: WriteEval, run: Run
) -> None:
    write_eval("e")
    for model, wrong in (("a", {1}), ("b", set()), ("c", set())):
        run(model, "e", wrong=wrong)
    found = one(workspace)
    assert found.verdict == "retire"
    [held] = found.cells
    assert held.state == "saturated"
    assert held.all_pass is not None
    assert held.all_pass.value == pytest.approx(59 / 60)
    assert held.headroom == 0


def test_an_eval_that_all_models_fail_is_refreshed(
    workspace: Path, write_eval: WriteEval, run: Run
) -> None:
    write_eval("e")
    for model in "abc":
        run(model, "e", wrong=range(60))
    found = one(workspace)
    assert (found.verdict, found.cells[0].state) == ("refresh", "floored")
    assert "wrong key" in found.reasons[0]


def test_models_that_differ_keep_the_eval_and_the_figures_are_the_statistics(
    workspace: Path, write_eval: WriteEval, run: Run
) -> None:
    write_eval("e")
    wrong = {"a": set(range(0, 60, 2)), "b": set(range(0, 60, 5)), "c": set(range(6))}
    for model, places in wrong.items():
        run(model, "e", wrong=places)
    found = one(workspace)
    assert found.verdict == "keep"
    [held] = found.cells
    table = np.array([[n not in places for n in range(60)] for places in wrong.values()], float)
    assert held.ratio is not None
    assert held.reliability is not None
    assert held.ratio.value == pytest.approx(signal_to_noise(table).ratio.estimate)
    assert held.reliability.value == pytest.approx(alpha(table).estimate)
    assert held.best_model is not None
    assert held.best_model.endswith("c.jsonl")
    assert held.best is not None
    assert held.best.value == 0.9
    # Three models tell nothing of a single item.
    assert held.negative is None
    assert any("8 models needed" in gap for gap in held.gaps)


def test_models_that_differ_by_chance_alone_are_said_to(
    workspace: Path, write_eval: WriteEval, run: Run
) -> None:
    write_eval("e", 200)
    for start, model in enumerate("abcdefgh"):
        run(model, "e", wrong=set(range(start, 200, 8)))  # each errs as often, elsewhere
    found = one(workspace)
    assert found.verdict == "refresh"
    assert "less than the noise" in found.reasons[0]


def test_parts_that_differ_are_split(workspace: Path, write_eval: WriteEval, run: Run) -> None:
    rows = [
        {
            "id": f"s{n:03d}",
            "input": request_text(n),
            "target": "yes",
            "polarity": "benign" if n < 40 else "violative",
        }
        for n in range(80)
    ]
    write_eval("e", rows)
    for step, model in ((2, "a"), (3, "b"), (10, "c")):
        run(model, "e", wrong=set(range(40, 80, step)))
    found = one(workspace)
    assert {each.polarity: each.state for each in found.cells} == {
        "benign": "saturated",
        "violative": "between",
    }
    assert found.verdict == "split"
    assert "exact on benign is saturated" in found.reasons[0]


def test_older_versions_are_said_and_not_mixed(
    workspace: Path, write_eval: WriteEval, run: Run
) -> None:
    write_eval("e")
    for model in "ab":
        run(model, "e")
    write_eval("e", version="2.0")
    run("c", "e")
    found = one(workspace)
    assert len(found.models) == 1
    assert "2 runs of version 1.0" in " ".join(found.left_out)
    assert found.verdict == "cannot tell"


def test_of_one_model_the_newest_run_counts_and_parts_are_left_out(
    workspace: Path, write_eval: WriteEval, run: Run
) -> None:
    write_eval("e")
    run("a", "e")
    last = run("a", "e")
    run("b", "e", limit=40)
    found = one(workspace)
    assert found.runs == (last,)
    told = " ".join(found.left_out)
    assert "older than another of the same model" in told
    assert "only the first 40 samples" in told


def test_an_unfinished_run_is_left_out(workspace: Path, write_eval: WriteEval, run: Run) -> None:
    write_eval("e")
    record = workspace / "runs" / run("a", "e") / "run.json"
    record.write_text(record.read_text().replace('"complete"', '"stopped"'))
    assert "unfinished" in " ".join(one(workspace).left_out)


def test_what_was_not_scored_is_no_pass(workspace: Path, write_eval: WriteEval, run: Run) -> None:
    """Perfect on all that was scored, while a fifth has no score: not worn out, but broken."""
    write_eval("e", 60)
    for model in "abc":
        folder = workspace / "runs" / run(model, "e")
        _unscore(folder / "scores.parquet", 12)
    found = one(workspace)
    assert found.verdict == "refresh"
    assert "have no score (grader_failed 36)" in found.reasons[0]
    [held] = found.cells
    assert (held.planned, held.unscored.value) == (180, pytest.approx(0.2))
    assert held.items == 48
    assert held.incomplete == 12
    listed = one(workspace, items=True).items
    assert sum("never scored by exact" in each.reasons for each in listed) == 12


def test_items_say_why_they_are_worth_a_look(
    workspace: Path, write_eval: WriteEval, run: Run
) -> None:
    write_eval("e", 40)
    models = "abcdefghijkl"
    for place, model in enumerate(models):
        # Better and better, but for item 39, whose key is wrong.
        wrong = {0, *range(1, 37 - 3 * place)} | ({39} if place >= 6 else set())
        run(model, "e", wrong=wrong)
    found = one(workspace, items=True)
    reasons = {each.sample: each.reasons for each in found.items}
    assert any("all 12 models fail" in why for why in reasons["s0000"])
    assert any("all 12 models pass" in why for why in reasons["s0038"])
    assert any("do worse elsewhere" in why for why in reasons["s0039"])
    assert "s0010" not in reasons
    assert found.cells[0].negative == 1


def test_duplicates_within_and_across(workspace: Path, write_eval: WriteEval) -> None:
    rows = [{"id": f"s{n}", "input": request_text(n), "target": "yes"} for n in range(6)]
    rows[3]["input"] = rows[1]["input"]
    rows[4]["input"] = f"{rows[2]['input']} x"
    write_eval("e", rows)
    write_eval("f", [{"id": "other", "input": request_text(0), "target": "yes"}])
    found = one(workspace, items=True)
    assert found.duplicates is not None
    assert (found.duplicates.exact, found.duplicates.near) == (1, 1)
    assert found.duplicates.across == {"f": 1}
    reasons = {each.sample: each.reasons for each in found.items}
    assert reasons["s3"] == ("the same as s1 here",)
    assert reasons["s0"] == ("the same as other of f",)
    # Samples of one cluster may resemble each other.
    write_eval("e", [{**row, "cluster": "one"} for row in rows])
    found = one(workspace)
    assert found.duplicates is not None
    assert (found.duplicates.exact, found.duplicates.near) == (0, 0)


def test_public_samples_beside_their_held_back_twins(
    workspace: Path, write_eval: WriteEval, run: Run
) -> None:
    rows = [
        {"id": f"p{n}", "input": request_text(n), "target": "yes", "held_back": "", "twin_of": ""}
        for n in range(50)
    ] + [
        {
            "id": f"h{n}",
            "input": request_text(100 + n),
            "target": "yes",
            "held_back": "yes",
            "twin_of": f"p{n}",
        }
        for n in range(50)
    ]
    write_eval("e", rows)
    run("knows", "e", wrong=set(range(60, 90)))
    run("plain", "e", wrong={*range(10), *range(52, 62)})
    found = one(workspace)
    assert found.contamination is not None
    assert found.contamination.held_back == 50
    gaps = {each.model.rpartition("/")[2]: each.difference for each in found.contamination.gaps}
    assert gaps["knows.jsonl"].value == pytest.approx(0.6)
    assert gaps["knows.jsonl"].low is not None
    assert gaps["knows.jsonl"].low > 0.4
    assert gaps["plain.jsonl"].low is not None
    assert gaps["plain.jsonl"].low < 0
    assert any("held-back twins" in reason for reason in found.reasons)
    assert not any("plain" in reason for reason in found.reasons)


def test_canaries_are_found_and_so_are_replies_that_repeat_them(
    workspace: Path, write_eval: WriteEval, run: Run
) -> None:
    guid = "0f3a9c1e-1111-4222-8333-444455556666"
    folder = write_eval("e", 30)
    (folder / "README.md").write_text(f"# e\n\ncanary GUID {guid}\n")
    run("a", "e")
    found = one(workspace).contamination
    assert found is not None
    assert (found.canary, found.leaked) == ((guid,), 0)
    api.run(["e"], f"scripted/{_said(workspace, guid)}", workspace=workspace)
    found = one(workspace).contamination
    assert found is not None
    assert found.leaked == 30


@pytest.mark.parametrize(
    ("written", "changed", "words"),
    [
        ("Be kind.", False, "in words"),
        ("harm@1.0", True, "is 2.0 now"),
        ("harm@2.0", False, "still version 2.0"),
        ("harm", None, "harm@2.0"),
        ("other@1", None, "no file"),
    ],
)
def test_the_policy_may_have_changed(
    workspace: Path, write_eval: WriteEval, written: str, changed: bool | None, words: str
) -> None:
    (workspace / "policies").mkdir()
    (workspace / "policies" / "harm.md").write_text('---\nid: harm\nversion: "2.0"\n---\nNo.\n')
    write_eval("e", policy=written)
    found = one(workspace)
    assert found.upkeep is not None
    assert found.upkeep.policy_changed is changed
    assert words in found.upkeep.policy
    assert any("policy has changed" in reason for reason in found.reasons) is bool(changed)


def test_the_checklist_answers_what_a_machine_can_know(
    workspace: Path, write_eval: WriteEval, run: Run
) -> None:
    folder = write_eval("e", 30)
    (folder / "README.md").write_text(
        "# e\n\n## Purpose\n\nTo test.\n\n## Review date\n\n2020-01-01\n"
    )
    run("a", "e")
    lines = one(workspace, checklist=True).checklist
    answers = {each.question: each.answer for each in lines}
    assert answers["Is it written what decision the eval is for?"] == "yes"
    assert answers["Are the eval's limits written down?"] == "no"
    assert answers["Is a day set on which somebody looks again, and is it to come?"] == "no"
    assert answers["Does it still tell models apart?"] == "unknown"
    assert "for a person" in answers.values()
    assert {each.stage for each in lines} == {
        "design",
        "implementation",
        "documentation",
        "maintenance",
        "retirement",
    }


def test_two_scorers_that_disagree(workspace: Path, write_eval: WriteEval, run: Run) -> None:
    write_eval("e", 40, scorers=["exact", {"kind": "includes", "name": "holds"}])
    run("a", "e", wrong=set(range(10)))
    [differ] = one(workspace).disagreements
    assert (differ.first, differ.second, differ.share.value) == ("exact", "holds", 0)
    api.run(["e"], f"scripted/{_said(workspace, 'yes, it is')}", workspace=workspace)
    [differ] = one(workspace).disagreements
    assert differ.share.value == 0.5  # exact says no to all forty, the other yes
    assert differ.share.n == 80
    assert differ.share.clusters == 40
    msgspec.json.encode(one(workspace))


def test_epochs_that_disagree(workspace: Path, write_eval: WriteEval, run: Run) -> None:
    write_eval("e", 40)
    run("a", "e")
    assert one(workspace).cells[0].flips is None  # asked once, nothing can differ
    write_eval("e", 40, epochs=2)
    api.run(["e"], "python/tests.health.models:wavers", workspace=workspace)
    [held] = one(workspace).cells
    assert held.flips is not None
    assert held.flips.value == 0.5
    assert held.planned == 80


def test_clusters_count_as_one_origin(workspace: Path, write_eval: WriteEval, run: Run) -> None:
    rows = [
        {"id": f"s{n:03d}", "input": request_text(n), "target": "yes", "cluster": f"c{n // 4}"}
        for n in range(80)
    ]
    write_eval("e", rows)
    for step, model in ((2, "a"), (3, "b"), (5, "c")):
        groups = range(0, 20, step)
        run(model, "e", wrong={4 * g + k for g in groups for k in range(4)})
    [held] = one(workspace).cells
    assert (held.items, held.origins) == (80, 20)
    assert held.design_effect == pytest.approx(4, rel=0.15)
    assert held.effective_n == pytest.approx(80 / held.design_effect)
    assert held.ratio is not None
    assert "clustered" in held.ratio.method
    assert held.noise is not None
    assert held.detectable == pytest.approx((1.96 + 0.8416) * held.noise * 2**0.5, rel=1e-3)


def _unscore(path: Path, count: int) -> None:
    """Take the first samples' scores away, as a grader that failed would."""
    from assay.records import ScoreRow
    from assay.store.tables import read_rows, write_rows

    rows = sorted(read_rows(path, ScoreRow), key=lambda row: row.sample_id)
    gone = [
        msgspec.structs.replace(row, value=None, label=None, unscored="grader_failed")
        if place < count
        else row
        for place, row in enumerate(rows)
    ]
    write_rows(path, ScoreRow, gone)


def _said(workspace: Path, text: str) -> Path:
    """A model that always says one thing."""
    import json

    path = workspace / "parrot.jsonl"
    path.write_text(json.dumps({"input": "", "reply": text}) + "\n")
    return path


def test_of_very_many_items_some_are_drawn_and_that_is_said(
    workspace: Path, write_eval: WriteEval, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assay.health.items.MOST_ITEMS", 10)
    write_eval("e", 40)
    for model in "abc":
        run(model, "e")
    found = one(workspace, items=True)
    assert len(found.items) == 10
    assert "Listed are 10 at random of 40 items" in " ".join(found.left_out)
