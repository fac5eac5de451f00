"""Sends one alert one way: to a program, a webhook or a mail server. Blocking, and timed out.

What went wrong comes back as a sentence that holds no secret and no text from elsewhere. Nothing of
an alert can steer what carries it: a program gets it as JSON on its input, without any shell, and
a mail's headers are made of printable characters alone.
"""

from __future__ import annotations

import os
import signal
import smtplib
import socket
import ssl
import subprocess
import urllib.error
import urllib.request
from email.message import EmailMessage
from email.utils import formatdate
from http.client import HTTPException
from typing import Any, NoReturn

import msgspec

from assay.watch.definition import Channel, Email, Webhook
from assay.watch.result import Alert

TIMEOUT = 30.0
"""Seconds that a delivery may take."""
TLS_PORT = 465
"""Speaks TLS from the first byte, without STARTTLS (RFC 8314)."""


class UndeliveredError(Exception):
    """An alert did not get through. The text says why."""


def send(alert: Alert, channel: Channel) -> None:
    """Deliver an alert.

    Raises:
        UndeliveredError: it may not have got through.
    """
    if channel.command is not None:
        _to_program(alert, channel.command)
    elif channel.webhook is not None:
        _to_webhook(alert, channel.webhook)
    elif channel.email is not None:
        _to_mail(alert, channel.email)


def as_json(alert: Alert) -> bytes:
    """The alert as programs and webhooks get it: its fields, and the whole as text."""
    fields: dict[str, Any] = msgspec.to_builtins(alert)
    return msgspec.json.encode({**fields, "text": alert.text})


def header(text: str, most: int = 180) -> str:
    """Text that is safe in a header or on a line of its own: printable, and not too long."""
    line = " ".join("".join(each if each.isprintable() else " " for each in text).split())
    return line if len(line) <= most else line[: most - 3] + "..."


def _variable(name: str) -> str:
    value = os.environ.get(name)
    if not value:
        raise UndeliveredError(f"the environment variable {name} is not set")
    return value


def _to_program(alert: Alert, command: tuple[str, ...]) -> None:
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # so that a Ctrl-C for the watch is none for it
        )
    except OSError as error:
        raise UndeliveredError(f"{command[0]} cannot be run ({error.strerror})") from None
    try:
        process.communicate(as_json(alert), timeout=TIMEOUT)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        raise UndeliveredError(f"{command[0]} took longer than {TIMEOUT:g} s") from None
    if process.returncode:
        raise UndeliveredError(f"{command[0]} ended with exit code {process.returncode}")


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """An alert goes where it was told to, and nowhere else."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


def _to_webhook(alert: Alert, webhook: Webhook) -> None:
    url = _variable(webhook.url_env)
    if not url.startswith(("http://", "https://")):
        raise UndeliveredError(f"{webhook.url_env} does not hold an http or https URL")
    try:
        request = urllib.request.Request(
            url,
            data=as_json(alert),
            headers={"Content-Type": "application/json", "Idempotency-Key": alert.id},
            method="POST",
        )
        opener = urllib.request.build_opener(_NoRedirects)
        with opener.open(request, timeout=TIMEOUT) as response:
            response.read(1)
    except urllib.error.HTTPError as error:
        raise UndeliveredError(f"the webhook answered with status {error.code}") from None
    except (OSError, HTTPException, ValueError) as error:
        raise UndeliveredError(f"the webhook was not reached ({_kind(error)})") from None


def _to_mail(alert: Alert, email: Email) -> None:
    password = _variable(email.password_env) if email.password_env else None
    message = mail(alert, email)
    try:
        # The host's own name, as it is: asking the network for a longer one may take long.
        own = header(socket.gethostname()) or "localhost"
        with _connected(email, own) as server:
            if email.starttls and email.port != TLS_PORT:
                server.starttls(context=ssl.create_default_context())
            if email.user is not None and password is not None:
                server.login(email.user, password)
            server.send_message(message, to_addrs=list(email.to))
    except smtplib.SMTPResponseException as error:
        _refused(f"{error.smtp_code}")
    except smtplib.SMTPRecipientsRefused as error:
        _refused(", ".join(sorted({str(code) for code, _ in error.recipients.values()})))
    except (OSError, smtplib.SMTPException, ValueError) as error:
        raise UndeliveredError(f"the mail was not sent ({_kind(error)})") from None


def _connected(email: Email, own: str) -> smtplib.SMTP:
    if email.port != TLS_PORT:
        return smtplib.SMTP(email.host, email.port, own, timeout=TIMEOUT)
    trusted = ssl.create_default_context()
    return smtplib.SMTP_SSL(email.host, email.port, own, timeout=TIMEOUT, context=trusted)


def _refused(codes: str) -> NoReturn:
    raise UndeliveredError(f"the mail server refused with code {codes}") from None


def mail(alert: Alert, email: Email) -> EmailMessage:
    """The alert as a mail, whose Message-ID follows from the alert's id."""
    message = EmailMessage()
    message["Subject"] = header(f"[Assay] {alert.title}")
    message["From"] = email.sender
    message["To"] = ", ".join(email.to)
    message["Date"] = formatdate()
    message["Message-ID"] = f"<{alert.id}@{email.sender.partition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content("".join(each if each.isprintable() or each == "\n" else "?"
                                for each in alert.text))  # fmt: skip
    return message


def _kind(error: BaseException) -> str:
    """What failed, in words that hold no URL: the system's own text, or the error's name."""
    reason = getattr(error, "reason", None)
    if not isinstance(reason, BaseException):
        reason = error
    if isinstance(reason, ssl.SSLCertVerificationError):
        return f"the certificate is not trusted: {reason.verify_message}"
    if isinstance(reason, TimeoutError):
        return f"no answer within {TIMEOUT:g} s"
    if isinstance(reason, OSError) and reason.strerror:
        return str(reason.strerror)
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return "the server offers no STARTTLS, or no way to log in"
    return type(reason).__name__
