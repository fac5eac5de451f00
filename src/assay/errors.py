"""One error tree: each error says what went wrong, where, and how to fix it.

AssayError
 +-- DefinitionError         an eval, sheet or setting that cannot be used; carries every problem
 +-- NotFoundError           a run, eval, model or file that is not there
 +-- MissingPackageError     an optional package that a feature needs
 +-- StoreError              the disk: full, unreadable, damaged, in use
 +-- BudgetExceededError     the next request would overrun the budget
 +-- ModelError              a model did not give a usable reply
      +-- AuthenticationError    the key is missing or refused
      +-- RequestRejectedError   the server will not take this request as it is
      +-- ContextTooLongError    the request does not fit the model's context
      +-- MalformedReplyError    the reply is not what the protocol promises
      +-- TransientModelError    worth asking again
           +-- RateLimitError        too many requests (carries Retry-After)
           +-- OverloadedError       the server is overloaded (carries Retry-After)
           +-- ServerError           the server failed
           +-- ModelTimeoutError     no reply in time
           +-- ModelConnectionError  no connection, or it broke
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal


class AssayError(Exception):
    """The root. ``str()`` gives the whole story: what, where, and how to fix it.

    Args:
        what: what went wrong, in one sentence.
        where: the file, row, field, run or model that it concerns.
        fix: what the reader can do about it.
    """

    def __init__(self, what: str, *, where: str = "", fix: str = "") -> None:
        self.what, self.where, self.fix = what, where, fix
        super().__init__(what)

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        remedy = f" {self.fix}" if self.fix else ""
        return f"{place}{self.what}{remedy}"


@dataclass(frozen=True)
class Problem:
    """One fault in a definition: where it is, what it is, and its remedy. Rows count from 1."""

    file: str
    message: str
    remedy: str = ""
    sheet: str | None = None
    row: int | None = None
    column: str | None = None
    severity: Literal["error", "warning"] = "error"

    def __str__(self) -> str:
        place = self.file
        if self.sheet:
            place += f"#{self.sheet}"
        if self.row is not None:
            place += f", row {self.row}"
        if self.column:
            place += f", {self.column}"
        remedy = f" {self.remedy}" if self.remedy else ""
        return f"{place}: {self.message}{remedy}"


class DefinitionError(AssayError):
    """An eval, sheet or setting that cannot be used. ``problems`` holds every fault found."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class NotFoundError(AssayError):
    """A run, eval, model or file that is not there."""


class MissingPackageError(AssayError):
    """An optional package that a feature needs is not installed."""


class StoreError(AssayError):
    """The disk is full, unreadable, damaged or in use by another process."""


class BudgetExceededError(AssayError):
    """The next request would overrun the token or money budget."""


class ModelError(AssayError):
    """A model did not give a usable reply."""


class AuthenticationError(ModelError):
    """The key is missing or refused."""


class RequestRejectedError(ModelError):
    """The server will not take this request as it is."""


class ContextTooLongError(ModelError):
    """The request does not fit the model's context."""


class MalformedReplyError(ModelError):
    """The reply is not what the protocol promises."""


class TransientModelError(ModelError):
    """Worth asking again. ``retry_after`` is in seconds, or None where the server named none."""

    def __init__(
        self, what: str, *, where: str = "", fix: str = "", retry_after: float | None = None
    ) -> None:
        super().__init__(what, where=where, fix=fix)
        self.retry_after = retry_after


class RateLimitError(TransientModelError):
    """Too many requests for the server's taste."""


class OverloadedError(TransientModelError):
    """The server says that it is overloaded."""


class ServerError(TransientModelError):
    """The server failed."""


class ModelTimeoutError(TransientModelError):
    """No reply came in time."""


class ModelConnectionError(TransientModelError):
    """No connection could be made, or it broke."""
