"""Guards between us and hostile files: formula cells on the way out, archives on the way in."""

from __future__ import annotations

import contextlib
import io
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import zstandard

from assay.errors import DefinitionError, NotFoundError, Problem

MOST_BYTES = 1 << 30
"""Bytes that one file of an archive may unpack to."""
MOST_RATIO = 1_000
"""Times that a file of an archive may be larger than its packed form, beyond 64 MiB."""

_SMALL = 64 << 20
_STORED, _DEFLATED, _ZSTANDARD = 0, 8, 93
_LOCAL_HEADER = struct.Struct("<4s22xHH")
_WINDOW = 1 << 27

_FORMULA = re.compile(r"[\s\x00-\x20\x7f-\xa0\u200b-\u200f\ufeff]*[=+\-@\uff1d\uff0b\uff0d\uff20]")
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def printable(text: str) -> str:
    r"""The text with control characters shown (``\x1b``), as they break XML and steer terminals.

    Tabs and line ends stay. So does everything else that Unicode calls a character.
    """
    return _UNPRINTABLE.sub(lambda match: _shown(ord(match[0])), text)


def is_formula(text: str) -> bool:
    """Whether a spreadsheet could take the text for a formula: it begins with ``= + - @``, perhaps
    after blanks, or with a tab or a line end."""
    return text[:1] in ("\t", "\r", "\n") or _FORMULA.match(text) is not None


def harmless_cell(text: str) -> str:
    """The text as a cell of a csv file: printable, and with an apostrophe before a formula."""
    text = printable(text)
    return "'" + text if is_formula(text) else text


def _shown(code: int) -> str:
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


class Archive:
    """A zip archive that nobody vouches for, read one file at a time and never extracted.

    Files may be stored, deflated or, as Inspect writes them, packed by Zstandard.

    Raises:
        DefinitionError: by any method, where the archive is damaged, encrypted or a bomb.
    """

    def __init__(self, path: Path, zipped: zipfile.ZipFile, stream: io.BufferedReader) -> None:
        self._path = path
        self._stream = stream
        self._entries = zipped.NameToInfo
        packed = sum(entry.compress_size for entry in zipped.infolist())
        if packed > path.stat().st_size:
            raise self._fault("files of the archive overlap: it is a bomb")

    @property
    def names(self) -> list[str]:
        """The files' names, in the archive's order."""
        return list(self._entries)

    def read(self, name: str) -> bytes:
        """One file, unpacked in memory."""
        entry = self._entries[name]
        most = min(MOST_BYTES, max(_SMALL, MOST_RATIO * entry.compress_size))
        if entry.file_size > most:
            raise self._fault(
                f"{name!r} unpacks to {entry.file_size:,} bytes; at most {most:,} are read"
            )
        if entry.flag_bits & 1:
            raise self._fault(f"{name!r} is encrypted")
        try:
            data = _unpack(self._packed(entry), entry.compress_type, entry.file_size + 1)
        except (zlib.error, zstandard.ZstdError, EOFError, NotImplementedError) as error:
            raise self._fault(f"{name!r} cannot be unpacked ({error})") from error
        if len(data) != entry.file_size or zlib.crc32(data) != entry.CRC:
            raise self._fault(f"{name!r} is damaged: its size or checksum is wrong")
        return data

    def _packed(self, entry: zipfile.ZipInfo) -> bytes:
        self._stream.seek(entry.header_offset)
        header = self._stream.read(_LOCAL_HEADER.size)
        if len(header) < _LOCAL_HEADER.size or not header.startswith(b"PK\x03\x04"):
            raise EOFError("it is not where the archive says")
        _, name_length, extra_length = _LOCAL_HEADER.unpack(header)
        self._stream.seek(name_length + extra_length, io.SEEK_CUR)
        data = self._stream.read(entry.compress_size)
        if len(data) < entry.compress_size:
            raise EOFError("the archive ends early")
        return data

    def _fault(self, message: str) -> DefinitionError:
        return DefinitionError([Problem(str(self._path), f"{message}.", "Fetch the file again.")])


@contextlib.contextmanager
def open_archive(path: Path) -> Iterator[Archive]:
    """Open an archive to read its files.

    Raises:
        NotFoundError: there is no such file.
        DefinitionError: it is no archive, or a bomb.
    """
    try:
        with zipfile.ZipFile(path) as zipped, path.open("rb") as stream:
            yield Archive(path, zipped, stream)
    except FileNotFoundError:
        raise NotFoundError("there is no such file.", where=str(path)) from None
    except (zipfile.BadZipFile, NotImplementedError, OSError, struct.error) as error:
        problem = Problem(
            str(path), f"the file is not a sound archive ({error}).", "Fetch the file again."
        )
        raise DefinitionError([problem]) from error


def _unpack(packed: bytes, method: int, most: int) -> bytes:
    """At most ``most`` bytes of what was packed."""
    if method == _STORED:
        return packed[:most]
    if method == _DEFLATED:
        return zlib.decompressobj(-zlib.MAX_WBITS).decompress(packed, most)
    if method == _ZSTANDARD:
        unpacker = zstandard.ZstdDecompressor(max_window_size=_WINDOW)
        with unpacker.stream_reader(packed, read_across_frames=True) as reader:
            return reader.read(most)
    raise NotImplementedError(f"packed by method {method}, which is unknown here")
