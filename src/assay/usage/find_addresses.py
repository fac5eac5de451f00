"""Finds addresses: people's (email) and machines' (IPv4, IPv6, MAC)."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator

from assay.usage.scan import Found, Scan

_LOCAL = 64  # characters before the @, by RFC 5321
_LETTERS = "A-Za-z0-9\u00c0-\u024f\u0370-\u052f"
_WORDS = _LETTERS.replace("0-9", "")
_NEAR = re.compile(rf"[{_LETTERS}_.+%'~&=*#-]+")
_ANY = re.compile(r"[\w.+-]+")
_DOMAIN = re.compile(
    rf"@((?:[{_LETTERS}_-]{{1,63}}\.){{1,8}}(?:xn--[a-z0-9-]{{1,59}}|[{_WORDS}]{{2,24}}))"
    rf"|@((?:[\w-]{{1,63}}\.){{1,8}}[^\W\d_]{{2,24}})"
)
_ENCODED_AT = re.compile(r"%40|&#64;|&#x40;|\\u0040", re.IGNORECASE)
_QUOTED = re.compile(r'"[^"\n]{1,62}"')
_LONGEST = 320  # characters of a domain that are looked at
_HIDDEN_AT = re.compile(r"[\[({<] ?at ?[\])}>]", re.IGNORECASE)
_HIDDEN_LOCAL = re.compile(r" ?([\w.+-]{1,64})")
_DOT = r"(?:\.| ?[\[({<] ?dot ?[\])}>] ?)"
_HIDDEN_DOMAIN = re.compile(
    rf"[\[({{<] ?at ?[\])}}>] ?((?:[\w-]{{1,63}}{_DOT}){{1,8}}[a-z]{{2,24}})", re.IGNORECASE
)

_IPV4 = re.compile(rb"0{1,3}\.0{1,3}\.0{1,3}\.0{1,3}")
_NO_HOST = re.compile(
    r"(?:\bv|versions?|release|build|firmware|driver|sections?|sect?\.|chapter|article|clause|step"
    r"|figure|fig\.|tables?|appendix|paragraph|rule|§|==|>=|<=|~=|[a-z]/)\s{0,2}$"
)
_COLONS = re.compile(rb":[A0]{0,4}:")
_COLON_RUN = re.compile(r"[0-9A-Fa-f:]{2,40}(?:(?<=:)\d{1,3}(?:\.\d{1,3}){3}|(?:\.\d{1,3}){3})?")
_MAC = re.compile(r"[0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){5}")
_DASHED = re.compile(rb"-[A0]{2}-[A0]{2}-[A0]{2}-")
_DASHED_MAC = re.compile(r"[0-9A-Fa-f]{2}(?:-[0-9A-Fa-f]{2}){5}")
_DOTTED = re.compile(rb"\.[A0]{4}\.")
_DOTTED_MAC = re.compile(r"[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}")


def emails(scan: Scan) -> list[Found]:
    """Email addresses, also with ``[at]`` or a code for the sign."""
    text = scan.text
    found = list[Found]()
    at = text.find("@")
    while at >= 0:
        one = _email(text, at)
        if one:
            found.append(one)
        at = text.find("@", one.end if one else at + 1)
    if b"40" in scan.lower or b"#64" in scan.lower:
        found += _encoded_emails(text)
    if _HIDDEN_AT.search(text):
        for match in _HIDDEN_AT.finditer(text):
            one = _hidden_email(text, match.start())
            if one:
                found.append(one)
    return found


def _email(text: str, at: int) -> Found | None:
    domain = _DOMAIN.match(text, at)
    if domain is None:
        return None
    before = text[max(0, at - _LOCAL) : at][::-1]
    local = _NEAR.match(before) or _ANY.match(before) or _QUOTED.match(before)
    if local is None:
        return None
    name = local[0][::-1].lstrip(".+%'~&=*#-")
    if "=" in name and name[0] != '"':  # key=ann@example.org
        name = name.rpartition("=")[2]
    start, end = at - len(name), domain.end()
    if not name or (name == "git" and text[end : end + 1] == ":"):
        return None
    link = text.rfind("://", max(0, at - 128), at)
    between = text[link + 3 : at] if link >= 0 else ""
    if ":" in between and "/" not in between and not any(map(str.isspace, between)):
        return None  # a link with credentials: see find_keys
    return Found(start, end, "email", text[start:end].lower())


def _encoded_emails(text: str) -> Iterator[Found]:
    """With the sign as links, pages and JSON write it."""
    for sign in _ENCODED_AT.finditer(text):
        begin = max(0, sign.start() - _LOCAL)
        local = text[begin : sign.start()]
        one = _email(f"{local}@{text[sign.end() : sign.end() + _LONGEST]}", len(local))
        if one:
            end = sign.end() + one.end - len(local) - 1
            yield Found(begin + one.start, end, "email", one.value)


def _hidden_email(text: str, at: int) -> Found | None:
    domain = _HIDDEN_DOMAIN.match(text, at)
    local = _HIDDEN_LOCAL.match(text[max(0, at - _LOCAL - 1) : at][::-1])
    if domain is None or local is None:
        return None
    name = local[1][::-1]
    host = re.sub(_DOT, ".", domain[1], flags=re.IGNORECASE)
    return Found(at - local.end(), domain.end(), "email", f"{name}@{host}".lower())


def machines(scan: Scan) -> list[Found]:
    """Addresses of machines; not this machine's own, nor masks, nor versions."""
    classes = scan.classes
    found = list[Found]()
    if _IPV4.search(classes):
        found += _ipv4(scan)
    if _COLONS.search(classes):
        found += _with_colons(scan)
    for look, form, back in ((_DASHED, _DASHED_MAC, 2), (_DOTTED, _DOTTED_MAC, 4)):
        if look.search(classes):
            for match in look.finditer(classes):
                found += _mac(scan, form, match.start() - back)
    return found


