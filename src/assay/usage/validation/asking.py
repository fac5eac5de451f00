"""Asks a model many things for a validation; what it answered is kept, so nothing is paid twice."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

from assay.engine import work_through
from assay.errors import AssayError
from assay.models import Model
from assay.runs.blocking import finish
from assay.runs.models import OpenModels
from assay.runs.run import Controls, within_budget
from assay.runs.settings import Settings
from assay.store.journal import Journal
from assay.store.workspace import Workspace
from assay.usage.secret import keep_out_of_git

Answer = TypeVar("Answer")

JOURNAL = ".validate.journal"
"""In the workspace's folder for usage. Delete it, and everything is asked anew."""


def ask_all(
    place: Workspace,
    settings: Settings,
    roles: Mapping[str, str],
    count: int,
    ask: Callable[[dict[str, Model], int], Awaitable[Answer]],
) -> list[Answer]:
    """What ``ask`` gives for each number below ``count``, within the workspace's budget.

    Args:
        roles: model names by role; ``ask`` is given the models by the same roles.

    Raises:
        AssayError: the asking was stopped, or a model failed; what was paid for is kept.
    """
    controls = within_budget(Controls(), settings)
    answers: dict[int, Answer] = {}

    async def work() -> None:
        async with OpenModels(roles, settings) as models:
            keep_out_of_git(place.usage_folder)  # it quotes the conversations
            journal = Journal(place.usage_folder / JOURNAL)
            try:
                models.wire(journal, controls.progress.meter, controls.spending, controls.patience)
                by_role: dict[str, Any] = dict(models.by_role)

                async def one(number: int) -> None:
                    answers[number] = await ask(by_role, number)

                await work_through(iter(range(count)), one, width=models.width, stop=controls.stop)
            finally:
                await journal.close()

    finish(work(), controls.stop)
    if len(answers) < count:
        raise AssayError(
            f"the asking was stopped ({controls.stop.reason}).",
            fix="The same command goes on; what was paid for is kept.",
        )
    return [answers[number] for number in range(count)]
