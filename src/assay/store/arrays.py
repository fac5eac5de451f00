"""Python values to Arrow arrays, without the delay and the 50 MB of importing pandas.

``pyarrow.array`` imports pandas wherever it is installed, only to ask whether what it was given is
one of its Series. Here an array's buffers are filled directly, which takes as little time.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pyarrow

_NUMBERS = {"int": np.int64, "float": np.float64}


def arrow_type(kind: str) -> pyarrow.DataType:
    """The Arrow type of a field's kind: str, json (held as text), int, float or bool."""
    import pyarrow

    types = {"int": pyarrow.int64, "float": pyarrow.float64, "bool": pyarrow.bool_}
    return types.get(kind, pyarrow.large_string)()


def array_of(values: Sequence[Any], kind: str) -> pyarrow.Array:
    """An array of a field's kind; None becomes null. JSON is given encoded, as bytes.

    Raises:
        AttributeError, TypeError, ValueError, OverflowError: a value is not of that kind.
        UnicodeEncodeError: a string holds half a character (a lone surrogate).
    """
    import pyarrow

    nulls = values.count(None)
    if nulls == len(values):
        return pyarrow.nulls(nulls, arrow_type(kind))
    present = None
    if nulls:
        present = pyarrow.py_buffer(_bits([value is not None for value in values]))
    if kind == "str":
        return _text(_encoded(values), nulls, present)
    if kind == "json":
        return _text([value or b"" for value in values], nulls, present)
    if nulls:
        values = [0 if value is None else value for value in values]
    data = _bits(values) if kind == "bool" else np.array(values, dtype=_NUMBERS[kind])
    buffers = [present, pyarrow.py_buffer(data)]
    return pyarrow.Array.from_buffers(arrow_type(kind), len(values), buffers, nulls)


def _text(parts: list[bytes], nulls: int, present: pyarrow.Buffer | None) -> pyarrow.Array:
    import pyarrow

    ends = np.zeros(len(parts) + 1, dtype=np.int64)
    np.cumsum(np.fromiter(map(len, parts), np.int64, len(parts)), out=ends[1:])
    return pyarrow.LargeStringArray.from_buffers(
        len(parts), pyarrow.py_buffer(ends), pyarrow.py_buffer(b"".join(parts)), present, nulls
    )


def _encoded(values: Sequence[str | None]) -> list[bytes]:
    first = values[0]
    if first is not None and values.count(first) == len(values):  # one encoding does for all
        return [first.encode()] * len(values)
    return [b"" if value is None else value.encode() for value in values]


def _bits(values: Sequence[bool]) -> np.ndarray[Any, Any]:
    return np.packbits(np.array(values, dtype=bool), bitorder="little")