def _ipv4(scan: Scan) -> Iterator[Found]:
    for match in _IPV4.finditer(scan.classes):
        start, end = match.span()
        value = scan.text[start:end]
        after = scan.text[end : end + 2]
        if not scan.apart(start, end) or (start and scan.text[start - 1] == "."):
            continue
        if after[:1] == "." and after[1:].isdigit():
            continue
        octets = [int(each) for each in value.split(".")]
        if max(octets) > 255 or octets[0] in (0, 127) or octets[:2] == [255, 255]:
            continue
        if not _NO_HOST.search(scan.before(start, 14)):
            yield Found(start, end, "address", ".".join(map(str, octets)))


def _with_colons(scan: Scan) -> Iterator[Found]:
    done = 0
    for match in _COLONS.finditer(scan.classes):
        if match.start() < done:
            continue
        start = match.start()
        while start > 0 and match.start() - start < 4 and scan.text[start - 1] in _HEX:
            start -= 1
        run = _COLON_RUN.match(scan.text, start)
        if run is None:
            continue
        done = max(done, run.end() - 1)
        value, end = run[0], run.end()
        if not scan.apart(start, end):
            continue
        mac = _MAC.fullmatch(value)
        if mac:
            yield Found(start, end, "address", value.lower())
            continue
        if value.endswith(":") and not value.endswith("::"):
            value, end = value[:-1], end - 1
        if (
            len(value) >= 6
            and any(map(str.isdigit, value))
            and ("::" in value or value.count(":") == 7)
        ):
            try:
                address = ipaddress.IPv6Address(value)
            except ValueError:
                continue
            yield Found(start, end, "address", address.compressed)


def _mac(scan: Scan, form: re.Pattern[str], start: int) -> Iterator[Found]:
    match = form.match(scan.text, max(0, start))
    if match and scan.apart(*match.span()) and any(map(str.isdigit, match[0])):
        value = re.sub(r"[-.]", "", match[0]).lower()
        pairs = ":".join(value[at : at + 2] for at in range(0, 12, 2))
        if not value.isdigit() or form is _DASHED_MAC:
            yield Found(*match.span(), "address", pairs)


_HEX = frozenset("0123456789abcdefABCDEF")
