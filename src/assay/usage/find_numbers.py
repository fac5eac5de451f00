"""Finds payment cards, phone numbers and ids made of digits, by their grouping and check digits.

A run of digits with blanks, dots, dashes, slashes or parentheses between is cut into groups; from
each group on, the longest number that is one wins. What most numbers in a conversation are (dates,
amounts, versions, ISBNs, counts) has another grouping, or is next to what a number is not.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Sequence

from assay.usage import national_ids as ids
from assay.usage.phones import is_date, is_phone
from assay.usage.scan import Found, Scan

_RUN = re.compile(rb"0(?:[ .()/-]{0,3}+0){6,}+")
_UNDERSCORED = re.compile(rb"(?<![A0])(?<!0_)0000_(?:0000_0000_0{1,4}|000000_0{4,5})(?![A0_])")
_LINKED = re.compile(r"(?:wa\.me/|[?&]phone=)(?:\+|%2b)?(\d{8,15})(?!\d)", re.IGNORECASE)
_EXTENSION = re.compile(r" ?(?:x|ext\.?) ?\d{1,6}(?![A-Za-z0-9])", re.IGNORECASE)
_GROUP = re.compile(rb"0++")
_MOST_GROUPS = 7  # the French id's, and no phone number has more

Check = Callable[[str], bool]


class Number:
    """Some groups of a run: the digits, the lengths of the groups, what stands between and before.

    ``whole``: the run holds nothing else.
    """

    __slots__ = ("digits", "end", "form", "scan", "seps", "start", "whole")

    def __init__(self, scan: Scan, groups: Sequence[tuple[int, int]], whole: bool) -> None:
        self.scan = scan
        self.start, self.end = groups[0][0], groups[-1][1]
        text = scan.text
        self.digits = "".join(text[start:end] for start, end in groups)
        self.form = tuple(end - start for start, end in groups)
        self.seps = tuple(
            text[before[1] : after[0]] for before, after in itertools.pairwise(groups)
        )
        self.whole = whole

    @property
    def even(self) -> bool:
        """Whether the same stands between all groups, if anything."""
        return len(set(self.seps)) <= 1

    def said(self, words: re.Pattern[str], length: int = 40) -> bool:
        """Whether one of the words stands shortly before."""
        return words.search(self.scan.before(self.start, length)) is not None


def numbers(scan: Scan) -> list[Found]:
    """Cards, ids and phone numbers."""
    found = list(_elsewhere(scan))
    for run in _RUN.finditer(scan.classes):
        groups = [match.span() for match in _GROUP.finditer(scan.classes, *run.span())]
        at = 0
        while at < len(groups):
            taken, one = _longest(scan, groups, at)
            if one:
                found.append(one)
            at += taken
    return found


def _elsewhere(scan: Scan) -> Iterator[Found]:
    """Cards with underscores, as in names of files, and phone numbers in links to write to them."""
    if b"0_0" in scan.classes:
        for match in _UNDERSCORED.finditer(scan.classes):
            digits = scan.text[match.start() : match.end()].replace("_", "")
            if ids.card(digits):
                yield Found(*match.span(), "card", digits)
    if b"wa.me/" in scan.lower or b"phone=" in scan.lower:
        for link in _LINKED.finditer(scan.text):
            yield Found(*link.span(1), "phone", link[1])


def _longest(scan: Scan, groups: list[tuple[int, int]], at: int) -> tuple[int, Found | None]:
    """The longest number that begins with a group, and how many groups it takes."""
    start = groups[at][0]
    if not _may_begin(scan, start):
        return 1, None
    total = single = 0
    ends = []
    for end in range(at, min(at + _MOST_GROUPS, len(groups))):
        total += groups[end][1] - groups[end][0]
        single += groups[end][1] - groups[end][0] == 1
        if total > 19 or single > 2:
            break
        if total >= 7 and _may_end(scan, groups[end][1]):
            ends.append(end + 1)
    for end in reversed(ends):
        number = Number(scan, groups[at:end], whole=at == 0 and end == len(groups))
        kind = _kind(number)
        if kind:
            begin, stop = number.start, number.end
            if kind == "phone":
                begin, stop = _with_sign(scan.text, begin, stop)
                extension = _EXTENSION.match(scan.text, stop)
                stop = extension.end() if extension else stop
            return end - at, Found(begin, stop, kind, number.digits)
    return 1, None


def _may_begin(scan: Scan, start: int) -> bool:
    before = scan.text[max(0, start - 2) : start]
    if not before:
        return True
    last, other = before[-1], before[:-1]
    if last.isascii() and (last.isalnum() or last in "_$%^"):
        return False
    if last in "€£¥₹":
        return False
    return not (last in ".,-/" and other.isascii() and other.isalnum())


def _may_end(scan: Scan, end: int) -> bool:
    after = scan.text[end : end + 2]
    if not after:
        return True
    first, other = after[0], after[1:]
    if first in "xX" and other.isdigit():
        return True  # an extension
    if first.isascii() and (first.isalnum() or first in "_%^"):
        return False
    return not (first in ".,:" and other.isdigit()) and first not in "€£¥₹"


def _kind(number: Number) -> str | None:
    size = len(number.digits)
    if size >= 13 and number.even and _card_form(number.form) and ids.card(number.digits):
        return "card"
    if _id(number):
        return "id"
    return "phone" if size <= 15 and is_phone(number) else None


def _card_form(form: tuple[int, ...]) -> bool:
    fours = all(each == 4 for each in form[:-1]) and form[-1] <= 4
    return len(form) == 1 or form in ((4, 6, 5), (4, 6, 4)) or (len(form) >= 4 and fours)


def _id(number: Number) -> bool:
    """By its grouping and check digits, or because a word before it says that it is one."""
    for check, words in _IDS.get(number.form, ()):
        if check(number) and (words is None or number.said(words)):
            return True
    named = 8 <= len(number.digits) <= 15 and number.whole and number.said(_ANY_ID, 24)
    named = named and not is_date(number)
    return named and all(sep in (" ", "-", ".", "/") for sep in number.seps)


def _of(check: Check, *seps: str) -> Callable[[Number], bool]:
    """The digits pass a check; where they are grouped, one of these stands between."""

    def passes(number: Number) -> bool:
        fitting = not number.seps or (number.even and number.seps[0] in seps)
        return fitting and check(number.digits)

    return passes


def _american(digits: str) -> bool:
    return ids.ssn(digits) or ids.itin(digits)


def _cpf(number: Number) -> bool:
    return number.seps == (".", ".", "-") and ids.cpf(number.digits)


def _words(*words: str) -> re.Pattern[str]:
    return re.compile("|".join(words))


_CPR = _words(r"\bcpr\b", "cpr-?n", "personnummer")
_TFN = _words(r"\btfn\b", "tax file")
_MEDICARE = _words("medicare")
_CUIT = _words(r"\bcui[tl]\b")
_SSN = _words(r"\bssn\b", "social.?sec", r"\bss ?#", "itin", "taxpayer")
_AADHAAR = _words("aa?dh?aa?r", "uidai", "आधार")
_CPF = _words(r"\bcpf\b")
_STEUER = _words("steuer", r"\btin\b", r"\bidnr", "tax.?id", r"\btax number")
_PESEL = _words("pesel")
_TURKEY = _words("kimlik", r"\btc\b", r"\bt\.c\.", "tckn")
_BSN = _words(r"\bbsn\b", "burgerservice", "sofi")
_SIN = _words(r"\bsin\b", "social insurance", r"\bnas\b", "assurance sociale")
_ANY_ID = _words(
    *("national id", "identity (?:card|no|number)", r"\bid (?:card|no\b|number)", "citizen id"),
    *("social.?(?:security|insurance)", r"\bssn\b", "tax.?(?:id|payer)", "personal (?:id|number)"),
    *(
        "身份证",
        "身分證",
        "주민등록",
        "マイナンバー",
        "personalausweis",
        r"\bcedula",
        "cédula",
        r"\binn\b",
    ),
    *("инн", "снилс", "паспорт", "رقم الهوية", "תעודת זהות", "บัตรประชาชน"),
)
_BIRTH = _words("personn", "samordnings", "birth ?number", "pnr", "ssn")

_Rule = tuple[Callable[[Number], bool], re.Pattern[str] | None]

_IDS: dict[tuple[int, ...], tuple[_Rule, ...]] = {
    (3, 2, 4): (
        (_of(_american, "-"), None),
        (_of(_american, " ", "."), _SSN),
    ),
    (9,): (
        (_of(_american), _SSN),
        (_of(ids.bsn), _BSN),
        (_of(ids.luhn), _SIN),
        (_of(ids.australian_tfn), _TFN),
    ),
    (3, 3, 3): (
        (_of(ids.luhn, " ", "-"), _SIN),
        (_of(ids.bsn, " ", "."), _BSN),
        (_of(ids.australian_tfn, " ", "-"), _TFN),
    ),
    (4, 5, 1): ((_of(ids.australian_medicare, " ", "-"), _MEDICARE),),
    (2, 8, 1): ((_of(ids.argentine_cuit, "-"), None),),
    (4, 4, 4): (
        (lambda number: number.whole and _of(ids.aadhaar, " ", "-")(number), None),
        (_of(ids.aadhaar, " ", "-"), _AADHAAR),
    ),
    (12,): ((_of(ids.aadhaar), _AADHAAR), (_of(ids.personnummer), _BIRTH)),
    (3, 3, 3, 2): ((_cpf, None),),
    (11,): (
        (_of(ids.cpf), _CPF),
        (_of(ids.german_tax_id), _STEUER),
        (_of(ids.pesel), _PESEL),
        (_of(ids.turkish_id), _TURKEY),
        (_of(ids.argentine_cuit), _CUIT),
    ),
    (2, 3, 3, 3): ((_of(ids.german_tax_id, " ", "/"), _STEUER),),
    (3, 3, 5): ((_of(ids.turkish_id, " "), _TURKEY),),
    (15,): ((_of(ids.nir), None),),
    (13, 2): ((_of(ids.nir, " "), None),),
    (1, 2, 2, 2, 3, 3, 2): ((_of(ids.nir, " ", "."), None),),
    (6, 4): ((_of(ids.personnummer, "-"), None), (_of(ids.danish_cpr, "-", " "), _CPR)),
    (8, 4): ((_of(ids.personnummer, "-"), None),),
    (10,): (
        (_of(ids.personnummer), _BIRTH),
        (_of(ids.danish_cpr), _CPR),
        (_of(ids.australian_medicare), _MEDICARE),
    ),
    (18,): ((_of(ids.chinese_id), None),),
    (3, 4, 4, 2): ((_of(ids.swiss_ahv, "."), None),),
    (1, 4, 5, 2, 1): ((_of(ids.thai_id, "-", " "), None),),
    (6, 7): ((_of(ids.korean_id, "-"), None),),
}
"""The lengths of the groups -> what such a number can be, and the words that it needs, if any.

Numbers whose check is weak (one in ten passes) need a word; see docs/reference/redaction.md.
"""


def _with_sign(text: str, start: int, end: int) -> tuple[int, int]:
    """A phone number with the plus and the parenthesis before its first group."""
    if start and text[start - 1] == "(" and ")" in text[start:end]:
        start -= 1
    if start and text[start - 1] == "+":
        start -= 1
    return start, end
