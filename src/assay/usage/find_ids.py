"""Finds ids and bank accounts in which letters and digits mix."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from assay.usage import national_ids as ids
from assay.usage.scan import Found, Scan

_IBAN = re.compile(rb"AA00(?=[ A0-]{11})")
_IBAN_TEXT = re.compile(r"[A-Za-z]{2}\d\d(?:[ -]?[A-Za-z0-9]){11,30}")


class _Form:
    """How an id looks over classes, its check, whether small letters will do, the word it needs."""

    def __init__(
        self,
        look: bytes,
        check: Callable[[str], bool],
        *,
        drop: str = "",
        small: bool = False,
        word: str | None = None,
    ) -> None:
        self.look = re.compile(look)
        self.check = check
        self.drop = str.maketrans("", "", drop)
        self.small = small
        self.word = None if word is None else re.compile(word)


_FORMS = (
    _Form(rb"AA ?00 ?00 ?00 ?A", ids.nino, drop=" ", small=True),
    _Form(rb"00000000[ -]?A", ids.dni, drop=" -", small=True),
    _Form(rb"00\.000\.000-?A", ids.dni, drop=".-", small=True),
    _Form(
        rb"A-?0000000-?A", lambda text: text[0] in "XYZxyz" and ids.dni(text), drop="-", small=True
    ),
    _Form(rb"AAAAAA00A00A000A", ids.codice_fiscale, small=True),
    _Form(rb"AAAAA0000A", ids.indian_pan),
    _Form(rb"000000[-+A]000[0A]", lambda text: text[6] in "-+AaBCDEFYXWVU" and ids.hetu(text)),
    _Form(rb"0{1,2}\.000\.000-[0A]", ids.rut, drop=".-", small=True),
    _Form(rb"0{17}A", ids.chinese_id, small=True),
    _Form(rb"AAAA000000AAAAAA[A0]0", lambda text: text[10] in "HMX"),  # Mexico: CURP
    _Form(rb"A0000000A", ids.nric),
    _Form(rb"0A[A0]0-A[A0]0-AA00", ids.mbi, drop="-"),
    _Form(rb"0A[A0]0A[A0]0AA00", ids.mbi, word="medicare|\\bmbi\\b|beneficiary"),
)
_ANY_FORM = re.compile(
    rb"0(?:0 ?00 ?00 ?A|000[ -]?A|0\.000\.000-?[0A]|(?<=\.0)00-[0A]|0A00A000A|000A"
    rb"|00000[-+A]000|00000AAAAAA|(?<=AA0)0[ A0-]{11}|A[A0]0-?A[A0]0-?AA00)"
)
"""What one of them has in it; begins with a digit, so that most text is passed over at once."""


def mixed_ids(scan: Scan) -> list[Found]:
    """Bank accounts (IBAN), ids of letters and digits."""
    return list(_by_form(scan)) if _ANY_FORM.search(scan.classes) else []


def _by_form(scan: Scan) -> Iterator[Found]:
    for form in _FORMS:
        for match in form.look.finditer(scan.classes):
            start, end = match.span()
            text = scan.text[start:end]
            value = text.translate(form.drop)
            if not form.small and value != value.upper():
                continue
            if form.word is not None and not form.word.search(scan.before(start, 40)):
                continue
            if scan.apart(start, end) and form.check(value):
                yield Found(start, end, "id", value.upper())
    for match in _IBAN.finditer(scan.classes):
        found = _iban(scan, match.start())
        if found:
            yield found


def _iban(scan: Scan, start: int) -> Found | None:
    match = _IBAN_TEXT.match(scan.text, start)
    length = ids.iban_length(scan.text[start : start + 2])
    if match is None or not length:
        return None
    value = ""
    for end in range(start, match.end()):
        each = scan.text[end]
        value += each if each not in " -" else ""
        if len(value) == length:
            fits = scan.apart(start, end + 1) and ids.iban(value)
            return Found(start, end + 1, "id", value.upper()) if fits else None
    return None
