"""A log as a stream of UTF-8 bytes: unpacked, whatever packed it, and from whatever encoding."""

from __future__ import annotations

import bz2
import codecs
import contextlib
import gzip
import io
import lzma
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import zstandard

BLOCK = 1 << 20
_WINDOW = 1 << 27
_MAGIC = {
    b"\x1f\x8b": "gzip",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"BZh": "bzip2",
    b"\xfd7zXZ\x00": "xz",
}
PACKED_SUFFIXES = (".gz", ".zst", ".zstd", ".bz2", ".xz")
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


class DamagedError(Exception):
    """The rest of a file cannot be read. Carries the reason, as a word, and a sentence's clause."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason, self.detail = reason, detail


def packing(path: Path) -> str | None:
    """What packed the file, by its first bytes: gzip, zstd, bzip2, xz, or None."""
    with path.open("rb") as file:
        start = file.read(8)
    return next((name for magic, name in _MAGIC.items() if start.startswith(magic)), None)


def blocks(path: Path, start: int = 0) -> Iterator[bytes]:
    """The file's content as UTF-8, a block at a time, from this byte of the content on.

    Bytes that are no UTF-8 in a file that is not marked as anything else come as they are.

    Raises:
        DamagedError: what is packed ends early or is damaged; what came before is sound.
    """
    with open_unpacked(path) as file:
        head = read(file, BLOCK)
        encoding, mark = _encoding(head)
        if encoding == "utf-8":
            yield from _from(_bytes(file, head[mark:]), start)
        else:
            yield from _from(_decoded(file, head, encoding), start)


@contextlib.contextmanager
def open_unpacked(path: Path) -> Iterator[IO[bytes]]:
    """The file's content, unpacked."""
    kind = packing(path)
    with contextlib.ExitStack() as stack:
        raw = stack.enter_context(path.open("rb"))
        file: Any = raw
        if kind == "gzip":
            file = stack.enter_context(gzip.GzipFile(fileobj=raw))
        elif kind == "bzip2":
            file = stack.enter_context(bz2.BZ2File(raw))
        elif kind == "xz":
            file = stack.enter_context(lzma.LZMAFile(raw))
        elif kind == "zstd":
            unpacker = zstandard.ZstdDecompressor(max_window_size=_WINDOW)
            reader = stack.enter_context(unpacker.stream_reader(raw, read_across_frames=True))
            file = _Whole(reader, path)
        yield file


class _Whole:
    """A reader of Zstandard that minds an early end, which the package passes over."""

    def __init__(self, reader: Any, path: Path) -> None:
        self._reader, self._path = reader, path

    def read(self, size: int) -> bytes:
        found: bytes = self._reader.read(size)
        if not found and not _has_last_block(self._path):
            raise EOFError
        return found


def _has_last_block(path: Path) -> bool:
    """Whether every frame of a Zstandard file has its last block: a walk over their headers."""
    size = path.stat().st_size
    with path.open("rb") as file:
        while (start := file.tell()) < size:
            head = file.read(_MOST_HEADER)
            if head[1:4] == _SKIPPED and 0x50 <= head[0] <= 0x5F:
                file.seek(start + 8 + int.from_bytes(head[4:8], "little"))
                continue
            about = zstandard.get_frame_parameters(head)
            file.seek(start + zstandard.frame_header_size(head))
            last = False
            while not last:
                block = int.from_bytes(file.read(3), "little")
                last, kind = bool(block & 1), block >> 1 & 3
                end = file.tell() + (1 if kind == _REPEATED else block >> 3)
                if file.tell() >= size or end > size:
                    return False
                file.seek(end)
            file.seek(4 if about.has_checksum else 0, io.SEEK_CUR)
            if file.tell() > size:
                return False
    return True


_SKIPPED, _REPEATED, _MOST_HEADER = b"\x2a\x4d\x18", 1, 18


def read(file: IO[bytes], size: int) -> bytes:
    """At most so many bytes; what is damaged is told apart from what has ended.

    Raises:
        DamagedError: the packed content ends early or is damaged.
    """
    try:
        return file.read(size)
    except EOFError:
        raise DamagedError("truncated", "the packed file ends early") from None
    except (OSError, zlib.error, lzma.LZMAError, zstandard.ZstdError) as error:
        raise DamagedError("damaged", f"the packed file is damaged ({error})") from None


def _bytes(file: IO[bytes], head: bytes) -> Iterator[bytes]:
    block = head
    while block:
        yield block
        block = read(file, BLOCK)


def _decoded(file: IO[bytes], head: bytes, encoding: str) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
    for block in _bytes(file, head):
        yield decoder.decode(block).encode("utf-8", "replace")
    yield decoder.decode(b"", True).encode("utf-8", "replace")


def _from(found: Iterator[bytes], start: int) -> Iterator[bytes]:
    for block in found:
        if start >= len(block):
            start -= len(block)
            continue
        yield block[start:] if start else block
        start = 0


def _encoding(head: bytes) -> tuple[str, int]:
    """The encoding, and how many bytes mark it; UTF-16 without a mark shows by its zeros."""
    for mark, encoding in _BOMS:
        if head.startswith(mark):
            return encoding, len(mark) if encoding == "utf-8" else 0
    pairs = head[:256]
    if len(pairs) >= 4 and pairs[1::2].count(0) > len(pairs) // 3:
        return "utf-16-le", 0
    if len(pairs) >= 4 and pairs[0::2].count(0) > len(pairs) // 3:
        return "utf-16-be", 0
    return "utf-8", 0
