"""Arrow tables between processes and machines: built from arrays, sent as bytes, read as arrays.

Nothing is pickled: what comes over a pipe or from another machine is Arrow's own stream format.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from assay.errors import StoreError
from assay.store.arrays import array_of

Table: TypeAlias = Any
"""A ``pyarrow.Table``, which has no types of its own."""


def table_of(columns: Mapping[str, Any], about: bytes = b"") -> Table:
    """A table of columns.

    Args:
        columns: by name: a list of texts (or None), a list of numbers, an array of one dimension,
            an array of two (a row a list of fixed length), or :func:`lists`.
        about: goes along with the table.
    """
    import pyarrow

    arrays = {name: _array(column) for name, column in columns.items()}
    table = pyarrow.Table.from_arrays(list(arrays.values()), names=list(arrays))
    return table.replace_schema_metadata({b"about": about})


def lists(values: NDArray[Any], ends: NDArray[np.int64]) -> Any:
    """A column of lists: row n holds ``values[ends[n]:ends[n + 1]]``."""
    import pyarrow

    return pyarrow.LargeListArray.from_arrays(_plain(ends), _plain(values))


def binary(values: Sequence[bytes]) -> Any:
    """A column of bytes."""
    import pyarrow

    return pyarrow.array(values, pyarrow.large_binary())


def about(table: Table) -> bytes:
    """What was sent along with a table."""
    return bytes((table.schema.metadata or {}).get(b"about", b""))


def numbers(table: Table, name: str) -> NDArray[Any]:
    """A column of numbers; of fixed lists of numbers in two dimensions."""
    import pyarrow

    column = table.column(name).combine_chunks()
    if pyarrow.types.is_fixed_size_list(column.type):
        width = column.type.list_size
        values = np.asarray(column.flatten().to_numpy(zero_copy_only=False))
        return values.reshape(len(column), width)
    return np.asarray(column.to_numpy(zero_copy_only=False))


def texts(table: Table, name: str) -> list[Any]:
    """A column of texts; None where there is none."""
    return table.column(name).to_pylist()  # type: ignore[no-any-return]


def ragged(table: Table, name: str) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """A column of lists, as :func:`lists` was given it."""
    column = table.column(name).combine_chunks()
    offsets = np.asarray(column.offsets.to_numpy(), dtype=np.int64)
    return np.asarray(column.flatten().to_numpy(zero_copy_only=False)), offsets - offsets[0]


def to_bytes(table: Table) -> bytes:
    """A table in Arrow's stream format."""
    import pyarrow
    import pyarrow.ipc

    sink = pyarrow.BufferOutputStream()
    with pyarrow.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    return sink.getvalue().to_pybytes()  # type: ignore[no-any-return]


def from_bytes(data: bytes, where: str = "") -> Table:
    """The inverse of :func:`to_bytes`.

    Raises:
        StoreError: the bytes are damaged.
    """
    import pyarrow
    import pyarrow.ipc

    try:
        with pyarrow.ipc.open_stream(pyarrow.py_buffer(data)) as stream:
            return stream.read_all()
    except (pyarrow.ArrowException, OSError) as error:
        raise StoreError(f"this is no Arrow table ({error}).", where=where) from error


def sealed(data: bytes, *, failed: bool = False) -> Table:
    """Bytes as a table of one row: the shape in which they cross a cluster."""
    import pyarrow

    return pyarrow.table({"data": binary([data]), "failed": pyarrow.array([failed])})


def unsealed(table: Table) -> tuple[bytes, bool]:
    """The inverse of :func:`sealed`."""
    return table.column("data")[0].as_py(), table.column("failed")[0].as_py()


def _array(column: Any) -> Any:
    if isinstance(column, np.ndarray):
        return _plain(column)
    if isinstance(column, Sequence):
        if any(isinstance(value, str) for value in column):
            return array_of(column, "str")
        kind = "str" if all(value is None for value in column) else "int"
        return array_of(column, kind)
    return column


def _plain(values: NDArray[Any]) -> Any:
    """An array of one dimension or two, its memory shared."""
    import pyarrow

    values = np.ascontiguousarray(values)
    kind = pyarrow.from_numpy_dtype(values.dtype)
    flat = pyarrow.Array.from_buffers(kind, values.size, [None, pyarrow.py_buffer(values)])
    if values.ndim == 1:
        return flat
    return pyarrow.FixedSizeListArray.from_arrays(flat, values.shape[1])
