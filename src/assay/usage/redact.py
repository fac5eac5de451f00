"""Redaction at the door: what identifies people or opens locks becomes a keyed hash of itself.

``ann@example.org`` becomes ``[email 3f9a1c20b7d2e4a61c0948d75be1]``: the kind, the keyed hash of
the value (20 digits: the same value is the same hash everywhere in the workspace), and a seal (8
digits) by which a placeholder of ours is told from one that somebody typed. Ours are left alone, so
that redacting twice changes nothing; a typed one is taken out like any other value.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence

from assay.usage.find_addresses import emails, machines
from assay.usage.find_documents import documents
from assay.usage.find_ids import mixed_ids
from assay.usage.find_keys import keys
from assay.usage.find_numbers import numbers
from assay.usage.folding import Folded, fold
from assay.usage.scan import Found, Scan, is_plain
from assay.usage.secret import keyed

KINDS = ("email", "phone", "card", "id", "key", "address", "name", "forged", "withheld")
"""What placeholders tell. ``forged`` was typed as one; ``withheld`` is text given up on."""


Recogniser = Callable[[str], Iterable[tuple[int, int]]]
"""Tells where names stand in a text."""

_PASSES = 6
"""Taking something out may lay something bare. Text that needs more passes was made to."""

_PLACEHOLDER = re.compile(
    rf"\[({'|'.join(KINDS)}) ([0-9a-f]{{20}})([0-9a-f]{{8}})\]", re.IGNORECASE
)
_RANK = {kind: rank for rank, kind in enumerate(("forged", "key", "email", "card", "id"))}


class Redactor:
    """Takes out what identifies. One serves a whole import.

    Args:
        secret: the workspace's secret.
        recognisers: what finds names; none means that names are not looked for.
    """

    def __init__(self, secret: bytes, recognisers: Sequence[Recogniser] = ()) -> None:
        self._secret = secret
        self._recognisers = tuple(recognisers)

    def redact(self, text: str, before: str = "") -> tuple[str, dict[str, int]]:
        """The text without what identifies, and how many of each kind were taken out.

        Args:
            text: what is redacted.
            before: what is read as standing before it, as the name of a field does.
        """
        counts: dict[str, int] = {}
        before = before and fold(before).text
        text = self._without_patterns(text, counts, before)
        if self._recognisers:
            named = self._names(text)
            if named:
                text = self._replace(text, Folded(text), named, counts)
                text = self._without_patterns(text, counts, before)
        return text, counts

    def withhold(self, text: str) -> tuple[str, dict[str, int]]:
        """A text that is a key as a whole, taken out; one of our placeholders stays."""
        ours = _PLACEHOLDER.fullmatch(text)
        if ours and self._seal(ours[1], ours[2]) == ours[3]:
            return text, {}
        return self.placeholder("key", text), {"key": 1}

    def spans(self, text: str) -> list[tuple[int, int, str]]:
        """Where in a text something would be taken out, and its kind; one pass, in order."""
        folded = fold(text)
        found = self._find(text, folded)
        return [(*folded.origin(each.start, each.end), each.kind) for each in found]

    def placeholder(self, kind: str, value: str) -> str:
        """What stands for a value."""
        told = keyed(self._secret, kind, value)
        return f"[{kind} {told}{self._seal(kind, told)}]"

    def _seal(self, kind: str, told: str) -> str:
        return keyed(self._secret, "placeholder", f"{kind} {told}")[:8]

    def _without_patterns(self, text: str, counts: dict[str, int], before: str) -> str:
        if is_plain(text):
            return text
        for _ in range(_PASSES):
            folded = fold(text)
            found = self._find(text, folded, before)
            if not found:
                return text
            text = self._replace(text, folded, found, counts)
        return self._give_up(text, counts, before)

    def _names(self, text: str) -> list[Found]:
        """Names, outside of placeholders; the text is otherwise done."""
        ours = [match.span() for match in _PLACEHOLDER.finditer(text)]
        found = [
            Found(start, end, "name", text[start:end].casefold())
            for recogniser in self._recognisers
            for start, end in recogniser(text)
            if start < end
        ]
        return list(_apart(sorted(found), ours))

    def _find(self, text: str, folded: Folded, before: str = "") -> list[Found]:
        """What is to be taken out of a text that stands after another, in order, nothing twice."""
        ours = list[tuple[int, int]]()
        found = list[Found]()
        for match in _PLACEHOLDER.finditer(folded.text) if "[" in folded.text else ():
            start, end = folded.origin(*match.span())
            if text[start:end] == match[0] and self._seal(match[1], match[2]) == match[3]:
                ours.append(match.span())
            else:
                found.append(Found(*match.span(), "forged", match[0]))
        found += _moved(_by_pattern(Scan(before + folded.text)), len(before))
        if not found:
            return found
        return list(_apart(sorted(found), ours))

    def _replace(
        self, text: str, folded: Folded, found: Sequence[Found], counts: dict[str, int]
    ) -> str:
        parts = []
        last = 0
        for each in found:
            start, end = folded.origin(each.start, each.end)
            parts += [text[last:start], self.placeholder(each.kind, each.value)]
            last = end
            counts[each.kind] = counts.get(each.kind, 0) + 1
        return "".join([*parts, text[last:]])

    def _give_up(self, text: str, counts: dict[str, int], before: str) -> str:
        """Whatever still holds something is taken out whole, from its line on."""
        folded = fold(text)
        found = self._find(text, folded, before)
        if not found:
            return text
        start, _ = folded.origin(found[0].start, found[0].end)
        line = text.rfind("\n", 0, start) + 1
        counts["withheld"] = counts.get("withheld", 0) + 1
        return text[:line] + self.placeholder("withheld", text[line:])


def _by_pattern(scan: Scan) -> list[Found]:
    found = keys(scan)
    if "@" in scan.text or "(" in scan.text or "[" in scan.text or scan.digits:
        found += emails(scan)
    if scan.digits:
        found += mixed_ids(scan)
        found += documents(scan)
        found += numbers(scan)
        found += machines(scan)
    return found


def _moved(found: list[Found], by: int) -> list[Found]:
    """Finds as they stand in a text without its first characters."""
    if not by:
        return found
    return [
        Found(max(0, start - by), end - by, kind, value)
        for start, end, kind, value in found
        if end > by
    ]


def _apart(found: Sequence[Found], ours: Sequence[tuple[int, int]]) -> Iterator[Found]:
    """Those that overlap as one; none that touches a placeholder of ours."""
    last: Found | None = None
    next_ours = 0
    for each in found:
        while next_ours < len(ours) and ours[next_ours][1] <= each.start:
            next_ours += 1
        if next_ours < len(ours) and ours[next_ours][0] < each.end:
            continue
        if last is None:
            last = each
        elif each.start < last.end:
            last = _joined(last, each)
        else:
            yield last
            last = each
    if last is not None:
        yield last


def _joined(one: Found, other: Found) -> Found:
    """One that covers both, of the kind that matters more."""
    first = min(one, other, key=lambda each: _RANK.get(each.kind, len(_RANK)))
    if one.end >= other.end and first is one:
        return one
    start, end = min(one.start, other.start), max(one.end, other.end)
    value = (
        first.value if (first.start, first.end) == (start, end) else f"{one.value} {other.value}"
    )
    return Found(start, end, first.kind, value)
