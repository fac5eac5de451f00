"""JSON as other tools write it: with bare NaN and Infinity, and with halves of characters."""

from __future__ import annotations

import json
from typing import Any

import msgspec


def decode(data: bytes | str, shape: Any = Any) -> Any:
    """A value of this shape from JSON text.

    Raises:
        ValueError: it is no JSON, nests too deeply, or has another shape; says where.
    """
    try:
        return msgspec.json.decode(data, type=shape)
    except msgspec.ValidationError as error:
        raise ValueError(str(error)) from None
    except (msgspec.DecodeError, RecursionError):
        pass
    try:
        value = json.loads(data)
    except RecursionError:
        raise ValueError("the JSON nests too deeply") from None
    return convert(value, shape)


def convert(value: Any, shape: Any) -> Any:
    """A plain value as this shape.

    Raises:
        ValueError: it has another shape; says where.
    """
    try:
        return msgspec.convert(value, shape)
    except msgspec.ValidationError as error:
        raise ValueError(str(error)) from None
    except RecursionError:
        raise ValueError("the JSON nests too deeply") from None
