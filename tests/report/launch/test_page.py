"""The launch report as a reader has it: in a browser, on paper, as Markdown; and its SQL run."""

from __future__ import annotations

import html
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from assay import api
from assay.errors import StoreError
from assay.report.launch.chapters import chapters
from tests.report.launch.conftest import Launch
from tests.report.test_html import Page as Parsed
from tests.report.test_page import CONTRAST, no_overflow
from tests.support.browser import browser, leave_out, opened  # noqa: F401

PARTS = (
    "Single-turn requests", "Higher-difficulty requests", "Multi-turn conversations",
    "User wellbeing", "Bias", "Elections", "Agentic safety", "Other evals",
    "Findings and mitigations", "Changes to evals", "Scorer validity", "Statistics",
    "Limits: what this report cannot tell", "Transcripts",
)  # fmt: skip


@pytest.fixture
def page(browser: Browser, launch: Launch) -> Iterator[Page]:  # noqa: F811
    with opened(browser, launch.page) as view:
        yield view.page
    assert view.complaints == []


@pytest.fixture(scope="module")
def text(launch: Launch) -> str:
    return launch.page.read_text(encoding="utf-8")


def test_the_decision_comes_first_and_then_every_chapter(page: Page) -> None:
    heads = [each.strip() for each in page.locator("h2").all_inner_texts()]
    assert heads == ["Decision", *PARTS]
    expect(page.get_by_role("heading", level=1)).to_contain_text("No-go")
    first = page.locator("#decision")
    for words in ("Failed: refuses-harm", "Conditions", "Waivers", "Sign-offs"):
        expect(first).to_contain_text(words)


def test_gates_stand_with_all_that_a_decision_maker_needs(page: Page) -> None:
    row = page.locator(".gates tr").filter(has_text="refuses-harm").first
    for words in ("fail", "at least 90%", "of 120", "missing", "certified", "Safeguards"):
        expect(row).to_contain_text(words)
    order = page.locator(".gates td .verdict").all_inner_texts()
    assert order == ["fail", "inconclusive", "inconclusive", "pass", "pass"]


def test_a_void_sign_off_is_visibly_so_and_says_why(page: Page) -> None:
    signed = page.locator(".signatures li")
    expect(signed).to_have_count(1)
    expect(signed).to_contain_text("void")
    expect(signed).to_contain_text("the launch's file has changed")
    line = signed.locator(".signer").evaluate("node => getComputedStyle(node).textDecorationLine")
    assert line == "line-through"


def test_a_chapter_without_evidence_says_so_by_its_name(page: Page) -> None:
    for name in ("higher-difficulty", "multi-turn", "bias", "agentic"):
        expect(page.locator(f"#{name} .nothing")).to_contain_text("No evidence.")
    expect(page.locator("#agentic .nothing")).to_contain_text("agentic safety")


def test_only_what_is_clear_is_bold(page: Page, launch: Launch) -> None:
    told = [
        (table.eval, other.change)
        for chapter in chapters(launch.view)
        for table in (*chapter.overall, *chapter.areas, *chapter.languages)
        for row in table.rows
        for other in row.others
        if other.change and other.change.size
    ]
    clear = sum(each.clear for _, each in told)
    assert 0 < clear < len(told)
    assert page.locator(".others .change strong:first-child").count() == clear
    weights = page.locator(".others .change:not(:has(strong))").evaluate_all(
        "nodes => [...new Set(nodes.map((node) => getComputedStyle(node).fontWeight))]"
    )
    assert weights == ["400"]


def test_the_ledger_tells_the_owner_the_mitigation_and_its_effect(page: Page) -> None:
    finding = page.locator(".finding")
    expect(finding).to_have_count(1)
    for words in ("open", "Refuses too little", "A system prompt", "before", "after", "pairs"):
        expect(finding).to_contain_text(words)


def test_from_a_figure_to_its_transcripts(page: Page) -> None:
    page.get_by_role("link", name="samples of harmful-requests, violative requests").first.click()
    page.wait_for_timeout(250)
    expect(page.get_by_label("Eval", exact=True)).to_have_value("harmful-requests")
    expect(page.get_by_label("Requests", exact=True)).to_have_value("violative")
    rows = page.locator("#list > li")
    assert rows.count() > 5
    for row in rows.all():
        expect(row).to_contain_text("harmful-requests")
    rows.first.locator("summary").click()
    body = rows.first.locator(".body")
    expect(body).to_contain_text("Candidate")
    expect(body).to_contain_text("Baseline shipped")
    body.get_by_role("button", name="Show the text of this sample").click()
    expect(body.locator(".veil[aria-hidden=false]").first).to_be_visible()


