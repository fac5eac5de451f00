"""Finds what opens locks: keys, tokens, private keys, passwords, links with credentials."""

from __future__ import annotations

import re
from collections.abc import Iterator

from assay.usage.scan import LONG_TOKEN, PRIVATE_KEY, Found, Scan

_REST = re.compile(rb"a+")
_VENDORS = re.compile(
    r"(?<![A-Za-z0-9])(?:"
    r"sk-(?:proj-|ant-|or-|svcacct-|admin-)?[A-Za-z0-9_-]{18,512}"
    r"|[sprw]k_(?:live|test)_[A-Za-z0-9]{16,256}|whsec_[A-Za-z0-9+/=]{24,256}"
    r"|gh[pousr]_[A-Za-z0-9]{30,256}|github_pat_[A-Za-z0-9_]{40,256}"
    r"|gl(?:pat|dt|rt|cbt|ptt|soat)-[A-Za-z0-9_-]{18,128}"
    r"|(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}(?![A-Za-z0-9])"
    r"|xox[abeoprs]-[A-Za-z0-9-]{10,256}|xapp-[A-Za-z0-9-]{20,256}"
    r"|AIza[A-Za-z0-9_-]{35}|ya29\.[A-Za-z0-9_-]{20,512}|GOCSPX-[A-Za-z0-9_-]{20,64}"
    r"|eyJ[A-Za-z0-9_-]{10,512}+\.[A-Za-z0-9_-]{10,16384}(?:\.[A-Za-z0-9_-]{5,2048})?"
    r"|SG\.[A-Za-z0-9_-]{16,32}\.[A-Za-z0-9_-]{20,64}"
    r"|hf_[A-Za-z0-9]{30,64}|api_org_[A-Za-z0-9]{30,64}|npm_[A-Za-z0-9]{30,64}"
    r"|pypi-[A-Za-z0-9_-]{40,512}|do[opr]_v1_[0-9a-f]{40,80}"
    r"|shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}|(?:dapi|key-|AC|SK)[0-9a-f]{32}(?![A-Za-z0-9])"
    r"|sq0[a-z]{3}-[A-Za-z0-9_-]{22,60}|EAA[A-Za-z0-9]{60,300}"
    r"|gsk_[A-Za-z0-9]{40,80}|r8_[A-Za-z0-9]{30,50}|pplx-[A-Za-z0-9]{40,60}|xai-[A-Za-z0-9]{60,100}"
    r"|lin_api_[A-Za-z0-9]{30,60}|sntrys_[A-Za-z0-9_+/=-]{30,300}|PMAK-[0-9a-f-]{40,80}"
    r"|AGE-SECRET-KEY-1[A-Z0-9]{50,70})"
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
_BEARER = re.compile(
    r"(?:bearer|authorization[\"']? ?[:=] ?[\"']?basic)[ \t]{1,3}([A-Za-z0-9._~+/-]{16,4096}=*)",
    re.IGNORECASE,
)

_QUOTES = "\"'`\u2018\u2019\u201c\u201d\u00ab\u00bb"
_SIGN = re.compile("[:=\uff1a]")
_VALUE = rf"(?P<quote>[{_QUOTES}])?(?P<value>[^\s{_QUOTES},;<>\uff0c\u3002\uff1b]{{4,512}})"
_SET = re.compile(r"[:=\uff1a][=>]?[ \t\u00a0]{0,3}(?:bearer )?" + _VALUE, re.IGNORECASE)
_TOLD = re.compile(
    r"(?:pass(?:word|wort|phrase|code|e)|contrase[ñn]a|clave|senha|пароль|密码|密碼|パスワード"
    r"|비밀번호|पासवर्ड)[ \t]{0,2}"
    r"(?:is|was|ist|lautet|war|es|est|é|è|jest|это|是|は|는|은|है)[ \t]{0,2}" + _VALUE,
    re.IGNORECASE,
)
_TOLD_STARTS = (b"pass", b"contrase", b"clave", b"senha")
_TOLD_ELSEWHERE = ("пароль", "Пароль", "密码", "密碼", "パスワード", "비밀번호", "पासवर्ड")
_PASSWORDS = (
    *("password", "passwd", "passwort", "passphrase", "passcode", "_pass", " pass", "pwd", "_pw"),
    *(" pw", "contraseña", "contrasena", "clave", "senha", "mot de passe", "mdp", "kennwort"),
    *("wachtwoord", "hasło", "haslo", "parola", "şifre", "sifre", "пароль", "密码", "密碼"),
    *("パスワード", "비밀번호", "암호", "पासवर्ड", "密碼"),
)
_KEYS = (
    *("key", "token", "secret", "credential", "credentials", "signature", "_sig", "&sig", "?sig"),
    *("key_id", "keyid", "key_base", "key-id", "_auth"),
)
_BETWEEN = _QUOTES + " \t\u00a0)]:"
_CODE = re.compile(r"[A-Za-z_][\w.]*(?:\(.*|\[.*|\.[A-Za-z_]\w*|->.*)?$")
_STAND_IN = re.compile(
    r"[$%{<(*\[]|x{4}|\.{3}|your|my[_-]|example|changeme|placeholder|redacted|null$|none$|true$|false$"
    r"|process\.|os\.|env\.|config|getenv|https?:",
    re.IGNORECASE,
)


def keys(scan: Scan) -> list[Found]:
    """Keys, tokens, passwords and private keys."""
    text = scan.text
    found = list[Found]()
    if LONG_TOKEN in scan.tokens:
        found += _by_prefix(scan)
    if PRIVATE_KEY in text:
        found += [Found(*match.span(), "key", match[0]) for match in _PEM.finditer(text)]
    colon = b":" in scan.bytes
    if colon:
        found += _with_colon(scan)
    if colon or b"=" in scan.bytes or (not scan.ascii and "\uff1a" in text):
        found += _assigned(text)
    if scan.digits:
        found += _with_digits(scan)
    return found


def _with_digits(scan: Scan) -> Iterator[Found]:
    """Bearer tokens, and passwords that are told in a sentence."""
    text, lower = scan.text, scan.lower
    if b"bearer" in lower or b"basic" in lower:
        for match in _BEARER.finditer(text):
            if any(map(str.isdigit, match[1])):
                yield Found(*match.span(1), "key", match[1])
    for start in _TOLD_STARTS:
        if start in lower:
            yield from _told(text, _places(lower, start))
    if not scan.ascii:
        for word in _TOLD_ELSEWHERE:
            if word in text:
                yield from _told(text, _places(text, word))


def _by_prefix(scan: Scan) -> Iterator[Found]:
    """Only words of twenty characters and more are looked at."""
    at = scan.tokens.find(LONG_TOKEN)
    while at >= 0:
        rest = _REST.match(scan.tokens, at)
        assert rest is not None
        end = rest.end()
        for match in _VENDORS.finditer(scan.text, at, end):
            yield Found(*match.span(), "key", match[0])
        for match in _WEBHOOK.finditer(scan.text, at, end):
            yield Found(*match.span(1), "key", match[1])
        at = scan.tokens.find(LONG_TOKEN, end)


def _with_colon(scan: Scan) -> Iterator[Found]:
    text = scan.text
    if "://" in text and "@" in text:
        for match in _LINK.finditer(text):
            if not _STAND_IN.match(match[2]):
                yield Found(*match.span(2), "key", match[2])
    if b":AA" in scan.bytes:
        for match in _TELEGRAM.finditer(text):
            yield Found(*match.span(), "key", match[0])


def _assigned(text: str) -> Iterator[Found]:
    """What is set by a sign after a word for passwords or keys."""
    done = 0
    for sign in _SIGN.finditer(text):
        at = sign.start()
        if at < done:
            continue
        name = text[max(0, at - 24) : at].lower().rstrip(_BETWEEN)
        if name.endswith(_PASSWORDS) or name == "pw":
            match = _SET.match(text, at)
            done = match.end() if match else done
            if match and _password_like(match["value"], quoted=match["quote"] is not None):
                yield _value(match)
        elif name.endswith(_KEYS):
            match = _SET.match(text, at)
            done = match.end() if match else done
            if match and _opaque(match["value"]):
                yield _value(match)


def _told(text: str, places: Iterator[int]) -> Iterator[Found]:
    for at in places:
        match = _TOLD.match(text, at)
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
    digits = sum(map(str.isdigit, bare))
    mixed = len(bare) >= 32 and any(map(str.isupper, bare)) and any(map(str.islower, bare))
    return digits >= (1 if mixed else 2) and any(map(str.isalpha, bare))


def _places(text: str | bytes, word: str | bytes) -> Iterator[int]:
    at = text.find(word)  # type: ignore[arg-type]
    while at >= 0:
        yield at
        at = text.find(word, at + 1)  # type: ignore[arg-type]
