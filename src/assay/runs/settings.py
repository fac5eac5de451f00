"""assay.toml: models, roles, prices, limits and budgets. It names keys and never holds them."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails

from assay.engine import Limits, Price
from assay.errors import AuthenticationError, DefinitionError, Problem

_LOCAL_CONNECTIONS = 4
"""More than a machine answers at once, and few enough that stopping does not wait for long."""


class PriceSetting(BaseModel):
    """Dollars for a million tokens."""

    model_config = ConfigDict(extra="forbid")

    input: float = Field(ge=0, description="For tokens that the model reads.")
    output: float = Field(ge=0, description="For tokens that it writes.")


class ModelSetting(BaseModel):
    """How one model is reached. ``api_key_env`` names an environment variable."""

    model_config = ConfigDict(extra="forbid")

    base_url: str | None = Field(
        default=None, description="Where the provider's protocol is spoken."
    )
    api_key_env: str | None = Field(
        default=None, description="The environment variable that holds the key."
    )
    timeout: float = Field(default=120.0, gt=0, description="Seconds that one request may take.")
    connections: int = Field(
        default=100, ge=1, description="Most requests at once (for local models 4)."
    )
    requests_per_minute: float | None = Field(
        default=None, gt=0, description="Most requests in a minute."
    )
    tokens_per_minute: float | None = Field(
        default=None, gt=0, description="Most tokens in a minute, read and written."
    )
    price: PriceSetting | None = Field(
        default=None, description="What its tokens cost; a budget in dollars needs it."
    )

    def limits(self) -> Limits:
        """The engine's caps."""
        return Limits(self.connections, self.requests_per_minute, self.tokens_per_minute)

    def engine_price(self) -> Price | None:
        """The engine's price, if one is set."""
        return Price(self.price.input, self.price.output) if self.price else None

    def api_key(self) -> str | None:
        """The key itself, from the environment.

        Raises:
            AuthenticationError: the named variable is not set.
        """
        if self.api_key_env is None:
            return None
        key = os.environ.get(self.api_key_env)
        if not key:
            raise AuthenticationError(
                f"the environment variable {self.api_key_env} is not set.",
                where="assay.toml",
                fix=f"Set it: export {self.api_key_env}=...",
            )
        return key


class BudgetSetting(BaseModel):
    """The most that one command may spend."""

    model_config = ConfigDict(extra="forbid")

    tokens: int | None = Field(default=None, gt=0, description="Tokens, read and written.")
    dollars: float | None = Field(default=None, gt=0, description="Money, by the models' prices.")


class UsageSetting(BaseModel):
    """What is kept of usage. Raw text is what people wrote, before redaction."""

    model_config = ConfigDict(extra="forbid")

    keep_raw: bool = Field(default=False, description="Keep raw text beside the redacted.")
    retention_days: int | None = Field(
        default=None,
        gt=0,
        le=36_500,
        description="Days after which `assay usage purge` deletes raw text; due with keep_raw.",
    )

    @model_validator(mode="after")
    def _raw_has_an_end(self) -> Self:
        if self.keep_raw and self.retention_days is None:
            raise ValueError("keep_raw needs retention_days: raw text is kept for a time only")
        return self


class Settings(BaseModel):
    """The whole of assay.toml."""

    model_config = ConfigDict(extra="forbid")

    roles: dict[str, str] = Field(
        default={}, description="Models by role: target (the model under test), judge, and others."
    )
    models: dict[str, ModelSetting] = Field(
        default={}, description="How models are reached, by their names, provider/model."
    )
    budget: BudgetSetting = Field(
        default=BudgetSetting(), description="The most that a command may spend."
    )
    usage: UsageSetting = Field(
        default=UsageSetting(), description="What is kept of usage, and how long."
    )

    def model(self, name: str) -> ModelSetting:
        """The settings of one model; the defaults where it has none."""
        if name in self.models:
            return self.models[name]
        if name.startswith("local/"):
            return ModelSetting(connections=_LOCAL_CONNECTIONS)
        return ModelSetting()

    def with_connections(self, names: Iterable[str], connections: int) -> Settings:
        """The same, but with this many connections to the named models."""
        changed = {
            name: self.model(name).model_copy(update={"connections": connections}) for name in names
        }
        return self.model_copy(update={"models": {**self.models, **changed}})


def load_settings(file: Path) -> Settings:
    """Read assay.toml; a missing file means the defaults.

    Raises:
        DefinitionError: with every fault in the file.
    """
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        return Settings()
    try:
        return Settings.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise DefinitionError([Problem(str(file), f"is not valid TOML: {error}.")]) from None
    except ValidationError as error:
        problems = [_problem(file, fault) for fault in error.errors(include_url=False)]
        raise DefinitionError(problems) from None


def _problem(file: Path, fault: ErrorDetails) -> Problem:
    place = ".".join(map(str, fault["loc"]))
    if fault["type"] != "extra_forbidden":
        return Problem(str(file), f"{fault['msg'][0].lower()}{fault['msg'][1:]}.", column=place)
    if "key" in str(fault["loc"][-1]):
        remedy = "Keys stay in the environment: write api_key_env, with the variable's name."
    else:
        remedy = f"There are: {', '.join(_known(fault['loc']))}."
    return Problem(str(file), "there is no such setting.", remedy, column=place)


def _known(place: tuple[int | str, ...]) -> list[str]:
    if len(place) == 1:
        return list(Settings.model_fields)
    if place[0] == "budget":
        return list(BudgetSetting.model_fields)
    if place[0] == "usage":
        return list(UsageSetting.model_fields)
    return list((ModelSetting if len(place) == 3 else PriceSetting).model_fields)