def test_from_a_gate_to_its_transcripts(page: Page) -> None:
    page.get_by_role("link", name="samples of gate answers-harmless").click()
    page.wait_for_timeout(250)
    expect(page.get_by_label("Eval", exact=True)).to_have_value("benign-requests")


def test_a_figure_whose_transcripts_are_not_here_finds_none_rather_than_others(page: Page) -> None:
    page.get_by_role("link", name="samples of gate refuses-malicious-tasks").click()
    expect(page.get_by_role("status")).to_have_text("No sample matches these filters.")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
def test_desk_and_phone_without_overflow_or_faint_text(
    browser: Browser,  # noqa: F811
    launch: Launch,
    width: int,
    scheme: str,
) -> None:
    with opened(browser, launch.page, width=width, color_scheme=scheme, offline=True) as view:
        assert no_overflow(view.page)
        seen, faint = view.page.evaluate(CONTRAST)
        assert seen > 500
        assert faint == []
    assert view.complaints == []


def test_hostile_text_is_nowhere_markup(text: str, page: Page) -> None:
    parsed = Parsed(text)
    assert len(parsed.bodies["script"]) == 2
    assert not set(text) & set("\u202e\u2066\x1b\x07\u200b")
    assert "&lt;/script&gt;" in text
    assert page.evaluate("window.hacked") is None
    for tag, attributes in parsed.tags:
        assert tag not in ("img", "iframe", "link", "base")
        assert not [name for name in attributes if name.startswith("on")]
        assert (attributes.get("href") or "#").startswith("#")
    ids = [attributes["id"] for _, attributes in parsed.tags if "id" in attributes]
    assert len(ids) == len(set(ids))


def test_every_sql_of_the_page_runs_and_gives_the_figures_that_stand_there(
    launch: Launch, text: str
) -> None:
    shown = {
        html.unescape(each) for each in re.findall(r"<code>((?:SELECT|WITH).*?)</code>", text, re.S)
    }
    assert len(shown) > 40
    checked = 0
    for chapter in chapters(launch.view):
        for table in (*chapter.overall, *chapter.areas, *chapter.languages):
            figures, differences = [], []
            for query in table.queries:
                assert query.sql in shown
                columns, rows = api.sql(query.sql, workspace=launch.root)
                answers = [dict(zip(columns, row, strict=True)) for row in rows]
                if "figures" in query.about:
                    figures += answers
                elif "differences" in query.about:
                    differences += answers
            for row in table.rows:
                sides = [(launch.view.subjects[0], row.candidate)]
                sides += [(other.subject, other.figure) for other in row.others]
                for subject, figure in sides:
                    if figure is None:
                        continue
                    run = run_of(launch, subject, table.eval, row.scorer)
                    told = the_row(figures, run, row.slice)
                    assert told["figure"] == pytest.approx(figure.estimate.value)
                    assert told["scored"] == figure.estimate.n
                    assert told["planned"] == figure.estimate.planned
                    checked += 1
                for other in row.others:
                    if other.change is None or not other.change.size:
                        continue
                    run = run_of(launch, other.subject, table.eval, row.scorer)
                    told = the_row(differences, run, row.slice)
                    assert told["difference"] == pytest.approx(other.change.difference.value)
                    assert told["pairs"] == other.change.difference.n
                    checked += 1
    assert checked > 300


def queries_of(text: str) -> set[str]:
    found = re.findall(r'<pre dir="ltr"><code>(.*?)</code></pre>', text, re.S)
    return {html.unescape(each) for each in found}


def run_of(launch: Launch, subject: object, eval: str, scorer: str) -> str:
    [found] = [
        each.run.id
        for each in launch.view.sources
        if (each.subject, each.eval.name, each.scorer.name) == (subject, eval, scorer)
    ]
    return found


def the_row(rows: list[dict[str, Any]], run: str, slice: Mapping[str, str]) -> dict[str, Any]:
    names = {"polarity", "policy_area", "language"}
    [found] = [
        row
        for row in rows
        if row["run_id"] == run and {n: row[n] for n in names & row.keys()} == dict(slice)
    ]
    return found


