"""A watch as watches/<name>.yaml defines it: its fields, checked, each fault with its line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    ValidationError,
    model_validator,
)

from assay.errors import DefinitionError, NotFoundError, Problem
from assay.evals.faults import UNKNOWN_FIELD, Place, problems_of
from assay.evals.yaml_file import YamlFile, read_yaml
from assay.evals.yaml_parts import STRICT, Name, Slice, Text, schema_of

FOLDER = "watches"
"""Where a workspace keeps its watches."""


_SPAN = re.compile(r"([1-9]\d{0,5})([mhd])")
_SECONDS = {"m": 60, "h": 3600, "d": 86400}


def _a_span(text: str) -> str:
    if not _SPAN.fullmatch(text):
        raise ValueError(f"{text!r:.40} is no span of time; write 30m, 6h or 1d")
    return text


def _a_variable(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", text):
        raise ValueError(
            "this is no name of an environment variable; "
            "put the secret into one, and its name here, such as WATCH_WEBHOOK"
        )
    return text


def _an_address(text: str) -> str:
    if not re.fullmatch(r"[^\s@<>,;:\"]+@[^\s@<>,;:\"]+", text):
        raise ValueError(f"{text!r:.60} is no address; write somebody@example.org")
    return text


_Span = Annotated[str, AfterValidator(_a_span)]
_Variable = Annotated[str, AfterValidator(_a_variable)]
_Address = Annotated[str, AfterValidator(_an_address)]


class Reference(BaseModel):
    """What the figure is expected to be: a number, or a baseline run's figure with its error."""

    model_config = STRICT

    value: float | None = Field(None, description="In the scorer's units: 0.98 is a rate of 98%.")
    run: Text | None = Field(None, description="A run of the whole eval, by its id.")

    @model_validator(mode="after")
    def _one_of_two(self) -> Reference:
        if (self.value is None) == (self.run is None):
            raise ValueError("a reference is one thing; write value: or run:")
        return self


class Watched(BaseModel):
    """One figure to watch: of an eval, a scorer and a slice, against a reference."""

    model_config = STRICT

    id: Name = Field(description="Lower-case words joined by hyphens.")
    eval: Text = Field(description="The eval's name.")
    scorer: Text = Field(description="The scorer's name in that eval.")
    slice: Slice = Field(Slice.model_construct(), description="Which samples count.")
    reference: Reference = Field(description="value: a number, or run: ID.")
    margin: Annotated[float, Field(ge=0)] = Field(
        0.0, description="The smallest change worth an alert, in the scorer's units."
    )
    most_unscored: Annotated[float, Field(gt=0, lt=1)] = Field(
        0.05, description="Alert when more than this share of replies goes unscored."
    )


class FalseAlarms(BaseModel):
    """How often the watch may alert without a change: a chance for its whole life, or a patience.

    ``chance`` suits a promise that is to hold; ``looks`` finds late changes sooner.
    """

    model_config = STRICT

    chance: Annotated[float, Field(gt=0, lt=0.5)] | None = Field(
        None, description="That it ever raises one, however long it goes on: 0.05."
    )
    looks: Annotated[float, Field(gt=1)] | None = Field(
        None, description="How many looks there are, on average, before one: 1000."
    )

    @model_validator(mode="after")
    def _one_of_two(self) -> FalseAlarms:
        if (self.chance is None) == (self.looks is None):
            raise ValueError("false_alarms is one number; write chance: or looks:")
        return self


class Webhook(BaseModel):
    """An address that the alert is posted to, as JSON."""

    model_config = STRICT

    url_env: _Variable = Field(description="The environment variable that holds the URL.")


class Email(BaseModel):
    """A mail by SMTP."""

    model_config = ConfigDict(**STRICT, populate_by_name=True)

    to: Annotated[tuple[_Address, ...], Field(strict=False, min_length=1)] = Field(
        description="Who gets it."
    )
    sender: _Address = Field(alias="from", description="Whom it is from.")
    host: Text = Field(description="The mail server.")
    port: Annotated[int, Field(ge=1, le=65535)] = Field(
        587, description="Its port; 465 speaks TLS."
    )
    starttls: bool = Field(True, description="Encrypt, and send nothing where that is refused.")
    user: Text | None = Field(None, description="Whom to log in as.")
    password_env: _Variable | None = Field(
        None, description="The environment variable that holds the password."
    )

    @model_validator(mode="after")
    def _both_or_none(self) -> Email:
        if (self.user is None) != (self.password_env is None):
            raise ValueError("a login needs both parts; write user: and password_env:")
        if self.user is not None and not self.starttls:
            raise ValueError("a password would go out in the clear; use starttls: true")
        return self


