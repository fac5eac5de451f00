"""Random parts of an eval: what is drawn, that it is told, and that resuming keeps to it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from assay.engine import Stop
from assay.records import ScoreRow
from assay.report.provenance import command, samples_words
from assay.runs import Controls, EvalRequest, load_settings, make_plan, resume_run, run_evals
from assay.runs.models import OpenModels
from assay.runs.progress import Progress
from assay.store.tables import read_rows
from assay.store.workspace import Workspace
from tests.runs.conftest import MakeEval


async def drawn(folder: Path, limit: int | None, draw: str | None) -> list[str]:
    async with OpenModels({"target": "scripted/echo"}, load_settings(Path("none"))) as models:
        plan = make_plan([EvalRequest(folder, limit, draw=draw)], models.by_role)
        found = [sample.id for _, sample, _ in plan.tasks()]
        assert plan.planned == len(found)
        return found


async def test_a_draw_leads_to_the_same_samples_and_another_to_others(make_eval: MakeEval) -> None:
    folder = make_eval("sums", 50)
    one, again, other = [await drawn(folder, 10, text) for text in ("one", "one", "other")]
    assert one == again
    assert len(set(one)) == 10
    assert set(one) != set(other)
    assert await drawn(folder, 10, None) == [f"s{n}" for n in range(10)]
    assert len(await drawn(folder, 80, "all")) == len(await drawn(folder, None, "all")) == 50


async def test_every_sample_is_drawn_equally_often(make_eval: MakeEval) -> None:
    folder = make_eval("sums", 20)
    seen: Counter[str] = Counter()
    for number in range(400):
        seen.update(await drawn(folder, 5, f"look {number}"))
    # 100 times each on average, with a standard deviation of 8.7.
    assert len(seen) == 20
    assert all(60 < count < 140 for count in seen.values())


async def test_a_stopped_run_goes_on_with_its_own_samples(
    workspace: Path, make_eval: MakeEval
) -> None:
    folder = make_eval("sums", 50)
    place, settings = Workspace(workspace), load_settings(workspace / "assay.toml")
    stop = Stop()
    stop.ask("a test")
    begun = await run_evals(
        place,
        settings,
        [EvalRequest(folder, 10, draw="one")],
        {"target": "scripted/echo"},
        Controls(progress=Progress(), stop=stop),
    )
    assert begun.read().status == "stopped"
    ended = await resume_run(begun, settings, Controls())
    assert ended.read().status == "complete"
    rows = list(read_rows(ended.scores_file, ScoreRow))
    assert {row.sample_id for row in rows} == set(await drawn(folder, 10, "one"))
    [asked] = ended.read().evals
    assert samples_words(asked) == "10 samples drawn at random"
    assert command(ended.read()) == ""  # `assay run` has no draws
