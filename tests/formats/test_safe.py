import random
import struct
import zipfile
import zlib
from pathlib import Path

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from assay.errors import DefinitionError, NotFoundError
from assay.formats import safe
from assay.formats.safe import harmless_cell, is_formula, open_archive, printable

FORMULAS = [
    "=cmd|' /C calc'!A0",
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    " =1",
    "\x00=1",
    "\u00a0=1",
    "\ufeff=1",
    "\uff1d1",
    "\u200b=1",
]


@pytest.mark.parametrize("text", FORMULAS)
def test_formulas_are_seen_and_made_harmless(text: str) -> None:
    assert is_formula(text)
    assert harmless_cell(text)[0] in "'\\"
    assert not is_formula(harmless_cell(text))


@pytest.mark.parametrize("text", ["", "text", "1 = 1", "a=1", "'=1", "(=1)", "3-4", "é"])
def test_other_text_stays_as_it_is(text: str) -> None:
    assert not is_formula(text)
    assert harmless_cell(text) == text


def test_control_characters_are_shown() -> None:
    assert printable("a\x00\x1b[31m\x7f\x9b\ud800\uffff b\t\n\r é😀") == (
        "a\\x00\\x1b[31m\\x7f\\x9b\\ud800\\uffff b\t\n\r é😀"
    )


@given(st.text())
def test_no_text_leaves_a_formula_or_a_control_character(text: str) -> None:
    cell = harmless_cell(text)
    assert not is_formula(cell)
    assert not any(ord(each) < 32 and each not in "\t\n\r" for each in cell)
    cell.encode()


def zip_of(path: Path, files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def entry_of(name: bytes, method: int, packed: bytes, size: int, crc: int) -> tuple[bytes, bytes]:
    """A file of an archive, and its line in the directory, with whatever is claimed of it."""
    same = struct.pack("<HHHHHIIIHH", 20, 0, method, 0, 0, crc, len(packed), size, len(name), 0)
    return b"PK\x03\x04" + same + name + packed, same


def archive_of(method: int, packed: bytes, size: int, crc: int, *, copies: int = 1) -> bytes:
    """An archive of one file, which the directory may list more than once."""
    local, same = entry_of(b"a", method, packed, size, crc)
    rest = struct.pack("<HHHII", 0, 0, 0, 0, 0)
    directory = b"".join(
        b"PK\x01\x02\x14\x00" + same + rest + b"%c" % (97 + copy) for copy in range(copies)
    )
    end = struct.pack("<4H2IH", 0, 0, copies, copies, len(directory), len(local), 0)
    return local + directory + b"PK\x05\x06" + end


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_stored_and_deflated_files_are_read(tmp_path: Path, method: int) -> None:
    files = {"a.json": b"{}", "b/c.json": random.Random(1).randbytes(100_000), "empty": b""}
    with open_archive(zip_of(tmp_path / "a.zip", files, method)) as archive:
        assert archive.names == list(files)
        assert {name: archive.read(name) for name in archive.names} == files


@pytest.mark.parametrize("frames", [1, 3])
def test_files_packed_by_zstandard_are_read(tmp_path: Path, frames: int) -> None:
    data = b"some text " * 50_000
    part = len(data) // frames + 1
    packed = b"".join(
        zstandard.compress(data[start : start + part]) for start in range(0, len(data), part)
    )
    (tmp_path / "a.zip").write_bytes(archive_of(93, packed, len(data), zlib.crc32(data)))
    with open_archive(tmp_path / "a.zip") as archive:
        assert archive.read("a") == data


def read_all(path: Path) -> None:
    with open_archive(path) as archive:
        for name in archive.names:
            archive.read(name)


def bomb(method: int, size: int) -> bytes:
    if method == 93:
        return zstandard.compress(bytes(size))
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(bytes(size)) + packer.flush()


@pytest.mark.parametrize("method", [8, 93])
def test_bombs_are_refused(tmp_path: Path, method: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(safe, "_SMALL", 1 << 20)
    monkeypatch.setattr(safe, "MOST_RATIO", 100)
    packed = bomb(method, 8 << 20)
    (tmp_path / "a.zip").write_bytes(archive_of(method, packed, 8 << 20, 0))
    with pytest.raises(DefinitionError, match="unpacks to 8,388,608 bytes; at most 1,048,576"):
        read_all(tmp_path / "a.zip")


@pytest.mark.parametrize("method", [8, 93])
def test_a_bomb_that_lies_about_its_size_is_stopped_where_the_lie_ends(
    tmp_path: Path, method: int
) -> None:
    packed = bomb(method, 64 << 20)
    (tmp_path / "a.zip").write_bytes(archive_of(method, packed, 1000, 0))
    with pytest.raises(DefinitionError, match="'a' is damaged: its size or checksum is wrong"):
        read_all(tmp_path / "a.zip")


def test_overlapping_files_are_refused(tmp_path: Path) -> None:
    packed = bomb(8, 1 << 20)
    (tmp_path / "a.zip").write_bytes(archive_of(8, packed, 1 << 20, 0, copies=20))
    with pytest.raises(DefinitionError, match="overlap"):
        read_all(tmp_path / "a.zip")


def test_encrypted_and_unknown_packing_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(archive_of(99, b"abc", 3, zlib.crc32(b"abc")))
    with pytest.raises(DefinitionError, match="method 99"):
        read_all(tmp_path / "a.zip")
    data = bytearray(archive_of(0, b"abc", 3, zlib.crc32(b"abc")))
    data[data.index(b"PK\x01\x02") + 8] |= 1
    (tmp_path / "a.zip").write_bytes(data)
    with pytest.raises(DefinitionError, match="encrypted"):
        read_all(tmp_path / "a.zip")


def test_whatever_is_damaged_is_an_error_of_ours(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    whole = zip_of(path, {"a": b"text " * 300, "b": bytes(range(256))}).read_bytes()
    dice = random.Random(7)
    refused = 0
    for _ in range(300):
        damaged = bytearray(whole)
        for _ in range(dice.randint(1, 4)):
            damaged[dice.randrange(len(damaged))] = dice.randrange(256)
        path.write_bytes(damaged[: dice.choice([len(damaged), dice.randrange(len(damaged))])])
        try:
            read_all(path)
        except DefinitionError as error:
            refused += "a.zip" in str(error)
    assert refused > 200


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="no such file"):
        read_all(tmp_path / "no.zip")
