"""Records in Parquet files: written in a stream, read back in a stream, whole or not at all.

The columns come from the record's field table, so a transcript's are those of Inspect Scout. A file
appears under its name only when it is complete and on the disk; until then it is ``NAME.part``.
"""

from __future__ import annotations

import contextlib
import errno
import itertools
import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar, get_type_hints

import msgspec

from assay.errors import NotFoundError, StoreError
from assay.records import Field, fields_of
from assay.store.arrays import array_of, arrow_type

if TYPE_CHECKING:
    import pyarrow

Record = TypeVar("Record", bound=msgspec.Struct)

_BATCH_ROWS = 256  # rows held as Python values before they become an Arrow batch
_BATCH_BYTES = 1 << 20
_GROUP_BYTES = 8 << 20  # of Arrow data held before a row group is written
_READ_ROWS = 1024
_READ_BYTES = 4 << 20

_encode = msgspec.json.Encoder().encode


def schema_of(record: type[msgspec.Struct]) -> pyarrow.Schema:
    """The Arrow schema of a record: large_string, int64, float64 and bool; JSON as large_string."""
    import pyarrow

    return pyarrow.schema([(field.name, arrow_type(field.kind)) for field in fields_of(record)])


class TableWriter:
    """Writes the rows of one table in a stream; memory does not grow with their number.

    Rows go to ``PATH.part``, which takes its name on :meth:`close`. As a context manager it closes
    on success and aborts on an error.

    Args:
        path: the Parquet file to make. One that is there is replaced on close.
        record: the struct whose fields are the columns.
        rows_per_group: rows in a row group, at most; large rows make smaller groups.

    Raises:
        StoreError: by any method, where the disk is full or a value does not fit its column.
    """

    def __init__(
        self, path: str | Path, record: type[msgspec.Struct], rows_per_group: int = 4096
    ) -> None:
        import pyarrow.parquet

        self.path = Path(path)
        self.rows = 0
        self._part = self.path.with_name(self.path.name + ".part")
        self._rows_per_group = rows_per_group
        self._schema = schema_of(record)
        self._fields = fields_of(record)
        kinds = [field.kind for field in self._fields]
        self._json = [index for index, kind in enumerate(kinds) if kind == "json"]
        self._text = [index for index, kind in enumerate(kinds) if kind == "str"]
        self._pending: list[list[Any]] = []
        self._pending_bytes = 0
        self._batches: list[pyarrow.RecordBatch] = []
        self._batched_rows = 0
        self._batched_bytes = 0
        plain = [field.name for field in self._fields if field.kind != "json"]
        with self._disk():
            self._writer: pyarrow.parquet.ParquetWriter | None = pyarrow.parquet.ParquetWriter(
                str(self._part),
                self._schema,
                compression="zstd",
                use_dictionary=plain,
                write_statistics=plain,
                write_page_checksum=True,
            )

    def write(self, row: msgspec.Struct) -> None:
        """Add one row."""
        values = list(msgspec.structs.astuple(row))
        size = 0
        for index in self._json:
            value = values[index]
            if value is not None:
                text = _encode_json(value)
                values[index] = text
                size += len(text)
        for index in self._text:
            value = values[index]
            if value is not None:
                size += len(value)
        self._pending.append(values)
        self._pending_bytes += size
        self.rows += 1
        if len(self._pending) >= _BATCH_ROWS or self._pending_bytes >= _BATCH_BYTES:
            self._convert()

    def close(self) -> None:
        """Write what is left, force it to the disk and give the file its name. Once is enough."""
        if self._writer is None:
            return
        self._convert()
        self._write_group()
        with self._disk():
            writer, self._writer = self._writer, None
            writer.close()
            _sync(self._part)
            os.replace(self._part, self.path)
            _sync(self.path.parent)

    def abort(self) -> None:
        """Drop everything written so far. A file that had the name before keeps it."""
        if self._writer is not None:
            writer, self._writer = self._writer, None
            with contextlib.suppress(OSError):
                writer.close()
        self._pending, self._batches = [], []
        self._part.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if kind is None:
            self.close()
        else:
            self.abort()

    def _convert(self) -> None:
        """Turn the pending rows into one Arrow batch, and write a row group when enough wait."""
        if not self._pending:
            return
        import pyarrow

        columns = zip(*self._pending, strict=True)
        arrays = [
            self._array(field, column) for field, column in zip(self._fields, columns, strict=True)
        ]
        batch = pyarrow.RecordBatch.from_arrays(arrays, schema=self._schema)
        self._pending = []
        self._pending_bytes = 0
        self._batches.append(batch)
        self._batched_rows += batch.num_rows
        self._batched_bytes += batch.nbytes
        if self._batched_rows >= self._rows_per_group or self._batched_bytes >= _GROUP_BYTES:
            self._write_group()

    def _array(self, field: Field, column: Sequence[Any]) -> pyarrow.Array:
        try:
            try:
                return array_of(column, field.kind)
            except UnicodeEncodeError:
                return array_of([_well_formed(value) for value in column], field.kind)
        except (AttributeError, TypeError, ValueError, OverflowError) as error:
            self.abort()
            raise StoreError(
                f"A value does not fit the column {field.name!r} ({field.kind}): {error}.",
                where=str(self.path),
            ) from error

    def _write_group(self) -> None:
        if not self._batches:
            return
        import pyarrow

        assert self._writer is not None, "the writer is closed"
        table = pyarrow.Table.from_batches(self._batches)
        self._batches = []
        self._batched_rows = self._batched_bytes = 0
        with self._disk():
            self._writer.write_table(table, row_group_size=table.num_rows)

    @contextlib.contextmanager
    def _disk(self) -> Iterator[None]:
        """Turn the operating system's refusal into a StoreError, and leave no half file behind."""
        try:
            yield
        except OSError as error:
            if hasattr(self, "_writer"):
                self.abort()
            raise _disk_error(self.path, error) from error


