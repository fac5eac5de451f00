"""What a figure is held against: a number, or a baseline run's figure with its own error."""

from __future__ import annotations

from assay.errors import DefinitionError, Problem
from assay.records import EvalRecord, ScorerRecord
from assay.stats import rate_at_any_time
from assay.store.workspace import RunFolder, Workspace
from assay.watch.counts import counts_of
from assay.watch.decide import Expected, Range, share_of_chance
from assay.watch.definition import WatchDefinition, Watched
from assay.watch.result import Counts

BASELINE = 0.99
"""The confidence of a baseline's interval where the promise is a patience and not a chance."""


class Baseline:
    """A baseline run's counts of one figure, with what they were made of."""

    def __init__(self, place: Workspace, definition: WatchDefinition, figure: Watched) -> None:
        self._definition, self._figure = definition, figure
        self.run: str | None = None
        self.counts: Counts | None = None
        if figure.reference.run is None:
            return
        folder = place.run(figure.reference.run)
        self.run = folder.id
        self._asked, self._scorer = self._part(folder)
        self.counts = counts_of(folder, figure.eval, self._scorer, figure.slice.columns())
        if not self.counts.planned:
            raise self._problem(f"run {folder.id} has no samples of this slice.", "Change one.")

    def unfit(self, asked: EvalRecord, scorer: ScorerRecord) -> str:
        """Why it says nothing of a look's figure; empty where it does."""
        if self.run is None:
            return ""
        if self._asked.hash != asked.hash:
            return f"the reference, run {self.run}, is of another version of the eval"
        if self._scorer.version != scorer.version:
            return f"the reference, run {self.run}, is of another version of the scorer"
        return ""

    def expected(self, bounds: tuple[float, float], sequence: int) -> tuple[Expected, Expected]:
        """The ranges of the figure and of the share of unscored replies, margin included."""
        figure = self._figure
        span = bounds[1] - bounds[0]
        margin = figure.margin / span
        if self.counts is None:
            assert figure.reference.value is not None
            at = (figure.reference.value - bounds[0]) / span
            known = Range(at, at).widened(margin)
            return Expected(known, known), _at_most(figure.most_unscored)
        counts, confidence = self.counts, self._confidence(sequence)
        absent = counts.planned - counts.scored

        def range_of(total: float) -> Range:
            total = min(max(total, 0.0), counts.planned)
            found = rate_at_any_time(total, counts.planned, confidence=confidence)
            return Range(found.low, found.high)

        least, most = range_of(counts.total), range_of(counts.total + absent)
        return (
            Expected(least.widened(margin), most.widened(margin)),
            _at_most(range_of(absent).high),
        )

    def words(self, bounds: tuple[float, float], sequence: int) -> str:
        """The figure's reference for a reader."""
        figure = self._figure
        margin = f", give or take {figure.margin:g}" if figure.margin else ""
        if self.counts is None:
            return f"{figure.reference.value:g}{margin}"
        found, _ = self.expected(bounds, sequence)
        span = bounds[1] - bounds[0]
        own = figure.margin / span
        low = bounds[0] + span * (found.least.low + own)
        high = bounds[0] + span * (found.most.high - own)
        confidence = self._confidence(sequence)
        return (
            f"{max(low, bounds[0]):.4g} to {min(high, bounds[1]):.4g} (run {self.run},"
            f" n {self.counts.planned:,}, {confidence:.2%}){margin}"
        )

    def _confidence(self, sequence: int) -> float:
        rule = self._definition.false_alarms
        if rule.chance is None:
            return BASELINE
        claims = 2 * len(self._definition.watch)
        return 1 - share_of_chance(rule.chance, claims, sequence, baseline=True)

    def _part(self, folder: RunFolder) -> tuple[EvalRecord, ScorerRecord]:
        """The eval and the scorer that the figure is of."""
        record, figure = folder.read(), self._figure
        asked = next((each for each in record.evals if each.name == figure.eval), None)
        if record.status != "complete" or not folder.scores_file.exists():
            raise self._problem(f"run {folder.id} is not complete.", f"assay resume {folder.id}")
        if asked is None:
            raise self._problem(f"run {folder.id} has no eval {figure.eval!r}.", "Name another.")
        if asked.draw is not None or (asked.limit is not None and asked.limit <= asked.samples):
            raise self._problem(
                f"run {folder.id} asked a part of {figure.eval}, and looks draw from the whole.",
                "Name a run of the whole eval, without --limit.",
            )
        scorer = next((each for each in asked.scorers if each.name == figure.scorer), None)
        if scorer is None:
            raise self._problem(f"run {folder.id} has no scorer {figure.scorer!r}.", "Mend it.")
        return asked, scorer

    def _problem(self, message: str, remedy: str) -> DefinitionError:
        where = f"watch {self._figure.id}, reference"
        return DefinitionError([Problem(str(self._definition.file), message, remedy, column=where)])


def _at_most(share: float) -> Expected:
    return Expected(Range(0.0, share), Range(0.0, share), falls=False)
