"""From what an eval.yaml says of a scorer to a scorer, by entry points that anybody can add to."""

from __future__ import annotations

import dataclasses
import difflib
import functools
import inspect
import re
import sys
from collections.abc import Iterable, Mapping
from importlib.metadata import EntryPoint, entry_points
from types import MappingProxyType
from typing import Any, Literal, cast, get_args, get_origin, get_type_hints

import msgspec

from assay.errors import DefinitionError, Problem
from assay.models.base import Model
from assay.records import Good, Reply, Request
from assay.scorers.base import Scorer, version_of

GROUP = "assay.scorers"
"""The entry-point group. Each entry is a class as :class:`assay.scorers.base.Scorer` tells."""

DEFAULT_ROLE = "judge"

Spec = str | Mapping[str, Any]
"""A scorer as an eval.yaml names it: a kind, or a mapping of kind, name and parameters."""


@dataclasses.dataclass(frozen=True)
class NamedScorer:
    """A scorer ready to score, with the name that its scores have and what figures need of it."""

    name: str
    kind: str
    scorer: Scorer
    version: str
    good: Good
    bounds: tuple[float, float] | None


def scorer_kinds() -> tuple[str, ...]:
    """Names of all installed kinds of scorer, sorted."""
    return tuple(sorted(_entries()))


def build_scorer(spec: Spec, models: Mapping[str, Model] = MappingProxyType({})) -> NamedScorer:
    """Make a scorer.

    Args:
        spec: a kind (``refusal``), or a mapping of ``kind``, an optional ``name`` and parameters.
        models: role -> model, for scorers that ask one. Their key ``model`` names the role
            (``judge`` where they name none).

    Raises:
        DefinitionError: the kind is unknown, a parameter is wrong, or the role has no model.
    """
    reading = _Reading(spec)
    scorer = reading.build(models)
    if scorer is None:
        raise DefinitionError([Problem(f"scorer {reading.label}", each) for each in reading.faults])
    return NamedScorer(
        name=reading.name,
        kind=reading.kind,
        scorer=scorer,
        version=version_of(scorer),
        good=scorer.good,
        bounds=scorer.bounds,
    )


def question_of(kind: str) -> str:
    """What a kind of scorer decides, in the words of its own documentation; empty if unknown."""
    entries = _entries().get(kind, ())
    if not entries:
        return ""
    try:
        told = inspect.getdoc(entries[0].load()) or ""
    except Exception:  # a stranger's module may fail in any way
        return ""
    return " ".join(told.split("\n\n")[0].split()).replace("``", "")


def check_scorer_spec(spec: Spec) -> list[str]:
    """All that is wrong with a scorer's definition; empty where nothing is. Needs no model."""
    reading = _Reading(spec)
    reading.build(None)
    return [f"scorer {reading.label}: {fault}" for fault in reading.faults]


