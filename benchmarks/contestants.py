"""Those who run: Assay, its peers and the floor; what each is given, and how each is started.

All read the same samples, ask the same server, and score by equality. Each peer lives in a virtual
environment of its own, since their dependencies do not go together.
"""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from benchmarks.processes import Program

Start = Callable[[Path, int, int, str], Program]


class Contestant(NamedTuple):
    """``start`` takes a folder to work in, the number of samples, the connections and the URL."""

    name: str
    start: Start


def write_samples(file: Path, number: int) -> None:
    """Questions whose answer is 4, each in words of its own; every tenth target is wrong."""
    with file.open("w", encoding="utf-8") as out:
        for i in range(number):
            target = "5" if i % 10 == 9 else "4"
            question = f"Problem {i:07}: what is {i} + 2 + 2 - {i}? Answer with the number only."
            out.write(f'{{"id": "s{i:07}", "input": "{question}", "target": "{target}"}}\n')


def assay_program(*arguments: str) -> list[str]:
    """The command line of the Assay that is installed beside this Python."""
    return [str(Path(sys.executable).with_name("assay")), *arguments]


def environment(url: str) -> dict[str, str]:
    """The environment of every contestant."""
    return {**os.environ, "OPENAI_BASE_URL": url, "OPENAI_API_KEY": "fake-key-of-the-benchmark"}


def write_eval(folder: Path, number: int) -> None:
    """An eval folder of Assay's."""
    folder.mkdir(parents=True)
    (folder / "eval.yaml").write_text(_EVAL, encoding="utf-8")
    write_samples(folder / "samples.jsonl", number)


def start_assay(room: Path, number: int, connections: int, url: str) -> Program:
    write_eval(room / "evals" / "sums", number)
    (room / "assay.toml").touch()
    run = ("run", "sums", "--model", "openai/fake", "--connections", str(connections), "--json")
    return Program(assay_program(*run), environment(url), room)


def start_floor(room: Path, number: int, connections: int, url: str) -> Program:
    write_samples(room / "samples.jsonl", number)
    file = str(Path(__file__).with_name("floor.py"))
    arguments = [sys.executable, file, "samples.jsonl", "transcripts.jsonl", str(connections)]
    return Program(arguments, environment(url), room)


class Peers:
    """Inspect and lm-evaluation-harness, installed under a folder when first wanted."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()

    def inspect(self) -> Contestant:
        python = self._python("inspect", ["inspect-ai==0.3.285", "openai"])

        def start(room: Path, number: int, connections: int, url: str) -> Program:
            write_samples(room / "samples.jsonl", number)
            (room / "task.py").write_text(_INSPECT_TASK, encoding="utf-8")
            arguments = [
                *(str(python), "-m", "inspect_ai", "eval", "task.py", "--model", "openai/fake"),
                *("-M", "responses_api=false", "--max-connections", str(connections)),
                *("--display", "none", "--log-dir", "logs"),
            ]
            return Program(arguments, environment(url), room)

        return Contestant("Inspect 0.3.285", start)

    def lm_eval(self) -> Contestant:
        python = self._python("lm_eval", ["torch==2.13.0"], ["lm_eval[api]==0.4.13"])

        def start(room: Path, number: int, connections: int, url: str) -> Program:
            write_samples(room / "samples.jsonl", number)
            task = _LM_EVAL_TASK.format(samples=room / "samples.jsonl")
            (room / "sums.yaml").write_text(task, encoding="utf-8")
            model = (
                f"model=fake,base_url={url}/chat/completions,num_concurrent={connections},"
                "tokenizer_backend=None"
            )
            arguments = [
                *(str(python), "-m", "lm_eval", "--model", "local-chat-completions"),
                *("--model_args", model, "--tasks", "sums", "--include_path", str(room)),
                *("--apply_chat_template", "--output_path", "out", "--log_samples"),
            ]
            offline = {"HF_HOME": str(room / "cache"), "HF_HUB_OFFLINE": "1"}
            return Program(arguments, environment(url) | offline, room)

        return Contestant("lm-evaluation-harness 0.4.13", start)

    def _python(self, name: str, *requirements: list[str]) -> Path:
        home = self._folder / name
        python, done = home / "bin" / "python", home / "installed"
        if not done.exists():
            print(f"Installing {name} into {home} ...", file=sys.stderr)
            venv.create(home, with_pip=True, clear=True)
            for each in requirements:
                install = [str(python), "-m", "pip", "install", "--quiet", *each]
                subprocess.run(install, check=True)
            done.touch()
        return python


ASSAY = Contestant("Assay", start_assay)
FLOOR = Contestant("a bare aiohttp loop", start_floor)

_EVAL = """\
name: sums
version: "1"
description: Sums whose answer is four.
owner: The benchmark
samples: samples.jsonl
scorers: [exact]
"""

_INSPECT_TASK = """\
from inspect_ai import Task, task
from inspect_ai.dataset import json_dataset
from inspect_ai.scorer import exact
from inspect_ai.solver import generate


@task
def sums():
    return Task(dataset=json_dataset("samples.jsonl"), solver=generate(), scorer=exact())
"""

_LM_EVAL_TASK = """\
task: sums
dataset_path: json
dataset_kwargs:
  data_files:
    test: {samples}
test_split: test
output_type: generate_until
doc_to_text: "{{{{input}}}}"
doc_to_target: "{{{{target}}}}"
generation_kwargs:
  until: []
  max_gen_toks: 16
metric_list:
  - metric: exact_match
    aggregation: mean
    higher_is_better: true
"""
