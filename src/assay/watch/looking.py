"""Does one look: runs the evals on a fresh draw of samples, and says what every figure shows."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

from assay.engine import Stop
from assay.errors import AssayError, DefinitionError, Problem
from assay.evals import find_eval
from assay.records import Certificate, EvalRecord, RunRecord, ScorerRecord, now
from assay.runs import Controls, EvalRequest, Settings, run_evals, within_budget
from assay.runs.certificates import certificate_for, read_certificates
from assay.runs.trust import corrected_by
from assay.stats import rate
from assay.store.workspace import RunFolder, Workspace
from assay.watch.channels import header
from assay.watch.counts import conditions, counts_of, outcome
from assay.watch.definition import WatchDefinition, Watched
from assay.watch.figures import Sequences, Sight
from assay.watch.reference import Baseline
from assay.watch.result import Counts, Look, SeenFigure

_BY_DEFINITION = ("choice", "exact", "numeric")

POLL = 0.5
"""Seconds between glances at whether somebody asked the watch to stop."""


class MissedError(Exception):
    """A look that gave nothing that can be counted. The text says why; ``run`` is what there is."""

    def __init__(self, why: str, run: str | None = None) -> None:
        self.run = run
        super().__init__(header(why, 500))


@dataclass(frozen=True)
class Looker:
    """All that looks need. ``stop`` ends the watch; a spent budget ends one look alone."""

    place: Workspace
    definition: WatchDefinition
    settings: Settings
    baselines: dict[str, Baseline]
    stop: Stop

    def requests(self, draw: str) -> list[EvalRequest]:
        """Each eval on samples drawn by this text, each asked once.

        Once, since a sample's repeats resemble each other, which the sequences do not allow for.
        """
        limit = self.definition.limit
        return [
            EvalRequest(find_eval(name, self.place.root), limit, epochs=1, draw=draw)
            for name in self.definition.evals
        ]

    async def run(self, draw: str) -> RunFolder | None:
        """The look's run, whole; None where the watch was stopped in its midst.

        Raises:
            MissedError: it gave nothing that can be counted.
        """
        folder = run_of(self.place, draw)
        if folder is None:
            stop = Stop()
            controls = within_budget(Controls(stop=stop), self.settings)
            roles = {**self.settings.roles, "target": self.definition.model}
            try:
                async with _relayed(self.stop, stop):
                    folder = await run_evals(
                        self.place, self.settings, self.requests(draw), roles, controls
                    )
            except AssayError as error:
                raise MissedError(str(error)) from None
        planned, absent, told = outcome(folder)
        if absent.get("not_run"):
            if self.stop.reason is not None:
                return None
            because = folder.read().stopped_because or told
            count = f"{absent['not_run']:,} of {planned:,} samples were not asked"
            raise MissedError(f"{count}: {because}", folder.id)
        if sum(absent.values()) == planned:
            raise MissedError(f"no reply of {planned:,} came: {told}", folder.id)
        return folder

    def see(self, folder: RunFolder, due: str, looks: list[Look]) -> tuple[SeenFigure, ...]:
        """Every figure after this look.

        Raises:
            MissedError: the eval has no longer what is watched.
        """
        run = folder.read()
        sequences = Sequences(self.definition, looks)
        certificates = read_certificates(self.place.root)
        found = []
        for figure in self.definition.watch:
            try:
                asked, scorer = part_of(self.definition, figure, run.evals)
            except DefinitionError as error:
                raise MissedError(str(error), run.id) from None
            found.append(
                sequences.see(self._sight(figure, folder, run, asked, scorer, due, certificates))
            )
        return tuple(found)

    def _sight(
        self, figure: Watched, folder: RunFolder, run: RunRecord, asked: EvalRecord,
        scorer: ScorerRecord, due: str, certificates: list[Certificate],
    ) -> Sight:  # fmt: skip
        baseline = self.baselines[figure.id]
        counts = counts_of(folder, figure.eval, scorer, figure.slice.columns())
        return Sight(
            figure=figure,
            baseline=baseline,
            counts=counts,
            conditions=conditions(self.place.root, self.definition, figure, run, asked, scorer),
            scorer=scorer,
            standing=_trust(certificates, scorer, run.id, counts),
            due=due,
            unfit=baseline.unfit(asked, scorer),
        )


def part_of(
    definition: WatchDefinition, figure: Watched, evals: tuple[EvalRecord, ...]
) -> tuple[EvalRecord, ScorerRecord]:
    """The eval and the scorer that a figure is of.

    Raises:
        DefinitionError: there is none, or it cannot be watched.
    """

    def wrong(field: str, message: str, remedy: str) -> DefinitionError:
        where = f"watch {figure.id}, {field}"
        return DefinitionError([Problem(str(definition.file), message, remedy, column=where)])

    asked = next(each for each in evals if each.name == figure.eval)
    scorer = next((each for each in asked.scorers if each.name == figure.scorer), None)
    if scorer is None:
        have = ", ".join(each.name for each in asked.scorers)
        raise wrong("scorer", f"{figure.eval} has no scorer {figure.scorer!r}.", f"It has {have}.")
    if scorer.bounds is None:
        raise wrong(
            "scorer", f"{figure.scorer} has scores without bounds.", "Watch one that has bounds."
        )
    if scorer.good == "by_polarity" and figure.slice.polarity is None:
        remedy = "Write slice: {polarity: violative}, or benign."
        raise wrong("slice", f"{figure.scorer} means one thing for each polarity.", remedy)
    low, high = scorer.bounds
    value = figure.reference.value
    if value is not None and not low <= value <= high:
        raise wrong("reference", f"{value:g} is not in {low:g}..{high:g}.", "Mend it.")
    edges = (value, value - figure.margin, value + figure.margin) if value is not None else ()
    if definition.false_alarms.looks is not None and value in (low, high) and not figure.margin:
        remedy = "Give a margin, or false_alarms: {chance: ...}."
        raise wrong("reference", f"{value:g} leaves no room on one side.", remedy)
    if edges and edges[1] <= low and edges[2] >= high:
        raise wrong("margin", "no change would ever be worth an alert.", "Make it smaller.")
    return asked, scorer


def run_of(place: Workspace, draw: str) -> RunFolder | None:
    """The whole run that was made for a look, where a process died before it was counted."""
    for folder in place.runs():
        record = folder.read()
        if not record.evals or any(each.draw != draw for each in record.evals):
            continue
        ended = record.status in ("complete", "stopped") and folder.transcripts_file.exists()
        return folder if ended and not outcome(folder)[1].get("not_run") else None
    return None


def _trust(certificates: list[Certificate], scorer: ScorerRecord, run: str, counts: Counts) -> str:
    """What is known of the scorer's error, with this look's rate freed of it where that can be."""
    own = [each for each in certificates if each.version == scorer.version]
    if not own and scorer.kind in _BY_DEFINITION:
        return f"{scorer.name} {scorer.version}, which compares with the eval's own targets"
    certificate = certificate_for(own, scorer.version, run, now())
    if certificate is None:
        return f"{scorer.name} {scorer.version}, uncertified: nobody has measured its error"
    told = f"{scorer.name} {scorer.version}, {certificate.standing(now())} by {certificate.id}"
    for name, rate_of in (
        ("sensitivity", certificate.sensitivity), ("specificity", certificate.specificity)
    ):  # fmt: skip
        if rate_of is not None and rate_of.low is not None and rate_of.high is not None:
            told += f", {name} {rate_of.value:.3f} [{rate_of.low:.3f}, {rate_of.high:.3f}]"
    if scorer.bounds != (0, 1) or not counts.scored or counts.total % 1:
        return told
    interval = rate(round(counts.total), counts.scored)
    corrected = corrected_by(certificate, interval, len(own) - 1)
    if corrected is None:
        return told
    return (
        f"{told}; this look's rate freed of that error {corrected.value:.3f}"
        f" [{corrected.low:.3f}, {corrected.high:.3f}] (95%, for one look)"
    )


@contextlib.asynccontextmanager
async def _relayed(outer: Stop, inner: Stop) -> AsyncIterator[None]:
    """While inside, whatever stops the watch stops the run."""

    async def relay() -> None:
        while outer.reason is None:  # noqa: ASYNC110  # a signal sets it, and a file
            await asyncio.sleep(POLL)
        inner.ask(outer.reason)

    task = asyncio.create_task(relay())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
