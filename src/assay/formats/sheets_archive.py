"""A look into a workbook's archive before it is opened: what does it really hold?

A reader that trusts an archive can be made to fill the memory: by what unpacks to far more than it
declares, by XML entities, by two cells at opposite corners of a sheet, by one long text that a
million cells point to. All of it is found here by unpacking once, a piece at a time.
"""

from __future__ import annotations

import zipfile
import zlib
from array import array
from dataclasses import dataclass, field
from pathlib import Path
from xml.parsers import expat

MOST_ENTRIES = 2_000
"""Files that the archive of a workbook may hold."""
MOST_BYTES = 512 * 2**20
"""Bytes that a workbook may unpack to, and that the texts of a sheet's cells may have together."""
MOST_CELLS = 10_000_000
"""Cells, blank ones counted, of the rectangle that a sheet spans."""

_CHUNK = 2**20
_STRINGS = "xl/sharedStrings.xml"
_RELATIONS = "xl/_rels/workbook.xml.rels"


class BadArchiveError(Exception):
    """Why an archive is not opened, in a sentence without its full stop."""


@dataclass
class ArchiveView:
    """What was seen: by sheet, the cells that hold a formula's error (``D7``)."""

    errors: dict[str, list[tuple[str, int]]] = field(default_factory=dict)


