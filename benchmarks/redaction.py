"""Measures redaction: what it finds in the labelled set and in Faker's values, and its speed.

    python -m benchmarks.redaction [path/to/chats.jsonl.gz ...]

The labelled set is tests/usage/redaction_set.tsv. With Faker installed, values of many countries in
shapes that are not ours are tried too. Speed is measured on the texts of the files (json lines,
csv; gzip), each message by itself, and beside it: a bare regular expression for emails and digits
(what one would write first), the same in RE2 where it is installed, and Presidio where it is.
"""

from __future__ import annotations

import csv
import gzip
import importlib.util
import json
import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from tests.usage.labelled_set import KINDS, Item, Span, read_set, tally

from assay.stats import clustered_mean, rate
from assay.usage.names import name_recognisers
from assay.usage.redact import Recogniser, Redactor

REDACTOR = Redactor(b"benchmark" * 4)
BARE = r"[\w.+-]+@[\w-]+\.[\w.]+|\+?\d[\d ().-]{6,}\d"
SPLITS = {
    "dev": "looked at while the finders were tuned",
    "held": "written before the finders, first read when they were done",
    "hostile": "hidden and varied characters",
}


def main(files: list[str]) -> None:
    found = [(item, REDACTOR.spans(item.text)) for item in read_set()]
    for split, about in SPLITS.items():
        part = [(item, spans) for item, spans in found if item.split == split]
        plain = [spans for item, spans in part if not item.spans]
        print(f"\n## {split}: {about}\n")
        table(part, plain)
    names_table()
    if importlib.util.find_spec("faker"):
        print("\n## Values of Faker\n")
        faker_table()
    texts = [text for file in files for text in texts_of(Path(file))]
    if texts:
        print("\n## Speed\n")
        speed(texts)


def table(part: list[tuple[Item, list[Span]]], plain: list[list[Span]]) -> None:
    print("| kind | recall | precision |\n|---|---|---|")
    for kind in KINDS:
        count = tally(part, kind)
        recall, precision = share(count.hidden, count.labelled), share(count.right, count.found)
        print(f"| {kind} | {recall} | {precision} |")
    wrong = sum(bool(spans) for spans in plain)
    if plain:
        print(f"\nOf {len(plain)} texts with nothing to find, something is taken out of {wrong}.")


def names_table() -> None:
    """Names, where Presidio is installed: in English, and in other languages."""
    recognisers = name_recognisers()
    if not recognisers:
        return
    print("\n## Names\n\n| texts | recall | precision |\n|---|---|---|")
    items = [item for item in read_set() if item.split == "names"]
    for told, english in (("English", True), ("other languages", False)):
        part = [item for item in items if (item.locale == "en") == english]
        count = tally([(item, named(recognisers[0], item.text)) for item in part], "name")
        recall, precision = share(count.hidden, count.labelled), share(count.right, count.found)
        print(f"| {told} | {recall} | {precision} |")


def named(recogniser: Recogniser, text: str) -> list[Span]:
    return [(start, end, "name") for start, end in recogniser(text)]


def share(number: int, of: int) -> str:
    if not of:
        return "-"
    interval = rate(number, of)
    return f"{number}/{of} = {number / of:.3f} [{interval.low:.3f}, {interval.high:.3f}]"


LOCALES = (
    *("ar_SA", "cs_CZ", "da_DK", "de_AT", "de_CH", "de_DE", "el_GR", "en_AU", "en_CA", "en_GB"),
    *("en_IE", "en_IN", "en_NZ", "en_US", "es_ES", "es_MX", "fi_FI", "fr_CA", "fr_CH", "fr_FR"),
    *("he_IL", "hi_IN", "hu_HU", "id_ID", "it_IT", "ja_JP", "ko_KR", "nl_BE", "nl_NL", "no_NO"),
    *("pl_PL", "pt_BR", "pt_PT", "ro_RO", "ru_RU", "sv_SE", "th_TH", "tr_TR", "uk_UA", "vi_VN"),
    *("zh_CN", "zh_TW"),
)
FAKED = {
    "email": "mail",
    "phone_number": "phone",
    "credit_card_number": "card",
    "iban": "account",
    "ssn": "national id",
    "ipv4_public": "host",
    "ipv6": "host",
    "mac_address": "host",
}
EACH = 10


def faker_table() -> None:
    """Ten values of each locale; every second locale was looked at while the finders were tuned."""
    print("| values | locales | of | hidden after a word | hidden after none |")
    print("|---|---|---|---|---|")
    for method, word in FAKED.items():
        for split, locales in (("tuned", LOCALES[::2]), ("held out", LOCALES[1::2])):
            faker_row(method, word, split, locales)


