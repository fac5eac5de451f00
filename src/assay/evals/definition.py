"""The definition of an eval: the fields of eval.yaml, checked, and where its files lie."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    GetPydanticSchema,
    PrivateAttr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_core.core_schema import CoreSchema, no_info_after_validator_function

from assay.errors import DefinitionError, NotFoundError, Problem
from assay.evals.faults import Place, problems_of
from assay.evals.yaml_file import read_yaml
from assay.evals.yaml_parts import schema_of
from assay.records import Chapter, Parameters

FILE = "eval.yaml"
"""The name of the definition in an eval's folder."""
CARD = "README.md"
"""The name of the card in an eval's folder."""
SCHEMA = "eval.schema.json"
"""The name of the JSON Schema of eval.yaml, where it is written into a workspace."""

_STRICT = ConfigDict(extra="forbid", strict=True, frozen=True, defer_build=True)
_Text = Annotated[str, Field(min_length=1)]
_Texts = Annotated[tuple[_Text, ...], Field(strict=False)]


class ParameterFields(BaseModel):
    """How to sample a reply. What is left out is the provider's choice."""

    model_config = _STRICT

    max_tokens: Annotated[int | None, Field(ge=1)] = Field(None, description="Longest reply.")
    temperature: Annotated[float | None, Field(ge=0, le=10)] = Field(
        None, description="0 is the most repeatable."
    )
    top_p: Annotated[float | None, Field(gt=0, le=1)] = Field(None, description="Nucleus sampling.")
    seed: int | None = Field(None, description="Where the provider knows seeds.")
    stop: _Texts = Field((), description="Texts that end a reply.")
    top_logprobs: Annotated[int, Field(ge=0, le=20)] = Field(
        0, description="Alternatives of the first token to return."
    )
    response_schema: dict[str, Any] | None = Field(
        None, description="JSON Schema of the reply, where the provider can enforce it."
    )
    tools: Annotated[tuple[dict[str, Any], ...], Field(strict=False)] = Field(
        (), description="Tools, each with name, description and parameters."
    )


def _parameters(_: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
    """Read as ParameterFields, kept as the record that a request carries."""
    return no_info_after_validator_function(
        lambda fields: msgspec.convert(fields.model_dump(), Parameters), handler(ParameterFields)
    )


_Parameters = Annotated[Parameters, GetPydanticSchema(_parameters)]


class SolverEntry(BaseModel):
    """How a sample becomes a transcript. In eval.yaml its kind alone will do."""

    model_config = _STRICT

    kind: Literal["generate", "choice", "conversation"]
    turns: _Texts = ()

    @model_validator(mode="before")
    @classmethod
    def _from_kind(cls, value: Any) -> Any:
        return {"kind": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _turns_fit(self) -> SolverEntry:
        if (self.kind == "conversation") != bool(self.turns):
            raise ValueError("turns are for the solver conversation; give it one or more of them")
        return self

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        text = {"type": "string", "minLength": 1}
        return {
            "anyOf": [
                {"enum": ["generate", "choice"]},
                {
                    "type": "object",
                    "additionalProperties": False,
                    "properties": {"kind": {"enum": ["generate", "choice"]}},
                    "required": ["kind"],
                },
                {
                    "type": "object",
                    "additionalProperties": False,
                    "properties": {
                        "kind": {"const": "conversation"},
                        "turns": {
                            "type": "array",
                            "items": text,
                            "minItems": 1,
                            "description": "What the user says, turn by turn; each a template.",
                        },
                    },
                    "required": ["kind", "turns"],
                },
            ]
        }


class ScorerEntry(BaseModel):
    """A scorer that the eval asks for: its kind, its name in tables, and its parameters."""

    model_config = ConfigDict(extra="allow", strict=True, frozen=True, defer_build=True)

    kind: _Text
    name: _Text

    @model_validator(mode="before")
    @classmethod
    def _named(cls, value: Any) -> Any:
        if isinstance(value, str):
            value = {"kind": value}
        if isinstance(value, dict) and "kind" in value:
            value = {"name": value["kind"], **value}
        return value

    @property
    def parameters(self) -> dict[str, Any]:
        """What stands beside kind and name."""
        return dict(self.__pydantic_extra__ or {})

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        text = {"type": "string", "minLength": 1}
        kind = {**text, "description": "The kind of scorer; its parameters stand beside it."}
        name = {**text, "description": "What its scores are called (default: the kind)."}
        mapping = {
            "type": "object",
            "properties": {"kind": kind, "name": name},
            "required": ["kind"],
        }
        return {"anyOf": [text, mapping]}


def _as_written(value: Any) -> Any:
    """An explanation in place of pydantic's, where YAML made a number or date of plain text."""
    if isinstance(value, str | None):
        return value
    raise ValueError(f'this must be text; put it in quotes: "{value}"')


_Written = Annotated[_Text, BeforeValidator(_as_written)]


class EvalDefinition(BaseModel):
    """An eval as its folder defines it. ``folder`` says where that is."""

    model_config = ConfigDict(**_STRICT, title="Assay eval")

    name: Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=100)] = Field(
        description="Lower-case words joined by hyphens; the folder's name."
    )
    version: _Written = Field(description='Raised when the eval changes, in quotes: "1.0".')
    description: _Text = Field(description="What it measures, in one sentence.")
    policy: str = Field("", description="The policy it tests: in words, or the id of a policy.")
    owner: str = Field("", description="Who answers for it.")
    chapter: Chapter | None = Field(
        None, description="The chapter of the launch report that tells of it."
    )
    samples: _Text = Field(
        description="The samples' file in this folder: .csv, .jsonl, .parquet, file.xlsx#Sheet."
    )
    prompt: _Text = Field(
        "{{ input }}", description="What the model is asked; {{ column }} stands for a cell."
    )
    system: _Text | None = Field(None, description="The system message, a template too.")
    solver: SolverEntry = Field(
        SolverEntry.model_construct(kind="generate", turns=()),
        description="generate (one reply), choice, or a conversation with its turns.",
    )
    scorers: Annotated[tuple[ScorerEntry, ...], Field(strict=False, min_length=1)] = Field(
        description="How replies are scored: kinds, or mappings of kind and parameters."
    )
    epochs: Annotated[int, Field(ge=1, le=1_000)] = Field(
        1, description="How often each sample is asked."
    )
    parameters: _Parameters = Field(
        default_factory=Parameters, description="How replies are sampled."
    )

    _folder: Path = PrivateAttr(default=Path())

    @field_validator("scorers")
    @classmethod
    def _names_differ(cls, scorers: tuple[ScorerEntry, ...]) -> tuple[ScorerEntry, ...]:
        names = [scorer.name for scorer in scorers]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"two scorers are called {name!r}; give one another name")
        return scorers

    @property
    def folder(self) -> Path:
        """The folder that it was read from."""
        return self._folder

    @property
    def samples_path(self) -> Path:
        """The samples' file.

        Raises:
            DefinitionError: if the file would lie outside the folder.
            NotFoundError: if there is none.
        """
        return file_in(self.folder, self.samples.partition("#")[0], field="samples")

    @property
    def sheet(self) -> str | None:
        """The sheet of the samples' file, where one is named."""
        return self.samples.partition("#")[2] or None


