"""What `assay.api` gives of labels and certificates: draw, take back, certify, list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from assay.formats.sheets import SUFFIXES
from assay.records import Certificate
from assay.runs import label_import
from assay.runs import labels as sheets
from assay.runs.blocking import finish
from assay.runs.certificates import read_certificates
from assay.runs.certify import VALID_DAYS, LabelSource, certify_scorer
from assay.runs.draw import Strategy
from assay.runs.label_import import Imported
from assay.runs.labels import Sheets
from assay.runs.rescore import read_spec
from assay.runs.run import Controls
from assay.runs.settings import load_settings
from assay.store.population import find_population
from assay.store.workspace import Workspace


def certify(
    scorer: str | dict[str, Any],
    labels: str | Path,
    *,
    positive: Sequence[str] = (),
    columns: Mapping[str, str] | None = None,
    judge: str | None = None,
    expires: int = VALID_DAYS,
    workspace: str | Path = ".",
    controls: Controls | None = None,
) -> Certificate:
    """Measure a scorer against what people labelled, and keep the certificate.

    Args:
        scorer: a kind, a YAML file, or a mapping as in an eval.yaml; with a run's labels, one of
            the run's scorers by its name.
        labels: a csv, tsv, xlsx, jsonl or parquet file of labelled replies; or a run whose labels
            were imported, by its id, the beginning of it, or ``latest``; or a usage import, as
            ``usage:NAME``.
        positive: the labels that say what the scorer's greatest value says (for ``refusal``, those
            that mean a refusal). Needed unless they are yes or no, 1 or 0, or the scorer's own.
        columns: what a column tells (input, reply, label, rater, cluster, policy_area, language)
            -> its name in the file, where that is not a usual one.
        judge: the model that rubric scorers ask; the role ``judge`` of assay.toml where None. It
            is asked twice for each reply.
        expires: days for which the certificate holds.

    Returns:
        The certificate, which is in the catalogue and in the workspace's ``certificates`` folder.
    """
    place = Workspace.find(Path(workspace))
    settings = load_settings(place.settings_file)
    roles = {role: model for role, model in settings.roles.items() if role != "target"}
    if judge is not None:
        roles["judge"] = judge
    controls = controls or Controls()
    file = Path(labels)
    if file.is_file() or file.suffix.lower() in SUFFIXES:
        source = LabelSource(file=file, columns=columns, positive=positive)
    else:
        source = LabelSource(run=find_population(place, str(labels)))
    spec = read_spec(scorer) if isinstance(scorer, str) and source.run is None else scorer
    work = certify_scorer(place, settings, spec, source, roles, controls, days=expires)
    return finish(work, controls.stop)


def sample_labels(
    name: str,
    out: str | Path,
    *,
    n: int = 100,
    strategy: Strategy = "random",
    scorer: str | None = None,
    raters: int = 1,
    workspace: str | Path = ".",
) -> Sheets:
    """Draw replies of a run at random and write them as sheets for people to label.

    The scorer's verdicts are not in the sheets. Each reply's chance of being drawn is kept in the
    catalogue, so that estimates from the labels are right.

    Args:
        name: the run's id, the beginning of it, or ``latest``; or a usage import that was scored,
            as ``usage:NAME``.
        out: the sheet to write, .xlsx or .csv; with several raters, one each: name-1.xlsx, ...
        n: how many replies.
        strategy: ``random``; ``stratified``: as many that the scorer flagged as that it passed;
            ``uncertain``: more of what the scorer is less sure of.
        scorer: whose question people answer; the run's only one where it is None.
        raters: how many people label; each gets a sheet of all the drawn replies.
    """
    place = Workspace.find(Path(workspace))
    return sheets.sample_labels(
        place,
        find_population(place, name),
        Path(out),
        n=n,
        strategy=strategy,
        scorer=scorer,
        raters=raters,
    )


def import_labels(
    file: str | Path,
    *,
    rater: str | None = None,
    scorer: str | None = None,
    run: str | None = None,
    positive: Sequence[str] = (),
    columns: Mapping[str, str] | None = None,
    workspace: str | Path = ".",
) -> Imported:
    """Take back labels from a sheet that people filled, or from a file of another shape.

    All of the file is taken in, or nothing. Taking it in again adds nothing.

    Args:
        file: csv, tsv, xlsx, jsonl or parquet. Rows tell what they are about by draw and item, by
            transcript_id, or by input and reply.
        rater: who labelled, for files that do not say; it goes before what the file says.
        scorer: whose question the labels answer, in files without a draw.
        run: the run, or ``usage:NAME``, to look for transcripts in, for files without a draw.
        positive: the labels that say what the scorer's greatest value says, in files without a
            draw whose labels are not yes or no, 1 or 0, or the scorer's own.
        columns: what a column tells -> its name in the file, where that is not a usual one.
    """
    place = Workspace.find(Path(workspace))
    return label_import.import_labels(
        place,
        Path(file),
        rater=rater,
        scorer=scorer,
        run=find_population(place, run) if run else None,
        columns=columns,
        positive=positive,
    )


def certificates(*, workspace: str | Path = ".") -> list[Certificate]:
    """Every certificate of the workspace, newest first."""
    return read_certificates(Workspace.find(Path(workspace)).root)
