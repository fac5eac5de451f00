"""Logs in a bucket: a real server that speaks S3, and one that breaks off midway."""

from __future__ import annotations

import http.client
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pyarrow
import pyarrow.fs
import pyarrow.parquet as pq
import pytest
from moto.server import ThreadedMotoServer

from assay.errors import AssayError, NotFoundError, StoreError
from assay.store.bucket import remote_files
from assay.usage.folder import UsageFolder
from assay.usage.import_verbs import import_usage
from tests.usage.logs import chat, write

KEY, SECRET = "AKIATESTTESTTEST", "a-secret-that-must-not-be-told"


class Proxy:
    """Stands before the server, and breaks off in the middle of some files while it is told to."""

    def __init__(self, server: str) -> None:
        self.breaks: str | None = None
        self.broken = 0
        proxy = self
        target = urlsplit(server).netloc

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def forward(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                connection = http.client.HTTPConnection(target)
                headers = {key: value for key, value in self.headers.items() if key != "Host"}
                connection.request(self.command, self.path, self.rfile.read(length), headers)
                answer = connection.getresponse()
                body = answer.read()
                self.send_response(answer.status)
                for key, value in answer.getheaders():
                    if key.lower() not in ("transfer-encoding", "connection"):
                        self.send_header(key, value)
                self.end_headers()
                if self.command == "GET" and proxy.breaks and proxy.breaks in self.path:
                    proxy.broken += 1
                    body = body[: len(body) // 2]
                    self.close_connection = True
                if self.command != "HEAD":
                    self.wfile.write(body)

            do_GET = do_PUT = do_HEAD = do_POST = do_DELETE = forward

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing."""

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    running = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    running.start()
    host, port = running.get_host_and_port()
    yield f"http://{host}:{port}"
    running.stop()


@pytest.fixture
def proxy(server: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    standing = Proxy(server)
    monkeypatch.setenv("AWS_ENDPOINT_URL", standing.address)
    yield standing
    standing.close()


def bucket(server: str, name: str) -> pyarrow.fs.FileSystem:
    files = pyarrow.fs.S3FileSystem(
        access_key=KEY,
        secret_key=SECRET,
        endpoint_override=server,
        scheme="http",
        allow_bucket_creation=True,
    )
    files.create_dir(name)
    return files


def put(files: pyarrow.fs.FileSystem, name: str, path: Path) -> None:
    with files.open_output_stream(name) as out:
        out.write(path.read_bytes())


def rows(workspace: Path, name: str = "logs") -> list[dict[str, object]]:
    usage = UsageFolder(workspace / "usage" / name)
    return [row for part in usage.parts() for row in pq.read_table(part).to_pylist()]


def test_what_lies_in_a_bucket_is_taken_in_as_from_a_disk(
    tmp_path: Path, server: str, proxy: Proxy
) -> None:
    files = bucket(server, "from-disk")
    write(tmp_path / "logs" / "a.jsonl", [chat(number) for number in range(60)])
    write(tmp_path / "logs" / "b.jsonl", [chat(number) for number in range(40, 90)])
    values = [chat(number) for number in range(200, 230)]
    columns = {name: [value[name] for value in values] for name in values[0]}
    pq.write_table(pyarrow.table(columns), tmp_path / "logs" / "c.parquet")
    for file in sorted((tmp_path / "logs").iterdir()):
        put(files, f"from-disk/2026/{file.name}", file)
    (tmp_path / "assay.toml").touch()
    import_usage([tmp_path / "logs"], name="disk", workspace=tmp_path)
    record = import_usage(["s3://from-disk/2026/"], name="logs", workspace=tmp_path)
    assert rows(tmp_path) == rows(tmp_path, "disk")
    assert len(rows(tmp_path)) == 120
    assert record.sources[0].uri == "s3://from-disk/2026/a.jsonl"
    again = import_usage(["s3://from-disk/2026/*"], name="logs", workspace=tmp_path)
    assert again.sources == record.sources
    for path in (tmp_path / "usage").rglob("*"):
        if path.is_file():
            assert SECRET.encode() not in path.read_bytes()
            assert KEY.encode() not in path.read_bytes()
    assert not list((tmp_path / "usage" / "logs").glob("source.*"))


def test_a_server_that_breaks_off_loses_nothing(tmp_path: Path, server: str, proxy: Proxy) -> None:
    files = bucket(server, "broken")
    for name, first in (("a", 0), ("b", 300), ("c", 600)):
        file = write(tmp_path / f"{name}.jsonl", [chat(first + each) for each in range(300)])
        put(files, f"broken/{name}.jsonl", file)
    (tmp_path / "assay.toml").touch()
    proxy.breaks = "b.jsonl"
    with pytest.raises(StoreError, match="could not be fetched") as told:
        import_usage(["s3://broken/*.jsonl"], name="logs", workspace=tmp_path)
    assert proxy.broken
    assert SECRET not in str(told.value)
    assert not list((tmp_path / "usage" / "logs").glob("source.*"))
    proxy.breaks = None
    record = import_usage(["s3://broken/*.jsonl"], name="logs", workspace=tmp_path)
    assert record.conversations == 900
    assert [source.rows for source in record.sources] == [300, 300, 300]
    assert len({row["transcript_id"] for row in rows(tmp_path)}) == 900


def test_what_cannot_be_read_is_told(
    tmp_path: Path, server: str, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket(server, "empty")
    with pytest.raises(NotFoundError, match="no such file"):
        remote_files("s3://empty/nothing.jsonl")
    with pytest.raises(AssayError):
        remote_files("s3://there-is-no-such-bucket/a.jsonl")
    with pytest.raises(StoreError, match="no credentials"):
        remote_files(f"s3://{KEY}:{SECRET}@empty/a.jsonl")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(StoreError, match="no credentials for"):
        remote_files("s3://empty/a.jsonl")
