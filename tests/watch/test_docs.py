"""What the how-to gives to copy: unit files that systemd takes, a cron line, ways out."""

from __future__ import annotations

import configparser
import re
import shutil
import subprocess
import sys
from pathlib import Path

import yaml

from assay.watch.definition import Channel
from tests.docs.pages import ROOT, Block, blocks

PAGE = ROOT / "docs" / "how-to" / "watch-a-model.md"
NAMES = ("assay-nightly.service", "assay-nightly-once.service", "assay-nightly-once.timer")


def of_language(language: str) -> list[Block]:
    found = blocks(PAGE.read_text(encoding="utf-8"))
    return [block for block in found if block.language == language]


def test_the_units_are_what_systemd_takes(tmp_path: Path) -> None:
    units = of_language("ini")
    assert len(units) == len(NAMES)
    own = str(Path(sys.executable).parent / "assay")
    for name, block in zip(NAMES, units, strict=True):
        text = "\n".join(block.lines).replace("/home/ana/venv/bin/assay", own)
        parsed = configparser.ConfigParser(strict=True, interpolation=None)
        parsed.optionxform = str  # type: ignore[assignment,method-assign]
        parsed.read_string(text)
        assert ("Timer" if name.endswith("timer") else "Service") in parsed
        (tmp_path / name).write_text(text.replace("/home/ana/safety", str(tmp_path)) + "\n")
    assert "assay-nightly-once.service" in PAGE.read_text(encoding="utf-8")
    if shutil.which("systemd-analyze"):  # where there is one, it has the last word
        told = subprocess.run(
            ["systemd-analyze", "verify", "--man=no", *(str(tmp_path / name) for name in NAMES)],
            capture_output=True,
            text=True,
            check=False,
        )
        complaints = [line for line in told.stderr.splitlines() if str(tmp_path) in line
                      or "assay" in line]  # fmt: skip
        assert (told.returncode, complaints) == (0, []), told.stderr


def test_the_commands_to_schedule_are_ones_that_assay_knows() -> None:
    scheduled = [
        line for block in (*of_language("cron"), *of_language("ini")) for line in block.lines
        if "bin/assay" in line
    ]  # fmt: skip
    assert len(scheduled) == 3
    for line in scheduled:
        [command] = re.findall(r"bin/assay ([^>&]*)", line)
        told = subprocess.run(
            [sys.executable, "-m", "assay", *command.split(), "--help"],
            capture_output=True,
            text=True,
            check=False,
        )
        assert told.returncode == 0, told.stderr
    [cron] = [line for block in of_language("cron") for line in block.lines]
    assert re.match(r"^(\S+ ){5}", cron)


def test_the_ways_out_are_ones_that_a_watch_takes() -> None:
    whole, parts = of_language("yaml")
    assert "WATCH_WEBHOOK" not in "\n".join(whole.lines)
    for each in yaml.safe_load("\n".join(parts.lines))["alerts"]:
        assert Channel.model_validate(each).name
