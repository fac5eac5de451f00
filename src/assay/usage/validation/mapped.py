"""A map as a validation looks at it: every conversation's groups, and what was told of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assay.embeddings import Embedder
from assay.records import Cluster, MapRecord
from assay.usage.folder import UsageFolder
from assay.usage.mapping.describing import Describer
from assay.usage.mapping.folder import MapFolder
from assay.usage.mapping.make import make_map
from assay.usage.mapping.settings import MapSettings

Groups = NDArray[np.int32]
"""The number of each conversation's group on some level; -1 where it has none."""


@dataclass(frozen=True)
class Mapped:
    """A map and the conversations in it.

    Attributes:
        record: the map's.
        clusters: every group, level by level, each level in the order of its numbers.
        base: each conversation's base group.
        vectors: a row a conversation.
    """

    record: MapRecord
    clusters: list[list[Cluster]]
    base: Groups
    vectors: Any

    @property
    def top(self) -> int:
        """The highest level's number."""
        return len(self.clusters) - 1

    def groups_at(self, level: int, *, shown: bool) -> Groups:
        """Each conversation's group on a level; -1 where it has none, or none that is shown."""
        found = self.base
        for below in range(level):
            up = [int((each.parent_id or ".-1").split(".")[1]) for each in self.clusters[below]]
            found = np.where(found >= 0, np.array([*up, -1], dtype=np.int32)[found], -1)
        if shown:
            seen = np.array([each.shown for each in self.clusters[level]] + [False])
            found = np.where(seen[found], found, -1)
        return found.astype(np.int32)

    @property
    def told(self) -> str:
        """All that the map says in words, in small letters."""
        words = [self.record.import_name, *self.record.warnings]
        for level in self.clusters:
            for each in level:
                words += [each.name, each.summary, *each.keywords]
        return "\n".join(words).lower()


def map_of(
    usage: UsageFolder,
    settings: MapSettings,
    embedder: Embedder | None,
    describer: Describer | None = None,
) -> Mapped:
    """Make a map of an import, and look at it."""
    record = make_map(usage, settings, embedder, describer=describer)
    place = MapFolder(usage.path)
    clusters: list[list[Cluster]] = [[] for _ in record.clusters]
    for each in place.clusters():
        clusters[each.level].append(each)
    base = [int((each.cluster_id or ".-1").split(".")[1]) for each in place.placed()]
    vectors = next(place.work_folder.glob("embed-*/vectors.npy"))
    return Mapped(record, clusters, np.array(base, np.int32), np.load(vectors, mmap_mode="r"))
