"""People's labels of a run, as statistics need them: one word a transcript, and its chance."""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass
from pathlib import Path

from assay.store.catalogue import Catalogue, Draw, Drawn, Label, exists

FLAGGED, PASSED, UNSCORED = "flagged", "passed", "unscored"
"""The strata of a draw by the scorer's verdict."""


@dataclass(frozen=True)
class Audited:
    """One labelled transcript: what people say, and the chance that it was drawn and labelled.

    ``truth`` is None where nobody could tell; ``contested`` where raters were split evenly, with
    ``truth`` halfway. ``chance`` and ``stratum`` are None where it was in no draw.
    """

    transcript_id: str
    values: tuple[float, ...]
    truth: float | None
    contested: bool
    chance: float | None
    stratum: str | None


@dataclass(frozen=True)
class Audit:
    """All labels of a run for one scorer, and how they were drawn."""

    labels: tuple[Label, ...]
    audited: tuple[Audited, ...]
    strategies: frozenset[str]
    drawn: int

    @property
    def told(self) -> tuple[Audited, ...]:
        """Drawn transcripts of which people could tell: what estimates of the run rest on."""
        return tuple(each for each in self.audited if each.chance and each.truth is not None)

    @property
    def how(self) -> str:
        """How the labels were drawn and by how many people, in words."""
        raters = len({label.rater for label in self.labels})
        strategies = " and ".join(sorted(self.strategies)) or "not"
        return f"drawn {strategies}; {raters} rater{'s' if raters != 1 else ''}"


def read_audit(root: Path, run_id: str, scorer: str) -> Audit | None:
    """The labels of a run for a scorer; None where there are none."""
    if not exists(root):
        return None
    with Catalogue(root) as catalogue:
        labels = catalogue.labels(run_id, scorer)
        if not labels:
            return None
        draws = [(draw, catalogue.drawn(draw.id)) for draw in catalogue.draws(run_id, scorer)]
        answered = catalogue.answered(run_id, scorer)
    return make_audit(labels, draws, answered)


def make_audit(
    labels: Sequence[Label],
    draws: Sequence[tuple[Draw, Sequence[Drawn]]],
    answered: Set[tuple[str, str]],
) -> Audit:
    """Join each transcript's labels, and the chance that one of the draws took it.

    Of a stratum whose sheet came back in part, the chance is that of being drawn times the share
    that was labelled: rows stand in the sheets in random order, so those are as good as drawn so.
    A draw of which nothing came back is as if it had not been made.

    Args:
        labels: every rater's latest of each transcript.
        draws: the run's draws for the scorer, with what was drawn.
        answered: draw id and transcript id of what came back from a draw with a word on it.
    """
    by_transcript: dict[str, list[Label]] = {}
    for label in labels:
        by_transcript.setdefault(label.transcript_id, []).append(label)
    words = {name: word(each.value for each in own) for name, own in by_transcript.items()}
    missed: dict[str, float] = {}  # the chance that no draw took it
    strata: dict[str, str] = {}
    used = [(draw, rows) for draw, rows in draws if any(draw.id == each for each, _ in answered)]
    for draw, rows in used:
        for stratum in {row.stratum for row in rows}:
            own = [row for row in rows if row.stratum == stratum]
            share = sum((draw.id, row.transcript_id) in answered for row in own) / len(own)
            for row in own:
                missed[row.transcript_id] = missed.get(row.transcript_id, 1.0) * (
                    1 - row.chance * share
                )
                strata[row.transcript_id] = stratum
    return Audit(
        labels=tuple(labels),
        audited=tuple(
            Audited(
                transcript_id=name,
                values=tuple(each.value for each in own if each.value is not None),
                truth=words[name][0],
                contested=words[name][1],
                chance=1 - missed[name] if name in missed else None,
                stratum=strata.get(name),
            )
            for name, own in by_transcript.items()
        ),
        strategies=frozenset(draw.strategy for draw, _ in used),
        drawn=len(strata),
    )


def word(values: Iterable[float | None]) -> tuple[float | None, bool]:
    """What most raters say (None where none could tell), and whether they were split evenly.

    Where they were, it is the middle of what they said: half for yes and no.
    """
    told = [value for value in values if value is not None]
    if not told:
        return None, False
    counts = {value: told.count(value) for value in told}
    most = max(counts.values())
    first = [value for value, count in counts.items() if count == most]
    return sum(first) / len(first), len(first) > 1