def look_into(path: Path) -> ArchiveView:
    """Unpack a workbook once and see that it is harmless.

    Raises:
        BadArchiveError: if it is damaged, encrypted, lies about its sizes, or would grow too large.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            return _look(archive)
    except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, EOFError) as error:
        raise BadArchiveError(f"the file is not a sound .xlsx archive ({error})") from None
    except (zlib.error, expat.ExpatError, LookupError, ValueError) as error:
        raise BadArchiveError(f"the archive is damaged ({error})") from None
    except RuntimeError as error:
        raise BadArchiveError(f"the archive cannot be read ({error})") from None


def _look(archive: zipfile.ZipFile) -> ArchiveView:
    entries = {entry.filename: entry for entry in archive.infolist()}
    if len(entries) < len(archive.infolist()):
        raise BadArchiveError("the archive holds two files of one name")
    if len(entries) > MOST_ENTRIES:
        raise BadArchiveError(
            f"the archive holds {len(entries):,} files, a workbook at most {MOST_ENTRIES:,}"
        )
    declared = sum(entry.file_size for entry in entries.values())
    if declared > MOST_BYTES:
        raise BadArchiveError(
            f"the archive unpacks to {declared:,} bytes, a workbook at most {MOST_BYTES:,}"
        )
    view, parts = ArchiveView(), _Parts()
    for name in sorted(entries, key=lambda name: name != _STRINGS):  # the strings first
        errors = _look_at(archive, entries[name], parts)
        if errors:
            view.errors[name] = errors
    return _by_sheet(view, parts)


@dataclass
class _Parts:
    """What is learned of the parts on the way: texts' lengths, sheets' ids, where ids point."""

    lengths: array[int] = field(default_factory=lambda: array("q"))
    sheets: dict[str, str] = field(default_factory=dict)
    targets: dict[str, str] = field(default_factory=dict)


def _look_at(
    archive: zipfile.ZipFile, entry: zipfile.ZipInfo, parts: _Parts
) -> list[tuple[str, int]]:
    declared, seen = entry.file_size, 0
    entry.file_size = MOST_BYTES + 1  # else zipfile stops at the declared size and sees no lie
    watcher = _Watcher(parts) if entry.filename.endswith((".xml", ".rels")) else None
    with archive.open(entry) as part:
        while chunk := part.read(_CHUNK):
            seen += len(chunk)
            if seen > declared:
                raise BadArchiveError(
                    f"{entry.filename!r} in the archive unpacks to more than it declares"
                )
            if watcher is not None:
                watcher.parser.Parse(chunk)
    if watcher is None:
        return []
    watcher.parser.Parse(b"", True)
    return watcher.errors


class _Watcher:
    """Reads one XML part as it streams by."""

    def __init__(self, parts: _Parts) -> None:
        self.errors: list[tuple[str, int]] = []
        self._parts = parts
        self._row = self._column = self._rows = self._columns = 0
        self._texts = 0
        self._index: list[str] | None = None  # the digits of a shared text's number
        self._length: int | None = None  # of the shared text being read
        self._points = False  # whether the cell being read points to a shared text
        self.parser = expat.ParserCreate()
        self.parser.StartDoctypeDeclHandler = self._doctype
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text

    def _doctype(self, *_: object) -> None:
        raise BadArchiveError("the archive holds XML with a document type, which may expand")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        name = name.rpartition(":")[2]
        for key in ("count", "uniqueCount"):  # readers set as much memory aside
            digits = attributes.get(key, "").strip().lstrip("+0")
            if digits.isdigit() and (len(digits) > 9 or int(digits) > MOST_CELLS):
                raise BadArchiveError(f"the archive declares {digits[:20]} items of {name!r}")
        if name == "c":
            self._cell(attributes)
        elif name == "row":
            self._row = _number(attributes.get("r")) or self._row + 1
            self._column = 0
        elif name == "v" and self._points:
            self._index = []
        elif name == "si":
            self._length = 0
        elif name == "sheet" and "name" in attributes:
            ids = [value for key, value in attributes.items() if key.endswith(":id")]
            self._parts.sheets[attributes["name"]] = ids[0] if ids else ""
        elif name == "Relationship":
            self._relation(attributes)

    def _cell(self, attributes: dict[str, str]) -> None:
        letters, row = _place(attributes.get("r", ""))
        self._column = _column(letters) or self._column + 1
        self._rows = max(self._rows, row or self._row)
        self._columns = max(self._columns, self._column)
        if self._rows * self._columns > MOST_CELLS:
            raise BadArchiveError(
                f"a sheet spans {self._rows:,} rows and {self._columns:,} columns, more than "
                f"{MOST_CELLS:,} cells (are there stray cells far from the table?)"
            )
        self._points = attributes.get("t") == "s"
        if attributes.get("t") == "e":
            self.errors.append((letters, row or self._row))

    def _relation(self, attributes: dict[str, str]) -> None:
        kind, target = attributes.get("Type", ""), attributes.get("Target", "")
        if kind.endswith(("/worksheet", "/sharedStrings")) and not target.endswith(".xml"):
            raise BadArchiveError("the archive's sheets are not where they belong")
        if kind.endswith("/worksheet"):
            self._parts.targets[attributes.get("Id", "")] = target

    def _text(self, text: str) -> None:
        if self._length is not None:
            self._length += len(text)
        if self._index is not None:
            self._index.append(text)

    def _end(self, name: str) -> None:
        name = name.rpartition(":")[2]
        if name == "si" and self._length is not None:
            self._parts.lengths.append(self._length)
            self._length = None
        elif name == "v" and self._index is not None:
            index = _number("".join(self._index).strip())
            if index is not None and index < len(self._parts.lengths):
                self._texts += self._parts.lengths[index]
            self._index = None
            if self._texts > MOST_BYTES:
                raise BadArchiveError(f"a sheet's texts have more than {MOST_BYTES:,} characters")


def _by_sheet(view: ArchiveView, parts: _Parts) -> ArchiveView:
    named = ArchiveView()
    for sheet, key in parts.sheets.items():
        target = parts.targets.get(key, "").lstrip("/")
        part = target if target.startswith("xl/") else f"xl/{target}"
        if part in view.errors:
            named.errors[sheet] = view.errors[part]
    return named


def _place(reference: str) -> tuple[str, int]:
    """``D7`` as its letters and its row; empty and 0 where it is no place."""
    letters = reference.rstrip("0123456789")
    row = _number(reference[len(letters) :])
    sound = row and letters.isalpha() and letters.isascii() and len(letters) <= 3
    return (letters, row or 0) if sound else ("", 0)


def _column(letters: str) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - 64
    return number


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else None
