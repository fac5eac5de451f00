"""What is kept of usage: an import, and the map that is made of it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from assay.records.message import Message
from assay.records.run import ScorerRecord

Profile = Literal["insight", "safety"]
"""``insight``: all privacy minima on, no link to accounts. ``safety``: links on, looks recorded."""


class UsageSource(msgspec.Struct, frozen=True, kw_only=True):
    """One file or endpoint that was imported: ``rows == added + duplicates + rejected``.

    ``rejected`` counts rows by reason; a file that was refused as a whole counts as one row.
    ``flagged`` counts rows in which something was amiss that did not keep them out, such as a date
    in the future, by what it was; what is amiss with the file as a whole counts once.
    """

    uri: str
    format: str
    sha256: str | None
    bytes: int
    rows: int
    added: int
    duplicates: int
    rejected: dict[str, int]
    flagged: dict[str, int] = {}


class ImportRecord(msgspec.Struct, frozen=True, kw_only=True):
    """usage/<name>/import.json: where an import came from and what became of each row.

    Each row of every source was added, a duplicate, or rejected. ``conversations`` counts those
    that were added, less those ``superseded`` by a longer version of themselves. Of all
    that is stored, those included, ``redacted`` counts what was taken out, by kind, ``languages``
    counts conversations, and so does ``with_account``. ``names``: whether people's names were
    looked for. ``first_rejected``: of each source and reason the first row, as rejected.parquet
    has it.
    """

    name: str
    created: str
    updated: str
    assay: str
    status: Literal["running", "complete"]
    sources: tuple[UsageSource, ...]
    conversations: int
    with_account: int
    redacted: dict[str, int]
    languages: dict[str, int]
    keeps_raw: bool
    retention_days: int | None
    superseded: int = 0
    names: bool = False
    first_rejected: tuple[RejectedRow, ...] = ()


class RejectedRow(msgspec.Struct, frozen=True):
    """A row that was not taken in: a row of usage/<name>/rejected.parquet."""

    source: Annotated[str, Meta(description="File or endpoint that it came from.")]
    row: Annotated[
        int, Meta(description="Its number in the source, from 1; 0 for the source as a whole.")
    ]
    offset: Annotated[
        int | None, Meta(description="Its first byte in the source, unpacked; null in tables.")
    ]
    reason: Annotated[str, Meta(description="Why, in a word.")]
    detail: Annotated[str, Meta(description="Why, in a sentence; redacted.")]


class RawRow(msgspec.Struct, frozen=True):
    """What was said before redaction: a row of usage/<name>/raw/, if the workspace keeps it."""

    transcript_id: Annotated[str, Meta(description="The conversation.")]
    imported: Annotated[str, Meta(description="When it was taken in, ISO 8601.")]
    messages: Annotated[tuple[Message, ...], Meta(description="The conversation, as it came.")]


class UsageScorer(msgspec.Struct, frozen=True, kw_only=True):
    """usage/<name>/scores/<scorer>/scorer.json: which scorer the scores beside it are of.

    ``finished``: nothing is missing that scoring again could bring.
    """

    scorer: ScorerRecord
    assay: str
    updated: str
    finished: bool = False


class Facets(msgspec.Struct, frozen=True):
    """A conversation in a model's words, or why there are none: a row of usage/<name>/facets/."""

    transcript_id: Annotated[str, Meta(description="The conversation.")]
    request: Annotated[str, Meta(description="What the person asked for; redacted.")]
    task: Annotated[str, Meta(description="What the model was to do; redacted.")]
    language: Annotated[str, Meta(description="The language that the person wrote.")]
    concern: Annotated[int | None, Meta(description="Concern, 1 to 5; null where missing.")]
    missing: Annotated[str | None, Meta(description="Why there are no facets; null where some.")]
    why: Annotated[str, Meta(description="The same in a sentence.")]
    model: Annotated[str, Meta(description="The model that was asked.")]
    version: Annotated[str, Meta(description="Hash of the model and the question.")]
    tokens: Annotated[int, Meta(description="Tokens that it cost.")]


class Cluster(msgspec.Struct, frozen=True):
    """A group of conversations, or of groups, on a map: a row of map/clusters.parquet."""

    cluster_id: Annotated[str, Meta(description="Level and number: 0.17; level 0 is the base.")]
    level: Annotated[int, Meta(description="0 for groups of conversations, then groups of groups.")]
    parent_id: Annotated[str | None, Meta(description="The group above; null at the top.")]
    name: Annotated[str, Meta(description="At most ten words; empty where it is not shown.")]
    summary: Annotated[str, Meta(description="A sentence or two; empty without a model.")]
    keywords: Annotated[tuple[str, ...], Meta(description="Words that set it apart.")]
    conversations: Annotated[int, Meta(description="How many conversations it holds.")]
    principals: Annotated[
        int | None, Meta(description="How many linked principals; null where unknown.")
    ]
    shown: Annotated[bool, Meta(description="Whether it passed every minimum of the profile.")]
    hidden: Annotated[str | None, Meta(description="Why it is not shown.")]
    rare: Annotated[bool, Meta(description="Found by the pass for small tight groups.")]
    x: Annotated[float, Meta(description="Place on the map.")]
    y: Annotated[float, Meta(description="Place on the map.")]
    cohesion: Annotated[float, Meta(description="Mean cosine of its members to its middle.")]
    concern: Annotated[float | None, Meta(description="Mean concern, 1 to 5, if asked for.")]


class Placed(msgspec.Struct, frozen=True):
    """A conversation's place on a map: a row of map/conversations.parquet."""

    transcript_id: Annotated[str, Meta(description="The conversation.")]
    cluster_id: Annotated[str | None, Meta(description="Its base cluster; null where in none.")]
    x: Annotated[float, Meta(description="Place on the map.")]
    y: Annotated[float, Meta(description="Place on the map.")]
    similarity: Annotated[float, Meta(description="Cosine to the middle of its cluster.")]


class MapRecord(msgspec.Struct, frozen=True, kw_only=True):
    """usage/<name>/map/map.json: how a map was made, and what it does not show.

    ``hidden`` counts conversations that no shown base cluster holds, by reason, so that
    ``shown + sum(hidden.values()) == conversations``. ``stability`` is the adjusted Rand index
    between the clustering and one from another seed. ``settings`` holds every setting, minimum and
    seed by name. ``epsilon_spent`` adds up those of all private maps of the import, this included.
    """

    import_name: str
    created: str
    assay: str
    profile: Profile
    embedding: str
    settings: dict[str, Any]
    conversations: int
    shown: int
    hidden: dict[str, int]
    clusters: tuple[int, ...]
    stability: float | None
    principals: int | None
    epsilon: float | None
    warnings: tuple[str, ...]
    inputs_sha256: str
    epsilon_spent: float | None = None
