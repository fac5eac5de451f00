"""Which stored runs speak of an eval as it is now: one a model, of one content, asked whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from assay.errors import AssayError, NotFoundError
from assay.evals import EvalDefinition, catalog, content_hash, find_eval, load_eval
from assay.records import EvalRecord, RunRecord
from assay.runs.saturation import MOST_MODELS
from assay.store.workspace import RunFolder, Workspace

JOURNALS = "health"
"""The folder of a workspace where the journals of unfinished work lie."""


@dataclass(frozen=True)
class Pooled:
    """One model's run of the eval."""

    folder: RunFolder
    record: RunRecord
    eval: EvalRecord


@dataclass(frozen=True)
class Pool:
    """An eval and the runs that are read together; the newest model first.

    ``definition`` is None where the eval's folder is not at hand, or cannot be read (``fault``).
    """

    name: str
    definition: EvalDefinition | None
    hash: str
    version: str
    runs: tuple[Pooled, ...]
    left_out: tuple[str, ...]
    fault: str = ""

    @property
    def models(self) -> tuple[str, ...]:
        """Their names, the newest run's first."""
        return tuple(each.record.model for each in self.runs)


class Runs:
    """Every run of a workspace by the evals in it; each record is read once."""

    def __init__(self, place: Workspace) -> None:
        self.place = place
        self._by_eval: dict[str, list[Pooled]] = {}
        for folder in place.runs():
            record = folder.read()
            for each in record.evals:
                self._by_eval.setdefault(each.name, []).append(Pooled(folder, record, each))
        for held in self._by_eval.values():
            held.sort(key=_age, reverse=True)

    def names(self) -> list[str]:
        """The workspace's own evals, then others that runs hold."""
        own = [file.parent.name for file in sorted(self.place.evals_folder.glob("*/eval.yaml"))]
        return list(dict.fromkeys([*own, *sorted(self._by_eval)]))

    def of(self, name: str) -> list[Pooled]:
        """Every run of an eval, whatever its state, newest first."""
        return self._by_eval.get(name, [])

    def pool(self, name: str) -> Pool:
        """The runs of an eval that can be read together.

        Raises:
            NotFoundError: there is no such eval, neither as a folder nor in a run.
        """
        folder = self._folder(name)
        name = folder.resolve().name if folder is not None else name
        held = self.of(name)
        if folder is None and not held:
            find_eval(name, self.place.root)  # raises, and says what there is
        definition, hash_, fault = None, "", ""
        if folder is not None:
            try:
                definition = load_eval(folder)
                hash_ = content_hash(definition)
            except AssayError as error:
                definition, fault = None, str(error)
        if definition is None and held:
            hash_ = held[0].eval.hash
        kept, left_out = _choose(held, hash_)
        version = definition.version if definition else held[0].eval.version if held else ""
        return Pool(name, definition, hash_, version, tuple(kept), tuple(left_out), fault)

    def _folder(self, name: str) -> Path | None:
        try:
            return find_eval(name, self.place.root)
        except NotFoundError:
            pass
        for each in self.of(name):
            folder = Path(each.eval.path)
            if each.eval.path and (folder / "eval.yaml").is_file() and name not in catalog():
                return folder
        return None


def _choose(held: Sequence[Pooled], hash_: str) -> tuple[list[Pooled], list[str]]:
    """The newest complete run of each model; of those that took another part of it, the most."""
    left: Counter[str] = Counter()
    complete = []
    for each in held:
        if each.eval.hash != hash_:
            left[f"of version {each.eval.version}, other content"] += 1
        elif each.record.status != "complete" or not each.folder.scores_file.exists():
            left["unfinished"] += 1
        else:
            complete.append(each)
    by_part: dict[int | None, dict[str, Pooled]] = {}
    for each in complete:
        newest = by_part.setdefault(each.eval.limit, {})
        if each.record.model in newest:
            left["older than another of the same model"] += 1
        else:
            newest[each.record.model] = each
    if not by_part:
        return [], _said(left)
    part = max(by_part, key=lambda limit: (len(by_part[limit]), limit is None, limit or 0))
    for limit, others in by_part.items():
        if limit != part:
            took = "all samples" if limit is None else f"only the first {limit:,} samples"
            left[f"that took {took}"] += len(others)
    chosen = list(by_part[part].values())
    if len(chosen) > MOST_MODELS:
        left[f"beyond the newest {MOST_MODELS} models"] = len(chosen) - MOST_MODELS
    notes = _said(left)
    if part is not None:
        notes.append(f"All were asked only the first {part:,} samples.")
    return chosen[:MOST_MODELS], notes


def _said(left: Counter[str]) -> list[str]:
    return [
        f"Left out: {count:,} {'run' if count == 1 else 'runs'} {why}."
        for why, count in left.items()
    ]


def _age(each: Pooled) -> tuple[str, int]:
    return each.record.created, each.folder.record_file.stat().st_mtime_ns
