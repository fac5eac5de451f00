"""Finds what opens locks: passwords and keys after their names, links with credentials.

Keys that are known by their own look are vendor_keys.py's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from assay.usage.scan import Found, Scan, places
from assay.usage.vendor_keys import by_look

_LINK = re.compile(r"://([^\s/:@?#\"'<>\[\]]{0,128}):([^\s/@\"'<>]{1,256})@")
_BEARER = re.compile(
    r"(?:bearer|authorization[\"']? ?[:=] ?[\"']?basic)[ \t]{1,3}([A-Za-z0-9._~+/-]{16,4096}=*)",
    re.IGNORECASE,
)

_QUOTES = "\"'`\u2018\u2019\u201c\u201d\u00ab\u00bb"
_SIGN = re.compile("[:=\uff1a]")
_VALUE = (
    rf"(?:\\{{0,7}}(?P<quote>[{_QUOTES}]))?"  # within JSON within JSON quotes are escaped
    rf"(?P<value>[^\s{_QUOTES},;<>\uff0c\u3002\uff1b]{{4,512}})"
)
_SET = re.compile(
    rf"[:=\uff1a][=>]?[ \t\u00a0]{{0,3}}(?:\\{{0,7}}(?P<quote>[{_QUOTES}]))?"
    rf"(?:(?:bearer|token|basic|bot|apikey)[ \t]{{1,3}}[{_QUOTES}]?)?"
    rf"(?P<value>[^\s{_QUOTES},;<>\uff0c\u3002\uff1b]{{3,512}})",
    re.IGNORECASE,
)
_TOLD = re.compile(
    r"(?:pass(?:word|wort|phrase|code|e)|contrase[ñn]a|clave|senha|пароль|密码|密碼|パスワード"
    r"|비밀번호|पासवर्ड)[ \t]{0,2}"
    r"(?:is|was|ist|lautet|war|es|est|é|è|jest|это|是|は|는|은|है):?[ \t]{0,2}" + _VALUE,
    re.IGNORECASE,
)
_TOLD_PASS = re.compile(r"(?<![a-z])pass[ \t]{1,2}(?:is|was):?[ \t]{1,2}" + _VALUE, re.IGNORECASE)
_TOLD_KEY = re.compile(r"(?:key|token|secret) (?:is|was|ist):?[ \t]{1,2}" + _VALUE, re.IGNORECASE)
_TOLD_STARTS = (b"pass", b"contrase", b"clave", b"senha")
_TOLD_ELSEWHERE = ("пароль", "Пароль", "密码", "密碼", "パスワード", "비밀번호", "पासवर्ड")
_TOLD_KEYS = (b"key is", b"token is", b"secret is", b"key was", b"token was")
_TOLD_TOKEN = b"a" * 16
_FLAG = re.compile(rb"--([a-z][a-z0-9_-]{1,30})[ \t]")
_FLAG_VALUE = re.compile(r"[ \t]{1,3}" + _VALUE)
_ELEMENT = re.compile(
    r"<([A-Za-z][\w:.-]{1,40})(?:[ \t][^<>]{0,80})?>[ \t]?(?P<value>[^\s<>]{4,512})[ \t]?</"
)
_CELL = re.compile(
    r"(?:^|\|)[ \t*_`]{0,8}([A-Za-z][\w -]{1,40}?)[ \t*_`]{0,8}\|[ \t*`]{0,40}"
    r"(?P<value>[^\s|<>`*]{6,512})[ \t*`]{0,40}(?=\||$)",
    re.MULTILINE,
)
_LOOSE_WORDS = (b"pass", b"pwd", b"key", b"token", b"secret")

_PASSWORDS = (
    *("password", "passwd", "passwort", "passphrase", "passcode", "_pass", "pwd", "_pw"),
    *(" pw", "contraseña", "contrasena", "clave", "senha", "mot de passe", "mdp", "kennwort"),
    *("wachtwoord", "hasło", "haslo", "parola", "şifre", "sifre", "пароль", "密码", "密碼"),
    *("パスワード", "비밀번호", "암호", "पासवर्ड", "密碼"),
)
_KEYS = (
    *("key", "token", "secret", "credential", "credentials", "signature", "_sig", "&sig", "?sig"),
    *("key_id", "keyid", "key_base", "key-id", "key id", "key base", "_auth", "authorization"),
)
_SESSIONS = ("session", "sessionid", "session_id", "session-id", "sessid", "sid")
_TELLING = (*_PASSWORDS, *_KEYS, *_SESSIONS, "pass", "pw", "pin", "cvv", "cvc", "otp")
_CODES = {"pin": range(4, 5), "cvv": range(3, 5), "cvc": range(3, 5), "otp": range(4, 9)}
"""How many digits they have. Six are a postal code in India, where it is called PIN, too."""
_BETWEEN = _QUOTES + "\\ \t\u00a0)]:"
_CODE = re.compile(r"[A-Za-z_][\w.]*(?:\(.*|\[.*|\.[A-Za-z_]\w*|->.*)?$")
_NO_CALL = re.compile(r"\([^()]*\)[A-Za-z0-9]")  # code has an operator after a call
_STAND_IN = re.compile(
    r"[$%{<(*\[]|x{4}|\.{3}|example|changeme|placeholder|redacted|null$|none$|true$|false$"
    r"|(?:your|my[_-])(?:\D*$|.*(?:pass|key|token|secret|here))"
    r"|process\.|os\.|env\.|config|getenv|https?:"
    r"|~/|\.{1,2}/|/(?:app|data|etc|home|mnt|opt|root|run|srv|tmp|users|usr|var)\b",
    re.IGNORECASE,
)
_QUANTITY = re.compile(r"(?!\d{6,}$)\d[\d.,:/x%-]*[a-z%]{0,3}", re.IGNORECASE)
_TYPE = re.compile(
    r"(?:n?varchar|char|string|u?int|text|bytea?|sha|md|bcrypt|base|utf|aes|rsa|argon|min|max|len)"
    r"[\w-]{0,6}",
    re.IGNORECASE,
)
_FILE = re.compile(r"[/\\]|\.[a-z]{1,4}$", re.IGNORECASE)
_WORD = re.compile(r"(?<![A-Za-z0-9])[a-z]{4,}(?![A-Za-z0-9])")
_DATED = re.compile(r"^(?:19|20)\d\d[-/.]\d\d[-/.]\d\d|/.{1,80}\.[a-z]{2,4}$")  # a day, a path
_CAPITALS = re.compile(r"GOOG[A-Z0-9]{16,60}")  # Google's storage keys may have no digit


def keys(scan: Scan) -> list[Found]:
    """Keys, tokens, passwords and private keys."""
    text = scan.text
    found = by_look(scan)
    colon = b":" in scan.bytes
    if colon and "://" in text and "@" in text:
        found += _in_links(text)
    if colon or b"=" in scan.bytes or (not scan.ascii and "\uff1a" in text):
        found += _assigned(text)
    if scan.digits:
        found += _with_digits(scan)
    return found


def _in_links(text: str) -> Iterator[Found]:
    for match in _LINK.finditer(text):
        if not _STAND_IN.match(match[2]):
            yield Found(*match.span(2), "key", match[2])


def _with_digits(scan: Scan) -> Iterator[Found]:
    """What needs a digit in it, as prose has words for the same names: told, in flags and cells."""
    text, lower = scan.text, scan.lower
    if b"bearer" in lower or b"basic" in lower:
        for match in _BEARER.finditer(text):
            if _has_digit(match[1]):
                yield Found(*match.span(1), "key", match[1])
    for start in _TOLD_STARTS:
        if start in lower:
            yield from _told(text, places(lower, start))
    if _TOLD_TOKEN in scan.tokens:
        for start in _TOLD_KEYS:
            yield from _told_keys(text, places(lower, start))
    if not scan.ascii:
        for word in _TOLD_ELSEWHERE:
            if word in text:
                yield from _told(text, places(text, word))
    if b"--" in lower:
        yield from _flags(scan)
    if (b"|" in lower or b"</" in lower) and any(word in lower for word in _LOOSE_WORDS):
        for match in (*_ELEMENT.finditer(text), *_CELL.finditer(text)):
            name = match[1].lower().rpartition(":")[2].rstrip()
            if name != "key" and _stands_alone(name, match["value"]):
                yield _value(match)


def _assigned(text: str) -> Iterator[Found]:
    """What is set by a sign after a word for passwords or keys."""
    done = 0
    for sign in _SIGN.finditer(text):
        at = sign.start()
        if at < done:
            continue
        name = text[max(0, at - 24) : at].lower().rstrip(_BETWEEN)
        if not name.endswith(_TELLING):
            continue
        kind = _name_kind(name)
        match = _SET.match(text, at) if kind else None
        if match is None:
            continue
        done = match.end()
        if kind == "session" and (text[at] != "=" or match.start("value") != at + 1):
            continue
        if kind in ("cvv", "cvc") and text[at - 1] not in _QUOTES:
            continue  # in JSON alone
        if _fits(kind, match["value"], quoted=match["quote"] is not None):
            yield _value(match)


def _name_kind(name: str) -> str:
    """What a name promises: a password, a pass, a key, a session, a code, or nothing."""
    if name.endswith(_PASSWORDS) or name == "pw":
        return "password"
    if name.endswith("pass"):
        return "" if name[-5:-4].isalnum() else "pass"
    if name[-3:] in _CODES:
        return "" if name[-4:-3].isalnum() else name[-3:]
    if name.endswith(_KEYS):
        return "key"
    if name.endswith(_SESSIONS):
        last = re.split(r"[^a-z0-9_.-]", name)[-1]
        return (
            "session"
            if re.fullmatch(r"(?:.*[_.-]|php|j|aspsp)?sess.*|(?:.*[_.-])?sid", last)
            else ""
        )
    return ""


def _fits(kind: str, value: str, *, quoted: bool) -> bool:
    if kind == "password":
        return _password_like(value, quoted=quoted)
    if kind == "pass":
        return _password_like(value, quoted=quoted) and _no_measure(value)
    if kind in _CODES:
        bare = value.rstrip(".)]}\\")
        return bare.isdigit() and len(bare) in _CODES[kind]
    return _opaque(value)


def _flags(scan: Scan) -> Iterator[Found]:
    """``--password hunter2x`` on a command line."""
    for flag in _FLAG.finditer(scan.lower):
        name = flag[1].decode("latin-1")
        if name.endswith(_TELLING):
            match = _FLAG_VALUE.match(scan.text, flag.end() - 1)
            if match and _stands_alone("_" + name, match["value"]):
                yield _value(match)


def _stands_alone(name: str, value: str) -> bool:
    """Whether a value is one though no sign sets it: neither prose nor a type nor a file."""
    kind = _name_kind(name)
    if kind in ("password", "pass"):
        mixed = _has_digit(value) and any(map(str.isalpha, value))
        return mixed and _password_like(value, quoted=False) and _no_measure(value)
    return kind == "key" and _opaque(value) and not _FILE.search(value[-5:])


def _told(text: str, starts: Iterator[int]) -> Iterator[Found]:
    for at in starts:
        match = _TOLD.match(text, at)
        if match:
            if _has_digit(match["value"]) and not _STAND_IN.match(match["value"]):
                yield _value(match)
            continue
        match = _TOLD_PASS.match(text, at)
        if match and _stands_alone("pass", match["value"]):
            yield _value(match)


def _told_keys(text: str, starts: Iterator[int]) -> Iterator[Found]:
    for at in starts:
        match = _TOLD_KEY.match(text, at)
        value = match["value"] if match else ""
        if match and len(value) >= len(_TOLD_TOKEN) and _opaque(value) and not _WORD.search(value):
            yield _value(match)


def _value(match: re.Match[str]) -> Found:
    start, end = match.span("value")
    value = match["value"].rstrip(".)]}\\")
    return Found(start, end - len(match["value"]) + len(value), "key", value)


def _password_like(value: str, *, quoted: bool) -> bool:
    """Not code, not prose: digits or signs among letters, or a quoted word."""
    if stands_in(value) or ("(" in value and not _NO_CALL.search(value)):
        return False
    bare = value.rstrip(".)]}\\")
    if _has_digit(bare):
        return len(bare) >= 4
    if quoted:
        return len(bare) >= 6 and not _CODE.fullmatch(bare)
    return len(bare) >= 6 and not bare.isalpha() and not _CODE.fullmatch(bare)


def _no_measure(value: str) -> bool:
    """Not what passes and columns have: times, sizes, types, files."""
    bare = value.rstrip(".)]}\\")
    no_kind = not _QUANTITY.fullmatch(bare) and not _TYPE.fullmatch(bare)
    return len(bare) >= 6 and no_kind and not _FILE.search(bare)


def _opaque(value: str) -> bool:
    """A value that is no word, name, number or code: letters and digits, long enough."""
    bare = value.rstrip(".)]}\\")
    if _CAPITALS.fullmatch(bare):
        return True
    if len(bare) < 12 or stands_in(bare) or "(" in bare or "://" in bare or _DATED.search(bare):
        return False
    digits = sum(map(str.isdigit, bare))
    mixed = len(bare) >= 32 and any(map(str.isupper, bare)) and any(map(str.islower, bare))
    return digits >= (1 if mixed else 2) and any(map(str.isalpha, bare))


def stands_in(value: str) -> bool:
    """Whether a value stands for one: a variable, ``YOUR_API_KEY``, stars."""
    return _STAND_IN.match(value) is not None


def _has_digit(value: str) -> bool:
    return any(map(str.isdigit, value))
