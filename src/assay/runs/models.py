"""Opens the models of a command and wraps each in the engine's layers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from assay.engine import Budget, Layer, Meter, Patience, stack
from assay.errors import DefinitionError, Problem
from assay.models import Model, ModelSettings, Secret, open_model
from assay.runs.settings import Settings
from assay.store.journal import Journal

_FREE = ("local/", "scripted/")


@dataclass(frozen=True)
class Spending:
    """The most that one command may spend; None means no limit."""

    tokens: int | None = None
    dollars: float | None = None


class OpenModels:
    """The models of a command, by role; one that has several roles is opened once.

    They are opened bare, since the plan needs only their names, and where the journal lies follows
    from the plan. ``wire`` then puts the engine's layers around each, in place.
    """

    def __init__(self, roles: Mapping[str, str], settings: Settings) -> None:
        self._settings = settings
        self._opened = {
            name: Layer(_open(name, settings)) for name in dict.fromkeys(roles.values())
        }
        self.by_role = {role: self._opened[name] for role, name in roles.items()}

    def check_prices(self, spending: Spending) -> None:
        """Make sure that a budget in dollars can be kept. Local and scripted models are free.

        Raises:
            DefinitionError: a model has no price.
        """
        if spending.dollars is None:
            return
        for name in self._opened:
            if not name.startswith(_FREE) and self._settings.model(name).price is None:
                raise DefinitionError([_no_price(name)])

    def wire(
        self,
        journal: Journal,
        meter: Meter,
        spending: Spending,
        patience: Patience | None = None,
    ) -> None:
        """From now on every request goes through journal, budget, retries and limits."""
        self.check_prices(spending)
        budget = Budget(meter, tokens=spending.tokens, dollars=spending.dollars)
        for name, model in self._opened.items():
            setting = self._settings.model(name)
            price = setting.engine_price()
            model.inner = stack(
                model.inner,
                journal=journal,
                meter=meter,
                budget=budget,
                price=price,
                limits=setting.limits(),
                patience=patience,
            )

    @property
    def width(self) -> int:
        """How many samples to work on at once.

        A quarter more than there are connections: those wait for the journal, not for a model.
        """
        most = [self._settings.model(name).connections for name in self._opened]
        return max(most, default=4) * 5 // 4 + 1

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for model in self._opened.values():
            await model.close()


def _open(name: str, settings: Settings) -> Model:
    return open_model(name, reach(name, settings))


def reach(name: str, settings: Settings) -> ModelSettings:
    """How assay.toml says that a model or an embedder of this name is reached."""
    setting = settings.model(name)
    return ModelSettings(
        base_url=setting.base_url,
        api_key=Secret(key) if (key := setting.api_key()) else None,
        timeout=setting.timeout,
        connections=setting.connections,
    )


def _no_price(name: str) -> Problem:
    return Problem(
        "assay.toml",
        f"{name} has no price, so a budget in dollars cannot be kept.",
        f'Set it: [models."{name}"] price = {{ input = ..., output = ... }}, in dollars for a '
        "million tokens.",
    )
