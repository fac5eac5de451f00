"""Finds what opens locks: keys, tokens, private keys, passwords, links with credentials."""

from __future__ import annotations

import re
from collections.abc import Iterator

from assay.usage.scan import Found, Scan

_LONG = b"a" * 20
_REST = re.compile(rb"a+")
_VENDORS = re.compile(
    r"(?<![A-Za-z0-9])(?:"
    r"sk-(?:proj-|ant-|or-|svcacct-|admin-)?[A-Za-z0-9_-]{18,250}"
    r"|[sprw]k_(?:live|test)_[A-Za-z0-9]{16,120}|whsec_[A-Za-z0-9+/=]{24,}"
    r"|gh[pousr]_[A-Za-z0-9]{30,255}|github_pat_[A-Za-z0-9_]{40,255}"
    r"|gl(?:pat|dt|rt|cbt|ptt|soat)-[A-Za-z0-9_-]{18,64}"
    r"|(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}"
    r"|xox[abeoprs]-[A-Za-z0-9-]{10,250}|xapp-[A-Za-z0-9-]{20,250}"
    r"|AIza[A-Za-z0-9_-]{35}|ya29\.[A-Za-z0-9_-]{20,500}|GOCSPX-[A-Za-z0-9_-]{20,}"
    r"|eyJ[A-Za-z0-9_-]{10,4000}\.[A-Za-z0-9_-]{10,8000}(?:\.[A-Za-z0-9_-]{5,2000})?"
    r"|SG\.[A-Za-z0-9_-]{16,32}\.[A-Za-z0-9_-]{20,64}"
    r"|hf_[A-Za-z0-9]{30,64}|api_org_[A-Za-z0-9]{30,64}|npm_[A-Za-z0-9]{30,64}"
    r"|pypi-[A-Za-z0-9_-]{40,300}|do[opr]_v1_[0-9a-f]{40,80}"
    r"|shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}|dapi[0-9a-f]{32}|key-[0-9a-f]{32}"
    r"|(?:AC|SK)[0-9a-f]{32}|sq0[a-z]{3}-[A-Za-z0-9_-]{22,60}|EAA[A-Za-z0-9]{60,300}"
    r"|gsk_[A-Za-z0-9]{40,80}|r8_[A-Za-z0-9]{30,50}|pplx-[A-Za-z0-9]{40,60}|xai-[A-Za-z0-9]{60,100}"
    r"|lin_api_[A-Za-z0-9]{30,60}|sntrys_[A-Za-z0-9_+/=-]{30,300}|PMAK-[0-9a-f-]{40,80}"
    r"|AGE-SECRET-KEY-1[A-Z0-9]{50,70})(?![A-Za-z0-9])"
)
_WEBHOOK = re.compile(
    r"(?:hooks\.slack\.com/(?:services|workflows)/|discord(?:app)?\.com/api/webhooks/)"
    r"([A-Za-z0-9_/-]{20,250})"
)
_TELEGRAM = re.compile(r"(?<![A-Za-z0-9])\d{8,10}:AA[A-Za-z0-9_-]{33}(?![A-Za-z0-9])")
_PEM = re.compile(
    r"-----BEGIN ([A-Z ]{0,24}PRIVATE KEY(?: BLOCK)?)-----"
    r"(?:(?:(?!-----)[\s\S]){0,16384}-----END \1-----|[A-Za-z0-9+/=\s\\]{0,16384})"
)
_LINK = re.compile(r"://([^\s/:@?#\"'<>\[\]]{0,128}):([^\s/@\"'<>]{1,256})@")
_BEARER = re.compile(r"(?:bearer|basic)[ \t]{1,3}([A-Za-z0-9._~+/-]{16,4096}=*)", re.IGNORECASE)

