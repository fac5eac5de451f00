"""A workspace with one eval, a model on a loopback socket that a test steers, and a clock."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from assay import api
from assay.watch import WatchTurn
from tests.support.fault_server import FaultServer, Seen, reply

SAMPLES = 200
DAY = 86400
MORNING = 20_000 * DAY + 3 * 3600
"""Three in the morning of a day, in seconds of UTC."""

WriteWatch = Callable[..., None]


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A workspace whose eval ``echoes`` is right where the reply repeats the question."""
    write_eval(tmp_path / "evals" / "echoes")
    (tmp_path / "assay.toml").write_text("")
    return tmp_path


def write_eval(folder: Path, samples: int = SAMPLES, **fields: Any) -> None:
    """An eval of questions to be repeated; the last quarter is in German."""
    folder.mkdir(parents=True, exist_ok=True)
    definition = {
        "name": folder.name,
        "version": "1",
        "description": "A test.",
        "samples": "samples.jsonl",
        "scorers": ["exact"],
        **fields,
    }
    (folder / "eval.yaml").write_text(json.dumps(definition))
    rows = [
        {
            "id": f"s{n}",
            "input": f"Say {n}.",
            "target": f"Say {n}.",
            "language": "de" if n % 4 == 0 else "en",
        }
        for n in range(samples)
    ]
    (folder / "samples.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


class Endpoint:
    """A model that is right with chance ``right``, and otherwise says ``wrong``."""

    def __init__(self, server: FaultServer) -> None:
        self.server = server
        self.right = 0.95
        self.wrong = "No."
        server.behaviour = reply(self._say)

    def _say(self, seen: Seen) -> str:
        """By the question and how often it was asked: in whatever order requests come."""
        chance = random.Random(f"{seen.last_message} {self.server.counts[seen.body]}").random()
        return seen.last_message if chance < self.right else self.wrong


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch) -> Iterator[Endpoint]:
    """What ``openai/any`` reaches."""
    with FaultServer(reply()) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        yield Endpoint(server)


@pytest.fixture
def inbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultServer]:
    """A webhook on a loopback socket, whose URL is in WATCH_HOOK."""
    with FaultServer(reply()) as server:
        monkeypatch.setenv("WATCH_HOOK", f"{server.origin}/hook/s3cret")
        yield server


class Clock:
    """The time that everything in this process is told."""

    def __init__(self) -> None:
        self.seconds = float(MORNING)

    def __call__(self) -> float:
        return self.seconds

    def days(self, count: float) -> None:
        self.seconds += count * DAY


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """A clock that goes on when a test says so."""
    told = Clock()
    monkeypatch.setattr(time, "time", told)
    return told


FIGURE: dict[str, Any] = {
    "id": "right",
    "eval": "echoes",
    "scorer": "exact",
    "reference": {"value": 0.95},
}


def write_watch(workspace: Path, *figures: dict[str, Any], **fields: Any) -> None:
    """watches/nightly.yaml: ``figures`` and ``fields`` replace what is usual."""
    definition: dict[str, Any] = {
        "name": "nightly",
        "model": "openai/any",
        "every": "1d",
        "limit": 40,
        "watch": [{**FIGURE, **each} for each in figures or ({},)],
        "false_alarms": {"chance": 0.05},
        "alerts": [{"webhook": {"url_env": "WATCH_HOOK"}}],
        **fields,
    }
    file = workspace / "watches" / "nightly.yaml"
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps(definition))


def look(workspace: Path) -> WatchTurn:
    """``assay watch start nightly --once``."""
    return api.start_watch("nightly", once=True, workspace=workspace)


def received(inbox: FaultServer) -> list[dict[str, Any]]:
    """The alerts that came to the webhook."""
    return [seen.json for seen in inbox.seen]