def faker_row(method: str, word: str, split: str, locales: tuple[str, ...]) -> None:
    from faker import Faker

    hidden: dict[bool, list[int]] = {True: [], False: []}
    for locale in locales:
        for each in hidden.values():
            each.append(0)
        fake = Faker(locale)
        fake.seed_instance(f"2026 {locale}")
        for _ in range(EACH):
            value = str(getattr(fake, method)())
            for named, counts in hidden.items():
                before = f"My {word}: " if named else "I have "
                counts[-1] += covered(f"{before}{value}, thanks", len(before), len(value))
    told = " | ".join(by_locale(counts) for counts in hidden.values())
    print(f"| {method} | {len(locales)}, {split} | {EACH * len(locales)} | {told} |")


def by_locale(hidden: list[int]) -> str:
    """A share whose interval takes the values of a locale for one cluster."""
    total = EACH * len(hidden)
    interval = clustered_mean(hidden, [EACH] * len(hidden), binary=True)
    told = f"{sum(hidden)}/{total} = {sum(hidden) / total:.3f}"
    return f"{told} [{interval.low:.3f}, {interval.high:.3f}]"


def covered(text: str, start: int, length: int) -> bool:
    """Whether nothing but signs is left of a value."""
    left = set(range(start, start + length))
    for one, other, _ in REDACTOR.spans(text):
        left -= set(range(one, other))
    return not any(text[at].isalnum() for at in left)


def texts_of(file: Path) -> Iterator[str]:
    opener: Any = gzip.open if file.suffix == ".gz" else open
    with opener(file, "rt", encoding="utf-8", newline="") as opened:
        rows: Iterable[Any]
        if ".csv" in file.suffixes:
            csv.field_size_limit(1 << 30)
            rows = csv.DictReader(opened)
        else:
            rows = map(json.loads, opened)
        for row in rows:
            for value in row.values() if isinstance(row, dict) else row:
                if isinstance(value, str) and len(value) > 20:  # not a label or a number
                    yield from filter(None, re.split(r"\n\n(?:Human|Assistant): ?", value))


def speed(texts: list[str]) -> None:
    size = sum(len(text.encode("utf-8", "surrogatepass")) for text in texts) / 1e6
    taken = Counter(kind for text in texts for *_, kind in REDACTOR.spans(text))
    print(f"Taken out: {dict(taken)}.")
    print(f"{len(texts):,} messages, {size:.1f} MB, {1e6 * size / len(texts):.0f} bytes each.\n")
    ours = timed(REDACTOR.redact, texts, size)
    bare = re.compile(BARE)
    rows = [
        ("redaction", ours),
        ("one bare expression", timed(lambda t: bare.sub("", t), texts, size)),
    ]
    if importlib.util.find_spec("re2"):
        import re2

        other = re2.compile(BARE)
        rows.append(("the same in RE2", timed(lambda text: other.sub("", text), texts, size)))
    if importlib.util.find_spec("presidio_analyzer"):
        rows.append(("Presidio, all its recognisers", presidio(texts)))
    print("| | MB/s of one core | redaction is faster by |\n|---|---|---|")
    for name, pace in rows:
        print(f"| {name} | {pace:.2f} | {ours / pace:.2f} |")


def timed(work: Callable[[str], Any], texts: list[str], size: float) -> float:
    """The best of three, by the processor's time."""
    best = 0.0
    for _ in range(3):
        began = time.process_time()
        for text in texts:
            work(text)
        best = max(best, size / (time.process_time() - began))
    return best


def presidio(texts: list[str], most: int = 300) -> float:
    import spacy
    import tldextract.tldextract
    from presidio_analyzer import AnalyzerEngine
    from presidio_analyzer.nlp_engine import SpacyNlpEngine

    from assay.usage.names import _model_folder

    tldextract.tldextract.TLD_EXTRACTOR = tldextract.TLDExtract(suffix_list_urls=())  # no network
    engine: Any = SpacyNlpEngine()
    engine.nlp = {"en": spacy.load(_model_folder())}
    analyzer = AnalyzerEngine(nlp_engine=engine, supported_languages=["en"])
    some = texts[:: max(1, len(texts) // most)]
    size = sum(len(text.encode()) for text in some) / 1e6
    began = time.process_time()
    for text in some:
        analyzer.analyze(text, "en")
    return size / (time.process_time() - began)


if __name__ == "__main__":
    main(sys.argv[1:])
