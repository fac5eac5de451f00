"""Watch files: every fault is told with its line, and no secret fits into one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import assay.watch as room
from assay.errors import DefinitionError, NotFoundError
from assay.watch import load_watch, watch_schema

GOOD = """\
name: nightly
model: openai/any
every: 6h
limit: 40
watch:
- id: right
  eval: echoes
  scorer: exact
  reference: {value: 0.95}
false_alarms: {chance: 0.05}
alerts:
- command: [notify, --now]
- webhook: {url_env: WATCH_HOOK}
- email: {to: [ann@example.org], from: assay@example.org, host: mail.example.org}
"""


def write(root: Path, text: str, name: str = "nightly") -> None:
    file = root / "watches" / f"{name}.yaml"
    file.parent.mkdir(exist_ok=True)
    file.write_text(text)


def test_a_good_file(tmp_path: Path) -> None:
    write(tmp_path, GOOD)
    found = load_watch("nightly", tmp_path)
    assert found.seconds == 6 * 3600
    assert found.evals == ("echoes",)
    names = [channel.name for channel in found.alerts]
    assert names == ["command notify --now", "webhook WATCH_HOOK", "email ann@example.org"]


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        ("every: 6h", "every: 6 hours", 3, "30m, 6h or 1d"),
        ("every: 6h", "evry: 6h", 3, "Did you mean every?"),
        ("every: 6h", "every: 0d", 3, "30m, 6h or 1d"),
        ("{value: 0.95}", "{value: 0.95, run: a}", 9, "value: or run:"),
        ("{chance: 0.05}", "{chance: 0.05, looks: 9}", 10, "chance: or looks:"),
        ("{chance: 0.05}", "{chance: 5}", 10, "less than"),
        ("- id: right", "- id: Not Right", 6, "is not a name"),
        ("  scorer: exact\n", "", 6, "The scorer's name"),
        ("url_env: WATCH_HOOK", "url: https://x.example/s3cret", 13, "stay in the environment"),
        ("url_env: WATCH_HOOK", "url_env: https://x.example/s3cret", 13, "environment variable"),
        ("host: mail", "password: s3cret, host: mail", 14, "stay in the environment"),
        ("host: mail", "user: ann, host: mail", 14, "password_env"),
        ("ann@example.org", '"ann@example.org\\nBcc: eve@example.org"', 14, "is no address"),
        ("host: mail", "user: a, password_env: P, starttls: false, host: mail", 14, "in the clear"),
        ("name: nightly", "name: daily", 1, "Make them the same"),
        ("- webhook: {url_env: WATCH_HOOK}", "- {}", 13, "command:, webhook: or email:"),
    ],
)
def test_faults_are_told_with_their_lines(
    tmp_path: Path, old: str, new: str, line: int, says: str
) -> None:
    assert old in GOOD
    write(tmp_path, GOOD.replace(old, new, 1))
    with pytest.raises(DefinitionError) as raised:
        load_watch("nightly", tmp_path)
    told = str(raised.value)
    assert says in told
    assert f"row {line}" in told
    assert "s3cret" not in told


def test_two_figures_of_one_name(tmp_path: Path) -> None:
    figure = GOOD[GOOD.index("- id") : GOOD.index("false_alarms")]
    write(tmp_path, GOOD.replace(figure, figure + figure))
    with pytest.raises(DefinitionError, match="two figures are called 'right'"):
        load_watch("nightly", tmp_path)


@pytest.mark.parametrize("name", ["other", "../nightly", "watches/nightly"])
def test_a_watch_that_is_not_there(tmp_path: Path, name: str) -> None:
    write(tmp_path, GOOD)
    with pytest.raises(NotFoundError, match="There are: nightly"):
        load_watch(name, tmp_path)


def test_the_schema_says_what_the_file_says() -> None:
    schema: dict[str, Any] = watch_schema()
    file = Path(room.__file__).with_name("watch.schema.json")
    assert json.loads(file.read_text(encoding="utf-8")) == schema
    assert schema["$defs"]["Email"]["properties"]["from"]
