"""The parts of Inspect's logs that are read, by the names that they have there."""

from __future__ import annotations

from typing import Any

import msgspec


class Score(msgspec.Struct):
    value: Any
    answer: str | None = None
    explanation: str | None = None
    reason: str | None = None
    metadata: dict[str, Any] | None = None


class Error(msgspec.Struct):
    message: str


class Limit(msgspec.Struct):
    type: str


class Choice(msgspec.Struct):
    stop_reason: str | None = None


class Usage(msgspec.Struct):
    input_tokens: int = 0
    output_tokens: int = 0
    total_tokens: int = 0


class Output(msgspec.Struct):
    choices: list[Choice] = []
    time: float | None = None


class Sample(msgspec.Struct):
    """The parts of Inspect's EvalSample that are read; its events are skipped."""

    id: int | str
    epoch: int
    input: Any = None
    choices: list[str] | None = None
    target: str | list[str] = ""
    messages: list[Any] = []
    output: Output = msgspec.field(default_factory=Output)
    scores: dict[str, Score] | None = None
    metadata: dict[str, Any] = {}
    model_usage: dict[str, Usage] = {}
    started_at: str | None = None
    completed_at: str | None = None
    total_time: float | None = None
    uuid: str | None = None
    error: Error | None = None
    attachments: dict[str, str] = {}
    limit: Limit | None = None


class Named(msgspec.Struct):
    name: str
    scorer: str | None = None


class Dataset(msgspec.Struct):
    sample_ids: list[int | str] | None = None


class Config(msgspec.Struct):
    epochs: int | None = None


class Spec(msgspec.Struct):
    task: str
    model: str
    created: str = ""
    eval_id: str = ""
    run_id: str = ""
    dataset: Dataset = msgspec.field(default_factory=Dataset)
    config: Config = msgspec.field(default_factory=Config)
    solver: str | None = None
    solver_args: dict[str, Any] | None = None
    model_generate_config: dict[str, Any] | None = None
    scorers: list[Named] | None = None
    packages: dict[str, str] = {}
    metadata: dict[str, Any] | None = None


class Results(msgspec.Struct):
    scores: list[Named] = []


class Header(msgspec.Struct):
    eval: Spec
    results: Results | None = None
