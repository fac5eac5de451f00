"""Gives people sheets of replies to label, and takes back what they say."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from assay.errors import DefinitionError, NotFoundError, Problem
from assay.formats.export import asked_text
from assay.formats.label_sheet import SheetRow, write_label_sheet
from assay.records import ScorerRecord, Transcript, now
from assay.runs.certify import threshold_of
from assay.runs.draw import Strategy, choose, doubt_of, strata_of
from assay.runs.labelled import CANNOT_TELL
from assay.scorers import question_of
from assay.store.catalogue import Catalogue, Draw, Drawn
from assay.store.population import Population
from assay.store.query import connect, literal
from assay.store.tables import read_rows
from assay.store.workspace import Workspace


class Sheets(msgspec.Struct, frozen=True):
    """What was drawn, and where the sheets are: one a rater."""

    draw: Draw
    files: tuple[str, ...]


def sample_labels(
    place: Workspace,
    run: Population,
    out: Path,
    *,
    n: int,
    strategy: Strategy = "random",
    scorer: str | None = None,
    raters: int = 1,
    seed: int | None = None,
) -> Sheets:
    """Draw replies of a run at random and write them as sheets for people, without any verdict.

    Each reply's chance of being drawn is kept in the catalogue under the draw's id, which stands
    in the sheet; samples that the model never answered are left out. The same run can be drawn
    from again.

    Args:
        out: the sheet, .xlsx or .csv. With several raters, one each: name-1.xlsx, name-2.xlsx.
        n: how many replies; all where there are fewer.
        strategy: ``random``, ``stratified`` (as many that the scorer flagged as that it passed) or
            ``uncertain`` (more of what it is less sure of).
        scorer: whose question the people answer; the run's only one where it is None.
        seed: of the draw, so that it can be made again.

    Raises:
        NotFoundError: the run has no such scorer, or no replies.
        DefinitionError: the run has several scorers, or this one's values have no bounds.
    """
    found = scorer_of(run.scorers, scorer, run.id)
    if not (run.transcripts and run.scores.get(found.name)):
        what = "this run has not come to an end."
        raise NotFoundError(what, where=run.id, fix=run.to_finish)
    if found.bounds is None:
        what = f"the values of {found.name!r} have no bounds, so no label could stand for them."
        raise DefinitionError([Problem(run.id, what, "Draw for a scorer with bounds.")])
    population = _population(run, found)
    if not len(population.values):
        raise NotFoundError("this run has no replies to label.", where=run.id)
    seed = secrets.randbits(32) if seed is None else seed
    strata = strata_of(population.values, threshold_of(found.bounds))
    doubt = doubt_of(population.values, population.spread, found.bounds)
    chosen, chance = choose(np.random.default_rng(seed), strategy, n, strata, doubt)
    names = strata if strategy != "random" else np.full(len(strata), "all")
    ids = _ids(run, found, population.places[chosen].tolist())
    draw = Draw(
        id=f"draw-{secrets.token_hex(4)}",
        run_id=run.id,
        scorer=found.name,
        strategy=strategy,
        options=options_of(found),
        strata={
            str(name): (int((names == name).sum()), int((names[chosen] == name).sum()))
            for name in np.unique(names)
        },
        seed=seed,
        made=now(),
    )
    drawn = [
        Drawn(item, ids[int(population.places[where])], str(names[where]), float(each))
        for item, (where, each) in enumerate(zip(chosen, chance, strict=True), 1)
    ]
    files = _files(out, raters)
    with Catalogue(place.root) as catalogue, catalogue.change():
        catalogue.add_draw(draw, drawn)
        catalogue.note("drew labels", draw.id, {"run": run.id, "scorer": draw.scorer, "n": n})
    _write(run, draw, drawn, found, files)
    return Sheets(draw, tuple(str(file) for file in files))


def scorer_of(there: Mapping[str, ScorerRecord], name: str | None, where: str) -> ScorerRecord:
    """A run's scorer by its name; its only one where no name is given.

    Raises:
        NotFoundError: there is none of that name.
        DefinitionError: several, and no name.
    """
    listed = ", ".join(there)
    if name is None and len(there) == 1:
        return next(iter(there.values()))
    if name is None:
        raise DefinitionError(
            [Problem(where, "the run has several scorers.", f"Say --scorer, of {listed}.")]
        )
    if name not in there:
        raise NotFoundError(
            f"the run has no scorer {name!r}.", where=where, fix=f"There are: {listed or 'none'}."
        )
    return there[name]


def options_of(scorer: ScorerRecord) -> dict[str, float | None]:
    """The labels that raters may choose, with their values: a rubric's own, else yes and no."""
    assert scorer.bounds is not None
    own = scorer.parameters.get("labels")
    if isinstance(own, dict) and own and all(isinstance(v, int | float) for v in own.values()):
        return {**{str(label): float(value) for label, value in own.items()}, CANNOT_TELL: None}
    low, high = scorer.bounds
    return {"yes": float(high), "no": float(low), CANNOT_TELL: None}


