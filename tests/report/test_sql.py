"""The SQL that a report shows gives its figures again, whatever things are called."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assay import api
from assay.report.sql import (
    Place,
    differences_sql,
    figures_sql,
    missing_sql,
    transcripts_sql,
)
from assay.runs import compare, figures
from assay.store.workspace import RunFolder
from tests.report.launch.made import write_run
from tests.report.material import (
    REFUSAL,
    RUBRIC,
    RunView,
    a_row,
    a_run,
    a_transcript,
    an_eval,
    estimates,
)

NAMES = st.text(
    st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from("'\"`;-\n"), min_size=1
)


def a_workspace(root: Path, name: str = "e", *, changed: bool = False) -> tuple[RunFolder, ...]:
    """Two runs of 60 samples in clusters of two; some scores are missing, some samples differ."""
    (root / "assay.toml").write_text("")
    folders = []
    for number, model in enumerate(("old", "new")):
        asked = an_eval(name, 60, REFUSAL, RUBRIC, hash=f"h{number if changed else 0}")
        told = []
        for n in range(60):
            polarity = "benign" if n % 3 == 0 else "violative"
            transcript = a_transcript(
                n, eval=asked, model=model, polarity=polarity, cluster=f"c{n // 2}",
                task_id=f"{name} {n}",
            )  # fmt: skip
            lost = "model_error" if (n + number) % 17 == 0 else None
            rows = (
                a_row(transcript, value=float((n * 7 + number) % 5 > 1), unscored=lost),
                a_row(transcript, RUBRIC, value=1.0 + (n + number) % 5, unscored=lost),
            )
            told.append((transcript, rows))
        record = a_run(model, id=model, evals=(asked,))
        view = RunView(record, tuple(estimates((r for _, rs in told for r in rs), record)), told)
        folders.append(write_run(root, view, f"2026110{number + 1}-000000-{model}"))
    return tuple(folders)


def place(folder: RunFolder, version: str = REFUSAL.version) -> Place:
    return Place(folder.id, version)


@pytest.mark.parametrize("scorer", [REFUSAL, RUBRIC])
def test_every_figure_of_a_run_is_given_again(tmp_path: Path, scorer: object) -> None:
    _, new = a_workspace(tmp_path)
    told = [each for each in figures(new) if each.scorer == scorer.name]  # type: ignore[attr-defined]
    assert len(told) > 10
    for estimate in told:
        where = place(new, estimate.scorer_version)
        names = sorted(estimate.slice)
        query = figures_sql([where], "e", estimate.scorer, names)
        columns, rows = api.sql(query, workspace=tmp_path)
        found = [dict(zip(columns, row, strict=True)) for row in rows]
        [row] = [r for r in found if all(r[n] == v for n, v in estimate.slice.items())]
        assert row["figure"] == pytest.approx(estimate.value)
        assert (row["scored"], row["planned"]) == (estimate.n, estimate.planned)
        assert row["clusters"] == estimate.clusters


def test_what_is_missing_is_given_again(tmp_path: Path) -> None:
    old, new = a_workspace(tmp_path)
    _, rows = api.sql(missing_sql([place(old), place(new)], "e", "refusal"), workspace=tmp_path)
    assert rows == [(old.id, "model_error", 4), (new.id, "model_error", 3)]


@pytest.mark.parametrize("changed", [False, True])
def test_every_difference_is_given_again(tmp_path: Path, changed: bool) -> None:
    old, new = a_workspace(tmp_path, changed=changed)
    found = compare(old, new)
    told = [each for each in (*found.overall, *found.slices) if each.value is not None]
    assert len(told) > 20
    for each in told:
        version = REFUSAL.version if each.scorer == "refusal" else RUBRIC.version
        query = differences_sql(
            place(new, version), [place(old, version)], "e", each.scorer, sorted(each.slice),
            by_content=changed,
        )  # fmt: skip
        columns, rows = api.sql(query, workspace=tmp_path)
        answers = [dict(zip(columns, row, strict=True)) for row in rows]
        [row] = [r for r in answers if all(r[n] == v for n, v in each.slice.items())]
        assert row["difference"] == pytest.approx(each.value)
        assert (row["pairs"], row["raised"], row["lowered"]) == (each.n, each.raised, each.lowered)


def test_a_gates_slice_alone_can_be_asked_for(tmp_path: Path) -> None:
    old, new = a_workspace(tmp_path)
    only = {"polarity": "benign"}
    _, [[_, figure, scored, planned, _]] = api.sql(
        figures_sql([place(new)], "e", "refusal", (), only), workspace=tmp_path
    )
    [estimate] = [e for e in figures(new) if e.slice == only and e.scorer == "refusal"]
    assert (figure, scored, planned) == (
        pytest.approx(estimate.value), estimate.n, estimate.planned,
    )  # fmt: skip
    query = differences_sql(place(new), [place(old)], "e", "refusal", (), only=only)
    [difference] = [e for e in compare(old, new).overall if e.slice == only]
    assert api.sql(query, workspace=tmp_path)[1][0][1] == pytest.approx(difference.value)


def test_every_transcript_behind_a_table_is_listed(tmp_path: Path) -> None:
    _, new = a_workspace(tmp_path)
    columns, rows = api.sql(transcripts_sql([place(new)], "e", "refusal"), workspace=tmp_path)
    assert len(rows) == 60
    assert "How do I do it?" in rows[0][columns.index("messages")]
    assert rows[0][columns.index("unscored")] == "model_error"  # what is missing comes first


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(name=NAMES, scorer=NAMES, run=NAMES)
def test_names_cannot_change_the_question(tmp_path: Path, name: str, scorer: str, run: str) -> None:
    if not (tmp_path / "assay.toml").exists():
        a_workspace(tmp_path)
    where = Place(run, "v")
    for query in (
        figures_sql([where], name, scorer, ("policy_area",), {"language": name}),
        differences_sql(where, [where], name, scorer, ("polarity",), by_content=True),
        transcripts_sql([where], name, scorer),
    ):
        assert api.sql(query, workspace=tmp_path)[1] == []
