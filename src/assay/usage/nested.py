"""Redacts JSON values: the name of a value is the word before it.

``{"phone": 4155550132}`` holds a phone number as *phone: 4155550132* does. Under a name for
passwords a value is taken out whole, whatever it looks like, as nothing else can stand there.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from assay.usage.find_keys import stands_in
from assay.usage.redact import Redactor

_A_NUMBER = 10_000_000
_NAME = 64  # characters of a name that are read

_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_BREAK = re.compile(r"[\W_]+")
_PASSWORD = re.compile(
    r"(?:^| )(?:pass ?(?:word|wd|phrase|code|wort)|pwd|contrase[ñn]a|senha|mot de passe|mdp"
    r"|kennwort|wachtwoord|has[łl]o|[şs]ifre|пароль|密码|密碼|パスワード|비밀번호|암호|पासवर्ड)s?"
    r"(?: ?\d| (?:again|confirm|confirmation|repeat))?$"
)
_SECRET = re.compile(
    r"(?:^| )(?:api|app|access|auth|client|consumer|encryption|private|refresh|secret|session"
    r"|signing) ?(?:key|secret|token)$"
)
_CODE = re.compile(r"(?:^| )(?:[ck]v[vc]2?|csc|card (?:security|verification) \w+|pin|otp)$")
_MEASURE = re.compile(
    r"(?:^| )(?:amount|at|bytes|cost|counts?|created|date|duration|exp|expires|expiry|hash|iat"
    r"|index|len|length|limit|max|min|ms|nbf|offset|on|price|seconds|size|time|times|timestamp"
    r"|tokens|total|ts|ttl|updated|version)$"
)
_VALUES = frozenset(
    (
        *("value", "values", "val", "text", "content", "data", "raw", "plain", "plaintext"),
        *("string", "current", "new", "old"),
    )
)
_PARTS = frozenset(
    ("number", "numbers", "no", "nr", "num", "id", "home", "work", "main", "primary", "secondary")
)
_NAMES = ("name", "key", "field", "header")
_NOTHING = frozenset(
    (
        *("string", "text", "password", "required", "optional", "hidden", "unknown", "yes"),
        *("no", "none", "null", "nil", "true", "false"),
    )
)
_FILE = re.compile(r"[/\\]|\.[a-z]{1,4}$", re.IGNORECASE)
_WORD = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{5,}(?![A-Za-z0-9])")


class Nested:
    """Redacts JSON values.

    Args:
        redactor: what redacts the texts in them.
        word: redacts a short text that comes again and again, as names do.
    """

    def __init__(self, redactor: Redactor, word: Callable[[str], str]) -> None:
        self._redactor = redactor
        self._word = word
        self._words = lru_cache(maxsize=4096)(words_of)

    def redact(self, value: Any, counts: Counter[str], name: str = "") -> Any:
        """A JSON value with every text in it redacted, names included.

        Args:
            value: the value; of numbers only those stay that a text would keep.
            counts: where what is taken out is counted, by kind.
            name: what the value is called, in words.
        """
        if isinstance(value, str):
            return self._text(value, counts, name)
        if isinstance(value, dict):
            return self._object(value, counts, name)
        if isinstance(value, list | tuple):
            return self._list(value, counts, name)
        if isinstance(value, bool) or value is None:
            return value
        return self._number(value, counts, name)

    def _object(self, value: dict[Any, Any], counts: Counter[str], name: str) -> dict[str, Any]:
        told = next((value[each] for each in _NAMES if isinstance(value.get(each), str)), None)
        paired = told is not None and not _VALUES.isdisjoint(value)
        name = self._words(str(told)) if paired else name
        return {
            self._word(str(key)): self.redact(each, counts, self._called(str(key), name))
            for key, each in value.items()
        }

    def _called(self, key: str, above: str) -> str:
        """The name of a value in words; *value* and *number* mean what stands above them."""
        own = self._words(key)
        if own in _VALUES:
            return above or own
        return f"{above} {own}".strip() if own in _PARTS else own

    def _list(
        self, value: list[Any] | tuple[Any, ...], counts: Counter[str], name: str
    ) -> list[Any]:
        """Of a command line's words, a flag is the name of the next."""
        done = list[Any]()
        flag = ""
        for each in value:
            done.append(self.redact(each, counts, flag or name))
            flag = self._words(each) if isinstance(each, str) and each.startswith("-") else ""
        return done

    def _text(self, text: str, counts: Counter[str], name: str) -> str:
        if name and _locks(name, text):
            told, found = self._redactor.withhold(text)
        else:
            before = f"{name}: " if name and not _MEASURE.search(name) else ""
            told, found = self._redactor.redact(text, before)
        counts.update(found)
        return told

    def _number(self, value: float, counts: Counter[str], name: str) -> float | str:
        """A number, unless it is one that a text would lose: a card's or a telephone's."""
        if isinstance(value, float):
            whole = value.is_integer() and abs(value) < 2**63
            told = self._number(int(value), counts, name) if whole else value
            return told if isinstance(told, str) else value
        if abs(value) < _A_NUMBER and not (name and _locks(name, str(value))):
            return value
        try:
            text = str(value)
        except ValueError:  # more digits than Python writes
            return "[number]"
        told = self._text(text, counts, name)
        return value if told == text and abs(value) < 2**63 else told


def words_of(name: str) -> str:
    """A name in words: ``passportNumber``, ``passport_number`` and ``Passport-Number`` are one."""
    return _BREAK.sub(" ", _HUMP.sub(" ", name[-_NAME:])).strip().lower()


def _locks(name: str, text: str) -> bool:
    """Whether a value is a password, a code or a key because of its name alone."""
    if _CODE.search(name):
        return text.isascii() and text.isdigit() and (4 if "pin" in name else 3) <= len(text) <= 10
    said = text.strip()
    if _PASSWORD.search(name):
        return bool(said) and said.lower() not in _NOTHING and not stands_in(said)
    if not _SECRET.search(name) or len(said) < 8 or stands_in(said) or len(said.split()) > 1:
        return False
    mixed = any(map(str.isdigit, said)) and any(map(str.isalpha, said))
    return mixed and not _FILE.search(said) and not _WORD.search(said)
