"""Finds keys by their own look: vendors' prefixes, links that are keys, private keys."""

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
    r"|gl(?:pat|dt|rt|cbt|ptt|soat)-[A-Za-z0-9_-]{18,128}|gls?a_[A-Za-z0-9]{32}_[0-9a-f]{8}"
    r"|(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}(?![A-Za-z0-9])"
    r"|xox[abeoprs]-[A-Za-z0-9-]{10,256}|xapp-[A-Za-z0-9-]{20,256}"
    r"|AIza[A-Za-z0-9_-]{35}|ya29\.[A-Za-z0-9_-]{20,512}|GOCSPX-[A-Za-z0-9_-]{20,64}"
    r"|eyJ[A-Za-z0-9_-]{10,512}+\.[A-Za-z0-9_-]{10,16384}(?:\.[A-Za-z0-9_-]{5,2048})?"
    r"|SG\.[A-Za-z0-9_-]{16,32}\.[A-Za-z0-9_-]{20,64}"
    r"|hf_[A-Za-z0-9]{30,64}|api_org_[A-Za-z0-9]{30,64}|npm_[A-Za-z0-9]{30,64}"
    r"|pypi-[A-Za-z0-9_-]{40,512}|do[opr]_v1_[0-9a-f]{40,80}"
    r"|shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}|(?:dapi|key-|AC|SK)[0-9a-f]{32}(?![A-Za-z0-9])"
    r"|sq0[a-z]{3}-[A-Za-z0-9_-]{22,60}|EAA[A-Za-z0-9]{60,300}|EZ[AT]K[A-Za-z0-9]{54,60}"
    r"|gsk_[A-Za-z0-9]{40,80}|r8_[A-Za-z0-9]{30,50}|pplx-[A-Za-z0-9]{40,60}|xai-[A-Za-z0-9]{60,100}"
    r"|lin_api_[A-Za-z0-9]{30,60}|sntrys_[A-Za-z0-9_+/=-]{30,300}|PMAK-[0-9a-f-]{40,80}"
    r"|AGE-SECRET-KEY-1[A-Z0-9]{50,70}"
    r"|secret_[A-Za-z0-9]{43}(?![A-Za-z0-9_])|ntn_[A-Za-z0-9]{40,60}|figd_[A-Za-z0-9_-]{36,64}"
    r"|hv[bsr]\.[A-Za-z0-9_-]{24,512}|dp\.(?:audit|ct|pt|sa|scim|st)\.[A-Za-z0-9_.-]{36,90}"
    r"|ATATT3x[A-Za-z0-9_=-]{60,512}"
    r"|pscale_(?:oauth|pw|tkn)_[A-Za-z0-9_=.-]{30,64}|sbp_[0-9a-f]{40}(?![A-Za-z0-9])"
    r"|dckr_[op]at_[A-Za-z0-9_-]{27,40}|rubygems_[0-9a-f]{48}|lsv2_(?:pt|sk)_[0-9a-f]{32}_[0-9a-f]{10}"
    r"|pcsk_[A-Za-z0-9_]{50,80}|HRKU-[A-Za-z0-9_-]{30,80}|NRAK-[A-Z0-9]{27}(?![A-Za-z0-9])"
    r"|[MNO][A-Za-z0-9_-]{23,25}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,38}(?![A-Za-z0-9_.-])"
    r")"
)
_INNER = (  # what tells them is not at their start
    (b".atlasv1.", re.compile(r"(?<![A-Za-z0-9])[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_=-]{50,90}")),
    (b"-us", re.compile(r"(?<![A-Za-z0-9])[0-9a-f]{32}-us\d{1,2}(?![A-Za-z0-9])")),
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
_PUTTY = re.compile(
    r"Private-Lines: ?\d{1,3}[ \t\r]{0,2}(?:\n|\\n|\\r\\n)"
    r"((?:[ \t>]{0,8}[A-Za-z0-9+/=]{4,80}[ \t\r]{0,2}(?:\n|\\n|\\r\\n|$)){1,200})"
)


def by_look(scan: Scan) -> list[Found]:
    """Keys that no name needs to stand before."""
    text = scan.text
    found = list[Found]()
    if LONG_TOKEN in scan.tokens:
        found += _by_prefix(scan)
        for inner, form in _INNER:
            if inner in scan.bytes:
                found += [Found(*match.span(), "key", match[0]) for match in form.finditer(text)]
    if PRIVATE_KEY in text:
        found += [Found(*match.span(), "key", match[0]) for match in _PEM.finditer(text)]
    if b":" not in scan.bytes:
        return found
    if b":AA" in scan.bytes:
        found += [Found(*match.span(), "key", match[0]) for match in _TELEGRAM.finditer(text)]
    if b"Private-Lines:" in scan.bytes:  # PuTTY's
        found += [Found(*match.span(1), "key", match[1]) for match in _PUTTY.finditer(text)]
    return found


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