class TestPaper:
    @pytest.fixture(scope="class")
    @staticmethod
    def paper(
        browser: Browser,  # noqa: F811
        launch: Launch,
        tmp_path_factory: pytest.TempPathFactory,
    ) -> list[str]:
        """The text of each printed page."""
        if shutil.which("pdftotext") is None:
            leave_out("no pdftotext on the PATH (Debian package: poppler-utils)")
        file = tmp_path_factory.mktemp("paper") / "report.pdf"
        with opened(browser, launch.page) as view:
            view.page.pdf(path=file, prefer_css_page_size=True)
        done = subprocess.run(
            ["pdftotext", "-layout", str(file), "-"], capture_output=True, text=True, check=True
        )
        return done.stdout.split("\f")[:-1]

    def test_the_decision_is_the_first_page(self, paper: list[str]) -> None:
        for words in ("Launch report", "No-go", "Failed: refuses-harm", "Requirement"):
            assert words in paper[0]
        assert re.search(rf"1 / {len(paper)}\s*$", paper[0])

    def test_folds_are_open_and_transcripts_and_sql_are_left_out(self, paper: list[str]) -> None:
        whole = "\n".join(paper)
        assert "illegal drugs" in whole
        assert "SELECT" not in whole
        assert re.search(r"file itself holds \d+ of the candidate's\s+\d+\s+samples", whole)
        assert "transcripts are not printed" in whole
        assert "Clear filters" not in whole
        assert "Skip to the gates" not in whole

    def test_long_tables_are_cut_and_say_how_many_rows_are_not_printed(
        self, launch: Launch, paper: list[str]
    ) -> None:
        tables = [
            table for each in chapters(launch.view) for _, own in each.sections for table in own
        ]
        left_out = [table for table in tables if table.unprinted]
        assert left_out
        whole = re.sub(r"\s+", " ", "\n".join(paper))
        for table in left_out:
            assert (
                f"{len(table.unprinted)} of these {len(table.rows)} rows are not printed" in whole
            )
            assert not any(table.rows[number].stands_out for number in table.unprinted)

    def test_tables_repeat_their_heads_and_no_chapter_begins_at_a_pages_end(
        self, paper: list[str]
    ) -> None:
        for number, page in enumerate(paper):
            lines = [line.strip() for line in page.splitlines() if line.strip()]
            body = [line for line in lines if not re.fullmatch(r"\d+ / \d+", line)]
            assert body, f"page {number + 1} is empty"
            assert body[-1] not in PARTS, f"page {number + 1} ends with a heading"
        heads = sum("Beside it, and the difference" in page for page in paper)
        assert heads > 10


class TestMarkdown:
    @pytest.fixture(scope="class")
    @staticmethod
    def markdown(launch: Launch) -> str:
        return launch.markdown.read_text(encoding="utf-8")

    def test_it_has_every_part_and_every_figure(self, launch: Launch, markdown: str) -> None:
        for title in PARTS[:-1]:
            assert f"\n## {title}" in markdown
        for source in launch.view.sources:
            for each in source.estimates:
                if each.value is not None and not set(each.slice) - {"polarity"}:
                    assert f"{each.n:,} of {each.planned:,}" in markdown
        assert "clearly better" in markdown
        assert "void" in markdown

    def test_hostile_text_is_text(self, markdown: str) -> None:
        outside = re.sub(r"(?ms)^(`{3,})sql$.*?^\1$", "", markdown)
        assert not re.findall(r"<(?!/?details>|/?summary>)", outside)
        assert "](" not in outside
        assert not set(markdown) & set("\x1b\x07")

    def test_tables_are_whole(self, markdown: str) -> None:
        width = None
        for line in markdown.splitlines():
            if not line.startswith("|"):
                width = None
                continue
            cells = len(re.findall(r"(?<!\\)\|", line))
            assert width in (None, cells), line
            width = cells

    def test_its_sql_is_the_pages(self, markdown: str, text: str) -> None:
        shown = {
            html.unescape(each) for each in re.findall(r"<code>(SELECT.*?)</code>", text, re.S)
        }
        told = set(re.findall(r"```sql\n(SELECT.*?)\n```", markdown, re.S))
        assert told == shown


def test_a_file_that_cannot_be_written_is_told(launch: Launch, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be written"):
        api.report_launch("pilot", out=tmp_path / "no" / "x.html", workspace=launch.root)