class Channel(BaseModel):
    """One way in which alerts go out."""

    model_config = STRICT

    command: Annotated[tuple[Text, ...], Field(strict=False, min_length=1)] | None = Field(
        None, description="A program and its arguments; the alert comes to its input as JSON."
    )
    webhook: Webhook | None = Field(None, description="url_env.")
    email: Email | None = Field(None, description="to, from, host, and a login.")

    @model_validator(mode="after")
    def _one_of_three(self) -> Channel:
        if sum(each is not None for each in (self.command, self.webhook, self.email)) != 1:
            raise ValueError("an alert goes one way; write command:, webhook: or email:")
        return self

    @property
    def name(self) -> str:
        """What status calls it; it holds no secret."""
        if self.command is not None:
            return f"command {' '.join(self.command)}"
        if self.webhook is not None:
            return f"webhook {self.webhook.url_env}"
        assert self.email is not None
        return f"email {', '.join(self.email.to)}"

    @property
    def variables(self) -> tuple[str, ...]:
        """The environment variables that it needs."""
        if self.webhook is not None:
            return (self.webhook.url_env,)
        if self.email is not None and self.email.password_env is not None:
            return (self.email.password_env,)
        return ()


class WatchDefinition(BaseModel):
    """A watch as its file defines it: what is asked, how often, and when to alert whom."""

    model_config = ConfigDict(**STRICT, title="Assay watch")

    name: Name = Field(description="The file's name without .yaml.")
    description: str = Field("", description="What it is for.")
    model: Text = Field(description="provider/model, as it is deployed.")
    every: _Span = Field(description="Time between looks: 30m, 6h, 1d.")
    limit: Annotated[int, Field(ge=1)] | None = Field(
        None, description="Samples of each eval a look, drawn at random each time; else all."
    )
    watch: Annotated[tuple[Watched, ...], Field(strict=False, min_length=1)] = Field(
        description="The figures to watch."
    )
    false_alarms: FalseAlarms = Field(description="chance: or looks:, over all figures together.")
    alerts: Annotated[tuple[Channel, ...], Field(strict=False)] = Field(
        (), description="How alerts go out: command, webhook, email."
    )

    _file: Path = PrivateAttr(default=Path())

    @property
    def file(self) -> Path:
        """The file that it was read from."""
        return self._file

    @property
    def seconds(self) -> int:
        """The time between looks."""
        found = _SPAN.fullmatch(self.every)
        assert found is not None
        return int(found[1]) * _SECONDS[found[2]]

    @property
    def evals(self) -> tuple[str, ...]:
        """The evals that the watched figures are of."""
        return tuple(dict.fromkeys(each.eval for each in self.watch))


def load_watch(name: str, root: Path) -> WatchDefinition:
    """Read and check a watch.

    Args:
        name: the watch's name.
        root: the workspace's folder.

    Raises:
        NotFoundError: there is no such watch.
        DefinitionError: with every fault of the definition.
    """
    file = root / FOLDER / f"{name}.yaml"
    if "/" in name or not file.is_file():
        have = watch_names(root)
        listed = f"There are: {', '.join(have)}." if have else ""
        raise NotFoundError(
            f"there is no watch {name!r}.",
            where=str(root / FOLDER),
            fix=f"{listed} `assay watch init NAME` makes one.".strip(),
        )
    written = read_yaml(file)
    try:
        definition = WatchDefinition.model_validate(written.data)
    except ValidationError as error:
        raise DefinitionError(list(_explained(written, error))) from None
    problems = list(_loose_ends(definition, written))
    if problems:
        raise DefinitionError(problems)
    definition._file = file
    return definition


def watch_names(root: Path) -> list[str]:
    """The watches of a workspace."""
    return sorted(each.stem for each in (root / FOLDER).glob("*.yaml"))


def watch_schema() -> dict[str, Any]:
    """The JSON Schema of a watch's file, for editors."""
    return schema_of(WatchDefinition, "The definition of a watch: watches/<name>.yaml.")


def _loose_ends(definition: WatchDefinition, written: YamlFile) -> Iterator[Problem]:
    """What one part of the file says of another, and is not so."""
    if definition.name != written.path.stem:
        yield Problem(
            str(written.path),
            f"the name is {definition.name!r}, the file's is {written.path.stem!r}.",
            "Make them the same.",
            row=written.line_of(("name",)),
            column="name",
        )
    ids: set[str] = set()
    for number, each in enumerate(definition.watch):
        if each.id in ids:
            yield Problem(
                str(written.path),
                f"two figures are called {each.id!r}.",
                "Rename one.",
                row=written.line_of(("watch", number, "id")),
                column=f"watch.{number}.id",
            )
        ids.add(each.id)


_FIELDS: dict[str, type[BaseModel]] = {
    "alerts": Channel,
    "email": Email,
    "false_alarms": FalseAlarms,
    "reference": Reference,
    "slice": Slice,
    "watch": Watched,
    "webhook": Webhook,
}

_SECRET = re.compile(r"url|password|token|secret|key")


def _owner_of(place: Place) -> type[BaseModel]:
    """The model that the last part of a place is a field of."""
    named = [str(part) for part in place[:-1] if part in _FIELDS]
    return _FIELDS[named[-1]] if named else WatchDefinition


def _explained(written: YamlFile, error: ValidationError) -> Iterator[Problem]:
    """Each fault; who wrote a secret into the file is told where secrets belong."""
    for problem in problems_of(written, error, _owner_of):
        unknown = problem.message == UNKNOWN_FIELD
        if unknown and _SECRET.search((problem.column or "").rpartition(".")[2]):
            remedy = "Secrets stay in the environment: write url_env or password_env, with a name."
            problem = replace(problem, remedy=remedy)
        yield problem
