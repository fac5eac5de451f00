"""Where a map lies on disk, and how it is read back."""

from __future__ import annotations

from pathlib import Path

import msgspec

from assay.errors import NotFoundError, StoreError
from assay.records import Cluster, MapRecord, Placed
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
        try:
            return msgspec.json.decode(self.record_file.read_bytes(), type=MapRecord)
        except FileNotFoundError:
            raise NotFoundError(
                "there is no map of this import.",
                where=str(self.path),
                fix="Make one: assay usage map NAME",
            ) from None
        except msgspec.MsgspecError as error:
            raise StoreError(
                f"map.json is damaged ({error}).", where=str(self.record_file)
            ) from error

    def clusters(self) -> list[Cluster]:
        """Every group of every level, the base first."""
        return list(read_rows(self.clusters_file, Cluster))

    def placed(self) -> list[Placed]:
        """Every conversation's place, in the import's order."""
        return list(read_rows(self.conversations_file, Placed))
