"""Where the scores of a usage import lie: a folder a scorer, a file for each part of transcripts.

A scorer's folder becomes visible under its name when it has been through the whole import; until
then it is ``.NAME``. A file of it is whole or not there, so what is there need not be done again.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import msgspec

from assay.errors import StoreError
from assay.records import UsageScorer
from assay.store.files import write_record


def import_owner(name: str) -> str:
    """What stands for an import where a run's id would stand."""
    return f"usage:{name}"


class ScoreTable:
    """``usage/<import>/scores/<scorer>/``: scorer.json, and parts as the transcripts have them."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.record_file = path / "scorer.json"

    def part(self, name: str) -> Path:
        """The scores of the part of the transcripts that has this file name."""
        return self.path / name

    def parts(self) -> list[Path]:
        """The parts that are there, in order."""
        return sorted(self.path.glob("part-*.parquet"))

    def read(self) -> UsageScorer | None:
        """Which scorer it is of; None where the table is not there.

        Raises:
            StoreError: scorer.json is damaged.
        """
        try:
            return msgspec.json.decode(self.record_file.read_bytes(), type=UsageScorer)
        except FileNotFoundError:
            return None
        except msgspec.MsgspecError as error:
            raise StoreError(
                f"scorer.json is damaged ({error}).",
                where=str(self.record_file),
                fix="Delete the folder that it lies in, and score again.",
            ) from error

    def save(self, record: UsageScorer) -> None:
        """Write scorer.json as a whole or not at all."""
        write_record(self.record_file, record)


class ScoresFolder:
    """``usage/<import>/scores/``, and the journal of judges beside it."""

    def __init__(self, usage: Path) -> None:
        self.path = usage / "scores"
        self.journal_file = usage / "scores.sqlite"

    def table(self, scorer: str) -> ScoreTable:
        """A scorer's table. Scorers' names are letters, digits and ``-_.``; none begins with a dot
        or a tilde."""
        return ScoreTable(self.path / scorer)

    def tables(self) -> list[ScoreTable]:
        """Every table that has been through the import, by the scorers' names."""
        found = sorted(self.path.glob("*/scorer.json"))
        return [ScoreTable(file.parent) for file in found if file.parent.name[0] not in ".~"]

    def begin(self, record: UsageScorer) -> ScoreTable:
        """The table to write a scorer's rows to: the one that is there, if it is of this version.

        Else a new one, or one that was begun before; :meth:`finish` gives it its name.
        """
        name = record.scorer.name
        table, begun, old = self.table(name), self._begun(name), self._old(name)
        if old.path.exists() and not table.path.exists():
            old.path.rename(table.path)  # killed in the middle of an exchange
        there = table.read()
        if there is not None and there.scorer.version == record.scorer.version:
            return table
        there = begun.read()
        if there is None or there.scorer.version != record.scorer.version:
            shutil.rmtree(begun.path, ignore_errors=True)
            begun.path.mkdir(parents=True)
            begun.save(record)
        return begun

    def finish(self, table: ScoreTable, record: UsageScorer) -> ScoreTable:
        """Write how it ended, and let a new table take the place of the scorer's old one."""
        table.save(record)
        name = record.scorer.name
        whole, old = self.table(name), self._old(name)
        if table.path != whole.path:
            shutil.rmtree(old.path, ignore_errors=True)
            if whole.path.exists():
                whole.path.rename(old.path)
            table.path.rename(whole.path)
        shutil.rmtree(old.path, ignore_errors=True)
        return whole

    def unfinished(self) -> bool:
        """Whether any scorer has rows that scoring again could better."""
        records = (ScoreTable(file.parent).read() for file in self.path.glob("*/scorer.json"))
        return any(record is not None and not record.finished for record in records)

    def _begun(self, name: str) -> ScoreTable:
        return ScoreTable(self.path / f".{name}")

    def _old(self, name: str) -> ScoreTable:
        return ScoreTable(self.path / f"~{name}")