class _Reading:
    """One pass over a spec that gathers every fault."""

    def __init__(self, spec: Spec) -> None:
        self.faults: list[str] = []
        fields: dict[str, Any] = {"kind": spec} if isinstance(spec, str) else {}
        if isinstance(spec, Mapping):
            fields = {str(key): value for key, value in spec.items()}
        kind = fields.pop("kind", None)
        name = fields.pop("name", None)
        self.kind = kind if isinstance(kind, str) else ""
        self.name = name if isinstance(name, str) else self.kind
        self.label = self.name or "?"
        self.given = fields
        if not self.kind:
            self.faults.append(f"it has no kind. Name one of: {_listed(_entries())}.")
        if name is not None and not (isinstance(name, str) and _NAME.fullmatch(name)):
            self.faults.append(
                f"the name {name!r} will not do. Use up to 64 letters, digits, '-', '_' and '.'."
            )

    def build(self, models: Mapping[str, Model] | None) -> Scorer | None:
        """The scorer, or None after a fault. Without models a stand-in takes their place."""
        kind = self._class() if self.kind else None
        if kind is None:
            return None
        hints = get_type_hints(kind)
        values: dict[str, Any] = {}
        known = {field.name: field for field in dataclasses.fields(cast(Any, kind)) if field.init}
        for key, value in self.given.items():
            if key == "model" and key in known:
                continue
            if key not in known:
                options = sorted(known)
                self.faults.append(
                    f"{self.kind} has no parameter {key!r}.{_meant(key, options)} "
                    f"It has: {_listed(options)}."
                )
            else:
                self._convert(key, value, hints[key], values)
        for key, field in known.items():
            if key not in self.given and key != "model" and _required(field):
                self.faults.append(f"{self.kind} needs the parameter {key!r}.")
        if "model" in known:
            values["model"] = self._model(models)
        return self._instance(kind, values) if not self.faults else None

    def _class(self) -> type[Scorer] | None:
        entries = _entries().get(self.kind, ())
        if not entries:
            kinds = _entries()
            self.faults.append(
                f"there is no kind of scorer {self.kind!r}.{_meant(self.kind, kinds)} "
                f"There are: {_listed(kinds)}."
            )
            return None
        if len(entries) > 1:
            places = _listed(entry.value for entry in entries)
            self.faults.append(
                f"several packages offer the kind {self.kind!r}: {places}. Remove all but one."
            )
            return None
        try:
            found = entries[0].load()
        except Exception as error:  # a stranger's module may fail in any way
            self.faults.append(
                f"{self.kind!r} ({entries[0].value}) cannot be loaded: {_told(error)}."
            )
            return None
        if not (isinstance(found, type) and dataclasses.is_dataclass(found)):
            self.faults.append(f"{entries[0].value} is not a dataclass of parameters.")
            return None
        return cast(type[Scorer], found)

    def _convert(self, key: str, value: Any, hint: Any, values: dict[str, Any]) -> None:
        try:
            values[key] = msgspec.convert(value, hint)
        except msgspec.ValidationError:
            advice = ""
            if hint is str and isinstance(value, int | float | bool):
                advice = " Put it in quotes."
            elif get_origin(hint) is tuple and isinstance(value, str):
                advice = f" Write [{value}]."
            elif isinstance(value, str) and get_origin(hint) is Literal:
                advice = _meant(value, [str(option) for option in get_args(hint)])
            self.faults.append(f"{key!r} is {_shown(value)}; it must be {_wanted(hint)}.{advice}")

    def _model(self, models: Mapping[str, Model] | None) -> Model:
        role = self.given.get("model", DEFAULT_ROLE)
        if not (isinstance(role, str) and role):
            self.faults.append(
                f"'model' is {_shown(role)}; it must name a role, such as {DEFAULT_ROLE!r}."
            )
        elif models is None:
            return _StandIn(role)
        elif role in models:
            return models[role]
        else:
            option = " (`--judge provider/model`)" if role == DEFAULT_ROLE else ""
            self.faults.append(
                f"{self.kind} asks the model in the role {role!r}, and no model has that role. "
                f"Name one on the command line{option} or under [roles] in assay.toml."
            )
        return _StandIn("")

    def _instance(self, kind: type[Scorer], values: dict[str, Any]) -> Scorer | None:
        try:
            return cast(Any, kind)(**values)  # type: ignore[no-any-return]
        except ValueError as error:
            self.faults.append(f"{error}.".replace("..", "."))
        except Exception as error:  # a stranger's constructor may fail in any way
            self.faults.append(f"{self.kind} cannot be made: {_told(error)}.")
        return None


class _StandIn:
    """Takes a model's place while a definition is checked."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.details: dict[str, Any] = {}

    async def generate(self, request: Request) -> Reply:
        raise NotImplementedError

    async def close(self) -> None:
        pass


_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


def _entries() -> Mapping[str, tuple[EntryPoint, ...]]:
    return _entries_on(tuple(sys.path))


@functools.lru_cache(maxsize=4)
def _entries_on(path: tuple[str, ...]) -> Mapping[str, tuple[EntryPoint, ...]]:
    """Kind -> what is registered for it (each object once) while this is Python's path."""
    found: dict[str, dict[str, EntryPoint]] = {}
    for entry in entry_points(group=GROUP):
        found.setdefault(entry.name, {})[entry.value] = entry
    return {name: tuple(entries.values()) for name, entries in sorted(found.items())}


def _required(field: dataclasses.Field[Any]) -> bool:
    return field.default is field.default_factory is dataclasses.MISSING


def _meant(word: str, options: Iterable[str]) -> str:
    close = difflib.get_close_matches(word.lower(), list(options), n=1, cutoff=0.6)
    return f" Did you mean {close[0]!r}?" if close else ""


def _listed(words: Iterable[str]) -> str:
    return ", ".join(words)


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:59] + "\u2026"


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:300]


def _wanted(hint: Any) -> str:
    """A type in words that an analyst knows."""
    origin, inner = get_origin(hint), get_args(hint)
    if origin is Literal:
        return f"one of: {_listed(str(option) for option in inner)}"
    if origin is tuple:
        return f"a list, each item {_wanted(inner[0])}"
    if origin is dict:
        return f"a mapping, each value {_wanted(inner[1])}"
    return _WORDS.get(hint, str(hint))


_WORDS = {str: "text", bool: "true or false", int: "a whole number", float: "a number"}
