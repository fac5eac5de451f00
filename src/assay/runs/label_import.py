"""Takes labels back from the sheets that people filled, or from files of other shapes."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from assay.errors import DefinitionError, Problem
from assay.formats.export import asked_text
from assay.records import Transcript, now
from assay.runs.labelled import LabelRow, Meaning, read_label_rows
from assay.runs.labels import options_of, scorer_of
from assay.store.catalogue import Catalogue, Draw, Drawn, Label
from assay.store.population import Population, population_of
from assay.store.query import connect, literal
from assay.store.tables import read_rows
from assay.store.workspace import Workspace

_MOST_PROBLEMS = 50


class Imported(msgspec.Struct, frozen=True):
    """What came in: ``added`` labels were new, ``known`` were there already, ``blank`` rows had
    none. ``runs`` are those that the labels are about."""

    added: int
    known: int
    blank: int
    raters: tuple[str, ...]
    runs: tuple[str, ...]


def import_labels(
    place: Workspace,
    file: Path,
    *,
    rater: str | None = None,
    scorer: str | None = None,
    run: Population | None = None,
    columns: Mapping[str, str] | None = None,
    positive: Sequence[str] = (),
) -> Imported:
    """Keep the labels of a file: all of them, in one transaction, or none.

    A row tells what it is about by draw and item (the sheets of ``assay labels sample``), by
    transcript_id, or by input and reply, which are looked for in a run. The same file can be taken
    in again: what is known already is left out. A rater's later label of a reply takes the place of
    the earlier one, which is kept; those of several raters stand side by side.

    Args:
        rater: who labelled, for files that do not say; it goes before what the file says.
        scorer: whose question the labels answer, where there is no draw to tell.
        run: a run or a usage import in which to look for transcripts, where no draw tells.
        columns: what a column tells -> its name in the file, where that is not a usual one.
        positive: labels that say what the scorer's greatest value says, in files of other shapes.

    Raises:
        DefinitionError: with every faulty row.
        NotFoundError: there is no such file, or no such scorer.
    """
    rows = read_label_rows(file, columns)
    digest = hashlib.sha256(file.read_bytes()).hexdigest()[:16]
    with Catalogue(place.root) as catalogue:
        reading = _Reading(place, catalogue, file, scorer, run, positive)
        labels = reading.labels(rows, rater, digest)
        with catalogue.change():
            added = catalogue.add_labels(labels)
            if added:
                details = {"file": file.name, "hash": digest, "added": added}
                catalogue.note("imported labels", file.name, details)
    return Imported(
        added=added,
        known=len(labels) - added,
        blank=reading.blank,
        raters=tuple(sorted({label.rater for label in labels})),
        runs=tuple(sorted({label.run_id for label in labels})),
    )


@dataclass(frozen=True)
class _About:
    """What a row is about, and what its labels may mean."""

    run_id: str
    scorer: str
    transcript_ids: tuple[str, ...]
    meaning: Meaning
    draw_id: str | None = None


class _Reading:
    """One pass over a file's rows that gathers every fault."""

    def __init__(
        self,
        place: Workspace,
        catalogue: Catalogue,
        file: Path,
        scorer: str | None,
        run: Population | None,
        positive: Sequence[str],
    ) -> None:
        self.blank = 0
        self._place, self._catalogue, self._file = place, catalogue, file
        self._scorer, self._run, self._positive = scorer, run, positive
        self._problems: list[Problem] = []
        self._draws: dict[str, tuple[Draw, dict[int, Drawn], Meaning] | None] = {}
        self._questions: dict[str, tuple[str, Meaning]] = {}

    def labels(self, rows: Sequence[LabelRow], rater: str | None, digest: str) -> list[Label]:
        """The labels of all rows.

        Raises:
            DefinitionError: with every faulty row.
        """
        time = now()
        where = self._runs_of(rows)
        texts = self._texts_of(rows)
        found: list[Label] = []
        first: dict[tuple[str, str, str, str], tuple[str, int]] = {}
        for row in rows:
            if not any(row.labels.values()):
                self.blank += 1
                continue
            about = self._about(row, where, texts)
            if about is None:
                continue
            for column, text in row.labels.items():
                name = (rater if len(row.labels) == 1 and rater else column).strip()
                if not text:
                    continue
                if not name:
                    self._fault(row, "rater", "nobody is named.", "Say --rater NAME.")
                    continue
                try:
                    value = about.meaning.value(text)
                except ValueError as error:
                    self._fault(row, "label", str(error), about.meaning.remedy)
                    continue
                for transcript_id in about.transcript_ids:
                    key = (about.run_id, about.scorer, transcript_id, name)
                    earlier = first.setdefault(key, (text, row.row))
                    if earlier[0] != text:
                        what = f"{name} labelled this reply {earlier[0]!r} in row {earlier[1]}."
                        self._fault(row, "label", what, "Keep one of the two rows.")
                        continue
                    if earlier[1] != row.row:
                        continue
                    label = Label(
                        run_id=about.run_id,
                        transcript_id=transcript_id,
                        scorer=about.scorer,
                        label=text.removeprefix("'"),
                        value=value,
                        rater=name,
                        time=time,
                        source_hash=digest,
                        note=row.cells.get("note", ""),
                        draw_id=about.draw_id,
                    )
                    found.append(label)
        unmet = {
            why
            for _, meaning in self._questions.values()
            if meaning.idle
            for why in meaning.unmet()
        }
        self._problems += [Problem(str(self._file), why) for why in sorted(unmet)]
        if self._problems:
            raise DefinitionError(self._problems[:_MOST_PROBLEMS])
        return found

    def _about(
        self,
        row: LabelRow,
        where: Mapping[str, str],
        texts: Mapping[tuple[str | None, str], list[str]],
    ) -> _About | None:
        if row.cells.get("draw", "").strip():
            return self._of_draw(row)
        ids: tuple[str, ...]
        if named := row.cells.get("transcript_id", "").strip():
            if named not in where:
                self._fault(row, "transcript_id", f"there is no transcript {named[:80]!r}.")
                return None
            run_id, ids = where[named], (named,)
        elif self._run is None:
            fix = "Say --run RUN, or give a column draw or transcript_id."
            self._fault(row, "reply", "nothing says which run the reply is of.", fix)
            return None
        else:
            run_id = self._run.id
            asked = row.cells.get("input")
            ids = tuple(texts.get((asked, row.cells.get("reply", "")), ()))
            if not ids:
                self._fault(row, "reply", "no transcript of the run has this input and reply.")
                return None
            if asked is None and len(ids) > 1:
                what = f"{len(ids)} transcripts of the run have this reply."
                self._fault(row, "reply", what, "Give their inputs, or their transcript_id.")
                return None
        if run_id not in self._questions:
            of = self._run or population_of(self._place.run(run_id))
            scorer = scorer_of(of.scorers, self._scorer, run_id)
            options = options_of(scorer) if scorer.bounds else {}
            self._questions[run_id] = (scorer.name, Meaning(self._positive, options))
        name, meaning = self._questions[run_id]
        return _About(run_id, name, ids, meaning)

    def _of_draw(self, row: LabelRow) -> _About | None:
        name = row.cells["draw"].strip()
        if name not in self._draws:
            draw = self._catalogue.draw(name)
            self._draws[name] = None
            if draw is not None:
                drawn = {each.item: each for each in self._catalogue.drawn(name)}
                self._draws[name] = (draw, drawn, Meaning(values=draw.options))
        known = self._draws[name]
        if known is None:
            fix = "Import it in the workspace where it was drawn."
            self._fault(row, "draw", f"this workspace has no draw {name[:80]!r}.", fix)
            return None
        draw, drawn, meaning = known
        text = row.cells.get("item", "").strip()
        item = int(text) if text.isdecimal() and len(text) < 10 else 0
        if item not in drawn:
            what = f"the draw has no item {text[:80]!r}."
            self._fault(row, "item", what, "Restore the number that the sheet came with.")
            return None
        return _About(draw.run_id, draw.scorer, (drawn[item].transcript_id,), meaning, draw.id)

    def _runs_of(self, rows: Sequence[LabelRow]) -> dict[str, str]:
        """The run of each transcript that a row names."""
        named = {row.cells.get("transcript_id", "").strip() for row in rows} - {""}
        if self._run is not None:
            held = _held(self._run.transcripts, "''", named)
            return dict.fromkeys(held.keys() - self._run.replaced, self._run.id)
        files = [run.transcripts_file for run in self._place.runs()]
        return _held([file for file in files if file.exists()], "run_id", named)

    def _texts_of(self, rows: Sequence[LabelRow]) -> dict[tuple[str | None, str], list[str]]:
        """The run's transcripts by what was asked and replied, and by what was replied alone."""
        wanted = {row.cells.get("reply") for row in rows} - {None}
        if self._run is None or not wanted:
            return {}
        found: dict[tuple[str | None, str], list[str]] = {}
        for each in (row for file in self._run.transcripts for row in read_rows(file, Transcript)):
            if each.reply in wanted and each.transcript_id not in self._run.replaced:
                for asked in (None, asked_text(each)):
                    found.setdefault((asked, each.reply), []).append(each.transcript_id)
        return found

    def _fault(self, row: LabelRow, column: str, what: str, fix: str = "") -> None:
        self._problems.append(Problem(str(self._file), what, fix, row=row.row, column=column))


def _held(files: Sequence[Path], owner: str, named: set[str]) -> dict[str, str]:
    """Those of the named transcripts that files hold, each with its owner (a column, or SQL)."""
    if not named or not files:
        return {}
    listed = ", ".join(literal(file) for file in files)
    with connect() as connection:
        return dict(
            connection.execute(
                f"SELECT transcript_id, {owner} FROM read_parquet([{listed}])"
                " WHERE list_contains(?, transcript_id)",
                [sorted(named)],
            ).fetchall()
        )
