"""The explorer in a browser: from the tree to the map to the table, filters, search, comparing."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from playwright.sync_api import Browser, Page, expect

from assay import api
from tests.report.usage.test_explorer import HOSTILE, thin
from tests.support.browser import opened
from tests.usage.explore.made import ABOVE, TOPICS, make


@pytest.fixture(scope="module")
def page_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = make(tmp_path_factory.mktemp("usage"), rising=2, each=150)
    made.score(lambda each, base: float(base % 2))
    return api.explore_usage(workspace=made.root)


def row_names(page: Page) -> list[str]:
    return page.locator("#rows tbody button[data-group] bdi").all_inner_texts()


def test_what_is_chosen_in_the_tree_shows_on_the_map_and_in_the_table(
    browser: Browser, page_file: Path
) -> None:
    with opened(browser, page_file) as view:
        page = view.page
        assert sorted(row_names(page)) == sorted(ABOVE)
        page.locator("#tree").get_by_role("button", name=ABOVE[1], exact=False).last.click()
        expect(page.locator("#chosen h2")).to_contain_text(ABOVE[1])
        assert sorted(row_names(page)) == sorted(TOPICS[2:4])
        assert page.locator("#map circle.off").count() == 4
        page.locator("#map circle:not(.off)").first.click()
        chosen = page.locator("#chosen h2").inner_text()
        assert chosen in TOPICS[2:4]
        assert page.locator("#tree .node.here").inner_text().startswith(chosen)
        assert page.locator("#rows tr.here").inner_text().startswith(chosen)
        other = next(name for name in TOPICS[2:4] if name != chosen)
        page.locator("#rows").get_by_role("button", name=other).click()
        expect(page.locator("#map circle.here title")).to_have_text(other)
        assert view.complaints == []


def test_filters_count_only_what_they_let_through(browser: Browser, page_file: Path) -> None:
    with opened(browser, page_file) as view:
        page = view.page
        expect(page.locator("#status")).to_contain_text("2,850 conversations")
        page.get_by_label("Only").select_option("time")
        page.locator("#filter-from").select_option("0")
        page.locator("#filter-to").select_option("0")
        expect(page.locator("#status")).to_contain_text("900 of 2,850")
        page.locator("#filter-to").select_option("2")
        expect(page.locator("#status")).to_contain_text("2,850 of 2,850")
        page.get_by_label("Only").select_option("language")
        page.locator("#filter-from").select_option(label="all others")
        expect(page.locator("#rows tbody")).to_contain_text("fewer than 25")
        page.get_by_role("button", name="Clear").click()
        expect(page.locator("#status")).to_contain_text("2,850 conversations.")
        assert view.complaints == []


def test_comparing_periods_lists_what_rose_and_models_none(
    browser: Browser, page_file: Path
) -> None:
    with opened(browser, page_file) as view:
        page = view.page
        page.locator("#first").select_option("0")
        expect(page.locator("#list-rising")).to_contain_text(TOPICS[2])
        page.locator("#first").select_option("2")
        page.locator("#second").select_option("0")
        expect(page.locator("#list-falling")).to_contain_text(TOPICS[2])
        expect(page.locator("#list-rising")).not_to_contain_text(TOPICS[2])
        page.locator("#colour").select_option("change")
        expect(page.locator("#legend")).to_contain_text("smaller share")
        page.locator("#compare").select_option("model")
        expect(page.locator("#changes-about")).to_contain_text("aster-1")
        expect(page.locator("#list-rising")).to_contain_text("none clearly")
        expect(page.locator("#table tbody tr").first).to_contain_text("none clear")
        assert view.complaints == []


def test_search_finds_names_and_keywords_and_says_how_many(
    browser: Browser, page_file: Path
) -> None:
    with opened(browser, page_file) as view:
        page = view.page
        page.get_by_label("Search names and keywords").fill("CHESS learn")
        expect(page.locator("#rows-caption")).to_contain_text("1 of 9 groups match")
        assert row_names(page) == ["learning chess"]
        assert page.locator("#map circle:not(.off)").count() == 1
        page.get_by_label("Search names and keywords").fill("no such thing")
        expect(page.locator("#rows-caption")).to_contain_text("0 of 9")
        assert view.complaints == []


def test_everything_is_reached_by_keys(browser: Browser, page_file: Path) -> None:
    with opened(browser, page_file) as view:
        page = view.page
        page.locator("#map").focus()
        page.keyboard.press("ArrowRight")
        first = page.locator("#chosen h2").inner_text()
        assert first in TOPICS
        page.keyboard.press("ArrowLeft")
        page.keyboard.press("+")
        assert page.locator("#map").get_attribute("viewBox") != "0 0 1000 760"
        page.keyboard.press("0")
        assert page.locator("#map").get_attribute("viewBox") == "0 0 1000 760"
        page.keyboard.press("Escape")
        expect(page.locator("#chosen h2")).to_have_text("All conversations")
        page.get_by_role("button", name="Groups within at home").focus()
        page.keyboard.press("Enter")
        expect(page.locator("#tree")).to_contain_text("baking bread")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(page.locator("#chosen h2")).to_contain_text("at home")
        assert view.complaints == []


def test_the_table_sorts_by_what_is_asked(browser: Browser, page_file: Path) -> None:
    with opened(browser, page_file) as view:
        page = view.page
        head = page.locator("#rows thead")
        head.get_by_role("button", name="Group").click()
        assert row_names(page) == sorted(ABOVE)
        head.get_by_role("button", name="flagger").click()
        assert page.locator("#rows th[aria-sort=descending]").inner_text().startswith("flagger")
        assert view.complaints == []


def test_a_phone_shows_one_under_the_other_and_nothing_too_wide(
    browser: Browser, page_file: Path
) -> None:
    with opened(browser, page_file, width=360, height=740) as view:
        page = view.page
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        tops = [page.locator(each).bounding_box() for each in ("#tree", "#map", "#rows")]
        heights = [box["y"] for box in tops if box]
        assert heights == sorted(heights)
        page.locator("#rows tbody button").first.click()
        expect(page.locator("#chosen h2")).not_to_have_text("All conversations")
        assert view.complaints == []


def test_hostile_names_do_nothing_but_stand_there(browser: Browser, tmp_path: Path) -> None:
    made = make(tmp_path)
    made.change_clusters(
        lambda each: msgspec.structs.replace(each, name=HOSTILE, keywords=(HOSTILE,))
    )
    with opened(browser, api.explore_usage(workspace=made.root)) as view:
        view.page.on("dialog", lambda dialog: view.complaints.append(dialog.message))
        view.page.locator("#rows tbody button").first.click()
        expect(view.page.locator("#chosen h2")).to_contain_text("<img src=x")
        assert view.page.locator("img").count() == 0
        assert view.complaints == []


def test_on_paper_the_controls_are_gone_and_the_table_is_there(
    browser: Browser, page_file: Path
) -> None:
    with opened(browser, page_file) as view:
        view.page.emulate_media(media="print")
        assert not view.page.locator("#controls").is_visible()
        assert view.page.locator("#rows").is_visible()
        assert view.page.locator("#map").is_visible()


def test_the_report_reads_on_a_phone_too(browser: Browser, page_file: Path) -> None:
    report = api.report_usage(workspace=page_file.parents[3])
    with opened(browser, report, width=360) as view:
        assert view.page.evaluate("document.documentElement.scrollWidth") <= 360
        expect(view.page.locator("#uses")).to_contain_text("at a desk")
        figure = view.page.locator("#uses td.figure .value").first.bounding_box()
        assert figure is not None
        assert figure["width"] > figure["height"]  # on one line
        assert view.complaints == []


@pytest.fixture(scope="module")
def from_few(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = make(tmp_path_factory.mktemp("few"), rising=5)
    return api.explore_usage(workspace=thin(made, {"2026-01": 13, "2026-02": 13}).root)


def test_a_side_that_may_have_had_some_makes_nothing_new(browser: Browser, from_few: Path) -> None:
    with opened(browser, from_few) as view:
        page = view.page
        expect(page.locator("#list-new")).not_to_contain_text(TOPICS[5])
        rising = page.locator("#list-rising")
        expect(rising).to_contain_text(TOPICS[5])
        expect(rising).to_contain_text("at least +")
        expect(rising).to_contain_text("rising from few")
        expect(page.locator("#changes-least")).to_contain_text("every count from 0 to 24")
        page.locator("#first").select_option("2")
        page.locator("#second").select_option("0")
        expect(page.locator("#list-falling")).to_contain_text("at least \N{MINUS SIGN}")
        expect(page.locator("#list-falling")).to_contain_text("falling to few")
        assert view.complaints == []


def test_groups_that_grew_from_few_are_told_without_a_test(
    browser: Browser, tmp_path: Path
) -> None:
    made = thin(make(tmp_path, rising=5), {"2026-01": 4, "2026-02": 0, "2026-03": 100})
    with opened(browser, api.explore_usage(workspace=made.root)) as view:
        page = view.page
        expect(page.locator("#changes-untold")).to_contain_text("grew from few")
        expect(page.locator("#list-from-few")).to_contain_text(
            "▲ from fewer than 25 to at least 14."
        )
        page.locator("#first").select_option("2")
        page.locator("#second").select_option("0")
        expect(page.locator("#list-from-few")).to_contain_text("▼ from at least 14.")
        assert view.complaints == []


def test_a_map_of_nothing_draws_no_empty_map(browser: Browser, tmp_path: Path) -> None:
    made = make(tmp_path, each=10)
    made.change_clusters(lambda each: msgspec.structs.replace(each, shown=False))
    with opened(browser, api.explore_usage(workspace=made.root)) as view:
        assert not view.page.locator("#explorer").is_visible()
        assert not view.page.locator("#changes").is_visible()
        expect(view.page.locator(".lead")).to_contain_text("No group may be shown")
        assert view.complaints == []


OVERLAPS = """() => {
  const box = (node) => node.getBoundingClientRect();
  const frame = box(document.getElementById("map")), zoom = box(document.querySelector(".zoom"));
  const labels = [...document.querySelectorAll("#labels text")], found = [];
  const aside = (a, b) => a.left < b.right && b.left < a.right;
  const meet = (a, b) => aside(a, b) && a.top < b.bottom && b.top < a.bottom;
  const outside = (a) => a.left < frame.left || a.right > frame.right
    || a.top < frame.top || a.bottom > frame.bottom;
  labels.forEach((one, i) => {
    if (outside(box(one))) found.push(`cut: ${one.textContent}`);
    if (meet(box(one), zoom)) found.push(`under the buttons: ${one.textContent}`);
    labels.slice(i + 1).filter((other) => meet(box(one), box(other)))
      .forEach((other) => found.push(`${one.textContent} / ${other.textContent}`));
  });
  return found;
}"""


@pytest.mark.parametrize("width", [360, 1280])
def test_labels_of_the_map_do_not_meet_nor_leave_it(
    browser: Browser, tmp_path: Path, width: int
) -> None:
    made = make(tmp_path)
    wide = "WWWWW MMMMMM, WWWWWW WWWWW, mmmmmm WWWW"
    made.change_clusters(
        lambda each: msgspec.structs.replace(
            each, name=f"{wide} {each.cluster_id}", parent_id=None, x=each.x % 3, y=each.y
        )
    )
    with opened(browser, api.explore_usage(workspace=made.root), width=width) as view:
        assert view.page.locator("#labels text").count() >= 4
        assert view.page.evaluate(OVERLAPS) == []
        view.page.locator("#zoom-in").click()
        assert view.page.evaluate(OVERLAPS) == []
        assert view.complaints == []


def test_on_paper_the_whole_map_is_drawn_and_what_was_chosen_is_said(
    browser: Browser, page_file: Path
) -> None:
    with opened(browser, page_file) as view:
        page = view.page
        page.locator("#tree").get_by_role("button", name=ABOVE[1], exact=False).last.click()
        page.locator("#zoom-in").click()
        box = page.locator("#map").get_attribute("viewBox")
        assert box != "0 0 1000 760"
        expect(page.locator("#on-paper")).not_to_be_visible()
        page.emulate_media(media="print")
        expect(page.locator("#map")).to_have_attribute("viewBox", "0 0 1000 760")
        expect(page.locator("#on-paper")).to_contain_text("a part of the page")
        expect(page.locator("#on-paper")).to_contain_text(ABOVE[1])
        page.set_viewport_size({"width": 720, "height": 1000})  # about A4 less its margins
        assert page.evaluate("document.documentElement.scrollWidth") <= 720
        page.emulate_media(media="screen")
        page.set_viewport_size({"width": 1280, "height": 900})
        expect(page.locator("#map")).to_have_attribute("viewBox", box or "")
        assert view.complaints == []


def test_escape_goes_back_to_the_top_from_the_tree_too(browser: Browser, page_file: Path) -> None:
    with opened(browser, page_file) as view:
        page = view.page
        page.locator("#tree").get_by_role("button", name=ABOVE[1], exact=False).last.click()
        page.keyboard.press("Escape")
        expect(page.locator("#chosen h2")).to_have_text("All conversations")
        assert page.evaluate("document.activeElement.dataset.group") == "0"
        assert view.complaints == []
