"""Groups of a language that few write are named by what they are about, not by its grammar."""

from __future__ import annotations

import random
import re
from pathlib import Path

import numpy as np
import pytest

from assay.records import Transcript
from assay.usage.mapping.corpus import Corpus, read_corpus
from assay.usage.mapping.groups import Grouped
from assay.usage.mapping.names import name_groups
from assay.usage.mapping.naming import NAMELESS
from assay.usage.mapping.settings import MapSettings
from tests.usage.mapping.made import import_of, mapped, said

ENGLISH = ["chocolate cake recipe", "python error", "cover letter", "train holiday", "headache"]
GERMAN = (
    ["ich möchte mehr wissen über", "kannst du mir bitte helfen mit", "wie geht das mit"],
    ["schokoladenkuchen", "fehlermeldung", "anschreiben", "zugreise", "kopfschmerzen"],
    ["und es sollte für mich sein", "weil ich nicht weiß was das ist", "mit der und ohne die"],
)
FRENCH = (
    ["je voudrais en savoir plus sur", "peux tu m'aider avec", "que puis je faire avec"],
    ["gâteau", "erreur", "candidature", "vacances", "migraine"],
    ["et c'est pour moi", "parce que je ne sais pas", "avec de la et du"],
)
JAPANESE = (
    ["について教えてください", "を手伝ってもらえますか", "はどうすればいいですか"],
    ["料理", "機械", "就職", "旅行", "頭痛"],
    ["ありがとうございます", "よろしくおねがいします", "わかりませんので"],
)


def asked(number: int, parts: tuple[list[str], ...], choose: random.Random) -> Transcript:
    return said(number, ". ".join(choose.choice(part) for part in parts))


@pytest.mark.parametrize("other", [GERMAN, FRENCH, JAPANESE], ids=["German", "French", "Japanese"])
def test_a_small_language_is_not_named_by_its_function_words(
    tmp_path: Path, other: tuple[list[str], ...]
) -> None:
    choose = random.Random(1)
    english = (["please help me with", "how do I do"], ENGLISH, ["and thank you", "for my work"])
    rows = [asked(each, other if each % 3 == 0 else english, choose) for each in range(900)]
    place = mapped(tmp_path, rows, MapSettings(min_conversations=5, min_principals=3))
    homes = [each.cluster_id for each in place.placed()]
    theirs = {homes[each] for each in range(0, 900, 3)}
    shown = [each for each in place.clusters() if each.shown and each.cluster_id in theirs]
    names = [re.sub(r" \(\d+\)$", "", each.name) for each in shown]  # of twins
    first = [name.split(", ")[0] for name in names if name != NAMELESS]
    assert len(first) > len(shown) / 2
    assert set(first) <= set(other[1])


CHATTER = ["dziękuję z góry", "czy możesz mi pomóc"]
POLISH = ["ciasto czekoladowe", "usterka programu", "podróż pociągiem", "migrena i ból"]


@pytest.mark.parametrize("language", ["pl", "und", "en"])
def test_a_language_whose_common_words_nobody_listed_is_compared_with_itself(
    tmp_path: Path, language: str
) -> None:
    """Only the language tells a greeting from a topic; taken for English, it is in the name."""
    choose = random.Random(1)
    english = [
        said(each, f"{choose.choice(ENGLISH)} number {each % 50}", language="en")
        for each in range(900)
    ]
    polish = [
        said(900 + each, f"{POLISH[each // 60]}. {CHATTER[each % 2]}", language=language)
        for each in range(240)
    ]
    usage = import_of(tmp_path, english + polish)
    read_corpus(usage, usage.path, lambda _done, _all: None)
    corpus = Corpus(usage.path)
    labels = np.array([0] * 450 + [1] * 450 + [2] * 60 + [3] * 180, dtype=np.int32)
    middles = np.eye(4, dtype=np.float32)
    grouped = Grouped(labels, middles, np.zeros(4, dtype=bool), levels=[])
    named = name_groups(corpus, grouped, np.arange(1140, dtype=np.int32), 5, lambda *_: None)
    name = named[0][2].name
    assert POLISH[0] in name
    assert any(each in name for each in CHATTER) == (language == "en")
