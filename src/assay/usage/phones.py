"""Tells phone numbers from other numbers: by their grouping, or by the words before them.

There is no check digit in a phone number, so this is a judgement. A number that could as well be a
count, a date or an order is taken for a phone number only where words like *call* stand before it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from assay.usage.find_numbers import Number

_WORDS = re.compile(
    r"\bphone|telephon|\btel\b|\btel[.:]|\bcall(?!ed the)|\bring\b|\bdial|\bmobile|\bcell\b|\bcel\b"
    r"|whats ?app|\btext (?:me|us|him|her|them)|\bsms\b|\bfax\b|\bph[.:#]|contact|\breach (?:me|us)"
    r"|m[óo]vil|ll[áa]ma|tel[ée]f|celular|fono\b|num[ée]ro\b|\bnúmero|appel|joign|t[ée]l\b|portable"
    r"|handy|telefon|\bruf|erreichbar|nummer|\bbel\b|\bbellen|ligu?e\b|ligar|zadzwo|numer\b"
    r"|chiama|cellulare|телефон|\bтел\b|звон|номер|мобильн|电话|電話|手机|手機|座机|号码|致电|携帯"
    r"|전화|연락처|휴대|फ़ोन|फ़ोन|फोन|मोबाइल|नंबर|هاتف|اتصل|جوال|موبايل|رقم|โทร|\bara\b"
    r"|gọi|điện thoại|טלפון|נייד|simu"
)
_PAPERS = re.compile(
    r"order|invoice|ticket|isbn|tracking|serial|part n|model|account n|ref\b|[ _-]id\W{0,4}$"
)
_DATE = re.compile(
    r"(?:(?:19|20)\d\d[-./ ](?:0?[1-9]|1[0-2])[-./ ](?:[0-2]?\d|3[01])"
    r"|(?:[0-2]?\d|3[01])[-./ ](?:0?[1-9]|1[0-2])[-./ ](?:19|20)\d\d"
    r"|(?:0?[1-9]|1[0-2])[-./ ](?:[0-2]?\d|3[01])[-./ ](?:19|20)\d\d)(?!\d)"
)
_YEARS = re.compile(r"(?:1[5-9]|20)\d\d[-/ ]{1,3}(?:1[5-9]|20)\d\d")
_BARE_MOBILE = re.compile(r"07\d{9}|0[789]0\d{8}|010\d{8}")  # GB, JP, KR
_CHINESE = re.compile(r"1[3-9]\d{9}")
_CJK = re.compile("[\u3040-\u30ff\u4e00-\u9fff\uff0c\uff1a]")


def is_date(number: Number) -> bool:
    """Whether the groups are a day, or two years."""
    written = number.scan.text[number.start : number.end]
    return bool(_DATE.match(written) or _YEARS.match(written))


def is_phone(number: Number) -> bool:
    """Whether some groups of digits are a phone number."""
    text = number.scan.text
    size = len(number.digits)
    if is_date(number) or len(set(number.digits)) == 1:
        return False
    before = text[max(0, number.start - 2) : number.start]
    if before.endswith(("+", "+(")):
        return 8 <= size <= 15 and number.digits[0] != "0"
    return (
        _with_parentheses(number, before)
        or _north_american(number)
        or _with_trunk(number)
        or _known_mobile(number)
        or _named(number)
    )


def _with_parentheses(number: Number, before: str) -> bool:
    """(11) 98765-4321 and 8 (912) 345-67-89; not a year in parentheses."""
    opened = before.endswith("(")
    area = 0 if opened else 1
    if len(number.form) <= area + 1 or not number.seps[area].startswith(")"):
        return False
    if not opened and "(" not in number.seps[0]:
        return False
    length = number.form[area]
    code = "".join(number.digits)[sum(number.form[:area]) :][:length]
    year = length == 4 and code[:2] in ("19", "20")
    return 2 <= length <= 5 and not year and 8 <= len(number.digits) <= 13


def _north_american(number: Number) -> bool:
    form, digits = number.form, number.digits
    if form == (1, 3, 3, 4) and digits[0] == "1":
        form, digits = form[1:], digits[1:]
    if form != (3, 3, 4) or digits[0] in "01" or digits[3] in "01" or digits[1:3] == "11":
        return False
    tight = set(number.seps) <= {"-", "."}
    return tight or number.whole or number.said(_WORDS)


def _with_trunk(number: Number) -> bool:
    """National numbers that begin with 0 (or 00): 020 7946 0958, 01 42 68 53 00, 0171/1234567."""
    if number.digits[0] != "0" or not number.whole:
        return False
    size = len(number.digits)
    if len(number.form) == 1:
        return _BARE_MOBILE.fullmatch(number.digits) is not None and not number.said(_PAPERS)
    if number.digits.startswith("00"):
        return 10 <= size <= 16 and number.digits[2] != "0" and number.form[0] in (2, 4, 5)
    lengths = 2 <= number.form[0] <= 5 and min(number.form) >= 2
    blanks = all(sep in (" ", "-", ".", "/", " - ", " / ", ") ") for sep in number.seps)
    return 9 <= size <= 12 and lengths and blanks and number.digits[1] != "0"


def _known_mobile(number: Number) -> bool:
    form, digits = number.form, number.digits
    if form == (5, 5):
        return digits[0] in "6789" and number.seps == (" ",) and number.whole
    if form == (1, 3, 3, 2, 2):
        return digits[0] in "78" and number.whole
    if _CHINESE.fullmatch(digits) and not number.said(_PAPERS):
        text = number.scan.text
        around = text[max(0, number.start - 1) : number.start] + text[number.end : number.end + 1]
        return (form == (3, 4, 4) and number.whole) or (form == (11,) and bool(_CJK.search(around)))
    return False


def _named(number: Number) -> bool:
    """Digits that a word before them calls a phone number."""
    size = len(number.digits)
    fewest = 9 if len(number.form) == 1 else 7
    if not fewest <= size <= 13 or not number.said(_WORDS, 36) or number.said(_PAPERS, 36):
        return False
    plain = all(sep in (" ", "-", ".", "/", " - ") for sep in number.seps)
    return plain and len(number.form) <= 6 and not _thousands(number)


def _thousands(number: Number) -> bool:
    """1 234 567 is an amount where the first group is short, as no phone number's is."""
    return number.form[0] == 1 and all(each == 3 for each in number.form[1:])
