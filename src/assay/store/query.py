"""SQL over what is on disk: DuckDB, in memory, over the Parquet files of a workspace."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.errors import AssayError
from assay.records import ScoreRow, Transcript, fields_of
from assay.store.workspace import Workspace

if TYPE_CHECKING:
    import duckdb

_TYPES = {
    "str": "VARCHAR",
    "json": "VARCHAR",
    "int": "BIGINT",
    "float": "DOUBLE",
    "bool": "BOOLEAN",
}


@contextlib.contextmanager
def connect(*, memory: str = "1GB") -> Iterator[duckdb.DuckDBPyConnection]:
    """A private database in memory; past ``memory`` it spills to a temporary folder."""
    import duckdb

    connection = duckdb.connect(":memory:")
    try:
        connection.execute(f"SET memory_limit = '{memory}'")
        connection.execute("SET preserve_insertion_order = false")
        connection.execute("SET autoinstall_known_extensions = false")
        connection.execute("SET autoload_known_extensions = false")
        yield connection
    finally:
        connection.close()


def ask(workspace: Workspace, sql: str) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Answer a question over all runs: views ``transcripts`` and ``scores``.

    The question can read the workspace's tables and nothing else: no other file, no network.

    Returns:
        Column names, and rows.

    Raises:
        AssayError: the SQL is wrong; says how.
    """
    import duckdb

    with connect() as connection:
        paths: list[str] = []
        for view, file, record in (
            ("transcripts", "transcripts.parquet", Transcript),
            ("scores", "scores.parquet", ScoreRow),
        ):
            files = [str(path) for path in sorted(workspace.runs_folder.glob(f"*/{file}"))]
            paths += files
            connection.execute(_view(view, files, record))
        connection.execute(f"SET allowed_paths = {_listed(paths)}")
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
        try:
            result = connection.execute(sql)
            names = [column[0] for column in result.description or ()]
            return names, result.fetchall()
        except duckdb.Error as error:
            raise AssayError(
                f"the query failed: {error}.",
                fix="The tables are transcripts and scores; `describe scores` lists columns.",
            ) from None


def _view(name: str, files: Sequence[str], record: type[Any]) -> str:
    if files:
        source = f"SELECT * FROM read_parquet({_listed(files)}, union_by_name = true)"
    else:
        columns = ", ".join(
            f"NULL::{_TYPES[field.kind]} AS {quoted(field.name)}" for field in fields_of(record)
        )
        source = f"SELECT {columns} WHERE false"
    return f"CREATE VIEW {name} AS {source}"


def quoted(name: str) -> str:
    """A column's name, safe inside SQL."""
    return '"' + name.replace('"', '""') + '"'


def literal(path: Path | str) -> str:
    """A string, safe inside SQL."""
    return "'" + str(path).replace("'", "''") + "'"


def _listed(paths: Sequence[str]) -> str:
    return "[" + ", ".join(literal(path) for path in paths) + "]"