def load_eval(folder: Path | str) -> EvalDefinition:
    """Read and check eval.yaml of a folder (not its samples: see ``check_eval``).

    Raises:
        NotFoundError: if there is no such folder, or no eval.yaml in it.
        DefinitionError: with every fault of the definition.
    """
    folder = Path(folder)
    if not (folder / FILE).is_file():
        raise NotFoundError(
            f"there is no {FILE} here.", where=str(folder), fix="`assay init` writes one."
        )
    written = read_yaml(file_in(folder, FILE, field=FILE))
    try:
        definition = EvalDefinition.model_validate(written.data)
    except ValidationError as error:
        raise DefinitionError(problems_of(written, error, _owner_of)) from None
    definition._folder = folder
    home = folder.resolve().name
    if definition.name != home:
        where = Problem(
            str(written.path),
            f"the name is {definition.name!r}, the folder's is {home!r}.",
            "Make them the same.",
            row=written.line_of(("name",)),
            column="name",
        )
        raise DefinitionError([where])
    return definition


def eval_schema() -> dict[str, Any]:
    """The JSON Schema of eval.yaml, for editors."""
    return schema_of(EvalDefinition, "The definition of an eval: eval.yaml.")


def file_in(folder: Path, name: str, *, field: str) -> Path:
    """A file that an eval's definition names, inside the eval's folder.

    Raises:
        DefinitionError: if the name, or a link on its way, leads out of the folder.
        NotFoundError: if there is no such file.
    """
    where = str(folder / FILE)
    inside = "Put the file into the eval's folder and give its name only."
    path = Path(name)
    outside = path.is_absolute() or ".." in path.parts or "\\" in name or ":" in name
    if outside or "\0" in name:
        raise DefinitionError(
            [Problem(where, f"{name!r} leads out of the eval's folder.", inside, column=field)]
        )
    file = folder / path
    if not file.resolve().is_relative_to(folder.resolve()):
        raise DefinitionError(
            [Problem(where, f"{name!r} is a link out of the eval's folder.", inside, column=field)]
        )
    if not file.is_file():
        raise NotFoundError(
            f"there is no file {name!r}.",
            where=where,
            fix=f"Put it into the eval's folder, or change the field {field}.",
        )
    return file


def _owner_of(place: Place) -> type[BaseModel]:
    """The model that the last part of a place is a field of."""
    if len(place) > 1 and place[0] == "solver":
        return SolverEntry
    if len(place) > 1 and place[0] == "parameters":
        return ParameterFields
    return EvalDefinition
