"""The house stands as its plan says: floors, circles, where heavy packages may be imported."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src" / "assay"
MODULES = sorted(SOURCE.rglob("*.py"))

HEAVY = {  # package -> the rooms that may import it
    "aiohttp": {"models", "usage"},
    "duckdb": {"store"},
    "jinja2": {"evals", "report"},
    "onnxruntime": {"embeddings"},
    "google": {"formats"},
    "openpyxl": set(),
    "presidio_analyzer": {"usage"},
    "py3langid": {"usage"},
    "opentelemetry": {"formats"},
    "pyarrow": {"formats", "store"},
    "pydantic": {"evals", "launch", "runs", "watch"},
    "python_calamine": {"formats"},
    "ray": {"usage"},
    "rich": {"cli"},
    "sklearn": {"usage"},
    "spacy": {"usage"},
    "statsmodels": set(),
    "threadpoolctl": {"usage"},
    "tokenizers": {"embeddings"},
    "torch": set(),
    "typer": {"cli"},
    "xllamacpp": {"models"},
    "xlsxwriter": {"formats"},
}


def room_of(module: Path) -> str:
    return module.relative_to(SOURCE).parts[0]


def imports(tree: ast.AST) -> Iterator[tuple[ast.AST, str]]:
    """What runs; imports for types alone are left out."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        yield from imports(node)
        if isinstance(node, ast.Import):
            for name in node.names:
                yield node, name.name
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node, node.module


def test_arrows_run_down_the_floors() -> None:
    found = subprocess.run(
        [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 0, found.stdout + found.stderr


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_no_deferred_import_between_our_own_modules(module: Path) -> None:
    """But for the command line, whose ``--help`` must not wait for what its commands need."""
    allowed = {"assay"} if room_of(module) == "cli" else set()  # from assay import api
    tree = ast.parse(module.read_text(encoding="utf-8"))
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            for node, name in imports(function):
                ours = name.split(".")[0] == "assay" and name not in allowed
                assert not ours, f"{module}:{node.lineno} defers {name}"


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_heavy_packages_stay_in_their_rooms(module: Path) -> None:
    for node, name in imports(ast.parse(module.read_text(encoding="utf-8"))):
        rooms = HEAVY.get(name.split(".")[0])
        if rooms is not None:
            assert room_of(module) in rooms, f"{module}:{node.lineno} imports {name}"


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_modules_say_why_they_exist_and_keep_their_size(module: Path) -> None:
    text = module.read_text(encoding="utf-8")
    assert ast.get_docstring(ast.parse(text)), f"{module} does not say why it exists"
    assert text.count("\n") <= 500, f"{module} has outgrown its name"


def test_types_are_strict() -> None:
    found = subprocess.run(
        [sys.executable, "-m", "mypy"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert found.returncode == 0, found.stdout


def test_style() -> None:
    for command in (["check"], ["format", "--check"]):
        found = subprocess.run(
            [sys.executable, "-m", "ruff", *command, "src", "tests", "benchmarks"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert found.returncode == 0, found.stdout