def write_rows(path: str | Path, record: type[Record], rows: Iterable[Record]) -> None:
    """Write a whole table. If the rows end in an error, no file appears.

    Raises:
        StoreError: as :class:`TableWriter`.
    """
    with TableWriter(path, record) as writer:
        for row in rows:
            writer.write(row)


def read_rows(
    path: str | Path,
    record: type[Record],
    columns: Collection[str] | None = None,
    where: Mapping[str, Any] | None = None,
) -> Iterator[Record]:
    """The rows of a Parquet file as records, in order, a batch at a time.

    Columns that the record does not have are ignored. Fields whose column the file does not have
    take their default, or None.

    Args:
        path: the file.
        record: the struct to make of each row.
        columns: the fields to read; the others take their default, or what is empty for their kind.
        where: column -> the value that it must have, or a list, tuple or set of values.

    Raises:
        NotFoundError: there is no such file.
        StoreError: the file is damaged, lacks a required column or holds a value of another kind.
    """
    fields = fields_of(record)
    wanted = {field.name for field in fields if columns is None or field.name in columns}
    decoders, empties = _json_decoders(record, fields), _empties(record, fields)
    with _open_table(path) as file:
        there = set(file.schema_arrow.names)
        _require(path, record, [field for field in fields if field.name in wanted], there)
        for batch in _read_batches(file, path, sorted(wanted & there), where):
            values = []
            for field in fields:
                empty = empties[field.name]
                if field.name in wanted & there:
                    decode = decoders.get(field.name)
                    values.append(_column_values(batch, field, path, decode, empty))
                else:
                    values.append(itertools.repeat(empty, batch.num_rows))
            for row in zip(*values, strict=True):
                yield record(*row)


@contextlib.contextmanager
def _open_table(path: str | Path) -> Iterator[pyarrow.parquet.ParquetFile]:
    """A Parquet file, opened to be read in a stream.

    Raises:
        NotFoundError: there is no such file.
        StoreError: it is no Parquet file, or cannot be read.
    """
    import pyarrow.parquet

    try:
        with pyarrow.parquet.ParquetFile(
            str(path), pre_buffer=False, page_checksum_verification=True
        ) as file:
            yield file
    except FileNotFoundError as error:
        raise NotFoundError("There is no such file.", where=str(path)) from error
    except (pyarrow.ArrowException, OSError, UnicodeDecodeError) as error:
        raise StoreError(
            f"This is not a Parquet file that can be read: {error}.", where=str(path)
        ) from error


