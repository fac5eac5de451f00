"""Which of the lettered choices does a reply state? The reading behind the choice scorer."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
READ = 20_000
"""Characters read at the start, and again at the end, of a longer reply."""


@dataclass(frozen=True)
class Statement:
    """The letter that a reply states and the words that state it, or why there is none."""

    letter: str | None
    words: str = ""
    why: str = ""


def stated_choice(reply: str, choices: Sequence[str], letters: str = "") -> Statement:
    """The last clear statement of a letter, or of a choice's text, in a reply.

    In this order: the reply is a letter or a choice; it says "the answer is ..."; its lines begin
    with one letter, or its last line is one; it mentions one letter, or the text of one choice,
    and no other. A reply that hedges between two states none.

    Args:
        reply: what the model wrote.
        choices: the texts of the choices; the first is A.
        letters: the letters there are, where the texts are not known.
    """
    letters = LETTERS[: len(choices)] if choices else letters
    if len(reply) > 2 * READ:
        reply = reply[:READ] + "\n" + reply[-READ:]
    reader = _Reader(reply, letters, choices)
    for step in (reader.whole, reader.declared, reader.lines, reader.mentioned):
        if letters and (found := step()) is not None:
            return found
    return Statement(None, why="The reply states no choice.")


_MARKDOWN = str.maketrans("", "", "*`")


class _Reader:
    """Reads the reply without its Markdown emphasis; cites it with it."""

    def __init__(self, reply: str, letters: str, choices: Sequence[str]) -> None:
        self.reply = reply
        self.text = reply.translate(_MARKDOWN)
        self.letters = letters
        self.letter = f"[{re.escape(letters)}]"
        pairs = [
            (choice.translate(_MARKDOWN).strip(), letter)
            for letter, choice in zip(letters, choices, strict=False)
        ]
        pairs.sort(key=lambda pair: len(pair[0]), reverse=True)  # "Paris, Texas" before "Paris"
        self.choices = [(choice, letter) for choice, letter in pairs if choice]
        self.letter_of = {choice.casefold(): letter for choice, letter in self.choices}

    def whole(self) -> Statement | None:
        """The reply is a letter ("(b)."), a choice, or both ("B. Paris")."""
        if letter := re.fullmatch(rf"\W*({self.letter})\W*", self.text, re.IGNORECASE):
            return self._says(letter[1].upper(), 0, len(self.text))
        if choice := self._choice_of(self.text):
            return self._says(choice, 0, len(self.text))
        both = re.fullmatch(rf"\W*({self.letter})\s*[).:,-]+\s*(.+)", self.text, re.DOTALL)
        if both and self._choice_of(both[2]) == both[1]:
            return self._says(both[1], 0, len(self.text))
        return None

    def declared(self) -> Statement | None:
        """'The answer is ...'; the last of them counts."""
        pattern = re.compile(
            rf"(?i:{_ANSWER})(?i:{_LINK}){{0,8}}"
            rf"(?:[(\[{{\"'$]{{0,2}}({self.letter})(?![A-Za-z0-9_'])|(?=(?P<rest>[^\n]{{1,300}})))"
        )
        hedge = re.compile(rf"[)\].\s,\"']{{0,4}}(?:or|and/or|and|/|,)\s*\(?({self.letter})\b")
        last = None
        for match in pattern.finditer(self.text):
            if self._denied(match.start(), match.end()):
                continue
            other = hedge.match(self.text, match.end()) if match[1] else None
            if other and other[1] != match[1]:
                last = self._several([match[1], other[1]], match.start(), other.end())
            elif match[1]:
                last = self._says(match[1], match.start(), match.end())
            elif named := self._choice_starting(match["rest"]):
                letter, length = named
                last = self._says(letter, match.start(), match.end() + length)
        return last

    def lines(self) -> Statement | None:
        """Lines that begin with a letter ("B) because"), or a last line that is one."""
        alone = re.search(rf"\n\W*({self.letter})\W*$", self.text[-50:])
        if alone:
            return self._says(alone[1], len(self.text) - len(alone[0]), len(self.text))
        start = re.compile(
            rf"^[ \t(\[\"']*({self.letter})(?:[)\]:.]|\s*[-\u2013\u2014]|\s*$)", re.MULTILINE
        )
        begun = {m[1]: m for m in start.finditer(self.text) if not self._denied(m.start(), m.end())}
        if not begun:
            return None
        if hedged := self._hedge():
            return hedged
        first = next(iter(begun.values()))
        end = self.text.find("\n", first.end())
        end = end if end >= 0 else len(self.text)
        marked = re.findall(rf"(?<![\w'])({self.letter})[)\]]", self.text[first.start() : end])
        if len({*begun, *marked}) > 1:
            return self._several([*begun, *marked])
        return self._says(first[1], first.start(), end)

    def mentioned(self) -> Statement | None:
        """One letter in brackets or alone, or one choice's text, and no other."""
        if hedged := self._hedge():
            return hedged
        found: dict[str, tuple[int, int]] = {}
        pattern = re.compile(
            rf"(?<![\w'])(?:\(({self.letter})\)|\[({self.letter})\]"
            rf"|(?i:option|choice|letter)\s+\"?({self.letter})(?!\w)|([B-HJ-Z])(?=[\s.,;:)]|$))"
        )
        for match in pattern.finditer(self.text):
            letter = next(group for group in match.groups() if group)
            if letter in self.letters and not self._denied(*match.span()):
                found.setdefault(letter, match.span())
        rest = self.text
        for choice, letter in self.choices:
            named = re.compile(rf"(?<!\w){re.escape(choice)}(?!\w)", re.IGNORECASE)
            for match in named.finditer(rest):
                if not self._denied(*match.span()):
                    found.setdefault(letter, match.span())
            rest = named.sub(lambda match: "\0" * len(match[0]), rest)
        if len(found) == 1:
            ((letter, span),) = found.items()
            return self._says(letter, *span)
        return self._several([*found]) if found else None

    def _hedge(self) -> Statement | None:
        """'A or B', 'A, B', 'B/C'."""
        pattern = (
            rf"(?<![\w'])({self.letter})\)?\s?(?:or|and|and/or|[/,&])\s?\(?({self.letter})(?![\w'])"
        )
        for match in re.finditer(pattern, self.text):
            if match[1] != match[2]:
                return self._several([match[1], match[2]], *match.span())
        return None

    def _choice_of(self, text: str) -> str | None:
        plain = text.strip().casefold()
        return self.letter_of.get(plain) or self.letter_of.get(plain.strip(" .!\"'"))

    def _choice_starting(self, text: str) -> tuple[str, int] | None:
        """The choice with whose text the words begin, and how many characters that takes."""
        plain = text.lstrip(" \"'(\u201c")
        for choice, letter in self.choices:
            after = plain[len(choice) : len(choice) + 1]
            if plain[: len(choice)].casefold() == choice.casefold() and not after.isalnum():
                return letter, len(text) - len(plain) + len(choice)
        return None

    def _denied(self, start: int, end: int) -> bool:
        """Is what stands here said to be wrong ("not (B)", "(B) is incorrect")?"""
        before = self.text[max(0, start - 30) : start]
        return bool(_DENIED_BEFORE.search(before) or _DENIED_AFTER.match(self.text, end))

    def _says(self, letter: str, start: int, end: int) -> Statement:
        return Statement(letter, self._cited(start, end))

    def _several(self, letters: Sequence[str], start: int = 0, end: int = 0) -> Statement:
        named = ", ".join(sorted(set(letters)))
        return Statement(None, self._cited(start, end), f"It names several choices: {named}.")

    def _cited(self, start: int, end: int) -> str:
        """These words as the reply has them, emphasis included."""
        if len(self.reply) != len(self.text):
            kept = [index for index, mark in enumerate(self.reply) if mark not in "*`"]
            start, end = (kept[start], kept[end - 1] + 1) if end > start else (0, 0)
        return self.reply[start:end].strip()[:200]