_QUOTES = "\"'`\u2018\u2019\u201c\u201d\u00ab\u00bb"
_TO = rf"[{_QUOTES}\])]?[ \t\u00a0]{{0,3}}(?::=|=>|[:=\uff1a])[ \t\u00a0]{{0,3}}"
_VALUE = rf"(?P<quote>[{_QUOTES}])?(?P<value>[^\s{_QUOTES},;<>\uff0c\u3002\uff1b]{{4,512}})"
_PASSWORDS = (
    r"(?:pass(?:word|wd|wort|phrase|code)|passw|pwd|pw|contrase[ñn]a|clave|senha|mot de passe|mdp"
    r"|kennwort|wachtwoord|has[łl]o|parola|şifre|sifre|пароль|密码|密碼|パスワード|비밀번호|암호|पासवर्ड)"
)
_NAMED_PASSWORD = re.compile(_PASSWORDS + _TO + _VALUE, re.IGNORECASE)
_TOLD_PASSWORD = re.compile(
    _PASSWORDS + r"[ \t]{0,2}(?:is|was|ist|es|est|é|è|jest|to|это|是|は|는|은)[ \t]{0,2}" + _VALUE,
    re.IGNORECASE,
)
_NAMED_KEY = re.compile(
    r"(?:api|access|account|secret|auth|private|signing|encryption|shared)?[_ .-]?"
    r"(?:key|token|secret|credentials?|signature|sig)(?:[_-]?(?:id|key|base|access))?"
    + _TO
    + r"(?:bearer )?"
    + _VALUE,
    re.IGNORECASE,
)
_PASSWORD_STARTS = (
    b"pass",
    b"pwd",
    b"pw",
    b"contrase",
    b"clave",
    b"senha",
    b"mot de passe",
    b"mdp",
)
_MORE_STARTS = (b"kennwort", b"wachtwoord", b"haslo", b"has?o", b"parola", b"sifre", b"?ifre")
_OTHER_STARTS = ("пароль", "Пароль", "密码", "密碼", "パスワード", "비밀번호", "암호", "पासवर्ड")
_KEY_STARTS = (b"key", b"token", b"secret", b"credential", b"sig")
_CODE = re.compile(r"[A-Za-z_][\w.]*(?:\(.*|\[.*|\.[A-Za-z_]\w*|->.*)?$")
_STAND_IN = re.compile(
    r"[$%{<(*\[]|x{4}|\.{3}|your|my[_-]|example|changeme|placeholder|redacted|null$|none$|true$|false$"
    r"|process\.|os\.|env\.|config|getenv|https?:",
    re.IGNORECASE,
)


def keys(scan: Scan) -> Iterator[Found]:
    """Keys, tokens, passwords and private keys."""
    text, lower = scan.text, scan.lower
    yield from _by_prefix(scan)
    if "-----BEGIN" in text:
        for match in _PEM.finditer(text):
            yield Found(*match.span(), "key", match[0])
    if "://" in text and "@" in text:
        for match in _LINK.finditer(text):
            if not _STAND_IN.match(match[2]):
                yield Found(*match.span(2), "key", match[2])
    if b"bearer" in lower or b"basic" in lower:
        for match in _BEARER.finditer(text):
            if any(map(str.isdigit, match[1])):
                yield Found(*match.span(1), "key", match[1])
    yield from _assigned(scan)


def _by_prefix(scan: Scan) -> Iterator[Found]:
    """Only words of twenty characters and more are looked at."""
    at = scan.tokens.find(_LONG)
    while at >= 0:
        rest = _REST.match(scan.tokens, at)
        assert rest is not None
        end = rest.end()
        for match in _VENDORS.finditer(scan.text, at, end):
            yield Found(*match.span(), "key", match[0])
        for match in _WEBHOOK.finditer(scan.text, at, end):
            yield Found(*match.span(1), "key", match[1])
        at = scan.tokens.find(_LONG, end)
    if b":aa" in scan.lower:
        for match in _TELEGRAM.finditer(scan.text):
            yield Found(*match.span(), "key", match[0])


def _assigned(scan: Scan) -> Iterator[Found]:
    for start in _PASSWORD_STARTS + _MORE_STARTS:
        for at in _places(scan.lower, start):
            yield from _password(scan.text, at)
    if not scan.text.isascii():
        for word in _OTHER_STARTS:
            for at in _places(scan.text, word):
                yield from _password(scan.text, at)
    for start in _KEY_STARTS:
        for at in _places(scan.lower, start):
            match = _NAMED_KEY.match(scan.text, at)
            if match and _opaque(match["value"]):
                yield _value(match)


def _password(text: str, at: int) -> Iterator[Found]:
    match = _NAMED_PASSWORD.match(text, at)
    if match and _password_like(match["value"], quoted=match["quote"] is not None):
        yield _value(match)
        return
    match = _TOLD_PASSWORD.match(text, at)
    if match and any(map(str.isdigit, match["value"])) and not _STAND_IN.match(match["value"]):
        yield _value(match)


def _value(match: re.Match[str]) -> Found:
    start, end = match.span("value")
    value = match["value"].rstrip(".)]}")
    return Found(start, end - len(match["value"]) + len(value), "key", value)


def _password_like(value: str, *, quoted: bool) -> bool:
    """Not code, not prose: digits or signs among letters, or a quoted word."""
    if _STAND_IN.match(value) or "(" in value:
        return False
    bare = value.rstrip(".)]}")
    if any(map(str.isdigit, bare)):
        return len(bare) >= 4
    if quoted:
        return len(bare) >= 6 and not _CODE.fullmatch(bare)
    return len(bare) >= 6 and not bare.isalpha() and not _CODE.fullmatch(bare)


def _opaque(value: str) -> bool:
    """A value that is no word, name, number or code: letters and digits, long enough."""
    bare = value.rstrip(".)]}")
    if len(bare) < 12 or _STAND_IN.match(bare) or "(" in bare or "://" in bare:
        return False
    return sum(map(str.isdigit, bare)) >= 2 and any(map(str.isalpha, bare))


def _places(text: str | bytes, word: str | bytes) -> Iterator[int]:
    at = text.find(word)  # type: ignore[arg-type]
    while at >= 0:
        yield at
        at = text.find(word, at + 1)  # type: ignore[arg-type]
