"""The card of an eval (its README.md): the sections that it must have, and what they lack."""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass
from pathlib import Path

from assay.errors import Problem

SECTIONS = {
    "Purpose": "What does this eval measure, for which decision, and who should use it?",
    "Threat model": "Who does what harm to whom, with what means? What is out of scope?",
    "Policy": "What counts as violative and what as benign, in words that two people read alike?",
    "How the samples were made": "By whom, from what, when, how checked? What shares an origin?",
    "How to read the result": "What is a good figure, what a bad one? What must be read beside it?",
    "Limits": "What does it not show? Size, languages, contamination, the scorer's own error.",
    "Owner": "Who answers for this eval, and how are they reached?",
    "Review date": "When must somebody look at it again? Write it as 2027-01-31.",
}
"""The sections of a card, in order, and the question that each answers."""

_HEADING = re.compile(r"^(#{1,6})[ \t]+(.+?)[ \t]*#*$")
_FENCE = re.compile(r"^\s*(```|~~~)")
_DATE = re.compile(r"\b(\d{4})-(\d{2})-(\d{2})\b")
_MOST_LINES = 100_000


@dataclass(frozen=True)
class Section:
    """A section of a card: where it begins and what it says."""

    line: int
    text: str


def outline(name: str, description: str = "") -> str:
    """A card with every section still to be written."""
    lines = [f"# {name}", ""]
    if description:
        lines += [description, ""]
    for title, question in SECTIONS.items():
        lines += [f"## {title}", "", f"*{question}*", ""]
    return "\n".join(lines)


def parse_card(text: str) -> dict[str, Section]:
    """The sections of a card by title. Other headings belong to the section above them."""
    titles = {title.casefold(): title for title in SECTIONS}
    sections: dict[str, Section] = {}
    title, start, body, fenced = None, 0, [], False
    for number, line in enumerate([*text.splitlines()[:_MOST_LINES], "# end"], 1):
        fenced ^= bool(_FENCE.match(line))
        heading = None if fenced else _HEADING.match(line)
        found = titles.get(heading[2].strip().casefold()) if heading else None
        ends = heading is not None and (found or len(heading[1]) <= 2)
        if not ends:
            body.append(line)
            continue
        if title is not None:
            sections.setdefault(title, Section(start, "\n".join(body).strip()))
        title, start, body = found, number, []
    return sections


def check_card(file: Path, today: datetime.date | None = None) -> list[Problem]:
    """What is missing in a card.

    A section that is not there is an error; one that is empty or still the outline's question, and
    a review date that is past or no date, are warnings.

    Args:
        file: the card.
        today: the day to compare the review date with.
    """
    if not file.is_file():
        remedy = "Write one; `assay init` in another folder shows its outline."
        return [Problem(str(file), "the eval has no card.", remedy)]
    sections = parse_card(file.read_text(encoding="utf-8", errors="replace"))
    problems = []
    for title, question in SECTIONS.items():
        section = sections.get(title)
        if section is None:
            problems.append(
                Problem(
                    str(file),
                    f"the card has no section {title!r}.",
                    f"Add '## {title}'. {question}",
                    column=title,
                )
            )
        elif not section.text or section.text.strip("*_ \n") == question:
            problems.append(_warning(file, section, title, "is not written yet.", question))
        elif title == "Review date":
            problems += _check_date(file, section, today or datetime.date.today())
    return problems


def _check_date(file: Path, section: Section, today: datetime.date) -> list[Problem]:
    match = _DATE.search(section.text)
    try:
        date = datetime.date(*map(int, match.groups())) if match else None
    except ValueError:
        date = None
    if date is None:
        return [_warning(file, section, "Review date", "names no date.", "Write it as 2027-01-31.")]
    if date < today:
        remedy = "Look at the eval again and set the next date."
        return [_warning(file, section, "Review date", f"was {date}: it is past.", remedy)]
    return []


def _warning(file: Path, section: Section, title: str, what: str, remedy: str) -> Problem:
    return Problem(
        str(file),
        f"the section {title!r} {what}",
        remedy,
        row=section.line,
        column=title,
        severity="warning",
    )
