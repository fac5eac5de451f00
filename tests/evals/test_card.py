"""The card: its outline, its sections, and what is missing in it."""

from __future__ import annotations

import datetime
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from assay.evals.card import SECTIONS, check_card, outline, parse_card

TODAY = datetime.date(2027, 1, 1)


def test_the_outline_has_every_section_unwritten(tmp_path: Path) -> None:
    file = tmp_path / "README.md"
    file.write_text(outline("my-eval", "What it does."))
    problems = check_card(file, TODAY)
    assert [problem.column for problem in problems] == list(SECTIONS)
    assert {problem.severity for problem in problems} == {"warning"}
    assert all("is not written yet" in problem.message for problem in problems)


def test_sections_are_read_with_their_lines() -> None:
    text = (
        "# Title\n\nIntro.\n\n## purpose ##\n\nTo see.\n\n### Detail\n\nMore.\n\n# Limits\nFew.\n"
    )
    sections = parse_card(text)
    assert sections["Purpose"].line == 5
    assert sections["Purpose"].text == "To see.\n\n### Detail\n\nMore."
    assert sections["Limits"].text == "Few."
    assert set(sections) == {"Purpose", "Limits"}


def test_another_section_of_the_same_rank_ends_one() -> None:
    sections = parse_card("## Limits\n\n## Thanks\n\nTo all.\n")
    assert sections["Limits"].text == ""


def test_a_heading_in_code_is_none() -> None:
    sections = parse_card("## Purpose\n\n```\n## Limits\n```\n\nText.\n")
    assert set(sections) == {"Purpose"}
    assert sections["Purpose"].text.endswith("Text.")


def test_a_section_may_be_of_a_lower_rank() -> None:
    assert set(parse_card("### Purpose\n\nx\n\n### Owner\n\ny\n")) == {"Purpose", "Owner"}


def test_the_review_date_is_compared_with_today(tmp_path: Path) -> None:
    file = tmp_path / "README.md"
    sound = "\n\n".join(f"## {title}\n\nText, 2027-01-01." for title in SECTIONS)
    file.write_text(sound)
    assert check_card(file, TODAY) == []
    [problem] = check_card(file, TODAY + datetime.timedelta(days=1))
    assert "was 2027-01-01" in problem.message
    file.write_text(sound.replace("2027-01-01", "2027-13-01"))
    assert "names no date" in check_card(file, TODAY)[0].message


@given(st.text("#ab Purose\n`", max_size=80) | st.text(max_size=60))
def test_any_text_is_a_card_of_some_kind(text: str) -> None:
    assert set(parse_card(text)) <= set(SECTIONS)
