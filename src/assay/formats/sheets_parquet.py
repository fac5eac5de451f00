"""Parquet files as sheets, a small batch of rows at a time."""

from __future__ import annotations

import math
from typing import Any

from assay.formats.sheets_base import Rows, Source

_BATCH = 512


def read_parquet(source: Source) -> Rows:
    """Rows of a Parquet file, numbered from 1, with JSON values.

    Dates and times become ISO 8601 text, decimals text, NaN and infinities None. A column whose
    values have no JSON form (bytes) is reported.
    """
    table = _open(source)
    if table is None:
        return
    import pyarrow as pa

    odd = [i for i, field in enumerate(table.schema_arrow) if not _is_plain(field.type)]
    number = 0
    try:
        for batch in table.iter_batches(batch_size=_BATCH, use_threads=False):
            names = batch.schema.names
            columns = batch.to_pydict()
            for index in odd:
                name = names[index]
                columns[name] = [_json(value) for value in columns[name]]
            for values in zip(*columns.values(), strict=True):
                number += 1
                yield number, dict(zip(names, values, strict=True))
    except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
        source.fault(f"the file is damaged ({error}).", "Write it again.", row=number + 1)
    except TypeError as error:
        source.fault(f"{error}.", "Store text, numbers or lists of them.", row=number + 1)


def count_parquet(source: Source) -> int:
    """Number of rows, from the file's footer."""
    table = _open(source)
    return table.metadata.num_rows if table is not None else 0


def _open(source: Source) -> Any:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.ParquetFile(source.path, buffer_size=2**16, pre_buffer=False)
    except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
        source.fault(f"the file is not Parquet ({error}).", "Write it again as Parquet.")
        return None
    names = table.schema_arrow.names
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        source.fault(f"two columns are called {twice!r}.", "Rename one of them.", column=twice)
        return None
    return table


def _is_plain(kind: Any) -> bool:
    import pyarrow as pa

    types = pa.types
    return bool(
        types.is_string(kind)
        or types.is_large_string(kind)
        or types.is_integer(kind)
        or types.is_boolean(kind)
        or types.is_null(kind)
    )


def _json(value: Any) -> Any:
    """The JSON value of a cell.

    Raises:
        TypeError: if it has none.
    """
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(key): _json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_json(item) for item in value]
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if type(value).__name__ in ("Decimal", "UUID"):
        return str(value)
    raise TypeError(f"a cell holds {type(value).__name__}, which has no JSON form")
