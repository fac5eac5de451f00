"""The page of a comparison in a real browser, and which flips it holds."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from playwright.sync_api import Browser, Page, expect
from typer.testing import CliRunner

from assay import api
from assay.cli import app
from assay.records import Comparison
from assay.report.comparison.flips import flipped
from assay.report.samples import Samples
from assay.runs import compare
from assay.store.workspace import Workspace
from tests.report.launch.made import make_workspace
from tests.report.test_html import Page as Parsed
from tests.report.test_page import CONTRAST, no_overflow
from tests.support.browser import browser, opened  # noqa: F401

OLD, NEW, GUARDED = "20261101", "20261121", "20261120"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_workspace(tmp_path_factory.mktemp("compared"))


@pytest.fixture(scope="module")
def found(root: Path) -> Comparison:
    return api.report_comparison(OLD, NEW, out=root / "compare.html", workspace=root)


@pytest.fixture
def page(browser: Browser, root: Path, found: Comparison) -> Iterator[Page]:  # noqa: F811
    with opened(browser, root / "compare.html") as view:
        yield view.page
    assert view.complaints == []


def test_what_differs_comes_first_then_the_worst(page: Page, found: Comparison) -> None:
    heads = page.locator("h2").all_inner_texts()
    assert heads[:2] == ["What differs besides the model", "Differences"]
    expect(page.locator("#contrasts")).to_contain_text("version")
    names = page.locator("#differences tbody .name").all_inner_texts()
    assert names == [each.eval for each in found.overall]


def test_only_what_is_clear_is_bold_and_filled(page: Page, found: Comparison) -> None:
    clear = sum(each.verdict in ("worse", "better") for each in found.overall)
    assert 0 < clear < len(found.overall)
    rows = page.locator("#differences")
    assert rows.locator(".change strong:first-child").count() == clear
    assert rows.locator(".mark.disc").count() == clear
    assert rows.locator(".mark.unclear").count() == len(found.overall) - clear


def test_flips_are_read_side_by_side(page: Page) -> None:
    page.get_by_role("link", name="samples of harmful-requests, violative requests").first.click()
    page.wait_for_timeout(250)
    rows = page.locator("#list > li")
    assert rows.count() > 5
    rows.first.locator("summary").click()
    sides = rows.first.locator(".pair > section")
    expect(sides).to_have_count(2)
    told = rows.first.locator(".outcome").all_inner_texts()
    assert told[0].removeprefix("Candidate") != told[1].removeprefix("Baseline")


@pytest.mark.parametrize("width", [1280, 360])
def test_desk_and_phone(browser: Browser, root: Path, found: Comparison, width: int) -> None:  # noqa: F811
    with opened(browser, root / "compare.html", width=width, offline=True) as view:
        assert no_overflow(view.page)
        assert view.page.evaluate(CONTRAST)[1] == []
    assert view.complaints == []


def test_hostile_text_is_nowhere_markup_and_the_sql_runs(root: Path, found: Comparison) -> None:
    text = (root / "compare.html").read_text(encoding="utf-8")
    parsed = Parsed(text)
    assert len(parsed.bodies["script"]) == 2
    assert not set(text) & set("\u202e\u2066\x1b\x07\u200b")
    queries = re.findall(r'<pre dir="ltr"><code>(.*?)</code></pre>', text, re.S)
    assert len(queries) > 5
    told = [api.sql(html.unescape(each), workspace=root) for each in queries]
    values = [
        dict(zip(columns, row, strict=True))["difference"] for columns, rows in told for row in rows
    ]
    for each in (*found.overall, *found.slices):
        if each.value is not None:
            assert any(value == pytest.approx(each.value) for value in values)


class TestFlips:
    def of(self, root: Path, room: int = 400, most: int | None = None) -> Samples:
        place = Workspace.find(root)
        old, new = place.run(OLD), place.run(NEW)
        return flipped(compare(old, new, flips=True, most_flips=most).flips, old, new, room)

    def test_all_that_flipped_are_there_once_what_got_worse_first(self, root: Path) -> None:
        place = Workspace.find(root)
        every = compare(place.run(OLD), place.run(NEW), flips=True).flips
        told = [msgspec.json.decode(each) for each in self.of(root).entries]
        assert len(told) == len({each.candidate_transcript for each in every}) <= 400
        assert all(each["differ"] for each in told)
        assert told[0]["tier"] in ("unwanted", "unscored")

    def test_what_is_here_is_bounded_and_shared_between_evals(self, root: Path) -> None:
        told = [msgspec.json.decode(each) for each in self.of(root, room=12).entries]
        assert len(told) == 12
        assert len({each["eval"] for each in told}) >= 4

    def test_the_greatest_changes_of_each_direction_are_looked_at(self, root: Path) -> None:
        place = Workspace.find(root)
        old, new = place.run(OLD), place.run(NEW)
        every = compare(old, new, flips=True).flips
        few = compare(old, new, flips=True, most_flips=3).flips
        assert set(few) < set(every)
        kinds: dict[tuple[str, str, bool], int] = {}
        for each in few:
            key = each.eval, each.scorer, each.candidate > each.baseline
            kinds[key] = kinds.get(key, 0) + 1
        assert max(kinds.values()) == 3


def test_the_command_writes_the_page_and_prints_the_same(root: Path, tmp_path: Path) -> None:

    from assay.cli import (
        main,  # noqa: F401
    )

    arguments = ["compare", OLD, GUARDED, "--workspace", str(root)]
    told = CliRunner().invoke(app, [*arguments, "--html", str(tmp_path / "c.html")])
    assert told.exit_code == CliRunner().invoke(app, arguments).exit_code
    assert "Candidate less baseline" in (tmp_path / "c.html").read_text()
