"""Alerts by a real program, a real HTTP server and a real SMTP server; and hostile text."""

from __future__ import annotations

import email
import json
import socket
import ssl
import sys
import time
from collections.abc import Callable, Iterator
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session
from hypothesis import given
from hypothesis import strategies as st

from assay.watch import Alert, channels
from assay.watch.channels import UndeliveredError, header, mail, send
from assay.watch.definition import Channel, Email
from tests.support.fault_server import FaultServer, hang, redirect, reply, reset, status

ALERT = Alert(
    id="nightly-0123",
    watch="nightly",
    kind="change",
    made="2026-01-31T12:00:00+00:00",
    title="nightly: refusals are lower than expected (worse)",
    lines=("Seen: 0.8 [0.7, 0.9].", "Grüße, 安全."),
)


def webhook(server: FaultServer, monkeypatch: pytest.MonkeyPatch) -> Channel:
    monkeypatch.setenv("WATCH_HOOK", f"{server.origin}/hook/s3cret")
    return Channel.model_validate({"webhook": {"url_env": "WATCH_HOOK"}})


def test_a_webhook_gets_the_alert_as_json(monkeypatch: pytest.MonkeyPatch) -> None:
    with FaultServer(reply()) as server:
        send(ALERT, webhook(server, monkeypatch))
    [seen] = server.seen
    assert seen.path == "/hook/s3cret"
    assert seen.headers["content-type"] == "application/json"
    assert seen.headers["idempotency-key"] == "nightly-0123"
    assert seen.json["kind"] == "change"
    assert "Grüße, 安全." in seen.json["text"]


@pytest.mark.parametrize(
    ("behaviour", "says"),
    [
        (status(500), "status 500"),
        (redirect("http://127.0.0.1:1/elsewhere"), "status 307"),
        (redirect("http://127.0.0.1:1/elsewhere", 302), "status 302"),
        (reset(), "not reached"),
        (hang(), "no answer within"),
    ],
)
def test_a_webhook_that_fails_is_told_without_its_url(
    monkeypatch: pytest.MonkeyPatch, behaviour: Any, says: str
) -> None:
    monkeypatch.setattr(channels, "TIMEOUT", 0.5)
    with FaultServer(behaviour) as server, pytest.raises(UndeliveredError, match=says) as raised:
        send(ALERT, webhook(server, monkeypatch))
    assert "s3cret" not in str(raised.value)


