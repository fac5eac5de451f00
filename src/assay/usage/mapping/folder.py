"""Where a map lies on disk, and how it is read back."""

from __future__ import annotations

from pathlib import Path

from assay.records import Cluster, MapRecord, Placed
from assay.store.files import read_record
from assay.store.tables import read_rows


class MapFolder:
    """``usage/<name>/map/``: map.json, the tables, and stages while a map is made."""

    def __init__(self, usage: Path) -> None:
        self.path = usage / "map"
        self.record_file = self.path / "map.json"
        self.clusters_file = self.path / "clusters.parquet"
        self.conversations_file = self.path / "conversations.parquet"
        self.vectors_folder = self.path / "vectors"
        self.journal_file = self.path / "namer.sqlite"
        self.work_folder = self.path / "work"

    def read(self) -> MapRecord:
        """The map's record.

        Raises:
            NotFoundError: there is no map.
            StoreError: map.json is damaged.
        """
        fix = "Make one: assay usage map NAME"
        return read_record(self.record_file, MapRecord, "there is no map of this import.", fix)

    def clusters(self) -> list[Cluster]:
        """Every group of every level, the base first."""
        return list(read_rows(self.clusters_file, Cluster))

    def placed(self) -> list[Placed]:
        """Every conversation's place, in the import's order."""
        return list(read_rows(self.conversations_file, Placed))
