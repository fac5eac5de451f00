"""The explorer and the report as files: what is in them, and what is not."""

from __future__ import annotations

import json
import re
from pathlib import Path

import msgspec
import pytest

from assay import api
from assay.errors import AssayError, NotFoundError, StoreError
from assay.records import Cluster, Placed, Transcript
from assay.store.tables import write_rows
from assay.usage.mapping.naming import NAMELESS
from tests.report.test_html import Page
from tests.usage.explore.made import TOPICS, Made, make

HOSTILE = "<img src=x onerror=alert(1)></script><script>alert(2)</script>\"'&\u202ereversed"


def explorer(made: Made, **options: str) -> str:
    return api.explore_usage(workspace=made.root, **options).read_text(encoding="utf-8")


def report(made: Made, **options: str) -> str:
    return api.report_usage(workspace=made.root, **options).read_text(encoding="utf-8")


def data_of(page: str) -> dict:
    return json.loads(Page(page).bodies["script"][0])


@pytest.mark.parametrize("write", [explorer, report])
def test_the_insight_profile_holds_no_id_no_account_and_no_members_text(
    tmp_path: Path, write
) -> None:
    made = make(tmp_path)
    made.score(lambda each, base: float(base == 2))
    text = write(made)
    for each in made.transcripts:
        number = each.transcript_id[10:15].lstrip("0") or "0"
        assert each.transcript_id not in text
        assert each.account_id is not None
        assert each.account_id not in text
        assert f"secretword{number}" not in text
        assert f"replyword{number}" not in text
    for fragment in ("transcript0", "accountname", "secretword", "replyword"):
        assert fragment not in text


@pytest.mark.parametrize("write", [explorer, report])
def test_the_pages_are_sealed_and_whole(tmp_path: Path, write) -> None:
    made = make(tmp_path)
    text = write(made)
    page = Page(text)
    policy = next(
        attributes["content"] or ""
        for tag, attributes in page.tags
        if attributes.get("http-equiv") == "Content-Security-Policy"
    )
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert {tag for tag, _ in page.tags} & {"link", "img", "iframe", "object", "base"} == set()
    for tag, attributes in page.tags:
        assert "src" not in attributes, tag
        assert "style" not in attributes, tag
        assert not [name for name in attributes if name.startswith("on")], tag
        assert (attributes.get("href") or "#").startswith("#"), tag
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("write", [explorer, report])
def test_hostile_names_stay_text(tmp_path: Path, write) -> None:
    made = make(tmp_path)
    made.change_clusters(
        lambda each: msgspec.structs.replace(each, name=HOSTILE, keywords=(HOSTILE,))
    )
    made.change_record(warnings=(HOSTILE,), import_name="made")
    text = write(made)
    page = Page(text)  # every element is closed as it was opened
    assert "<img" not in text
    assert "\u202e" not in text
    assert len(page.bodies["script"]) == 2


def test_no_cell_below_the_minimum_is_in_the_file(tmp_path: Path) -> None:
    made = make(tmp_path)
    data = data_of(explorer(made))
    sizes = {
        number
        for slice_ in data["slices"]
        for row in slice_["told"]
        for number in (row if isinstance(row, list) else [row])
    }
    assert min(size for size in sizes if size > 0) >= 25
    languages = next(each for each in data["slices"] if each["kind"] == "language")
    assert languages["values"] == ["en", "de", "all others"] or "sw" in languages["values"]
    assert sizes & {-1, -2}


def test_differential_privacy_lets_nothing_out_but_the_maps_own_counts(tmp_path: Path) -> None:
    made = make(tmp_path, epsilon=1.0)
    made.change_clusters(lambda each: msgspec.structs.replace(each, conversations=777))
    made.score(lambda each, base: 1.0)
    data = data_of(explorer(made))
    assert data["slices"] == data["comparisons"] == data["rates"] == []
    assert {group[6] for group in data["groups"]} == {777}
    assert all(group[11] is None for group in data["groups"])
    assert "epsilon 1" in report(made)


def test_the_safety_profile_needs_a_reason_writes_it_down_and_shows_a_few(tmp_path: Path) -> None:
    made = make(tmp_path, profile="safety")
    with pytest.raises(AssayError, match="reason"):
        api.explore_usage(workspace=made.root)
    assert not (made.place.path / "explorer.html").exists()
    data = data_of(explorer(made, why="a report of abuse"))
    (look,) = api.usage_looks(workspace=made.root)
    assert (look.subject, look.why, look.profile) == ("made", "a report of abuse", "safety")
    assert len(data["examples"]) == 5 * len(TOPICS)
    names = {each.transcript_id: each for each in made.transcripts}
    group, name, account, _, text = data["examples"][0]
    assert data["groups"][group - 1][3] == TOPICS[made.base_of[name]]
    assert account == names[name].account_id
    assert text == names[name].messages[0].content
    with pytest.raises(AssayError, match="reason"):
        api.report_usage(workspace=made.root)
    assert "transcript0" not in report(made, why="for the board")


def test_a_map_of_another_state_of_the_import_is_refused(tmp_path: Path) -> None:
    made = make(tmp_path)
    (made.usage.transcripts_folder / "part-00001.parquet").write_bytes(
        made.usage.part(0).read_bytes()
    )
    with pytest.raises(StoreError, match="another state"):
        explorer(made)


def test_the_same_map_gives_the_same_page(tmp_path: Path) -> None:
    made = make(tmp_path)
    assert explorer(made) == explorer(made)