_ANSWER = (
    r"\b(?:answers?|choice|solution|antwort|respuesta|réponse|resposta|risposta|ответ|choose|"
    r"select|pick|choosing|go(?:ing)? with)\b|答案|正解|答え|정답|الإجابة|الجواب|उत्तर|\\boxed"
)
_LINK = (
    r"\s|[:=\"'\u201c(]|\b(?:to|this|the|that|question|is|are|was|would|be|must|should|most|likely|"
    r"probably|clearly|definitely|therefore|thus|indeed|simply|option|choice|letter|number|correct|"
    r"best|right|final|ist|es|est|é|è|la|le|die|der|opción|lettre|letra|lettera|буква|вариант)\b"
    r"|[是為为はが]|هو|هي|है|\{"
)
_DENIED_BEFORE = re.compile(
    r"(?:\b(?:not|neither|nor|except|than|of|exclude|eliminate|reject|rule out)|n't)"
    r"(?:\s+(?:be|option|choice|answer|letter|the|choose|pick|select|go with))*\s*[(\"']*$",
    re.IGNORECASE,
)
_DENIED_AFTER = re.compile(
    r"[)\]\"'.,:]*\s*(?:(?:is|are|was|would be|seems)\s+(?:not|\w+ly\s+wrong)\b"
    r"|(?:is|are|was|would be|seems)?\s*\b(?:wrong|incorrect|false|implausible|untrue|unlikely)\b"
    r"|\b(?:is|are|was|ca)n't\b|\bcannot\b)",
    re.IGNORECASE,
)
