"""Makes a map of an import: words, vectors, groups, names and places, each a stage of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assay.records import Cluster, MapRecord, Placed
from assay.records.clock import now
from assay.stats.partition import adjusted_rand
from assay.store.files import write_record
from assay.store.journal import remove_journal
from assay.store.tables import write_rows
from assay.usage.folder import UsageFolder
from assay.usage.mapping import layout
from assay.usage.mapping.asking import PROMPTS
from assay.usage.mapping.corpus import Corpus, check_accounts, read_corpus
from assay.usage.mapping.describing import Describer
from assay.usage.mapping.figures import (
    Figures,
    exact_figures,
    private_figures,
    told_apart,
    whose_conversations,
)
from assay.usage.mapping.folder import MapFolder
from assay.usage.mapping.groups import Grouped, cohesion, group, stability
from assay.usage.mapping.hands import Alone, Hands
from assay.usage.mapping.kmeans import Done, similarities
from assay.usage.mapping.privacy import warnings_of, warnings_of_spending
from assay.usage.mapping.settings import WORDS, MapSettings
from assay.usage.mapping.spent import spend
from assay.usage.mapping.stages import (
    Make,
    Stages,
    hash_of_file,
    key_of,
    load,
    load_json,
    save,
    save_json,
)
from assay.usage.mapping.tfidf import DIMENSIONS, VERSION, embed_words
from assay.usage.mapping.vectors import (
    RAW,
    Embedder,
    are_whole,
    compare_within_languages,
    embed_parts,
    embed_texts,
    open_vectors,
)
from assay.version import __version__

CODE = "map-8"
"""Changes whenever the same import and settings may give another map."""

Tell = Callable[[str, int, int], None]
"""Is told the stage, how much of it is done, and how much there is (0: not known yet)."""


_GO_ON = ("read", "embed")
"""Stages that go on with what an earlier call of them left behind."""


@dataclass(frozen=True)
class Crew:
    """Who makes a map; see :func:`make_map`."""

    embedder: Embedder | None
    describer: Describer | None
    hands: Hands
    by_name: bool


@dataclass(frozen=True)
class Made:
    """All that a map is written from."""

    corpus: Corpus
    vectors: Any
    grouped: Grouped
    figures: Figures
    places: list[layout.Places]
    stability: float | None


def make_map(
    usage: UsageFolder,
    settings: MapSettings,
    embedder: Embedder | None,
    tell: Tell = lambda _stage, _done, _all: None,
    *,
    describer: Describer | None = None,
    fallback: bool = False,
    hands: Hands | None = None,
    by_name: bool = False,
) -> MapRecord:
    """Make the map, or go on where an earlier call was killed. A map that is there is not remade.

    Args:
        embedder: what turns texts into vectors; None for the words of the import itself.
        describer: the model that names groups; None for none.
        fallback: nobody chose the words: a real embedder was not at hand, and the map says so.
        hands: who does what can be done anywhere; this process where it is None.
        by_name: the embedder can be opened by its name wherever the hands are.

    Raises:
        AssayError: the import is empty, or no account is known and nobody said so.
    """
    import sklearn.manifold  # noqa: F401  (brings the threads that are limited below)
    from threadpoolctl import threadpool_limits

    place = MapFolder(usage.path)
    version = VERSION if embedder is None else embedder.version
    inputs = _inputs(usage)
    whole = key_of(CODE, inputs, settings.told(), version, fallback)
    if place.record_file.is_file() and place.read().inputs_sha256 == whole:
        return place.read()
    stages = Stages(place.work_folder)
    with threadpool_limits(1):  # sums in another order would make another map
        crew = Crew(embedder, describer, hands or Alone(), by_name)
        made = _made(usage, settings, crew, stages, inputs, version, tell)
        record = _write(usage, place, settings, made, whole, fallback and embedder is None)
    stages.drop_others(keep="embed")
    if describer is not None:
        remove_journal(describer.journal)
    return record


def _made(
    usage: UsageFolder,
    settings: MapSettings,
    crew: Crew,
    stages: Stages,
    inputs: str,
    version: str,
    tell: Tell,
) -> Made:
    """Every stage, each found where it was finished before."""
    embedder, describer, hands = crew.embedder, crew.describer, crew.hands

    def told(stage: str) -> Done:
        return lambda done, all_: tell(stage, done, all_)

    def reach(stage: str, key: str, make: Make) -> Path:
        done = stages.reach(stage, key, make, goes_on=stage in _GO_ON)
        tell(stage, 1, 1)
        return done

    read = key_of(CODE, inputs)
    corpus = Corpus(reach("read", read, lambda part: read_corpus(usage, part, told("read"), hands)))
    check_accounts(corpus, unknown=settings.accounts_unknown)

    def embed(part: Path) -> None:
        if are_whole(part):
            return
        if embedder is None:
            out = open_vectors(part / RAW, (len(corpus), DIMENSIONS))
            embed_words(corpus, out, settings.seed, told("embed"))
            out.flush()
        elif crew.by_name:
            embed_parts(usage, corpus, embedder, part, hands, told("embed"))
        else:
            embed_texts(usage, corpus, embedder, part, told("embed"))
        compare_within_languages(part, corpus.languages)

    embedded = key_of(read, version, settings.seed if embedder is None else None)
    vectors = load(reach("embed", embedded, embed), "vectors")
    clustered = key_of(embedded, settings.seed, settings.cluster_size)
    grouped = reach(
        "cluster", clustered, lambda part: _group(vectors, settings, part, told("cluster"))
    )
    groups = _grouped(grouped)
    counted = key_of(clustered, {**settings.told(), "namer": None})
    named = reach(
        "name",
        counted,
        lambda part: save_json(
            part, "figures", _figures(corpus, groups, settings, told("name"), hands)
        ),
    )
    if describer is not None:
        plain: Figures = load_json(named, "figures", Figures)
        whose, k = whose_conversations(corpus, settings), settings.principals_needed
        named = reach(
            "describe",
            key_of(counted, describer.model, PROMPTS),
            lambda part: save_json(
                part, "figures", describer.describe(usage, corpus, groups, plain, whose, k)
            ),
        )
    placed = reach(
        "layout",
        clustered,
        lambda part: save(
            part, **_numbered(layout.place(groups.middles, groups.levels, settings.seed))
        ),
    )
    return Made(
        corpus=corpus,
        vectors=vectors,
        grouped=groups,
        figures=load_json(named, "figures", Figures),
        places=[load(placed, f"level{level}") for level in range(len(groups.levels) + 1)],
        stability=load_json(grouped, "stability", float | None),
    )


def _inputs(usage: UsageFolder) -> str:
    parts = [(part.name, hash_of_file(part)) for part in usage.sources()]
    return key_of(parts, sorted(usage.superseded()))


def _group(vectors: Any, settings: MapSettings, part: Path, done: Done) -> None:
    found = group(
        vectors,
        settings.cluster_size,
        settings.seed,
        done,
        look_for_rare=settings.epsilon is None,
    )
    save(part, labels=found.labels, middles=found.middles, rare=found.rare)
    for level, (labels, middles) in enumerate(found.levels):
        save(part, **{f"parents{level}": labels, f"middles{level}": middles})
    one, other = stability(vectors, settings.cluster_size, settings.seed)
    save_json(part, "levels", len(found.levels))
    save_json(part, "stability", adjusted_rand(one, other) if len(one) else None)


def _grouped(folder: Path) -> Grouped:
    levels = range(load_json(folder, "levels", int))
    return Grouped(
        labels=np.asarray(load(folder, "labels")),
        middles=np.asarray(load(folder, "middles")),
        rare=np.asarray(load(folder, "rare")),
        levels=[
            (
                np.asarray(load(folder, f"parents{level}")),
                np.asarray(load(folder, f"middles{level}")),
            )
            for level in levels
        ],
    )


def _figures(
    corpus: Corpus, grouped: Grouped, settings: MapSettings, done: Done, hands: Hands
) -> Figures:
    if settings.epsilon is None:
        return exact_figures(corpus, grouped, settings, done, hands)
    return private_figures(corpus, grouped, settings, settings.epsilon)


def _numbered(arrays: list[layout.Places]) -> dict[str, layout.Places]:
    return {f"level{level}": array for level, array in enumerate(arrays)}


def _write(
    usage: UsageFolder,
    place: MapFolder,
    settings: MapSettings,
    made: Made,
    whole: str,
    fallback: bool,
) -> MapRecord:
    """The tables, then map.json, by which a map is known to be whole."""
    for stale in (place.record_file, *place.path.glob("*.html")):  # and pages of the map before
        stale.unlink(missing_ok=True)
    spent = () if settings.epsilon is None else spend(usage.epsilon_file, settings.epsilon)
    concerns = np.fromiter(usage.concerns(), dtype=np.float64)
    write_rows(place.clusters_file, Cluster, _clusters(made, concerns))
    write_rows(place.conversations_file, Placed, _placed(usage, made))
    conversations, hidden = len(made.corpus), made.figures.hidden
    shown = conversations - sum(hidden.values())
    told = made.corpus.told
    unknown = settings.accounts_unknown or settings.epsilon is not None
    record = MapRecord(
        import_name=usage.name,
        created=now(),
        assay=__version__,
        profile=settings.profile,
        embedding=settings.embedder or WORDS,
        settings=settings.told(),
        conversations=conversations,
        shown=shown,
        hidden=hidden,
        clusters=tuple(len(level) for level in made.figures.levels),
        stability=made.stability,
        principals=None if unknown else told["principals"],
        epsilon=settings.epsilon,
        warnings=(
            *warnings_of(settings, told, conversations, shown, fallback=fallback),
            *warnings_of_spending(spent),
            *usage.notes(),
        ),
        inputs_sha256=whole,
        epsilon_spent=sum(each.epsilon for each in spent) if spent else None,
    )
    write_record(place.record_file, record)
    return record


def _clusters(made: Made, concerns: NDArray[np.float64]) -> Iterator[Cluster]:
    grouped = made.grouped
    for level, figures in enumerate(made.figures.levels):
        labels, middles = grouped.labels_at(level), grouped.middles_at(level)
        close = cohesion(made.vectors, labels, middles)
        means = _means(labels, concerns, len(figures))
        above = grouped.levels[level][0] if level < len(grouped.levels) else None
        names = told_apart(figures)
        for number, figure in enumerate(figures):
            yield Cluster(
                cluster_id=f"{level}.{number}",
                level=level,
                parent_id=None if above is None else f"{level + 1}.{above[number]}",
                name=names[number],
                summary=figure.summary,
                keywords=figure.keywords,
                conversations=figure.conversations,
                principals=figure.principals,
                shown=figure.hidden is None,
                hidden=figure.hidden,
                rare=bool(level == 0 and grouped.rare[number]),
                x=float(made.places[level][number, 0]),
                y=float(made.places[level][number, 1]),
                cohesion=float(close[number]),
                concern=means[number] if figure.hidden is None else None,
            )


def _means(
    labels: NDArray[np.int32], concerns: NDArray[np.float64], groups: int
) -> list[float | None]:
    """The mean concern of each group, over its members whose concern is known."""
    if not len(concerns):
        return [None] * groups
    known = (labels >= 0) & ~np.isnan(concerns)
    counts = np.bincount(labels[known], minlength=groups)
    sums = np.bincount(labels[known], concerns[known], minlength=groups)
    return [float(total / n) if n else None for total, n in zip(sums, counts, strict=True)]


def _placed(usage: UsageFolder, made: Made) -> Iterator[Placed]:
    labels, middles = made.grouped.labels, made.grouped.middles
    places = layout.around(made.vectors, labels, middles, made.places[0])
    cosines = similarities(made.vectors, labels, middles)
    for row, each in enumerate(usage.transcripts(())):
        label = int(labels[row])
        yield Placed(
            transcript_id=each.transcript_id,
            cluster_id=f"0.{label}" if label >= 0 else None,
            x=float(places[row, 0]),
            y=float(places[row, 1]),
            similarity=float(cosines[row]),
        )
