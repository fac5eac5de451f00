"""Makes labelled conversations without a model: a grammar of requests in four languages.

They are for comparing embedders and settings and for noticing that a map has become worse. They
cannot show how well real conversations are told apart: a grammar's categories differ by words that
its author chose, its people do not ramble, and its languages are four that are written with
spaces. Neighbours that share words (phishing and marketing, malware and debugging, recipes and
diets), sentences from other categories, chatter, slips of the keyboard and second turns make it
less easy than it would be; the figures are an upper bound all the same.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.resources import files

import msgspec
import numpy as np

from assay.records import Message
from assay.usage.validation.labelled import Known, Labelled

LANGUAGES = {"en": 0.7, "de": 0.1, "fr": 0.1, "es": 0.1}
"""The share of conversations in each language."""
_ELSEWHERE = 0.3  # of conversations hold a sentence of another category
_CHATTER = 0.5  # hold a sentence about nothing
_SECOND = 0.3  # have a second turn
_SLIPS = 0.02  # of letters are dropped or doubled
_PEOPLE = 0.6  # accounts for each conversation

_OPENINGS = {
    "en": ["hi", "hello there", "hey, quick question", "please help", "good morning", "so", "ok"],
    "de": ["hallo", "guten Morgen", "kurze Frage", "bitte hilf mir", "also"],
    "fr": ["bonjour", "salut", "petite question", "s'il te plaît", "alors"],
    "es": ["hola", "buenos días", "una pregunta", "por favor", "bueno"],
}
_NOTHING = {
    "en": [
        "it has been a long day",
        "I asked somebody else before and got nowhere",
        "sorry if this is a strange thing to ask",
        "I am on my phone so it is short",
        "take your time",
        "my coffee is getting cold",
        "I don't know much about this",
        "you helped me last week with something else",
    ],
    "de": ["es war ein langer Tag", "entschuldige die Frage", "lass dir Zeit", "danke im Voraus"],
    "fr": ["la journée a été longue", "désolé pour la question", "prends ton temps", "merci"],
    "es": ["ha sido un día largo", "perdona la pregunta", "tómate tu tiempo", "gracias"],
}
_AGAIN = {
    "en": [
        "that is not what I meant.",
        "good, now shorter.",
        "and one more thing:",
        "thanks. also",
    ],
    "de": ["so meinte ich das nicht.", "gut, und noch etwas:", "bitte kürzer."],
    "fr": ["ce n'est pas ce que je voulais.", "bien, et encore :", "plus court."],
    "es": ["no es lo que quería decir.", "bien, y otra cosa:", "más corto."],
}


class Speech(msgspec.Struct, frozen=True):
    """How a category is asked for in one language."""

    ask: list[str]
    x: list[str]
    more: list[str]


class Category(msgspec.Struct, frozen=True):
    """One of the grammar's categories."""

    name: str
    en: Speech
    de: Speech
    fr: Speech
    es: Speech
    concerning: bool = False

    def speech(self, language: str) -> Speech:
        """How it is asked for in a language."""
        found: Speech = getattr(self, language)
        return found


def synthetic(conversations: int, seed: int) -> Labelled:
    """Made-up conversations. The same number and seed give the same ones."""
    return Labelled(f"synthetic ({conversations:,}, seed {seed})", list(_made(conversations, seed)))


@cache
def categories() -> tuple[Category, ...]:
    """The grammar's categories."""
    text = files(__package__).joinpath("grammar.toml").read_text(encoding="utf-8")
    return tuple(msgspec.convert(tomllib.loads(text)["category"], list[Category]))


def sentence(random: np.random.Generator, category: Category, language: str) -> str:
    """A request of a category."""
    speech = category.speech(language)
    return str(random.choice(speech.ask)).format(x=random.choice(speech.x))


def said(random: np.random.Generator, category: Category, language: str) -> list[str]:
    """What somebody writes about a category, turn by turn."""
    speech = category.speech(language)
    parts = [sentence(random, category, language)]
    parts += random.choice(speech.more, int(random.integers(0, 3)), replace=False).tolist()
    if random.random() < _CHATTER:
        parts.insert(int(random.integers(0, 2)), str(random.choice(_NOTHING[language])))
    if random.random() < _ELSEWHERE:
        other = categories()[random.integers(len(categories()))].speech(language)
        parts.append(str(random.choice(other.more)))
    if random.random() < _CHATTER:
        parts.insert(0, str(random.choice(_OPENINGS[language])))
    turns = [_typed(random, ". ".join(parts))]
    if random.random() < _SECOND:
        again = f"{random.choice(_AGAIN[language])} {sentence(random, category, language)}"
        turns.append(_typed(random, again))
    return turns


def _made(conversations: int, seed: int) -> Iterator[Known]:
    random = np.random.default_rng([seed, 2412])
    known = categories()
    people = max(1, round(conversations * _PEOPLE))
    names, shares = list(LANGUAGES), list(LANGUAGES.values())
    for _ in range(conversations):
        category = known[random.integers(len(known))]
        language = str(random.choice(names, p=shares))
        yield Known(
            tuple(Message("user", turn) for turn in said(random, category, language)),
            category.name,
            category.concerning,
            language,
            f"person-{random.integers(people)}",
        )


def _typed(random: np.random.Generator, text: str) -> str:
    """The text as it comes from a keyboard: some letters are lost, some come twice."""
    found = []
    for letter, chance in zip(text, random.random(len(text)).tolist(), strict=True):
        slip = letter.isalpha() and chance < _SLIPS
        found.append("" if slip and chance < _SLIPS / 2 else letter * 2 if slip else letter)
    return "".join(found)
