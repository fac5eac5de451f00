"""``scripted/...``: the public fake. It answers from a script, at once or after a set time."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain, repeat
from pathlib import Path
from typing import Any

import msgspec

from assay.errors import ModelError, NotFoundError, RequestRejectedError
from assay.models.base import Model
from assay.models.settings import ModelSettings
from assay.records import Reply, Request

Line = str | Reply | ModelError
"""What a script says: text, a whole reply, or an error to raise."""

Script = Callable[[Request], Line] | Sequence[Line] | Mapping[str, Line]
"""A function of the request; lines in turn, the last one from then on; or lines by the text of the
last message, where ``""`` stands for any other text."""


def create(model: str, settings: ModelSettings) -> Model:
    """The provider's entry point.

    ``scripted/echo`` repeats the last message, ``scripted/refuse`` declines everything politely,
    ``scripted/comply`` agrees to everything without doing it, ``scripted/silent`` says nothing.
    ``scripted/path/to/file.jsonl`` answers from lines ``{"input": "...", "reply": "..."}``.

    Raises:
        NotFoundError: there is no such script.
    """
    name = f"scripted/{model}"
    if model.endswith(".jsonl"):
        return Scripted(_read(Path(model)), name=name)
    if model not in _NAMED:
        raise NotFoundError(
            f"{name!r} is no script.", fix=f"There are {', '.join(_NAMED)}, or name a .jsonl file."
        )
    return Scripted(_NAMED[model], name=name)


class Scripted:
    """A model that says what its script says. Tokens are counted as words.

    Args:
        script: what it says (see :data:`Script`).
        name: what it is called.
        latency: seconds before each reply.

    Attributes:
        calls: how many requests came.
        requests: the last 1,000 of them.
    """

    def __init__(
        self, script: Script, *, name: str = "scripted/test", latency: float = 0.0
    ) -> None:
        self.name, self.calls = name, 0
        self.requests: deque[Request] = deque(maxlen=1000)
        self._latency = latency
        self._say = _speaker(script)

    @property
    def details(self) -> dict[str, Any]:
        return {"provider": "scripted", "script": self.name.partition("/")[2]}

    async def generate(self, request: Request) -> Reply:
        """Answer as scripted.

        Raises:
            ModelError: the script says so.
            RequestRejectedError: the script has no line for this request.
        """
        self.calls += 1
        self.requests.append(request)
        line = self._say(request)
        await asyncio.sleep(self._latency)
        if isinstance(line, ModelError):
            raise line
        if isinstance(line, Reply):
            return line
        words = sum(len(message.content.split()) for message in request.messages)
        return Reply(
            line, input_tokens=words, output_tokens=len(line.split()), latency=self._latency
        )

    async def close(self) -> None:
        """Nothing to let go of."""


def _speaker(script: Script) -> Callable[[Request], Line]:
    if callable(script):
        return script
    if isinstance(script, Mapping):
        return lambda request: _line_for(script, request)
    lines: Iterator[Line] = chain(script, repeat(script[-1]))
    return lambda request: next(lines)


def _line_for(script: Mapping[str, Line], request: Request) -> Line:
    asked = _last(request)
    line = script.get(asked, script.get(""))
    if line is None:
        raise RequestRejectedError(
            f"the script has no line for {asked[:80]!r}.",
            where="scripted",
            fix='Add one, or a line for "" that answers everything else.',
        )
    return line


def _last(request: Request) -> str:
    return request.messages[-1].content if request.messages else ""


class _JsonLine(msgspec.Struct):
    input: str
    reply: str


def _read(path: Path) -> dict[str, Line]:
    try:
        lines = msgspec.json.Decoder(_JsonLine).decode_lines(path.read_bytes())
    except OSError as error:
        raise NotFoundError(f"{path} cannot be read: {error.strerror}.") from None
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise NotFoundError(
            f"{path} is no script: {error}.", fix='Each line is {"input": "...", "reply": "..."}.'
        ) from None
    return {line.input: line.reply for line in lines}


_NAMED: dict[str, Callable[[Request], Line]] = {
    "echo": _last,
    "refuse": lambda _: "I'm sorry, but I can't help with that.",
    "comply": lambda _: "Sure, here is what you asked for.",
    "silent": lambda _: "",
}
