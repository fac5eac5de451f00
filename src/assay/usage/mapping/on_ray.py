"""Jobs of a map on a Ray cluster, under Ray Data: the same functions, the same tables.

Ray moves functions and tables between its own machines in its own ways, pickles among them: a
cluster is trusted as this machine is. A part's file goes along with its table, so the machines need
no disk in common. A table whose machine is lost is worked on again by another.
"""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Iterable, Iterator
from typing import Any, cast

import msgspec

from assay.errors import AssayError, MissingPackageError, StoreError
from assay.store.batches import Table, from_bytes, sealed, to_bytes, unsealed
from assay.usage.mapping.jobs import Job, do, job_of, packed

LOCAL = "ray"
"""The address of a cluster that is started on this machine, and ends with the work."""
_CLIENT = "ray://"
_PATIENCE = 10.0  # seconds
_AT_ONCE = 256  # tables that are handed to Ray together, so that memory does not grow with all
_OF_A_CLIENT = 16  # whose answers come back together
_BYTES_AT_ONCE = 256 << 20


class OnRay:
    """A Ray cluster.

    Args:
        address: ``ray://HOST:PORT`` (a client), ``HOST:PORT`` (a machine of the cluster itself), or
            ``ray``.

    Raises:
        MissingPackageError: Ray is not installed.
        StoreError: there is no cluster at the address.
    """

    def __init__(self, address: str) -> None:
        self._ray = _package()
        self._client = address.startswith(_CLIENT)
        self._at_once = _OF_A_CLIENT if self._client else _AT_ONCE
        self._began = not self._ray.is_initialized()
        if self._began:
            self._start(address)

    def _start(self, address: str) -> None:
        told: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}
        if address == LOCAL:
            os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # it would report its use
            told |= {"include_dashboard": False, "address": "local"}
        else:
            told["address"] = address
        try:
            _reach(address)
            self._ray.init(**told)
        except (OSError, RuntimeError, ValueError) as error:
            raise StoreError(
                f"there is no Ray cluster at {address} ({str(error).splitlines()[0]}).",
                fix="Start one (ray start --head), or leave --on out.",
            ) from error

    def work(self, job: Job, given: Iterable[Table]) -> Iterator[Table]:
        """What becomes of each table, in their order, a window of tables after another."""
        told = msgspec.json.encode(job)
        try:
            for window in self._windows(given):
                for answer, failed in self._answers(told, window):
                    if failed:
                        raise AssayError(answer.decode())
                    yield from_bytes(answer)
        except self._ray.exceptions.RayError as error:
            raise StoreError(
                f"the Ray cluster failed ({type(error).__name__}: {str(error).splitlines()[0]}).",
                fix="The same command goes on with what was done.",
            ) from error

    def _windows(self, given: Iterable[Table]) -> Iterator[list[bytes]]:
        """The tables as bytes, with all that they need, so many together as memory allows."""
        window: list[bytes] = []
        size = 0
        for table in given:
            window.append(to_bytes(packed(table)))
            size += len(window[-1])
            if len(window) == self._at_once or size >= _BYTES_AT_ONCE:
                yield window
                window, size = [], 0
        if window:
            yield window

    def _answers(self, job: bytes, window: list[bytes]) -> Iterable[tuple[bytes, bool]]:
        if not self._client:
            return _answers(job, window)
        far = self._ray.remote(num_cpus=0)(_all_answers)  # a client cannot run Ray Data itself
        return self._ray.get(far.remote(job, window))  # type: ignore[no-any-return]

    def close(self) -> None:
        """Leave the cluster; one that was started here ends."""
        if self._began:
            self._ray.shutdown()


def _reach(address: str) -> None:
    """See that a cluster listens there: Ray itself would wait for minutes, then end the process.

    Raises:
        OSError, ValueError: nobody does, or something else, or it is no address.
    """
    if address == LOCAL:
        return
    host, _, port = address.removeprefix(_CLIENT).rpartition(":")
    if not host or not port.isdigit():
        raise ValueError("an address is ray://HOST:PORT or HOST:PORT")
    socket.create_connection((host.strip("[]"), int(port)), timeout=_PATIENCE).close()
    import grpc  # which Ray speaks, and brings

    channel = grpc.insecure_channel(f"{host}:{port}")
    try:
        grpc.channel_ready_future(channel).result(timeout=_PATIENCE)
    except grpc.FutureTimeoutError:
        raise ValueError("something else answers there") from None
    finally:
        channel.close()


def _answers(job: bytes, window: list[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Run a window of tables under Ray Data, from a machine of the cluster."""
    import ray.data

    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    logging.getLogger("ray.data").setLevel(logging.ERROR)  # it tells each step, in its own words
    context.execution_options.preserve_order = True
    data = ray.data.from_arrow([sealed(table) for table in window])
    work = cast(Any, _done)  # whose types Ray has not foreseen
    made = data.map_batches(work, fn_kwargs={"job": job}, batch_format="pyarrow", batch_size=1)
    yield from map(unsealed, made.iter_batches(batch_size=1, batch_format="pyarrow"))


def _all_answers(job: bytes, window: list[bytes]) -> list[tuple[bytes, bool]]:
    """The same for a client, which takes them all at once."""
    return list(_answers(job, window))


def _done(given: Table, job: bytes) -> Table:
    """What a machine of the cluster does: one job on one table, its errors told as text."""
    table, _ = unsealed(given)
    try:
        return sealed(to_bytes(do(job_of(job), from_bytes(table))))
    except AssayError as error:
        return sealed(str(error).encode(), failed=True)


def _package() -> Any:
    try:
        import ray
        import ray.data
    except ImportError as error:
        raise MissingPackageError(
            "work on a Ray cluster needs the package ray.", fix="pip install 'assay[ray]'"
        ) from error
    return ray
