"""``python/<module>:<function>``: any async function as a model."""

from __future__ import annotations

import asyncio
import hashlib
import importlib
import inspect
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from time import perf_counter
from typing import Any

import msgspec

from assay.errors import (
    ModelConnectionError,
    ModelError,
    ModelTimeoutError,
    NotFoundError,
    RequestRejectedError,
)
from assay.models.base import Model
from assay.models.faults import Faults
from assay.models.settings import ModelSettings
from assay.records import Reply, Request

Function = Callable[[list[dict[str, Any]], dict[str, Any]], Any]
"""``async def f(messages: list[dict], parameters: dict) -> str | Reply``. Messages are as in Chat
Completions (``role``, ``content``); parameters are those of the request that are set, by name."""


def create(model: str, settings: ModelSettings) -> Model:
    """The provider's entry point. The module is looked for in the working directory, too.

    Raises:
        NotFoundError: there is no such module or function, or the module fails when imported.
    """
    return PythonModel(f"python/{model}", load(model), settings.timeout)


def load(path: str) -> Function:
    """The function that ``module:function`` names.

    Raises:
        NotFoundError: there is none, or its module fails when imported.
    """
    module_name, _, function_name = path.partition(":")
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.append(here)
    try:
        function: Any = importlib.import_module(module_name)
        for part in function_name.split("."):
            function = getattr(function, part)
    except Exception as error:
        raise NotFoundError(
            f"python/{path} cannot be loaded: {_last_line(error)}",
            fix="Write python/module:function; the module must be importable from here.",
        ) from None
    if not callable(function):
        raise NotFoundError(f"python/{path} is no function.")
    return function  # type: ignore[no-any-return]


class PythonModel:
    """An async function that answers.

    What it raises becomes a model error: an error of ours as it is, a timeout or lost connection as
    what it is (and is asked again), anything else as a rejected request with its last line.

    Args:
        name: what the model is called.
        function: the function (see :data:`Function`).
        timeout: seconds that one reply may take.
    """

    def __init__(self, name: str, function: Function, timeout: float = 120.0) -> None:
        self.name = name
        self._function, self._timeout = function, timeout
        self._faults = Faults(name)

    @property
    def details(self) -> dict[str, Any]:
        """The function's name and the hash of its source file."""
        told = {"provider": "python", "function": self.name.partition("/")[2]}
        with suppress(OSError, TypeError):
            source = inspect.getsourcefile(inspect.unwrap(self._function))
            told["source_sha256"] = hashlib.sha256(Path(source or "").read_bytes()).hexdigest()
        return told

    async def generate(self, request: Request) -> Reply:
        """Answer one request."""
        messages = [msgspec.to_builtins(message) for message in request.messages]
        parameters = msgspec.to_builtins(request.parameters)
        start = perf_counter()
        try:
            async with asyncio.timeout(self._timeout):
                told = await self._function(messages, parameters)
        except ModelError:
            raise
        except TimeoutError:
            raise ModelTimeoutError(
                f"no reply within {self._timeout:g} s.", where=self.name
            ) from None
        except ConnectionError as error:
            raise ModelConnectionError(
                self._faults.quote(_last_line(error)), where=self.name
            ) from error
        except Exception as error:
            raise RequestRejectedError(
                f"the function failed: {self._faults.quote(_last_line(error))}", where=self.name
            ) from error
        return self._reply(told, perf_counter() - start)

    async def close(self) -> None:
        """Nothing to let go of."""

    def _reply(self, told: object, latency: float) -> Reply:
        if isinstance(told, str):
            return Reply(told, latency=latency)
        if isinstance(told, Reply):
            return told if told.latency else msgspec.structs.replace(told, latency=latency)
        raise self._faults.malformed(
            f"the function gave a {type(told).__name__}, not text or Reply"
        )


def _last_line(error: BaseException) -> str:
    """What went wrong and where: the error's own line, and the place that raised it."""
    said = traceback.format_exception_only(error)[-1].strip()
    places = traceback.extract_tb(error.__traceback__)
    return (
        f"{said} ({Path(places[-1].filename).name}, line {places[-1].lineno})" if places else said
    )
