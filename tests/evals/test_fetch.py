"""Files by URL: only with the hash that they should have."""

from __future__ import annotations

import hashlib
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from assay.errors import DefinitionError, NotFoundError
from assay.evals import fetch, init_from, load_eval
from assay.evals.fetch import source_file

CSV = b"id,harm_area,counter,category,prompts_final\ns1,area,1,c,What?\n"
HASH = hashlib.sha256(CSV).hexdigest()


class Handler(http.server.BaseHTTPRequestHandler):
    """Serves one file, a redirect to it, one to a local file, and errors."""

    def do_GET(self) -> None:
        places = {"/moved": "/sst.csv", "/local": "file:///etc/passwd"}
        if self.path in places:
            self.send_response(302)
            self.send_header("Location", places[self.path])
            self.end_headers()
        elif self.path == "/cut":
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            self.wfile.write(CSV)
        elif self.path.partition("?")[0] == "/sst.csv":
            self.send_response(200)
            self.end_headers()
            self.wfile.write(CSV)
        else:
            self.send_error(404)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        thread = threading.Thread(target=listening.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{listening.server_address[1]}"
        listening.shutdown()
        thread.join()


@pytest.mark.parametrize("place", ["/sst.csv", "/moved", "/sst.csv?version=1"])
def test_a_url_with_its_hash(server: str, place: str) -> None:
    with source_file(server + place, HASH.upper()) as path:
        assert path.read_bytes() == CSV
        assert path.suffix in (".csv", "")
    assert not path.exists()


def test_an_eval_of_a_url(server: str, tmp_path: Path) -> None:
    folder = init_from("simple-safety-tests", f"{server}/sst.csv", tmp_path / "sst", sha256=HASH)
    assert load_eval(folder).name == "sst"
    assert HASH in (folder / "README.md").read_text()


def test_a_url_without_a_hash_is_not_asked(tmp_path: Path) -> None:
    with (
        pytest.raises(DefinitionError, match="a URL needs the SHA-256"),
        source_file("http://127.0.0.1:1/x.csv"),
    ):
        pass


def test_another_hash_is_refused(server: str) -> None:
    wrong = "0" * 64
    with (
        pytest.raises(DefinitionError, match=f"its SHA-256 is {HASH}, not {wrong}"),
        source_file(f"{server}/sst.csv", wrong),
    ):
        pass


@pytest.mark.parametrize("place", ["/nothing", "/local", "/cut"])
def test_downloads_that_fail(server: str, place: str) -> None:
    with (
        pytest.raises((NotFoundError, DefinitionError), match=r"download failed|its SHA-256 is"),
        source_file(server + place, "0" * 64),
    ):
        pass


def test_a_server_that_is_not_there() -> None:
    with (
        pytest.raises(NotFoundError, match="the download failed"),
        source_file("http://127.0.0.1:1/x.csv", HASH),
    ):
        pass


def test_a_download_that_is_too_large(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch, "LARGEST_DOWNLOAD", 10)
    with (
        pytest.raises(DefinitionError, match="gives more than 10 bytes"),
        source_file(f"{server}/sst.csv", HASH),
    ):
        pass


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://127.0.0.1/x", "data:,x"])
def test_other_addresses_are_refused(url: str) -> None:
    with pytest.raises(DefinitionError, match="addresses are not read"), source_file(url, HASH):
        pass


def test_a_local_file_may_be_pinned_too(tmp_path: Path) -> None:
    file = tmp_path / "x.csv"
    file.write_bytes(CSV)
    with source_file(str(file)) as path:
        assert path == file
    with source_file(str(file), HASH) as path:
        assert path == file
    with pytest.raises(DefinitionError, match="its SHA-256 is"), source_file(str(file), "1" * 64):
        pass
    with pytest.raises(NotFoundError, match="there is no such file"), source_file("nothing.csv"):
        pass
