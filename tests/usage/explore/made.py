"""Made-up imports with maps whose groups are known, without any clustering."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from assay.records import (
    Cluster,
    ImportRecord,
    MapRecord,
    Message,
    Placed,
    ScoreRow,
    ScorerRecord,
    Transcript,
    UsageScorer,
)
from assay.store.tables import write_rows
from assay.store.usage_scores import ScoresFolder
from assay.usage.folder import UsageFolder
from assay.usage.mapping.folder import MapFolder
from assay.usage.mapping.settings import MapSettings

MONTHS = ("2026-01", "2026-02", "2026-03")
TOPICS = ("baking bread", "fixing bicycles", "filing taxes", "learning chess", "naming cats",
          "writing poems")  # fmt: skip
ABOVE = ("at home", "at a desk", "for fun")
"""Two base groups each, in order."""


@dataclass
class Made:
    """A workspace with one import and its map."""

    root: Path
    usage: UsageFolder
    transcripts: list[Transcript] = field(default_factory=list)
    base_of: dict[str, int] = field(default_factory=dict)

    @property
    def place(self) -> MapFolder:
        return MapFolder(self.usage.path)

    def score(self, value_of: Any, *, scorer: str = "flagger", version: str = "v" * 64) -> None:
        """Score every conversation; None for a judge that failed, Ellipsis for no row at all."""
        rows = []
        for each in self.transcripts:
            value = value_of(each, self.base_of[each.transcript_id])
            if value is not ...:
                rows.append(score_row(each.transcript_id, value, scorer, version))
        write_scores(self.usage.path, scorer, rows)

    def change_clusters(self, change: Any) -> None:
        """Write the clusters anew, each as ``change`` gives it."""
        write_rows(
            self.place.clusters_file, Cluster, [change(each) for each in self.place.clusters()]
        )

    def change_record(self, **fields: Any) -> None:
        record = msgspec.structs.replace(self.place.read(), **fields)
        self.place.record_file.write_bytes(msgspec.json.encode(record))


def write_scores(usage: Path, scorer: str, rows: list[ScoreRow]) -> None:
    """A scorer's rows where a sweep would have left them."""
    about = ScorerRecord(
        name=scorer, kind="made", version="v", parameters={}, good="high", bounds=(0.0, 1.0)
    )
    record = UsageScorer(scorer=about, assay="0", updated="2026-05-01", finished=True)
    table = ScoresFolder(usage).begin(record)
    write_rows(table.part("part-00000.parquet"), ScoreRow, rows)
    ScoresFolder(usage).finish(table, record)


def score_row(name: str, value: float | None, scorer: str, version: str) -> ScoreRow:
    return ScoreRow(
        transcript_id=name, run_id="made", eval="usage", sample_id=name, epoch=1, scorer=scorer,
        scorer_version=version, value=value, label=None,
        unscored="grader_failed" if value is None else None, explanation="", citations=(),
        raw=None, tokens=0, scored_at="2026-04-01T00:00:00Z", scored_by="made", cluster=None,
        pair_id=None, polarity=None, policy_area=None, language=None,
    )  # fmt: skip


def make(
    root: Path,
    *,
    profile: str = "insight",
    each: int = 60,
    rising: int | None = None,
    seed: int = 0,
    minima: tuple[int, int] | None = None,
    **settings: Any,
) -> Made:
    """Six groups of the base in three; ``each`` conversations a month in each of them.

    Args:
        rising: a base group with twice as many conversations in the last month.
        minima: other than the profile's.
        settings: of the map, besides the profile.
    """
    (root / "assay.toml").touch()
    usage = UsageFolder(root / "usage" / "made")
    usage.transcripts_folder.mkdir(parents=True)
    made = Made(root, usage)
    chance = random.Random(seed)
    for month in MONTHS:
        for topic, _ in enumerate(TOPICS):
            for _ in range(each * (2 if topic == rising and month == MONTHS[-1] else 1)):
                number = len(made.transcripts)
                transcript = _said(number, topic, month, chance)
                made.transcripts.append(transcript)
                made.base_of[transcript.transcript_id] = topic
    write_rows(usage.part(0), Transcript, made.transcripts)
    usage.save(_import_record(len(made.transcripts)))
    told = MapSettings(profile=profile, **settings)  # type: ignore[arg-type]
    if minima:
        told = MapSettings(profile=profile, min_conversations=minima[0],  # type: ignore[arg-type]
                           min_principals=minima[1], **settings)  # fmt: skip
    _map(made, told)
    return made


def _said(number: int, topic: int, month: str, chance: random.Random) -> Transcript:
    return Transcript(
        transcript_id=f"transcript{number:05d}x",
        messages=(
            Message("user", f"secretword{number} please help with {TOPICS[topic]}"),
            Message("assistant", f"replyword{number}"),
        ),
        date=f"{month}-{chance.randint(1, 28):02d}T10:00:00Z",
        account_id=f"accountname{chance.randint(0, 400):04d}",
        language=chance.choices(("en", "de", "sw"), (90, 9, 1))[0],
        surface=chance.choice(("app", "api")),
        model=chance.choice(("aster-1", "aster-2")),
    )


def _import_record(number: int) -> ImportRecord:
    return ImportRecord(
        name="made", created="2026-04-01T00:00:00Z", updated="2026-04-01T00:00:00Z", assay="0",
        status="complete", sources=(), conversations=number, with_account=number, redacted={},
        languages={}, keeps_raw=False, retention_days=None,
    )  # fmt: skip


def _map(made: Made, settings: MapSettings) -> None:
    made.place.path.mkdir(parents=True)
    sizes = [sum(topic == n for topic in made.base_of.values()) for n in range(len(TOPICS))]
    people: list[set[str | None]] = [set() for _ in TOPICS]
    for each in made.transcripts:
        people[made.base_of[each.transcript_id]].add(each.account_id)
    bases = [
        a_cluster(f"0.{n}", f"1.{n // 2}", name, sizes[n], len(people[n]), n)
        for n, name in enumerate(TOPICS)
    ]
    above = [
        a_cluster(f"1.{n}", None, name, sizes[2 * n] + sizes[2 * n + 1],
                 len(people[2 * n] | people[2 * n + 1]), n)
        for n, name in enumerate(ABOVE)
    ]  # fmt: skip
    write_rows(made.place.clusters_file, Cluster, [*bases, *above])
    write_rows(
        made.place.conversations_file,
        Placed,
        [
            Placed(each.transcript_id, f"0.{made.base_of[each.transcript_id]}", 0.0, 0.0, 0.9)
            for each in made.transcripts
        ],
    )
    record = MapRecord(
        import_name="made", created="2026-04-01T00:00:00Z", assay="0", profile=settings.profile,
        embedding="words", settings=settings.told(), conversations=len(made.transcripts),
        shown=len(made.transcripts), hidden={}, clusters=(6, 3), stability=0.9, principals=401,
        epsilon=settings.epsilon, warnings=(), inputs_sha256="0" * 64,
    )  # fmt: skip
    made.place.record_file.write_bytes(msgspec.json.encode(record))


def a_cluster(
    name: str, parent: str | None, title: str, size: int, people: int, place: int
) -> Cluster:
    return Cluster(
        cluster_id=name, level=int(name[0]), parent_id=parent, name=title, summary="",
        keywords=tuple(title.split()), conversations=size, principals=people, shown=True,
        hidden=None, rare=False, x=float(place), y=float(place % 2), cohesion=0.8, concern=None,
    )  # fmt: skip
