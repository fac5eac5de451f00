"""Finds numbers of documents and bank accounts, which only a word before them tells."""

from __future__ import annotations

import re
from collections.abc import Iterator

from assay.usage import national_ids as ids
from assay.usage.scan import Found, Scan, places

_PASSPORT = re.compile(
    r"(?:passport|passeport|pasaporte|passaporto|reisepass|паспорт|护照|パスポート)"
    r"[^\n\d]{0,24}?((?<![A-Za-z0-9])[A-Za-z]{0,3}\d{6,9}[A-Za-z]?)(?![A-Za-z0-9])",
    re.IGNORECASE,
)
_GERMAN = re.compile(
    r"(?:passport|reisepass|ausweis)[^\n\d]{0,24}?"
    r"(?<![A-Za-z0-9])([CFGHJKLMNPRTVWXYZ][CFGHJKLMNPRTVWXYZ0-9]{8}\d?)(?![A-Za-z0-9])",
    re.IGNORECASE,
)
_IS = (
    r"[ \t]?[.\"'\\]{0,3}[ \t]?(?:[:=#]|is\b|was\b|ist\b|est\b|es\b|é\b)?[ \t]?:?[ \t]?[\"'\\]{0,3}"
)
_AFTER = r"(?![\w-]|[.,/]\d|[ \t]?%)"
_ACCOUNT = re.compile(
    r"(?:account|acct|konto|rekening)[ _-]?(?:number|num|no|nr|nummer)"
    + _IS
    + r"(\d[\d -]{4,22}\d)"
    + _AFTER
    + r"|(?:compte|cuenta|conta)(?: bancari[ao]| bancaire)?"
    + _IS
    + r"(\d{6,17})"
    + _AFTER,
    re.IGNORECASE,
)
_ROUTING = re.compile(
    r"(?:routing|aba|rtn|routing transit)[ _-]?(?:number|num|no|nr)?" + _IS + r"(\d{9})" + _AFTER,
    re.IGNORECASE,
)
_SORT_CODE = re.compile(
    r"sort[ _-]?code" + _IS + r"(\d\d[- ]?\d\d[- ]?\d\d)" + _AFTER, re.IGNORECASE
)
_BARE_ACCOUNT = re.compile(r"\b(?:account|acct)\b" + _IS + r"(\d{6,17})" + _AFTER, re.IGNORECASE)
_PASSPORTS = (b"passport", b"passeport", b"pasaporte", b"passaporto", b"reisepass")
_PASSPORTS_ELSEWHERE = ("паспорт", "Паспорт", "护照", "パスポート")
_FEWEST = 5  # digits
_NEAR = 60  # characters between a bank's code and the account there
_DATE = re.compile(r"(?:19|20)\d\d[- ]\d\d[- ]\d\d|\d\d[- ]\d\d[- ](?:19|20)\d\d")
_ACCOUNT_STARTS = (b"account", b"acct", b"konto", b"rekening", b"compte", b"cuenta", b"conta")
_BANK_STARTS = (
    (b"routing", _ROUTING),
    (b"aba", _ROUTING),
    (b"rtn", _ROUTING),
    (b"sort", _SORT_CODE),
)


def documents(scan: Scan) -> list[Found]:
    """Passports, German identity cards, bank accounts in national form."""
    lower = scan.lower
    found = list[Found]()
    if scan.digits < _FEWEST:
        return found
    for word in _PASSPORTS:
        if word in lower:
            found += _passports(scan, places(lower, word))
    if not scan.ascii:
        for said in _PASSPORTS_ELSEWHERE:
            if said in scan.text:
                found += _passports(scan, places(scan.text, said))
    for word in (b"passport", b"reisepass", b"ausweis"):
        if word in lower:
            found += _german(scan, places(lower, word))
    for word in _ACCOUNT_STARTS:
        if word in lower:
            found += _accounts(scan, places(lower, word))
    for word, form in _BANK_STARTS:
        if word in lower:
            found += _banks(scan, form, places(lower, word))
    return found


def _passports(scan: Scan, starts: Iterator[int]) -> Iterator[Found]:
    for at in starts:
        match = _PASSPORT.match(scan.text, at)
        if match:
            yield Found(*match.span(1), "id", match[1].upper())


def _german(scan: Scan, starts: Iterator[int]) -> Iterator[Found]:
    for at in starts:
        match = _GERMAN.match(scan.text, at)
        if match and sum(map(str.isdigit, match[1])) >= 2:
            value = match[1].upper()
            if len(value) == 9 or ids.german_card(value):
                yield Found(*match.span(1), "id", value)


def _accounts(scan: Scan, starts: Iterator[int]) -> Iterator[Found]:
    for at in starts:
        match = _ACCOUNT.match(scan.text, at)
        if match:
            value = match[match.lastindex or 0]
            digits = re.sub(r"\D", "", value)
            if 6 <= len(digits) <= 17 and not _DATE.fullmatch(value):
                yield Found(*match.span(match.lastindex or 0), "id", digits)


def _banks(scan: Scan, form: re.Pattern[str], starts: Iterator[int]) -> Iterator[Found]:
    """A bank's code, and the account that stands beside it."""
    for at in starts:
        match = form.match(scan.text, at)
        digits = re.sub(r"\D", "", match[1]) if match else ""
        if match is None or (len(digits) == 9 and not ids.routing(digits)):
            continue
        yield Found(*match.span(1), "id", digits)
        for account in _BARE_ACCOUNT.finditer(scan.text, max(0, at - _NEAR), match.end() + _NEAR):
            yield Found(*account.span(1), "id", account[1])
