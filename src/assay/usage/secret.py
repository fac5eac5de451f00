"""The workspace's secret, under which what identifies people is hashed: links stay, values do not.

Whoever has the secret can test a guess ("is this hash of ann@example.org?"), so it stays beside the
imports, readable by its owner alone, and out of git.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import stat
import unicodedata
from pathlib import Path

from assay.errors import StoreError

SIZE = 32
"""Bytes of the secret."""

_HASH_BYTES = 10  # 80 bits: two of a billion values share a hash with a chance of one in a million
_NOT_IN_GIT = "*\n!.gitignore\n"


def workspace_secret(root: Path) -> bytes:
    """The secret of a workspace, made at the first call: ``<root>/usage/secret.key``.

    Args:
        root: the workspace's folder.

    Raises:
        StoreError: others may read it, it is not one of ours, or it cannot be read or written.
    """
    folder = root / "usage"
    path = folder / "secret.key"
    try:
        keep_out_of_git(folder)
        if not os.path.lexists(path):
            _make(path)
        return _read(path)
    except OSError as error:
        raise StoreError(
            f"the workspace's secret cannot be used ({error.strerror}).",
            where=str(path),
            fix="Mend the folder's permissions.",
        ) from error


def keyed(secret: bytes, kind: str, value: str) -> str:
    """The keyed hash of a value: 20 hexadecimal digits that say nothing without the secret.

    Values that look alike (full-width letters, blanks around) have the same hash; upper and lower
    case differ, as ids do. The same value of another kind has another hash.
    """
    name = kind.encode()
    text = unicodedata.normalize("NFKC", value).strip().encode("utf-8", "surrogatepass")
    told = len(name).to_bytes(4, "big") + name + text
    return hashlib.blake2b(told, key=secret, digest_size=_HASH_BYTES).hexdigest()


def _make(path: Path) -> None:
    """Write a new secret and give it its name, unless another process was faster."""
    part = path.with_name(f"{path.name}.{secrets.token_hex(8)}.part")
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        try:
            os.write(handle, secrets.token_bytes(SIZE))
            os.fsync(handle)
        finally:
            os.close(handle)
        with contextlib.suppress(FileExistsError):
            os.link(part, path)  # never replaces one that is there
    finally:
        part.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _read(path: Path) -> bytes:
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        about = os.fstat(handle)
        if stat.S_IMODE(about.st_mode) & 0o077:
            raise StoreError(
                "the workspace's secret may be read by others.",
                where=str(path),
                fix=f"Close it: chmod 600 {path}. If others have read it, hashes made with it can "
                "be guessed at: delete it and the imports, and import again.",
            )
        content = os.read(handle, SIZE + 1)
    finally:
        os.close(handle)
    if len(content) != SIZE or not any(content):
        raise StoreError(
            f"this is not a secret: {SIZE} random bytes are due.",
            where=str(path),
            fix="Put the right file back. Without it, new imports do not link with old ones: "
            "delete it only together with them.",
        )
    return content


def keep_out_of_git(folder: Path) -> None:
    """Make a workspace's folder of usage, over which git passes: what is in it is nobody else's."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / ".gitignore"
    try:
        lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        file.write_text(_NOT_IN_GIT, encoding="utf-8")
        return
    if not {"*", "secret.key", "/secret.key", "*.key"} & {line.strip() for line in lines}:
        with file.open("a", encoding="utf-8") as opened:
            opened.write("\nsecret.key\n")
