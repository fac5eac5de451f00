"""The face: what ``import assay`` gives, and no more."""

from __future__ import annotations

import inspect
import subprocess
import sys

import pytest

import assay
from assay import api


def test_all_is_sorted_and_there() -> None:
    assert list(api.__all__) == sorted(api.__all__)
    for name in api.__all__:
        assert getattr(assay, name) is getattr(api, name)


@pytest.mark.parametrize("name", api.__all__)
def test_every_verb_says_what_it_does(name: str) -> None:
    verb = getattr(api, name)
    assert inspect.getdoc(verb)
    if inspect.isfunction(verb):
        for parameter in list(inspect.signature(verb).parameters):
            told = inspect.getdoc(verb) or ""
            assert parameter in (*_EVERYWHERE, *told.replace(":", " ").split()), parameter


_EVERYWHERE = ("workspace", "controls")  # told once, in the module


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        assay.nonsense  # noqa: B018


def test_importing_assay_imports_none_of_the_heavy_packages() -> None:
    told = subprocess.run(
        [sys.executable, "-c", "import assay, assay.cli, sys; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    heavy = {"aiohttp", "duckdb", "jinja2", "numpy", "pyarrow", "pydantic", "rich", "scipy"}
    assert not heavy & set(told)
