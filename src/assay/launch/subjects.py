"""What a finding is about: checked against the workspace, with what will show that it is mended."""

from __future__ import annotations

from dataclasses import dataclass

from assay.errors import AssayError, NotFoundError
from assay.launch.definition import load_launch
from assay.records import FindingKind, Measure, ScorerRecord
from assay.runs.differences import direction
from assay.store.query import connect, literal
from assay.store.workspace import Workspace

COLUMNS = ("polarity", "policy_area", "language")
"""What samples are sliced by."""

_FORM = "Write eval/scorer, or eval/scorer/polarity=violative,language=de."


@dataclass(frozen=True)
class Subject:
    """A finding's subject, what measures it, and whose sample it is where it is one."""

    name: str
    measure: Measure | None
    sample_id: str | None = None
    epoch: int = 1


def subject_of(
    place: Workspace, kind: FindingKind, name: str, launch: str | None, measure: str | None
) -> Subject:
    """A subject that is there.

    Args:
        name: a gate's id; ``eval/scorer`` or ``eval/scorer/column=value``; a transcript's id, or
            the beginning of it; anything for a cluster.
        launch: the launch that it stands in the way of; a gate needs one.
        measure: what measures a sample or a cluster, as ``eval/scorer/column=value``.

    Raises:
        NotFoundError: there is no such gate, transcript, eval or scorer.
        AssayError: what is said does not fit the kind.
    """
    if not name.strip():
        raise AssayError("a finding needs a subject.", fix="Say --subject.")
    definition = load_launch(launch, place.root) if launch is not None else None
    if measure is not None and kind in ("gate", "regression"):
        raise AssayError(f"a {kind} is its own measure.", fix="Leave --measure out.")
    if kind == "regression":
        return Subject(name, known_measure(place, name))
    if kind == "cluster":
        return Subject(name, None if measure is None else known_measure(place, measure))
    if kind == "sample":
        return _sample(place, name, measure)
    if definition is None:
        raise AssayError("a gate is one of a launch.", fix="Say --launch NAME.")
    for gate in definition.gates:
        if gate.id == name:
            return Subject(name, Measure(gate.eval, gate.scorer, gate.slice.columns()))
    raise NotFoundError(
        f"launch {definition.name} has no gate {name!r}.",
        where=str(definition.file),
        fix=f"Its gates: {', '.join(gate.id for gate in definition.gates)}.",
    )


def known_measure(place: Workspace, text: str) -> Measure:
    """``eval/scorer`` with its slice, which some run has.

    Raises:
        AssayError: it is not written so, or does not say which way is better.
        NotFoundError: no run has that eval with that scorer.
    """
    found = _parsed(text)
    check_direction(_scorer_of(place, found), found)
    return found


def check_direction(scorer: ScorerRecord, measure: Measure) -> None:
    """Refuse a measure of which nobody can say what is better.

    Raises:
        AssayError: high is good on some of its samples and bad on others.
    """
    if direction(scorer.good, measure.slice) is None:
        raise AssayError(
            f"of {scorer.name}, high is good on violative and bad on benign samples.",
            where=measure.words,
            fix="Say which: eval/scorer/polarity=violative, or polarity=benign.",
        )


def _scorer_of(place: Workspace, measure: Measure) -> ScorerRecord:
    """The scorer as the newest run that has it tells of it."""
    there: dict[str, dict[str, ScorerRecord]] = {}
    for folder in place.runs():
        for each in folder.read().evals:
            scorers = there.setdefault(each.name, {})
            for scorer in each.scorers:
                scorers.setdefault(scorer.name, scorer)
        if measure.scorer in there.get(measure.eval, {}):
            return there[measure.eval][measure.scorer]
    have = there.get(measure.eval)
    listed = ", ".join(there if have is None else have) or "none yet"
    raise NotFoundError(
        f"no run has eval {measure.eval} with scorer {measure.scorer!r}.",
        where=measure.words,
        fix=f"Evals with runs: {listed}." if have is None else f"Its scorers: {listed}.",
    )


def _parsed(text: str) -> Measure:
    parts = text.split("/", 2)
    if len(parts) < 2 or not all(part.strip() for part in parts):
        raise AssayError(f"{text!r:.80} is no eval and scorer.", fix=_FORM)
    slice_: dict[str, str] = {}
    for each in parts[2].split(",") if len(parts) == 3 else ():
        column, equals, value = each.partition("=")
        if not equals or not value or column.strip() not in COLUMNS:
            raise AssayError(
                f"{each!r:.80} is no part of a slice: it is one of {', '.join(COLUMNS)}.", fix=_FORM
            )
        slice_[column.strip()] = value.strip()
    return Measure(parts[0].strip(), parts[1].strip(), slice_)


def _sample(place: Workspace, name: str, measure: str | None) -> Subject:
    rows = _rows_of(place, name)
    transcripts = sorted({row[0] for row in rows})
    if len(transcripts) > 1:
        listed = ", ".join(transcripts[:5])
        raise NotFoundError(f"{name!r} could be any of {listed}.", fix="Give more of the id.")
    id, eval_name, sample_id, epoch, _, polarity = rows[0]
    scorers = sorted({row[4] for row in rows})
    if measure is not None:
        found = known_measure(place, measure)
        if found.eval != eval_name or found.scorer not in scorers:
            raise AssayError(
                f"{found.eval}/{found.scorer} does not score this sample.",
                where=id,
                fix=f"It is of {eval_name}, scored by {', '.join(scorers)}.",
            )
        return Subject(id, found, sample_id, epoch)
    if len(scorers) > 1:
        raise AssayError(
            f"several scorers score this sample: {', '.join(scorers)}.",
            where=id,
            fix=f"Say which measures it: --measure {eval_name}/{scorers[0]}",
        )
    found = Measure(eval_name, scorers[0])
    scorer = _scorer_of(place, found)
    if scorer.good == "by_polarity" and polarity is not None:
        found = Measure(eval_name, scorers[0], {"polarity": polarity})
    check_direction(scorer, found)
    return Subject(id, found, sample_id, epoch)


def _rows_of(place: Workspace, name: str) -> list[tuple[str, str, str, int, str, str | None]]:
    """Transcript, eval, sample, epoch, scorer and polarity of all scores of a transcript."""
    files = [run.scores_file for run in place.runs() if run.scores_file.exists()]
    rows = []
    if files:
        with connect() as connection:
            rows = connection.execute(
                "SELECT DISTINCT transcript_id, eval, sample_id, epoch, scorer, polarity FROM"
                f" read_parquet([{', '.join(map(literal, files))}], union_by_name = true)"
                " WHERE starts_with(transcript_id, ?) LIMIT 1000",
                [name],
            ).fetchall()
    exact = [row for row in rows if row[0] == name]
    if not rows:
        raise NotFoundError(
            f"no run has a transcript {name!r}.",
            where=str(place.runs_folder),
            fix='Find it: assay sql "select transcript_id, eval, sample_id, value from scores"',
        )
    return exact or rows