def _read_batches(
    file: pyarrow.parquet.ParquetFile,
    path: str | Path,
    columns: Sequence[str],
    where: Mapping[str, Any] | None = None,
) -> Iterator[pyarrow.RecordBatch]:
    """The file's batches with these columns; row groups with no row that is asked for are skipped.

    Raises:
        StoreError: ``where`` names a column that is not there.
    """
    for name in where or {}:
        if name not in file.schema_arrow.names:
            raise StoreError(f"There is no column {name!r} to select by.", where=str(path))
    for group in range(file.num_row_groups):
        mask = None
        if where:
            mask = _mask(file.read_row_group(group, columns=list(where), use_threads=False), where)
            if not mask.true_count:
                continue
        start = 0
        about = file.metadata.row_group(group)
        rows = max(1, min(_READ_ROWS, about.num_rows * _READ_BYTES // (about.total_byte_size + 1)))
        batches = file.iter_batches(
            rows, row_groups=[group], columns=list(columns), use_threads=False
        )
        for batch in batches:
            stop = start + batch.num_rows
            yield batch if mask is None else batch.filter(mask[start:stop])
            start = stop


def _column_values(
    batch: pyarrow.RecordBatch,
    field: Field,
    path: str | Path,
    decode: Callable[[str], Any] | None,
    empty: Any,
) -> Sequence[Any] | Iterator[Any]:
    """One column of a batch as Python values of the field's kind; ``empty`` stands for nulls.

    Raises:
        StoreError: a value is of another kind, or is no JSON where JSON is due.
    """
    import pyarrow

    column = batch.column(field.name)
    if column.null_count == len(column):
        return itertools.repeat(empty, len(column))
    try:
        values = column.cast(arrow_type(field.kind)).to_pylist()
    except (pyarrow.ArrowException, UnicodeDecodeError) as error:
        raise StoreError(
            f"The column {field.name!r} is {column.type}, not {field.kind}: {error}.",
            where=str(path),
        ) from error
    try:
        if decode is not None:
            return [empty if value is None else decode(value) for value in values]
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise StoreError(
            f"The column {field.name!r} holds JSON of another shape: {error}.", where=str(path)
        ) from error
    if empty is not None:
        return [empty if value is None else value for value in values]
    return values  # type: ignore[no-any-return]


def _mask(table: pyarrow.Table, where: Mapping[str, Any]) -> pyarrow.BooleanArray:
    import pyarrow
    import pyarrow.compute

    mask = None
    for name, value in where.items():
        allowed = list(value) if isinstance(value, list | tuple | set | frozenset) else [value]
        column = table.column(name)
        hit = pyarrow.compute.is_in(column, _like(allowed, column.type))
        mask = hit if mask is None else pyarrow.compute.and_(mask, hit)
    assert mask is not None
    return mask.combine_chunks()


def _like(values: list[Any], kind: pyarrow.DataType) -> pyarrow.Array:
    """The values as an array of this type; those of plain kinds without pandas."""
    import pyarrow

    if all(isinstance(value, str) for value in values):
        return array_of(values, "str").cast(kind)
    return pyarrow.array(values, kind)


def _json_decoders(
    record: type[msgspec.Struct], fields: Sequence[Field]
) -> dict[str, Callable[[str], Any]]:
    hints = get_type_hints(record)
    return {
        field.name: msgspec.json.Decoder(hints[field.name]).decode
        for field in fields
        if field.kind == "json"
    }


def _require(
    path: str | Path, record: type[msgspec.Struct], fields: Sequence[Field], there: set[str]
) -> None:
    optional = {field.name for field in msgspec.structs.fields(record) if not field.required}
    for field in fields:
        if field.name not in there and not field.nullable and field.name not in optional:
            raise StoreError(f"There is no column {field.name!r}.", where=str(path))


def _empties(record: type[msgspec.Struct], fields: Sequence[Field]) -> dict[str, Any]:
    """What a null of each field stands for: its default, None, or what is empty for its kind."""
    empties = dict.fromkeys(field.name for field in fields)
    for field in fields:
        if not field.nullable:
            empties[field.name] = _NOTHING[field.kind]
    for info in msgspec.structs.fields(record):
        if info.default is not msgspec.NODEFAULT:
            empties[info.name] = info.default
    return empties


_NOTHING = {"str": "", "int": 0, "float": 0.0, "bool": False, "json": ()}


def _encode_json(value: Any) -> bytes:
    try:
        return _encode(value)
    except UnicodeEncodeError:
        return _encode(_well_formed(msgspec.to_builtins(value)))


def _well_formed(value: Any) -> Any:
    """The value with half characters (lone surrogates), which no file can hold, replaced."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, dict):
        return {_well_formed(key): _well_formed(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_well_formed(item) for item in value]
    return value


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _disk_error(path: Path, error: OSError) -> StoreError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return StoreError(
            "The disk is full, or the file is larger than allowed.",
            where=str(path),
            fix="Free some space and resume: nothing that was journalled is lost.",
        )
    return StoreError(f"The file cannot be written: {error}.", where=str(path))