@pytest.mark.parametrize(
    "url", ["", "file:///etc/passwd", "http://127.0.0.1:1/s3cret", "http://[s3cret"]
)
def test_a_webhook_url_that_is_none(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("WATCH_HOOK", url)
    channel = Channel.model_validate({"webhook": {"url_env": "WATCH_HOOK"}})
    with pytest.raises(UndeliveredError) as raised:
        send(ALERT, channel)
    assert "s3cret" not in str(raised.value)


def test_a_program_gets_the_alert_on_its_input_and_no_shell_sees_it(tmp_path: Path) -> None:
    out = tmp_path / "got"
    script = "import sys; open(sys.argv[1], 'w').write(sys.argv[2] + sys.stdin.read())"
    channel = Channel(command=(sys.executable, "-c", script, str(out), "$(touch evil); "))
    send(ALERT, channel)
    told = out.read_text()
    assert told.startswith("$(touch evil); {")
    assert json.loads(told.removeprefix("$(touch evil); "))["id"] == "nightly-0123"


def test_a_program_that_fails_is_told() -> None:
    with pytest.raises(UndeliveredError, match="exit code 3"):
        send(ALERT, Channel(command=(sys.executable, "-c", "raise SystemExit(3)")))
    with pytest.raises(UndeliveredError, match="cannot be run"):
        send(ALERT, Channel(command=("/nowhere/notify",)))


def test_a_program_that_hangs_is_ended_with_its_children(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(channels, "TIMEOUT", 1.0)
    script = "import subprocess, time; subprocess.Popen(['sleep', '60']); time.sleep(60)"
    begun = time.monotonic()
    with pytest.raises(UndeliveredError, match="took longer"):
        send(ALERT, Channel(command=(sys.executable, "-c", script)))
    assert time.monotonic() - begun < 20


# Mail


class Post:
    """Keeps what a mail server got."""

    def __init__(self) -> None:
        self.envelopes: list[Envelope] = []
        self.encrypted: list[bool] = []
        self.logins: list[tuple[bytes, bytes]] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        self.envelopes.append(envelope)
        self.encrypted.append(session.ssl is not None)
        return "250 OK"

    def login(self, *args: Any) -> AuthResult:
        self.logins.append((args[4].login, args[4].password))
        return AuthResult(success=args[4].password == b"s3cret", handled=False)

    def message(self) -> Any:
        [envelope] = self.envelopes
        assert isinstance(envelope.content, bytes)
        return email.message_from_bytes(envelope.content, policy=default)


Serve = Callable[..., tuple[Post, int]]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts a mail server; gives what it keeps, and its port."""
    running: list[Controller] = []

    def start(**options: Any) -> tuple[Post, int]:
        post = Post()
        if options.pop("login", False):
            options |= {"authenticator": post.login, "auth_required": True}
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        controller = Controller(post, hostname="127.0.0.1", port=port, **options)
        controller.start()
        running.append(controller)
        return post, port

    yield start
    for controller in running:
        controller.stop()


@pytest.fixture
def trusted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ssl.SSLContext:
    """A server's certificate for 127.0.0.1 that this process trusts."""
    authority = trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    return context


def by_mail(port: int, **fields: Any) -> Channel:
    told = {
        "to": ["ann@example.org", "ben@example.org"],
        "from": "assay@example.org",
        "host": "127.0.0.1",
        "port": port,
        **fields,
    }
    return Channel.model_validate({"email": told})


def test_a_mail_in_the_clear_where_that_is_asked_for(serve: Serve) -> None:
    post, port = serve()
    send(ALERT, by_mail(port, starttls=False))
    assert post.envelopes[0].rcpt_tos == ["ann@example.org", "ben@example.org"]
    assert post.encrypted == [False]
    assert post.message()["Subject"] == f"[Assay] {ALERT.title}"
    assert post.message()["Message-ID"] == "<nightly-0123@example.org>"
    assert "Grüße, 安全." in post.message().get_content()


def test_a_mail_by_starttls_with_a_login(
    serve: Serve, trusted: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAIL", "s3cret")
    post, port = serve(tls_context=trusted, require_starttls=True, login=True)
    send(ALERT, by_mail(port, user="ann", password_env="MAIL"))
    assert post.encrypted == [True]
    assert post.logins == [(b"ann", b"s3cret")]

    monkeypatch.setenv("MAIL", "s3cret-wrong")
    with pytest.raises(UndeliveredError, match="refused with code 535") as raised:
        send(ALERT, by_mail(port, user="ann", password_env="MAIL"))
    assert "s3cret" not in str(raised.value)


def test_nothing_goes_out_where_encryption_is_refused(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAIL", "s3cret")
    post, port = serve(login=True, auth_require_tls=False)
    with pytest.raises(UndeliveredError, match="no STARTTLS"):
        send(ALERT, by_mail(port, user="ann", password_env="MAIL"))
    assert post.envelopes == []
    assert post.logins == []


def test_a_certificate_that_nobody_vouches_for_is_refused(serve: Serve) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    post, port = serve(tls_context=context)
    with pytest.raises(UndeliveredError, match="not trusted"):
        send(ALERT, by_mail(port))
    assert post.envelopes == []


def test_the_port_of_encrypted_mail_is_encrypted_from_its_first_byte(
    trusted: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAIL", "s3cret")
    post = Post()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(
        post, hostname="127.0.0.1", port=port, ssl_context=trusted,
        authenticator=post.login, auth_required=True, auth_require_tls=False,
    )  # fmt: skip
    controller.start()
    try:
        monkeypatch.setattr(channels, "TLS_PORT", port)
        send(ALERT, by_mail(port, user="ann", password_env="MAIL"))
        assert post.logins == [(b"ann", b"s3cret")]
        assert len(post.envelopes) == 1
        monkeypatch.delenv("SSL_CERT_FILE")
        with pytest.raises(UndeliveredError, match="not trusted"):
            send(ALERT, by_mail(port, user="ann", password_env="MAIL"))
        assert len(post.envelopes) == 1
    finally:
        controller.stop()


def test_a_mail_server_that_is_down() -> None:
    with pytest.raises(UndeliveredError, match="Connection refused"):
        send(ALERT, by_mail(1))


HOSTILE = st.text(st.characters(codec="utf-8"), max_size=300) | st.sampled_from(
    ["a\r\nBcc: eve@example.org", "\x1b[2J", "\u202eevil", "\u2028Bcc: eve@example.org", "\0"]
)


@given(HOSTILE, HOSTILE)
def test_no_text_can_add_a_header_or_hide_in_one(title: str, line: str) -> None:
    alert = Alert("nightly-1", "nightly", "change", "now", title, (line,))
    sent = Email.model_validate(
        {"to": ["ann@example.org"], "from": "assay@example.org", "host": "h"}
    )
    wire = mail(alert, sent).as_bytes()
    back = email.message_from_bytes(wire, policy=default)
    assert set(back.keys()) == {
        "Subject", "From", "To", "Date", "Message-ID", "Auto-Submitted",
        "Content-Type", "Content-Transfer-Encoding", "MIME-Version",
    }  # fmt: skip
    assert back["To"] == "ann@example.org"
    assert back["Bcc"] is None
    assert header(title).isprintable()
    assert len(header(title)) <= 180
    assert all(each.isprintable() or each == "\n" for each in back.get_content())
