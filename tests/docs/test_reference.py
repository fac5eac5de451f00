"""The reference is what the code says: pages made from it are fresh, and nothing is left out."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

from assay.evals.benchmark_table import BENCHMARKS
from tests.docs.pages import PAGES, ROOT, blocks


def _generate() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


generate = _generate()


@pytest.mark.parametrize("name", generate.PAGES)
def test_pages_made_from_the_code_are_fresh(name: str) -> None:
    file = ROOT / "docs" / "reference" / name
    fresh = file.read_text(encoding="utf-8") == generate.page(name)
    assert fresh, f"{file} is behind the code. Run: python docs/generate.py"


@pytest.mark.parametrize("name", ["api.md", "cli.md", "json-output.md", "run-json.md"])
def test_headings_are_links_targets_once(name: str) -> None:
    headings = re.findall(r"(?m)^## (.+)$", generate.page(name))
    assert len(headings) == len(set(headings))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for block in blocks(text):  # code is no link
        text = text.replace("\n".join(block.lines), "")
    for target in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"`[^`\n]*`", "", text)):
        path, _, anchor = target.partition("#")
        if "://" in target:
            continue
        file = (page.parent / path).resolve() if path else page
        assert file.exists(), f"{page}: {target}"
        if anchor:
            headings = re.findall(r"(?m)^#+ (.+)$", file.read_text(encoding="utf-8"))
            assert anchor in map(_anchor, headings), f"{page}: {target}"


def test_public_benchmarks_are_told_with_their_licences() -> None:
    page = (ROOT / "docs" / "how-to" / "public-benchmarks.md").read_text(encoding="utf-8")
    for name, benchmark in BENCHMARKS.items():
        [row] = [line for line in page.splitlines() if line.startswith(f"| `{name}`")]
        assert f"| {benchmark.licence} |" in row


def test_the_map_leads_to_every_page() -> None:
    start = ROOT / "docs" / "index.md"
    text = start.read_text(encoding="utf-8")
    targets = {(start.parent / path).resolve() for path in re.findall(r"\]\(([^)#\s]+)", text)}
    pages = {page.resolve() for page in PAGES if page.parent != ROOT} - {start.resolve()}
    assert pages <= targets, pages - targets


def _anchor(heading: str) -> str:
    """A heading's link target, as GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
