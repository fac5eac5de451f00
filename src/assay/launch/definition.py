"""A launch as launches/<name>.yaml defines it: its fields, checked, each fault with its line."""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    ValidationError,
    model_validator,
)

from assay.errors import DefinitionError, NotFoundError, Problem
from assay.evals.faults import Place, problems_of
from assay.evals.yaml_file import YamlFile, read_yaml
from assay.evals.yaml_parts import STRICT, Name, Slice, Text, schema_of

FOLDER = "launches"
"""Where a workspace keeps its launches."""

_Finite = Annotated[float, Field(allow_inf_nan=False)]


def _as_date(value: Any) -> Any:
    if isinstance(value, str):
        try:
            return datetime.date.fromisoformat(value)
        except ValueError:
            raise ValueError(f"{value!r} is no date; write it as 2027-01-31") from None
    return value


_Date = Annotated[datetime.date, BeforeValidator(_as_date)]


class Subject(BaseModel):
    """What is examined: a model, whose newest complete runs count, or one run by its id."""

    model_config = STRICT

    model: Text | None = Field(None, description="provider/model.")
    run: Text | None = Field(None, description="A run's id, or the beginning of it.")

    @model_validator(mode="before")
    @classmethod
    def _from_model(cls, value: Any) -> Any:
        return {"model": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _one_of_two(self) -> Subject:
        if (self.model is None) == (self.run is None):
            raise ValueError("this names no model or two things; write provider/model, or run: ID")
        return self


class Surface(BaseModel):
    """One way in which people meet the model: bare, behind a system prompt, behind safeguards."""

    model_config = STRICT

    description: str = Field("", description="What it is, for the reader.")
    safeguards: str = Field("", description="What stands around the model, for the reader.")
    model: Text | None = Field(
        None, description="The model's name there, where it is not the candidate's own."
    )
    run: Text | None = Field(None, description="The run that is the evidence, by its id.")
    system: str | None = Field(
        None, description='Only runs with this system prompt count ("" for none).'
    )

    @model_validator(mode="after")
    def _not_both(self) -> Surface:
        if self.model is not None and self.run is not None:
            raise ValueError("a surface is a model or a run; keep one of them")
        return self


class Limit(BaseModel):
    """An absolute limit on the figure."""

    model_config = STRICT

    min: _Finite | None = Field(None, description="The truth must be shown to be this or more.")
    max: _Finite | None = Field(None, description="The truth must be shown to be this or less.")

    @model_validator(mode="after")
    def _one_of_two(self) -> Limit:
        if (self.min is None) == (self.max is None):
            raise ValueError("a limit is one number; write min: or max:")
        return self


class Margin(BaseModel):
    """Non-inferiority: how much worse than a baseline the candidate may be."""

    model_config = STRICT

    against: Text = Field(description="The name of a baseline.")
    worse_by_at_most: Annotated[_Finite, Field(ge=0)] = Field(
        description="In the scorer's units: 0.02 is two points of a rate."
    )


class Gate(BaseModel):
    """One requirement: of an eval, a scorer and a slice, a limit or a margin."""

    model_config = STRICT

    id: Name = Field(description="Lower-case words joined by hyphens.")
    description: str = Field("", description="What it guards against.")
    eval: Text = Field(description="The eval's name.")
    scorer: Text = Field(description="The scorer's name in that eval.")
    slice: Slice = Field(Slice.model_construct(), description="Which samples count.")
    surface: Text | None = Field(None, description="The name of a surface.")
    limit: Limit | None = Field(None, description="min or max.")
    margin: Margin | None = Field(None, description="against and worse_by_at_most.")
    confidence: Annotated[float, Field(gt=0.5, lt=1)] = Field(
        0.95, description="One-sided: how sure a pass or a fail must be."
    )
    owner: Text = Field(description="Who answers for it.")
    policy: str = Field("", description="The policy behind it: in words, or its id.")

    @model_validator(mode="after")
    def _one_of_two(self) -> Gate:
        if (self.limit is None) == (self.margin is None):
            raise ValueError("a gate has one requirement; write limit: or margin:")
        return self


class Waiver(BaseModel):
    """A named person's word that the launch may go on although a gate did not pass."""

    model_config = STRICT

    gate: Text = Field(description="The gate's id.")
    by: Text = Field(description="Who waives it.")
    reason: Text = Field(description="Why.")
    expires: _Date = Field(description="The last day on which it holds: 2027-01-31.")


class LaunchDefinition(BaseModel):
    """A launch as its file defines it: the candidate, and the gates that it must pass."""

    model_config = ConfigDict(**STRICT, title="Assay launch")

    name: Name = Field(description="The file's name without .yaml.")
    description: str = Field("", description="What is to be launched.")
    candidate: Subject = Field(description="provider/model, or run: ID.")
    baselines: dict[str, Subject] = Field(
        default_factory=dict, description="What margins compare with, by name."
    )
    surfaces: dict[str, Surface] = Field(
        default_factory=dict, description="Ways in which people meet the model, by name."
    )
    gates: Annotated[tuple[Gate, ...], Field(strict=False, min_length=1)] = Field(
        description="Every one of them must pass."
    )
    waivers: Annotated[tuple[Waiver, ...], Field(strict=False)] = Field(
        (), description="Gates that named people let pass, each with a reason and an expiry."
    )

    _file: Path = PrivateAttr(default=Path())
    _sha256: str = PrivateAttr(default="")
    _lines: dict[str, int] = PrivateAttr(default_factory=dict)

    @property
    def file(self) -> Path:
        """The file that it was read from."""
        return self._file

    @property
    def sha256(self) -> str:
        """The hash of that file."""
        return self._sha256

    def problem(self, gate: Gate, field: str, message: str, remedy: str) -> DefinitionError:
        """A fault of a gate, at its line."""
        line = self._lines.get(f"{gate.id} {field}", self._lines[gate.id])
        where = f"gate {gate.id}, {field}"
        return DefinitionError([Problem(str(self._file), message, remedy, row=line, column=where)])


def load_launch(name: str, root: Path) -> LaunchDefinition:
    """Read and check a launch.

    Args:
        name: the launch's name, or the path of its file.
        root: the workspace's folder.

    Raises:
        NotFoundError: there is no such launch.
        DefinitionError: with every fault of the definition.
    """
    file = Path(name) if name.endswith((".yaml", ".yml")) else root / FOLDER / f"{name}.yaml"
    if not file.is_file():
        have = sorted(each.stem for each in (root / FOLDER).glob("*.yaml"))
        listed = f"There are: {', '.join(have)}." if have else ""
        raise NotFoundError(
            f"there is no launch {name!r}.",
            where=str(file),
            fix=f"{listed} `assay launch init NAME` makes one.".strip(),
        )
    written = read_yaml(file)
    try:
        definition = LaunchDefinition.model_validate(written.data)
    except ValidationError as error:
        raise DefinitionError(problems_of(written, error, _owner_of)) from None
    problems = list(_loose_ends(definition, written))
    if problems:
        raise DefinitionError(problems)
    definition._file = file
    definition._sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
    for number, gate in enumerate(definition.gates):
        definition._lines[gate.id] = written.line_of(("gates", number))
        for field in Gate.model_fields:
            definition._lines[f"{gate.id} {field}"] = written.line_of(("gates", number, field))
    return definition


def launch_schema() -> dict[str, Any]:
    """The JSON Schema of a launch's file, for editors."""
    schema = schema_of(LaunchDefinition, "The definition of a launch: launches/<name>.yaml.")
    subject = schema["$defs"]["Subject"]
    text = {"type": "string", "minLength": 1, "description": "provider/model."}
    schema["$defs"]["Subject"] = {"anyOf": [text, subject]}
    return schema


def _loose_ends(definition: LaunchDefinition, written: YamlFile) -> Iterator[Problem]:
    """What one part of the file says of another, and is not so."""

    def wrong(place: tuple[str | int, ...], message: str, remedy: str) -> Problem:
        column = ".".join(map(str, place))
        return Problem(
            str(written.path), message, remedy, row=written.line_of(place), column=column
        )

    def unknown(place: tuple[str | int, ...], kind: str, name: str, known: list[str]) -> Problem:
        close = get_close_matches(name, known, 1)
        meant = f"Did you mean {close[0]}? " if close else ""
        listed = f"There are: {', '.join(known)}." if known else f"Add it under {kind}s."
        return wrong(place, f"there is no {kind} {name!r}.", meant + listed)

    if definition.name != written.path.stem:
        yield wrong(
            ("name",),
            f"the name is {definition.name!r}, the file's is {written.path.stem!r}.",
            "Make them the same.",
        )
    ids: list[str] = []
    for number, gate in enumerate(definition.gates):
        if gate.id in ids:
            yield wrong(
                ("gates", number, "id"), f"two gates are called {gate.id!r}.", "Rename one."
            )
        ids.append(gate.id)
        if gate.margin is not None and gate.margin.against not in definition.baselines:
            yield unknown(
                ("gates", number, "margin", "against"),
                "baseline",
                gate.margin.against,
                list(definition.baselines),
            )
        if gate.surface is not None and gate.surface not in definition.surfaces:
            yield unknown(
                ("gates", number, "surface"), "surface", gate.surface, list(definition.surfaces)
            )
    for number, waiver in enumerate(definition.waivers):
        if waiver.gate not in ids:
            yield unknown(("waivers", number, "gate"), "gate", waiver.gate, ids)


_FIELDS: dict[str, type[BaseModel]] = {
    "baselines": Subject,
    "candidate": Subject,
    "gates": Gate,
    "limit": Limit,
    "margin": Margin,
    "slice": Slice,
    "surfaces": Surface,
    "waivers": Waiver,
}


def _owner_of(place: Place) -> type[BaseModel]:
    """The model that the last part of a place is a field of."""
    named = [str(part) for part in place[:-1] if part in _FIELDS]
    return _FIELDS[named[-1]] if named else LaunchDefinition