@dataclass(frozen=True)
class _Population:
    """Replies that a scorer saw: their rows in the table, values (NaN: none), spread by sample."""

    places: np.ndarray[Any, np.dtype[np.int64]]
    values: np.ndarray[Any, np.dtype[np.float64]]
    spread: np.ndarray[Any, np.dtype[np.float64]]


def _population(run: Population, scorer: ScorerRecord) -> _Population:
    with connect() as connection:
        found = connection.execute(
            f"""
            SELECT {_PLACE} AS place, value,
                stddev_pop(value) OVER (PARTITION BY eval, sample_id) AS spread
            FROM {_rows_of(run, scorer)}
            WHERE scorer = ? AND coalesce(unscored, '') NOT IN ('model_error', 'not_run')
                AND transcript_id NOT IN (SELECT unnest(?::VARCHAR[]))
            ORDER BY place
            """,
            [scorer.name, list(run.replaced)],
        ).fetchnumpy()
    values, spread = (
        np.ma.filled(found[name].astype(float), np.nan) for name in ("value", "spread")
    )
    return _Population(np.asarray(found["place"], dtype=np.int64), values, spread)


def _ids(run: Population, scorer: ScorerRecord, places: Sequence[int]) -> dict[int, str]:
    """Transcript ids by their place in the tables of scores."""
    with connect() as connection:
        rows = connection.execute(
            f"SELECT {_PLACE}, transcript_id FROM {_rows_of(run, scorer)}"
            f" WHERE {_PLACE} IN (SELECT unnest(?::BIGINT[]))",
            [list(places)],
        ).fetchall()
    return dict(rows)


_PLACE = "(file * 4294967296 + file_row_number)"
"""A row's place in the tables of scores, over all files."""


def _rows_of(run: Population, scorer: ScorerRecord) -> str:
    files = [literal(file) for file in run.scores[scorer.name]]
    numbered = ", ".join(f"({number}, {file})" for number, file in enumerate(files))
    listed = ", ".join(files)
    return (
        f"(SELECT * FROM read_parquet([{listed}], file_row_number = true, filename = true)"
        f" JOIN (VALUES {numbered}) AS files(file, filename) USING (filename))"
    )


def _files(out: Path, raters: int) -> list[Path]:
    if raters == 1:
        return [out]
    return [out.with_name(f"{out.stem}-{number}{out.suffix}") for number in range(1, raters + 1)]


def _write(
    run: Population,
    draw: Draw,
    drawn: Sequence[Drawn],
    scorer: ScorerRecord,
    files: Sequence[Path],
) -> None:
    wanted = {each.transcript_id for each in drawn}
    texts = {
        transcript.transcript_id: (asked_text(transcript), transcript.reply)
        for file in run.transcripts
        for transcript in read_rows(file, Transcript, where={"transcript_id": wanted})
    }
    rows = [SheetRow(each.item, *texts[each.transcript_id]) for each in drawn]
    random = np.random.default_rng(draw.seed)
    for number, file in enumerate(files, 1):
        order = range(len(rows)) if number == 1 else random.permutation(len(rows)).tolist()
        write_label_sheet(
            file,
            draw.id,
            [rows[place] for place in order],
            question=_question(scorer, draw.options),
            options=list(draw.options),
            rater=f"rater-{number}" if len(files) > 1 else "",
        )


def _question(scorer: ScorerRecord, options: Mapping[str, float | None]) -> str:
    """What raters decide: a rubric as it is; else what the scorer's documentation says."""
    rubric = scorer.parameters.get("rubric")
    if isinstance(rubric, str):
        return rubric
    told = question_of(scorer.kind) or scorer.name
    values = ", ".join(
        f"{label} = {value:g}" for label, value in options.items() if value is not None
    )
    return f"What {scorer.name} decides: {told} Here {values}."
