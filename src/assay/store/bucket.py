"""Files in buckets that speak S3: found by name or prefix, and brought here in a stream.

Credentials come from the environment alone (``AWS_ACCESS_KEY_ID``, ``AWS_SECRET_ACCESS_KEY``,
``AWS_SESSION_TOKEN``); another server than Amazon's is named by ``AWS_ENDPOINT_URL``. Nobody else
is asked for credentials or a region, no file and no service of the machine's.
"""

from __future__ import annotations

import fnmatch
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assay.errors import NotFoundError, StoreError

_SCHEME = "s3://"
_BLOCK = 4 << 20
_CONNECT, _REQUEST = 10.0, 60.0  # seconds
_GLOB = re.compile(r"[*?\[]")
_FIX = "Is the server there, and may this key read the bucket? The same command goes on."


@dataclass(frozen=True)
class Remote:
    """A file in a bucket.

    Attributes:
        uri: ``s3://bucket/key``.
        size: bytes.
        changed: when it was last written, in nanoseconds.
    """

    uri: str
    size: int
    changed: int


def in_bucket(source: str | Path) -> bool:
    """Whether a source is the name of something in a bucket."""
    return str(source).startswith(_SCHEME)


def remote_files(uri: str) -> list[Remote]:
    """The files that are meant: the one of that name, those below a prefix, or those of a pattern.

    Raises:
        NotFoundError: there is none.
        StoreError: the environment holds no credentials, the server cannot be asked, or the name
            holds credentials.
    """
    path = _path_of(uri)
    pattern = _GLOB.search(path)
    base = path if pattern is None else path[: pattern.start()].rpartition("/")[0]
    found = [each for each in _listed(base.rstrip("/"), uri) if _meant(each, path, pattern)]
    if not found:
        raise NotFoundError(
            "there is no such file in the bucket.", where=uri, fix="Check its name."
        )
    return sorted(found, key=lambda each: each.uri)


def fetch(remote: Remote, target: Path) -> None:
    """Bring a file here: whole under the name of ``target``, or not at all.

    Raises:
        StoreError: the server failed, the file has changed meanwhile, or the disk is full.
    """
    part = target.with_name(target.name + ".part")
    try:
        with _filesystem().open_input_stream(_path_of(remote.uri)) as file, part.open("wb") as out:
            while block := file.read(_BLOCK):
                out.write(block)
        size = part.stat().st_size
        if size != remote.size:
            raise OSError(f"{size:,} of {remote.size:,} bytes came")
        part.replace(target)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise StoreError(
            f"the file could not be fetched ({_plain(error)}).", where=remote.uri, fix=_FIX
        ) from None


def _listed(base: str, uri: str) -> list[Remote]:
    import pyarrow.fs

    files = _filesystem()
    try:
        about = files.get_file_info(base) if "/" in base else None
        if about is not None and about.is_file:
            infos = [about]
        else:
            wanted = pyarrow.fs.FileSelector(base, recursive=True, allow_not_found=True)
            infos = [each for each in files.get_file_info(wanted) if each.is_file]
    except OSError as error:
        raise StoreError(
            f"the bucket cannot be read ({_plain(error)}).", where=uri, fix=_FIX
        ) from None
    return [Remote(_SCHEME + each.path, each.size, each.mtime_ns or 0) for each in infos]


def _meant(found: Remote, path: str, pattern: re.Match[str] | None) -> bool:
    name = found.uri.removeprefix(_SCHEME)
    if any(piece.startswith(".") for piece in name.removeprefix(path).split("/")):
        return False
    return pattern is None or fnmatch.fnmatchcase(name, path)


def _path_of(uri: str) -> str:
    path = uri.removeprefix(_SCHEME)
    if "@" in path.partition("/")[0] or ":" in path.partition("/")[0]:
        raise StoreError(
            "a name in a bucket holds no credentials and no port.",
            fix="Write s3://bucket/key; keys go into AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, "
            "a server into AWS_ENDPOINT_URL.",
        )
    return path


def _filesystem() -> Any:
    from pyarrow.fs import AwsStandardS3RetryStrategy, S3FileSystem

    told = os.environ.get
    key, secret = told("AWS_ACCESS_KEY_ID"), told("AWS_SECRET_ACCESS_KEY")
    if not key or not secret:
        raise StoreError(
            "no credentials for the bucket.",
            fix="Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment.",
        )
    server = told("AWS_ENDPOINT_URL_S3") or told("AWS_ENDPOINT_URL")
    return S3FileSystem(
        access_key=key,
        secret_key=secret,
        session_token=told("AWS_SESSION_TOKEN"),
        region=told("AWS_REGION") or told("AWS_DEFAULT_REGION") or "us-east-1",
        endpoint_override=server,
        scheme="http" if (server or "").startswith("http://") else "https",
        connect_timeout=_CONNECT,
        request_timeout=_REQUEST,
        retry_strategy=AwsStandardS3RetryStrategy(max_attempts=4),
    )


def _plain(error: OSError) -> str:
    """What went wrong, without what the server may repeat of a key."""
    text = str(error).splitlines()[0][:300]
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        value = os.environ.get(name)
        if value:
            text = text.replace(value, f"[{name}]")
    return text
