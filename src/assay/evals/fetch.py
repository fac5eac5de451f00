"""A benchmark's file, local or by URL: nothing is used that does not have the hash it should."""

from __future__ import annotations

import contextlib
import hashlib
import tempfile
import urllib.parse
from collections.abc import Iterator
from pathlib import Path

from assay.errors import DefinitionError, NotFoundError, Problem

LARGEST_DOWNLOAD = 512 * 2**20
"""Bytes that a download may have."""
_SECONDS = 60
_CHUNK = 2**20


@contextlib.contextmanager
def source_file(source: str, sha256: str | None = None) -> Iterator[Path]:
    """The file behind a path or URL, for as long as the context lasts.

    Args:
        source: a local file, or a URL (http or https).
        sha256: 64 hex digits that the file must hash to; a URL needs them.

    Raises:
        NotFoundError: if there is no such file, or the server gives none.
        DefinitionError: if a URL comes without a hash, or the hash is another.
    """
    scheme = urllib.parse.urlsplit(source).scheme.lower()
    if len(scheme) < 2:  # no scheme, or a drive's letter
        path = Path(source)
        if not path.is_file():
            raise NotFoundError("there is no such file.", where=source, fix="Check its name.")
        _verify(source, file_hash(path), sha256)
        yield path
        return
    if scheme not in ("http", "https"):
        raise _refused(source, f"{scheme}: addresses are not read.", "Use https, or a local file.")
    if not sha256:
        remedy = "Download the file, look at it, and give its SHA-256 (sha256sum file)."
        raise _refused(source, "a URL needs the SHA-256 of what it should give.", remedy)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, Path(urllib.parse.urlsplit(source).path).name or "download")
        found = _download(source, path)
        _verify(source, found, sha256)
        yield path


def file_hash(path: Path) -> str:
    """64 hex digits: the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _download(url: str, path: Path) -> str:
    import http.client
    import urllib.error
    import urllib.request

    opener = urllib.request.OpenerDirector()  # http and https alone, wherever redirects point
    for handler in (
        urllib.request.ProxyHandler,
        urllib.request.HTTPHandler,
        urllib.request.HTTPSHandler,
        urllib.request.HTTPRedirectHandler,
        urllib.request.HTTPErrorProcessor,
        urllib.request.HTTPDefaultErrorHandler,
        urllib.request.UnknownHandler,
    ):
        opener.add_handler(handler())
    digest, size = hashlib.sha256(), 0
    request = urllib.request.Request(url, headers={"User-Agent": "assay"})
    try:
        with opener.open(request, timeout=_SECONDS) as reply, path.open("wb") as file:
            while chunk := reply.read(_CHUNK):
                size += len(chunk)
                if size > LARGEST_DOWNLOAD:
                    raise _refused(url, f"it gives more than {LARGEST_DOWNLOAD:,} bytes.", "")
                digest.update(chunk)
                file.write(chunk)
    except (urllib.error.URLError, http.client.HTTPException, OSError, ValueError) as error:
        remedy = "Check the address, or download the file and give its path."
        raise NotFoundError(f"the download failed ({error}).", where=url, fix=remedy) from None
    return digest.hexdigest()


def _verify(source: str, found: str, wanted: str | None) -> None:
    if wanted and found != wanted.strip().lower():
        remedy = "It is not the file that was meant, or it was changed; nothing of it was used."
        raise _refused(source, f"its SHA-256 is {found}, not {wanted}.", remedy)


def _refused(source: str, message: str, remedy: str) -> DefinitionError:
    return DefinitionError([Problem(source, message, remedy)])
