"""The report in a real browser: what it shows, hides, and lets a reader do."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from assay.errors import StoreError
from assay.report import RunView, write_report
from assay.report.page import generator, write_page
from tests.report.material import EVALS, HOSTILE, a_pair, a_row, a_run, a_transcript
from tests.support.browser import browser, leave_out, opened  # noqa: F401

CONTRAST = """
() => {
  const numbers = (text) => text.match(/[\\d.]+/g).map(Number);
  const linear = (c) => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  const light = (colour) => {
    const [r, g, b] = colour.slice(0, 3).map((c) => linear(c / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (node) => {
    for (; node; node = node.parentElement) {
      const colour = numbers(getComputedStyle(node).backgroundColor);
      if (colour.length < 4 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  const unseen = ["SCRIPT", "STYLE", "NOSCRIPT", "title", "desc"];
  const faint = new Set();
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  let seen = 0;
  for (let text = walk.nextNode(); text; text = walk.nextNode()) {
    const node = text.parentElement;
    if (!text.data.trim() || unseen.includes(node.tagName)) continue;
    if (!node.getClientRects().length || node.closest(".veil")) continue;
    const style = getComputedStyle(node);
    const ink = numbers(node.tagName === "text" ? style.fill : style.color);
    const [a, b] = [light(ink), light(ground(node))].sort((x, y) => y - x);
    seen += 1;
    if ((a + 0.05) / (b + 0.05) < 4.5) faint.add(`${node.tagName} ${text.data.slice(0, 40)}`);
  }
  return [seen, [...faint]];
}
"""
"""The number of texts, and those whose contrast with their ground is below WCAG's 4.5 to 1."""


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A pair of runs, and a run by itself; both with hostile text in the first sample."""
    folder = tmp_path_factory.mktemp("reports")
    candidate, baseline = a_pair()
    write_report(folder / "pair.html", candidate, baseline)
    write_report(folder / "single.html", candidate)
    return {"pair": folder / "pair.html", "single": folder / "single.html"}


@pytest.fixture
def page(browser: Browser, reports: dict[str, Path]) -> Iterator[Page]:  # noqa: F811
    with opened(browser, reports["pair"]) as view:
        yield view.page
        assert view.complaints == []


def count(page: Page) -> int:
    """The number of matching samples, as the page announces it."""
    page.wait_for_timeout(200)
    words = page.get_by_role("status").inner_text()
    return (
        0
        if words.startswith("No sample")
        else int(words.split(" matching")[0].split()[-1].replace(",", ""))
    )


def no_overflow(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


@pytest.mark.parametrize("name", ["pair", "single"])
def test_it_opens_from_a_file_without_network_or_complaint(
    browser: Browser,  # noqa: F811
    reports: dict[str, Path],
    name: str,
) -> None:
    with opened(browser, reports[name], offline=True) as view:
        expect(view.page.get_by_role("heading", level=1)).to_contain_text("openai/gpt-oss-120b")
        expect(view.page.get_by_role("table").first).to_be_visible()
        expect(view.page.locator("#list > li")).to_have_count(25)
        view.page.evaluate("scrollTo(0, document.body.scrollHeight)")
        view.page.wait_for_timeout(200)
    assert view.complaints == []


def test_without_javascript_the_figures_are_readable(
    browser: Browser,  # noqa: F811
    reports: dict[str, Path],
) -> None:
    with opened(browser, reports["pair"], java_script_enabled=False) as view:
        expect(view.page.get_by_role("row").filter(has_text="violative").first).to_be_visible()
        expect(view.page.locator("noscript p")).to_be_visible()
        expect(view.page.get_by_role("search")).to_have_count(0)
        view.page.locator("summary").first.click()
        expect(view.page.locator(".slices table").first).to_be_visible()


class TestFilters:
    def test_each_filter_narrows_the_list_to_what_it_says(self, page: Page) -> None:
        assert count(page) == 700
        page.get_by_label("Eval", exact=True).select_option("self-harm-support")
        assert count(page) == 80
        page.get_by_label("Requests", exact=True).select_option("benign")
        assert count(page) == 40
        for row in page.locator("#list > li").all():
            expect(row).to_contain_text("self-harm-support")
            expect(row).to_contain_text("benign")
        page.get_by_role("button", name="Clear filters").click()
        assert count(page) == 700

    def test_area_language_and_label(self, page: Page) -> None:
        page.get_by_label("Policy area", exact=True).select_option("malware")
        page.get_by_label("Language", exact=True).select_option("fa")
        page.get_by_label("Label of the candidate").select_option("refusal: refused")
        assert 0 < count(page) < 60
        for row in page.locator("#list > li").all():
            for text in ("malware", "fa", "refused"):
                expect(row).to_contain_text(text)

    def test_unscored_unwanted_and_scored(self, page: Page) -> None:
        score = page.get_by_label("Score", exact=True)
        found = {}
        for kind in ("unscored", "unwanted", "scored"):
            score.select_option(kind)
            found[kind] = count(page)
            if kind != "scored":
                assert (
                    page.locator("#list > li").count()
                    == page.locator(f"#list > li:has(.tag.{kind})").count()
                )
        assert found["unscored"] + found["scored"] == 700
        assert 0 < found["unwanted"] < found["scored"]

    def test_only_where_the_two_differ(self, page: Page) -> None:
        page.get_by_label("Only where candidate and baseline differ").check()
        assert 0 < count(page) < 700
        first = page.locator("#list > li .outcome")
        assert first.nth(0).inner_text() != first.nth(1).inner_text()

    def test_text_is_found_in_requests_replies_and_explanations(self, page: Page) -> None:
        search = page.get_by_role("searchbox")
        for words, least in (("no. 77)", 1), ("LOOK AROUND", 50), ("declines", 50)):
            search.fill(words)
            assert count(page) >= least, words
        search.fill("words that nobody wrote")
        assert count(page) == 0
        expect(page.get_by_role("status")).to_have_text("No sample matches these filters.")

    def test_more_samples_come_on_request_and_take_the_focus(self, page: Page) -> None:
        page.get_by_role("button", name="Show more samples").click()
        expect(page.locator("#list > li")).to_have_count(50)
        assert page.evaluate(
            "document.activeElement === document.querySelectorAll('#list summary')[25]"
        )

    def test_a_figure_leads_to_its_samples(self, page: Page) -> None:
        link = page.get_by_role("link", name="samples of harmful-requests, benign requests").first
        link.click()
        assert count(page) == 120
        expect(page.get_by_label("Eval", exact=True)).to_have_value("harmful-requests")
        expect(page.get_by_label("Requests", exact=True)).to_have_value("benign")


class TestBlur:
    def opened_sample(self, page: Page) -> Any:
        page.get_by_label("Score", exact=True).select_option("unwanted")
        page.wait_for_timeout(200)
        sample = page.locator("#list > li").nth(3)
        sample.locator("summary").click()
        expect(sample.locator(".body")).to_be_visible()
        return sample

    def test_texts_are_blurred_and_hidden_until_asked_for(self, page: Page) -> None:
        sample = self.opened_sample(page)
        veils = sample.locator(".veil")
        assert veils.count() >= 5
        for veil in veils.all():
            assert "blur" in veil.evaluate("node => getComputedStyle(node).filter")
            assert veil.get_attribute("aria-hidden") == "true"

    def test_a_click_on_a_text_shows_the_sample_and_no_other(self, page: Page) -> None:
        sample = self.opened_sample(page)
        sample.locator(".message .veil").first.click()
        for veil in sample.locator(".veil").all():
            assert veil.evaluate("node => getComputedStyle(node).filter") == "none"
        other = page.locator("#list > li").nth(4).locator(".veil").first
        assert "blur" in other.evaluate("node => getComputedStyle(node).filter")

    @pytest.mark.parametrize("key", ["Enter", "Space"])
    def test_by_keyboard_alone(self, page: Page, key: str) -> None:
        page.locator("#list summary").first.focus()
        page.keyboard.press("Enter")
        expect(page.locator("#list .body")).to_be_visible()
        page.keyboard.press("Tab")
        button = page.get_by_role("button", name="Show the text of this sample")
        expect(button).to_be_focused()
        page.keyboard.press(key)
        shown = page.get_by_role("button", name="Blur the text of this sample")
        expect(shown).to_be_focused()
        assert shown.get_attribute("aria-pressed") == "true"
        sample = page.locator("#list > li").first
        assert sample.locator('.veil[aria-hidden="true"]').count() == 0
        page.keyboard.press(key)
        assert sample.locator('.veil[aria-hidden="false"]').count() == 0

    def test_all_texts_need_a_second_word(self, page: Page) -> None:
        page.get_by_role("button", name="Show all texts").click()
        dialog = page.get_by_role("dialog", name="Show every text without blur?")
        expect(dialog).to_be_visible()
        page.keyboard.press("Escape")
        expect(dialog).to_be_hidden()
        assert page.locator('#list .veil[aria-hidden="false"]').count() == 0
        page.get_by_role("button", name="Show all texts").click()
        dialog.get_by_role("button", name="Show all texts").click()
        assert page.locator('#list .veil[aria-hidden="true"]').count() == 0
        page.locator("#list summary").first.click()
        assert page.locator('#list .veil[aria-hidden="true"]').count() == 0
        page.get_by_role("button", name="Blur all texts").click()
        assert page.locator('#list .veil[aria-hidden="false"]').count() == 0

    def test_both_models_stand_side_by_side_with_their_scores(self, page: Page) -> None:
        sample = self.opened_sample(page)
        ours = sample.get_by_role("heading", name="Candidate: openai/gpt-oss-120b")
        theirs = sample.get_by_role("heading", name="Baseline: local/smollm2-135m")
        one, other = ours.bounding_box(), theirs.bounding_box()
        assert one is not None
        assert other is not None
        assert one["y"] == other["y"]
        assert one["x"] < other["x"]
        assert sample.get_by_role("heading", level=4).count() >= 2


class TestHostileText:
    def test_it_is_text_and_nothing_else(self, page: Page) -> None:
        page.get_by_role("searchbox").fill("window.hacked")
        assert count(page) == 1
        sample = page.locator("#list > li").first
        sample.locator("summary").click()
        sample.get_by_role("button", name="Show the text").click()
        said = sample.locator(".message .veil").first.inner_text()
        assert said.startswith(
            '</script><script>window.hacked = 1</script><img src=x onerror="window'
        )
        assert "⟨U+202E⟩" in said
        assert "⟨U+001B⟩[31m" in said
        assert "{{ 7 * 7 }}" in said
        assert page.evaluate("window.hacked") is None
        assert page.locator("img, iframe, object, embed, link").count() == 0
        assert page.locator("script").count() == 2

    def test_names_in_every_place_harm_nothing(
        self,
        browser: Browser,  # noqa: F811
        tmp_path: Path,
    ) -> None:
        transcript = a_transcript(0, policy_area=HOSTILE, language=HOSTILE, task_id=HOSTILE)
        rows = (a_row(transcript, label=HOSTILE),)
        view = RunView(a_run(HOSTILE, id=HOSTILE), a_pair()[0].estimates, [(transcript, rows)] * 3)
        write_report(tmp_path / "hostile.html", view, view)
        with opened(browser, tmp_path / "hostile.html", width=360) as shown:
            shown.page.locator("#list summary").first.click()
            assert shown.page.evaluate("window.hacked") is None
            assert shown.page.locator("img").count() == 0
            assert no_overflow(shown.page)
        assert shown.complaints == []

    def test_right_to_left_text_keeps_to_itself(
        self,
        browser: Browser,  # noqa: F811
        tmp_path: Path,
    ) -> None:
        transcript = a_transcript(0, asked="سلام دنیا", task_id="نمونه")
        told = [(transcript, (a_row(transcript),))]
        write_report(tmp_path / "rtl.html", RunView(a_run("m", id="r"), (), told))
        with opened(browser, tmp_path / "rtl.html") as view:
            view.page.locator("#list summary").first.click()
            asked = view.page.locator(".message .veil").nth(1)
            assert asked.evaluate("node => getComputedStyle(node).direction") == "rtl"
            where = view.page.locator(".where").first
            assert where.locator("bdi").all_inner_texts() == ["harmful-requests", "نمونه"]


class TestPhone:
    @pytest.fixture
    def phone(self, browser: Browser, reports: dict[str, Path]) -> Iterator[Page]:  # noqa: F811
        with opened(browser, reports["pair"], width=360, height=740) as view:
            yield view.page
            assert view.complaints == []

    def test_the_page_never_scrolls_sideways(self, phone: Page) -> None:
        assert no_overflow(phone)
        phone.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
        phone.wait_for_timeout(300)
        assert no_overflow(phone)
        phone.get_by_role("button", name="Show all texts").click()
        assert no_overflow(phone)

    def test_stacked_rows_are_still_a_table_to_a_screen_reader(self, phone: Page) -> None:
        table = phone.get_by_role("table").first
        assert table.get_by_role("rowheader").count() >= 5
        assert table.get_by_role("cell").count() >= 20
        assert table.get_by_role("columnheader").count() == 5

    def test_each_stacked_cell_says_what_it_is(self, phone: Page) -> None:
        cell = phone.locator("td.figure").first
        told = cell.evaluate("node => getComputedStyle(node, '::before').content")
        assert told == '"Candidate"'

    def test_buttons_and_fields_are_large_enough_to_touch(self, phone: Page) -> None:
        for control in phone.locator("button:visible, select:visible, input[type=search]").all():
            box = control.bounding_box()
            assert box is not None
            assert box["height"] >= 40


class TestPaper:
    def test_figures_and_provenance_are_printed_samples_are_not(
        self,
        browser: Browser,  # noqa: F811
        reports: dict[str, Path],
        tmp_path: Path,
    ) -> None:
        with opened(browser, reports["pair"]) as view:
            view.page.emulate_media(media="print")
            expect(view.page.locator("#list")).to_be_hidden()
            expect(view.page.get_by_text("The samples are not printed")).to_be_visible()
            view.page.pdf(path=tmp_path / "report.pdf", prefer_css_page_size=True)
        pages = (tmp_path / "report.pdf").read_bytes().count(b"/Type /Page\n")
        assert 5 < pages < 40
        if shutil.which("pdftotext") is None:
            leave_out("no pdftotext to read the pages with (Debian package: poppler-utils)")
        done = subprocess.run(
            ["pdftotext", tmp_path / "report.pdf", "-"], capture_output=True, text=True, check=True
        )
        for words in ("Overall figures", "illegal drugs", "By language", EVALS[0].hash[:20]):
            assert words in done.stdout
        assert "Tell me how" not in done.stdout

    def test_what_is_folded_is_open_on_paper(self, page: Page) -> None:
        closed = page.locator("details.slices:not([open]), details.sheet:not([open])")
        folded = closed.count()
        assert folded > 10
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        assert closed.count() == 0
        page.evaluate("dispatchEvent(new Event('afterprint'))")
        assert closed.count() == folded

    def test_dark_screens_print_dark_ink_on_white(self, page: Page) -> None:
        page.emulate_media(media="print", color_scheme="dark")
        colours = page.evaluate(
            "(s => [s.color, s.backgroundColor])(getComputedStyle(document.body))"
        )
        assert colours == ["rgb(0, 0, 0)", "rgb(255, 255, 255)"]


class TestAccess:
    def test_landmarks_and_language(self, page: Page) -> None:
        assert page.locator("html").get_attribute("lang") == "en"
        for role in ("banner", "navigation", "main", "contentinfo", "search"):
            expect(page.get_by_role(role)).to_have_count(1)  # type: ignore[arg-type]

    def test_headings_never_skip_a_level(self, page: Page) -> None:
        page.locator("#list summary").first.click()
        levels = page.locator("h1:visible, h2:visible, h3:visible, h4:visible").evaluate_all(
            "nodes => nodes.map((node) => Number(node.tagName[1]))"
        )
        assert levels[0] == 1
        assert levels.count(1) == 1
        assert all(after <= before + 1 for before, after in pairwise(levels))

    def test_every_control_has_a_name(self, page: Page) -> None:
        page.locator("#list summary").first.click()
        expect(page.locator("#list details[open] button").first).to_be_visible()  # it is drawn late
        for role in ("button", "link", "combobox", "searchbox", "checkbox"):
            every = page.get_by_role(role)  # type: ignore[arg-type]
            named = page.get_by_role(role, name=re.compile(r"\S"))  # type: ignore[arg-type]
            assert every.count() == named.count() > 0

    def test_every_table_has_a_caption_and_scoped_heads(self, page: Page) -> None:
        for table in page.locator("table").all():
            assert table.locator("caption").inner_text().strip() != "" or not table.is_visible()
            assert table.locator("th:not([scope])").count() == 0

    def test_every_plot_has_a_title_and_a_description(self, page: Page) -> None:
        plots = page.locator("svg.plot")
        assert plots.count() > 50
        for attribute in ("aria-labelledby", "aria-describedby"):
            assert plots.evaluate_all(
                "(nodes, name) => nodes.every((node) =>"
                " document.getElementById(node.getAttribute(name)).textContent)",
                attribute,
            )
        assert page.locator("svg:not([role=img]):not([aria-hidden]):not(svg svg)").count() == 0

    def test_the_skip_link_comes_first_and_works(self, page: Page) -> None:
        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name="Skip to the figures")).to_be_focused()
        assert page.locator(".skip").bounding_box()["x"] >= 0  # type: ignore[index]
        page.keyboard.press("Enter")
        assert page.url.endswith("#figures")

    def test_the_focus_is_always_seen(self, page: Page) -> None:
        for _ in range(25):
            page.keyboard.press("Tab")
            outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            assert outline == "solid"

    @pytest.mark.parametrize("scheme", ["light", "dark"])
    def test_text_stands_out_from_its_ground(self, page: Page, scheme: Any) -> None:
        page.emulate_media(color_scheme=scheme)
        page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
        page.wait_for_timeout(300)
        seen, faint = page.evaluate(CONTRAST)
        assert seen > 500
        assert faint == []

    def test_bold_never_marks_a_difference_inside_the_noise(self, page: Page) -> None:
        cells = page.locator("td.difference")
        weights = cells.evaluate_all(
            "nodes => nodes.map((n) => [n.textContent.includes('clear: the intervals'),"
            " [...n.querySelectorAll('*')].some((c) => getComputedStyle(c).fontWeight > 500)])"
        )
        assert any(clear for clear, _ in weights)
        assert all(clear == bold for clear, bold in weights)


def test_it_opens_a_report_of_two_thousand_transcripts_at_once(
    browser: Browser,  # noqa: F811
    tmp_path: Path,
) -> None:
    def told(model: str) -> Any:
        for number in range(1000):
            transcript = a_transcript(number, model=model, reply="A long reply. " * 150)
            yield transcript, (a_row(transcript, label="refused"),)

    views = [RunView(a_run(m, id=m, evals=EVALS[:1]), (), told(m)) for m in ("one", "two")]
    write_report(tmp_path / "large.html", *views)
    with opened(browser, tmp_path / "large.html") as view:
        assert count(view.page) == 1000
        took = view.page.evaluate("performance.getEntriesByType('navigation')[0].domComplete")
        view.page.get_by_role("searchbox").fill("long reply")
        assert count(view.page) == 1000
    assert took < 5000
    assert view.complaints == []


def test_only_a_page_of_ours_is_written_over(tmp_path: Path) -> None:
    mine = tmp_path / "notes.html"
    mine.write_text("<p>Mine.</p>")
    with pytest.raises(StoreError, match="no page that Assay wrote"):
        write_page(mine, ["<!doctype html>"])
    assert mine.read_text() == "<p>Mine.</p>"
    page = tmp_path / "page.html"
    head = f'<meta name="generator" content="{generator()}">'
    write_page(page, [head])
    write_page(page, [head, "newer"])
    assert page.read_text().endswith("newer")
    plan = tmp_path / "plan.md"
    plan.write_text("# Plans\n\n## Launch party\n")
    with pytest.raises(StoreError, match="no page that Assay wrote"):
        write_page(plan, ["## Launch v2: pass\n"])
    plan.write_text("## Launch v1: fail\n")
    write_page(plan, ["## Launch v2: pass\n"])
    with pytest.raises(StoreError):
        write_page(plan.rename(tmp_path / "plan.html"), [head])


def test_what_a_killed_writing_leaves_is_known_as_such(tmp_path: Path) -> None:
    def parts() -> Iterator[str]:
        yield "half"
        left = [each.name for each in tmp_path.iterdir()]
        assert [name.startswith(".p.html.") and name.endswith(".part") for name in left] == [True]
        yield "whole"

    write_page(tmp_path / "p.html", parts())
    assert (tmp_path / "p.html").read_text() == "halfwhole"
