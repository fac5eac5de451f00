"""SQL over what is on disk: DuckDB, in memory, over the Parquet files of a workspace."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.errors import AssayError
from assay.records import ScoreRow, Transcript, fields_of
from assay.store.import_state import superseded
from assay.store.usage_scores import ScoresFolder
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

_TABLES = {
    False: "The tables are transcripts and scores; `describe scores` lists columns. For usage and "
    "usage_scores say why: --why; it is kept in the audit trail.",
    True: "The tables are transcripts, scores, usage and usage_scores; `describe scores` lists "
    "columns.",
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


def ask(
    workspace: Workspace, sql: str, *, usage: bool = False
) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Answer a question over all runs, and over usage if it is asked for, in views.

    ``transcripts`` and ``scores`` are those of runs; ``usage`` holds every import's conversations,
    redacted, each in its last version, and ``usage_scores`` what scorers said of them; both have
    the column ``import``.

    The question can read the files of its views and nothing else: no other file, no network.

    Args:
        usage: give the views of usage too. Whoever calls writes the look down first.

    Returns:
        Column names, and rows.

    Raises:
        AssayError: the SQL is wrong; says how.
    """
    import duckdb

    with connect() as connection:
        try:
            paths = _view_runs(connection, workspace)
            paths += _view_usage(connection, workspace) if usage else []
        except duckdb.Error as error:
            raise AssayError(
                f"a table cannot be read: {str(error).splitlines()[0]}.",
                where=str(workspace.root),
                fix="Put back a copy of the file that is named, or remove its run or import.",
            ) from None
        connection.execute(f"SET allowed_paths = {listed(paths)}")
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
        try:
            result = connection.execute(sql)
            names = [column[0] for column in result.description or ()]
            return names, result.fetchall()
        except duckdb.Error as error:
            raise AssayError(f"the query failed: {error}.", fix=_TABLES[usage]) from None


def _view_runs(connection: duckdb.DuckDBPyConnection, workspace: Workspace) -> list[str]:
    """Make the views of runs; the files that they read."""
    paths: list[str] = []
    for view, file, record in (
        ("transcripts", "transcripts.parquet", Transcript),
        ("scores", "scores.parquet", ScoreRow),
    ):
        files = [str(path) for path in sorted(workspace.runs_folder.glob(f"*/{file}"))]
        paths += files
        connection.execute(_view(view, files, record))
    return paths


def _view(name: str, files: Sequence[str], record: type[Any]) -> str:
    if files:
        source = f"SELECT * FROM read_parquet({listed(files)}, union_by_name = true)"
    else:
        columns = ", ".join(
            f"NULL::{_TYPES[field.kind]} AS {quoted(field.name)}" for field in fields_of(record)
        )
        source = f"SELECT {columns} WHERE false"
    return f"CREATE VIEW {name} AS {source}"


def _view_usage(connection: duckdb.DuckDBPyConnection, workspace: Workspace) -> list[str]:
    """Make the views of what was imported; the files that they read."""
    paths: list[str] = []
    parts: list[str] = []
    scored: list[str] = []
    connection.execute("CREATE TABLE superseded (import VARCHAR, transcript_id VARCHAR)")
    for record in sorted(workspace.usage_folder.glob("*/import.json")):
        folder = record.parent
        files = [str(path) for path in sorted(folder.glob("transcripts/part-*.parquet"))]
        if not files:
            continue
        old = sorted(superseded(folder / "import.sqlite"))
        told = "INSERT INTO superseded SELECT ?, unnest(?::VARCHAR[])"
        connection.execute(told, [folder.name, old])
        paths += files
        name = literal(folder.name)
        parts.append(_of_import(name, files))
        scores = [str(part) for table in ScoresFolder(folder).tables() for part in table.parts()]
        if scores:
            paths += scores
            scored.append(_of_import(name, scores))
    _unite(connection, "usage", parts, Transcript)
    _unite(connection, "usage_scores", scored, ScoreRow)
    return paths


def _of_import(name: str, files: Sequence[str]) -> str:
    """The rows of an import's files that are about conversations in their last version."""
    return (
        f"SELECT {name} AS import, * "
        f"FROM read_parquet({listed(files)}, union_by_name = true) WHERE transcript_id NOT IN "
        f"(SELECT transcript_id FROM superseded WHERE import = {name})"
    )


def _unite(
    connection: duckdb.DuckDBPyConnection, view: str, parts: Sequence[str], record: type[Any]
) -> None:
    """Make a view of all imports, with no rows where there is none."""
    if parts:
        connection.execute(f"CREATE VIEW {view} AS {' UNION ALL BY NAME '.join(parts)}")
    else:
        empty = _view(view, [], record)
        connection.execute(empty.replace("SELECT", "SELECT NULL::VARCHAR AS import,", 1))


def quoted(name: str) -> str:
    """A column's name, safe inside SQL."""
    return '"' + name.replace('"', '""') + '"'


def literal(path: Path | str) -> str:
    """A string, safe inside SQL."""
    return "'" + str(path).replace("'", "''") + "'"


def listed(paths: Sequence[str]) -> str:
    """Files as a list, safe inside SQL."""
    return "[" + ", ".join(literal(path) for path in paths) + "]"
