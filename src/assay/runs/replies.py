"""A run's replies with people's word on those that they labelled, as estimates from labels need."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from assay.runs.audit import Audit
from assay.runs.trust import Replies

if TYPE_CHECKING:
    import duckdb

NO_REPLY = ("model_error", "not_run")
"""Reasons of rows that hold no reply, so that there is nothing to label."""


def hold_labels(connection: duckdb.DuckDBPyConnection, audit: Audit) -> None:
    """Put the labels of a random part of a run into a table ``told`` of the connection's."""
    told = audit.told
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE told AS SELECT unnest(?::VARCHAR[]) AS transcript_id,"
        " unnest(?::DOUBLE[]) AS truth, unnest(?::DOUBLE[]) AS chance,"
        " unnest(?::VARCHAR[]) AS stratum",
        [
            [each.transcript_id for each in told],
            [each.truth for each in told],
            [each.chance for each in told],
            [each.stratum for each in told],
        ],
    )


def replies_in(
    connection: duckdb.DuckDBPyConnection, source: str, where: str, values: Sequence[Any]
) -> Replies:
    """The replies among some rows of scores, with the labels that :func:`hold_labels` holds.

    Args:
        source: the scores, as SQL's FROM wants them.
        where: a WHERE clause, with its ``values``.
    """
    found = connection.execute(
        "SELECT value, truth, chance, stratum, hash(coalesce(cluster, sample_id)) AS origin"
        f" FROM {source} LEFT JOIN told USING (transcript_id) {where}"
        f" AND coalesce(unscored, '') NOT IN {NO_REPLY}",
        list(values),
    ).fetchnumpy()
    value, truth, chance = (
        np.ma.filled(found[name].astype(np.float64), np.nan)
        for name in ("value", "truth", "chance")
    )
    return Replies(value, truth, chance, np.asarray(found["stratum"]), np.asarray(found["origin"]))