def test_the_report_says_what_is_left_out_and_how_stable_the_groups_are(tmp_path: Path) -> None:
    made = make(tmp_path)
    total = len(made.transcripts)
    made.change_record(hidden={"too few conversations": 90}, shown=total - 90, stability=0.42)
    text = re.sub(r"<[^>]+>|\s+", " ", report(made))
    assert "8.3% of conversations" in text
    assert "90 (8.3%)" in text
    assert "Most borders between groups are chance" in text
    assert "at home" in text
    assert "33.3%" in text


def test_the_report_names_within_a_group_only_what_tells_more(tmp_path: Path) -> None:
    made = make(tmp_path)
    names = {"0.0": NAMELESS, "0.2": "at a desk"}  # nothing to tell; the same as above it
    made.change_clusters(
        lambda each: msgspec.structs.replace(each, name=names.get(each.cluster_id, each.name))
    )
    page = report(made)
    assert NAMELESS not in page
    assert page.count("at a desk") == 1
    assert "fixing bicycles" in page


def test_a_large_map_makes_a_small_file(tmp_path: Path) -> None:
    made = make(tmp_path, each=5)
    bases = made.place.clusters()[:6]

    def many() -> list:
        found = []
        for n in range(10_000):
            found.append(
                msgspec.structs.replace(
                    bases[n % 6], cluster_id=f"0.{n}", parent_id=None, x=n % 100, y=n // 100
                )
            )
        return found

    write_rows(made.place.clusters_file, Cluster, many())
    page = api.explore_usage(workspace=made.root)
    assert page.stat().st_size < 4_000_000


def test_purging_an_account_removes_pages_that_may_show_its_words(tmp_path: Path) -> None:
    made = make(tmp_path, profile="safety", each=10)
    account, first = "0" * 20, made.transcripts[0]
    made.transcripts[0] = msgspec.structs.replace(first, account_id=account)
    write_rows(made.usage.part(0), Transcript, made.transcripts)
    assert first.transcript_id in explorer(made, why="a case")
    api.purge_usage("made", account=account, workspace=made.root)
    assert not (made.place.path / "explorer.html").exists()
    with pytest.raises(NotFoundError, match="no map of this import"):
        explorer(made, why="the case again")  # its counts would still hold what was deleted


def words_of(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", page))


def thin(made: Made, keep: dict[str, int], topic: int = 5) -> Made:
    """Leave so many of a topic's conversations in a month."""
    left, gone = dict(keep), set()
    for each in made.transcripts:
        month = (each.date or "")[:7]
        if made.base_of[each.transcript_id] == topic and month in left:
            left[month] -= 1
            if left[month] < 0:
                gone.add(each.transcript_id)
    made.transcripts = [each for each in made.transcripts if each.transcript_id not in gone]
    write_rows(made.usage.part(0), Transcript, made.transcripts)
    placed = [each for each in made.place.placed() if each.transcript_id not in gone]
    write_rows(made.place.conversations_file, Placed, placed)
    size = sum(made.base_of[each.transcript_id] == topic for each in made.transcripts)
    made.change_clusters(
        lambda each: (
            msgspec.structs.replace(each, conversations=size)
            if each.cluster_id == f"0.{topic}"
            else each
        )
    )
    made.change_record(conversations=len(made.transcripts), shown=len(made.transcripts))
    return made


def test_a_rise_from_few_is_said_as_a_bound_in_the_report(tmp_path: Path) -> None:
    made = thin(make(tmp_path, rising=5), {"2026-01": 13, "2026-02": 13})
    found = words_of(report(made))
    assert re.search(
        r"writing poems rose from few, fewer than 25 to [\d.]+%: at least \+[\d.]+ points \[", found
    )
    assert "every count from 0 to 24" in found
    assert "is new" not in found


def test_both_pages_warn_of_groups_that_grew_from_few(tmp_path: Path) -> None:
    made = thin(make(tmp_path, rising=5), {"2026-01": 4, "2026-02": 0, "2026-03": 100})
    found = words_of(report(made))
    assert "could not be compared, since a figure may not be told" in found
    assert "Groups that grew from few, or shrank to few, may be among them" in found
    assert "writing poems grew from fewer than 25 to at least 14." in found
    last = [
        c for c in data_of(explorer(made))["comparisons"] if (c["first"], c["second"]) == (0, 2)
    ]
    assert [row[2] for row in last[0]["fromFew"]] == [1]


@pytest.mark.parametrize("write", [explorer, report])
def test_where_no_group_may_be_shown_the_page_says_why_and_speaks_of_no_noise(
    tmp_path: Path, write
) -> None:
    made = make(tmp_path, each=20)
    alone = "9" * 20
    made.transcripts = [
        msgspec.structs.replace(each, account_id=alone) for each in made.transcripts
    ]
    write_rows(made.usage.part(0), Transcript, made.transcripts)
    made.change_clusters(lambda each: msgspec.structs.replace(each, shown=False, principals=1))
    made.change_record(
        shown=0, principals=1, hidden={"too few linked principals": len(made.transcripts)}
    )
    page = write(made)
    found = words_of(page)
    assert "360 conversations of 1 linked person. No group may be shown" in found
    assert "at least 25 conversations of at least 10 linked people" in found
    assert "noise for privacy" not in found
    assert "<table" not in page.partition('id="kinds"')[0] or write is explorer
    assert 'class="figures uses"' not in page


def test_a_period_that_may_not_be_told_is_hatched_and_none_is_not(tmp_path: Path) -> None:
    made = thin(make(tmp_path, rising=5), {"2026-01": 4, "2026-02": 0, "2026-03": 100})
    made.change_clusters(lambda each: msgspec.structs.replace(each, parent_id=None))
    page = report(made)
    assert page.count('<g class="none">') > 1
    assert "a hatched box" in words_of(page)
    (tmp_path / "other").mkdir()
    plain = report(make(tmp_path / "other"))
    assert '<g class="none">' not in plain
    assert "a hatched box" not in words_of(plain)
