"""A real Ray cluster of two machines: the same rows as here, with one of them killed halfway."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from assay.embeddings import open_embedder
from assay.errors import AssayError, StoreError
from assay.store.batches import Table, to_bytes
from assay.usage.mapping import on_ray
from assay.usage.mapping.corpus import part_tables
from assay.usage.mapping.folder import MapFolder
from assay.usage.mapping.hands import Alone
from assay.usage.mapping.jobs import Job, Words, part_table
from assay.usage.mapping.make import make_map
from assay.usage.mapping.on_ray import OnRay
from assay.usage.mapping.settings import MapSettings
from tests.usage.mapping.made import about
from tests.usage.mapping.test_hands import files_of, in_parts

pytest.importorskip("ray", reason="needs the package ray: pip install 'assay[ray]'")

HASHED = MapSettings(embedder="hashed")


class Losing(OnRay):
    """Loses a machine once so many tables are back."""

    def __init__(self, address: str, cluster: Any, node: Any) -> None:
        super().__init__(address)
        self.back = 0
        self.lost_at: int | None = None
        self._cluster, self._node = cluster, node

    def work(self, job: Job, given: Iterable[Table]) -> Iterator[Table]:
        for table in super().work(job, given):
            self.back += 1
            if self.lost_at is None and self.back == 11:  # of 8 + 8 parts, then groups
                self._cluster.remove_node(self._node, allow_graceful=False)
                self.lost_at = self.back
            yield table


def reached(address: str) -> OnRay:
    """A client of a cluster, whose server for clients may be slow to start on a busy machine."""
    for _ in range(3):
        with contextlib.suppress(StoreError):
            return OnRay(address)
    return OnRay(address)


def test_two_machines_of_which_one_is_killed_make_the_same_map(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ray.cluster_utils import Cluster

    transcripts = about(480)
    alone = in_parts(tmp_path / "alone", transcripts, 60)
    make_map(alone, HASHED, open_embedder("hashed"), hands=Alone(), by_name=True)
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    quick = {"health_check_period_ms": 500, "health_check_failure_threshold": 4}
    head: dict[str, Any] = {"num_cpus": 0, "include_dashboard": False, "_system_config": quick}
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        head["ray_client_server_port"] = free.getsockname()[1]
    cluster = Cluster(initialize_head=True, head_node_args=head)
    try:
        _, lost = (cluster.add_node(num_cpus=1) for _ in range(2))
        hands = Losing(cluster.address, cluster, lost)
        try:
            usage = in_parts(tmp_path / "ray", transcripts, 60)
            make_map(usage, HASHED, open_embedder("hashed"), hands=hands, by_name=True)
            assert hands.lost_at == 11
            assert hands.back > 16
            assert files_of(MapFolder(usage.path)) == files_of(MapFolder(alone.path))
            given = [part_table(tmp_path / "none.parquet", None, np.zeros(0, dtype=np.int64))]
            with pytest.raises(AssayError, match="cannot be read"):
                list(hands.work(Words(), given))
        finally:
            hands.close()
        client = reached(f"ray://127.0.0.1:{head['ray_client_server_port']}")
        try:
            parts = list(part_tables(usage, usage.parts()[:3]))
            found = [to_bytes(table) for table in client.work(Words(), parts)]
            assert found == [to_bytes(table) for table in Alone().work(Words(), parts)]
        finally:
            client.close()
    finally:
        cluster.shutdown()


def test_something_else_at_the_address_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(on_ray, "_PATIENCE", 1.0)
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        for address in (f"127.0.0.1:{port}", f"ray://127.0.0.1:{port}"):
            with pytest.raises(StoreError, match="something else answers"):
                OnRay(address)


def test_no_cluster_is_told() -> None:
    with pytest.raises(StoreError, match=r"no Ray cluster at 127\.0\.0\.1:9"):
        OnRay("127.0.0.1:9")
