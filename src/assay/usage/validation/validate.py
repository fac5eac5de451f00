"""Validates maps: for every embedder and setting, makes one of known conversations to measure."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from assay.embeddings import Embedder
from assay.records import LeakCheck, NameCheck, SettingResult, ValidationRecord
from assay.records.clock import now
from assay.usage.folder import UsageFolder
from assay.usage.mapping.conversations import text_of
from assay.usage.mapping.describing import Describer
from assay.usage.mapping.settings import WORDS, MapSettings
from assay.usage.mapping.words import without_placeholders
from assay.usage.validation.faithful import name_checks
from assay.usage.validation.labelled import Labelled, bare_import, transcripts_of
from assay.usage.validation.leaks import broken, leaks_in
from assay.usage.validation.mapped import Mapped, map_of
from assay.usage.validation.planted import Planted, plant
from assay.usage.validation.reconstruct import (
    hits_of,
    misplaced,
    recalls,
    reconstruction,
    share_of,
)
from assay.usage.validation.settings import ValidationSettings, setups
from assay.version import __version__

Tell = Callable[[str], None]
Names = Callable[[Mapped, list[str]], list[NameCheck]]
"""Checks names by a judge or by people's labels; is given a map and its conversations' texts."""


@dataclass(frozen=True)
class Known:
    """The labels as numbers."""

    names: list[str]
    labels: np.ndarray[tuple[int], np.dtype[np.int64]]
    concerning: np.ndarray[tuple[int], np.dtype[np.bool_]]
    languages: list[str]
    texts: list[str]


_FOLDER = "assay-validate-"


def validate(
    labelled: Labelled,
    embedders: dict[str, Embedder | None],
    settings: ValidationSettings,
    names: Names,
    tell: Tell = lambda _line: None,
    describer: Describer | None = None,
) -> ValidationRecord:
    """Make maps of these conversations with each embedder, and measure them.

    Args:
        embedders: by name; None for the words of the conversations themselves.
        names: checks names of the first embedder's insight map, a model's where there is a namer,
            in ways that need people or models.
        tell: is told what is done.
        describer: the model that names groups, where the settings have one.
    """
    known = _known(labelled)
    results = []
    _sweep()
    with tempfile.TemporaryDirectory(prefix=f"{_FOLDER}{os.getpid()}-") as folder:
        for number, (name, embedder) in enumerate(embedders.items()):
            place = Path(folder) / f"embedder-{number}"
            usage = bare_import(place / "known", transcripts_of(labelled))
            planted = _Worlds(place, settings)
            for setting, chosen in setups(name, settings.seed, settings.namer).items():
                helper = describer if chosen.namer else None
                tell(f"{name}, {setting}: {len(known.labels):,} conversations of known category")
                seen = map_of(usage, chosen, embedder, helper)
                checks: list[NameCheck] = []
                if chosen.namer or setting == "insight":
                    embed = None if embedder is None else embedder.embed
                    checks += name_checks(seen, known.texts, embed, settings.seed)
                if number == 0 and checks and bool(chosen.namer) == bool(settings.namer):
                    checks += names(seen, known.texts)
                if settings.secrets or settings.victims:
                    tell(f"{name}, {setting}: planted secrets and attacks")
                leaks = planted.leaks(chosen, embedder, helper)
                results.append(_result(setting, chosen, seen, known, tuple(checks), leaks))
    return ValidationRecord(
        created=now(),
        assay=__version__,
        labelled=labelled.name,
        labelled_sha256=labelled.sha256,
        conversations=len(known.labels),
        categories=len(known.names),
        seed=settings.seed,
        results=tuple(results),
        broken=tuple(promise for each in results for promise in broken(each)),
        warnings=_warnings(known),
    )


class _Worlds:
    """Imports with planted secrets, one for each least number of principals."""

    def __init__(self, place: Path, settings: ValidationSettings) -> None:
        self._place = place
        self._settings = settings
        self._made: dict[int, Planted] = {}

    def leaks(
        self, chosen: MapSettings, embedder: Embedder | None, describer: Describer | None
    ) -> tuple[LeakCheck, ...]:
        """Map the world that fits the setting, and look what is told."""
        asked = self._settings
        if not asked.secrets and not asked.victims:
            return ()
        k = chosen.principals_needed
        folder = self._place / f"planted-{k}"
        if k not in self._made:
            background = min(asked.conversations, 3000)
            self._made[k] = plant(background, asked.secrets, asked.victims, k, asked.seed)
            bare_import(folder, self._made[k].rows)
        usage = UsageFolder(folder)
        told = map_of(usage, chosen, embedder, describer).told
        return leaks_in(told, self._made[k], chosen)


def _known(labelled: Labelled) -> Known:
    names = sorted({row.label for row in labelled.rows})
    numbers = {name: number for number, name in enumerate(names)}
    return Known(
        names=names,
        labels=np.array([numbers[row.label] for row in labelled.rows], dtype=np.int64),
        concerning=np.array([row.concerning for row in labelled.rows], dtype=bool),
        languages=[row.language for row in labelled.rows],
        texts=[without_placeholders(text_of(each)) for each in transcripts_of(labelled)],
    )


def _result(
    setting: str,
    chosen: MapSettings,
    seen: Mapped,
    known: Known,
    names: tuple[NameCheck, ...],
    leaks: tuple[LeakCheck, ...],
) -> SettingResult:
    hits = hits_of(seen.groups_at(0, shown=True), known.labels)
    languages = {}
    for language in sorted({each for each in known.languages if each}):
        own = share_of(hits, seen.base, np.array([each == language for each in known.languages]))
        if own is not None:
            languages[language] = own
    return SettingResult(
        embedder=chosen.embedder or WORDS,
        setting=setting,
        profile=chosen.profile,
        min_conversations=chosen.conversations_needed,
        min_principals=chosen.principals_needed,
        epsilon=chosen.epsilon,
        conversations=seen.record.conversations,
        shown=seen.record.shown,
        hidden=seen.record.hidden,
        stability=seen.record.stability,
        levels=tuple(
            reconstruction(seen, level, known.labels, chosen.seed)
            for level in dict.fromkeys((0, seen.top))
        ),
        concerning=share_of(hits, seen.base, known.concerning),
        languages=languages,
        categories=recalls(seen, known.labels, known.names, known.concerning),
        misplaced=misplaced(seen, chosen.seed),
        mislabelled=share_of(~hits_of(seen.base, known.labels), seen.base, seen.base >= 0),
        names=names,
        leaks=leaks,
    )


def _warnings(known: Known) -> tuple[str, ...]:
    if known.concerning.any():
        return ()
    return ("No category is marked as concerning, so nothing is said of those.",)


def _sweep() -> None:
    """Remove what processes that were killed have left: it holds the labelled conversations."""
    for left in Path(tempfile.gettempdir()).glob(f"{_FOLDER}*-*"):
        owner = left.name.removeprefix(_FOLDER).partition("-")[0]
        if owner.isdecimal() and not _lives(int(owner)):
            shutil.rmtree(left, ignore_errors=True)


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True  # somebody else's
    return True
