"""What the documentation tells its readers to type does what it shows."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
import xlsxwriter

from tests.docs.pages import HOME, MARKS, PAGES, ROOT, Block, blocks, cells, fits
from tests.support.local_weights import weights_of

_RUN = ("console", "python")

ELSEWHERE = {"docs/how-to/compare.md": "tests/cli/test_comparing.py"}
"""Pages that a test of their own runs."""

_OURS = [page for page in PAGES if str(page.relative_to(ROOT)) not in ELSEWHERE]


def test_pages_that_are_tested_elsewhere_are() -> None:
    for page, test in ELSEWHERE.items():
        assert Path(page).name in (ROOT / test).read_text(encoding="utf-8")


@pytest.mark.timeout(1200)  # two of the pages ask real models
@pytest.mark.parametrize("page", _OURS, ids=lambda page: str(page.relative_to(ROOT)))
def test_what_the_page_tells_to_type_does_what_it_shows(page: Path, tmp_path: Path) -> None:
    found = list(blocks(page.read_text(encoding="utf-8")))
    for name in _models(found):
        weights_of(name)
    workspace = tmp_path / "safety"
    workspace.mkdir()
    for block in found:
        place = f"{page.relative_to(ROOT)}:{block.line}"
        if "not run" in block.marks:
            warnings.warn(f"{place} is not run: {block.marks['not run']}", stacklevel=1)
        elif "sheet" in block.marks:
            _write_sheet(block, workspace / block.marks["sheet"])
        elif "file" in block.marks:
            _write(block, workspace / block.marks["file"])
        elif block.language == "python":
            ended = _run([sys.executable, "-c", "\n".join(block.lines)], workspace)
            assert ended.returncode == 0, f"{place}\n{ended.stdout}"
        elif block.language == "console":
            _type(block, workspace, place)


def test_marks_are_known_and_say_why_a_block_is_not_run() -> None:
    for page in PAGES:
        for block in blocks(page.read_text(encoding="utf-8")):
            assert set(block.marks) <= MARKS, f"{page}:{block.line}"
            assert block.marks.get("not run", "why") != "", f"{page}:{block.line}"


def _models(found: list[Block]) -> set[str]:
    """The local models that a page's commands ask."""
    typed = "\n".join(line for each in found if _is_run(each) for line in each.lines)
    return set(re.findall(r"--model local/(\S+)", typed))


def _is_run(block: Block) -> bool:
    return block.language in _RUN and not {"not run", "file"} & set(block.marks)


def _type(block: Block, workspace: Path, place: str) -> None:
    typed = list(block.commands())
    assert typed, f"{place}: a console block without a command"
    for number, (command, shown) in enumerate(typed, 1):
        ended = _run(["bash", "-c", command], workspace)
        said = ended.stdout.replace(str(workspace.resolve()), HOME)
        wanted = int(block.marks.get("exit", 0)) if number == len(typed) else 0
        assert ended.returncode == wanted, f"{place}: {command}\n{said}"
        vary = "figures vary" in block.marks
        story = f"{place}: {command}\nshown:\n" + "\n".join(shown) + f"\nsaid:\n{said}"
        compared = shown and "as it was" not in block.marks
        assert not compared or fits(shown, said, vary=vary), story


def _run(command: list[str], workspace: Path) -> subprocess.CompletedProcess[str]:
    """Both streams in one, as a terminal shows them. No key of the machine's owner is used."""
    kept = {name: value for name, value in os.environ.items() if not name.endswith("_API_KEY")}
    return subprocess.run(
        command,
        cwd=workspace,
        env={
            **kept,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "PYTHONUNBUFFERED": "1",
        },
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=600,
        check=False,
    )


def _write(block: Block, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(block.lines) + "\n", encoding="utf-8")


def _write_sheet(block: Block, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        for row, texts in enumerate(cells(block)):
            for column, text in enumerate(texts):
                sheet.write_string(row, column, text)
