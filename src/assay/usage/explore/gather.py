"""Gathers what the pages on usage say of a map: the one place that reads it all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from assay.records import Cluster, MapRecord, Placed
from assay.runs.certificates import read_certificates
from assay.stats import Interval, clustered_mean, rate, sums_by_cluster
from assay.store.tables import read_rows
from assay.usage.explore.audit import audit
from assay.usage.explore.changes import compare_parts
from assay.usage.explore.columns import Columns, read_columns, stale
from assay.usage.explore.groups import ALL, Groups, count, groups_of
from assay.usage.explore.kinds import Kind, kinds_of
from assay.usage.explore.limits import Cells, Minima, told_cells
from assay.usage.explore.rates import rates_of
from assay.usage.explore.scores import read_scores
from assay.usage.explore.view import Example, GroupView, Slices, UsageView
from assay.usage.folder import UsageFolder
from assay.usage.mapping.conversations import text_of
from assay.usage.mapping.folder import MapFolder

EXAMPLES = 5
"""Conversations of a group that the safety profile shows, those nearest its middle."""
MOST_EXAMPLES = 1500
_LONGEST = 500


def gather(root: Path, usage: UsageFolder, *, examples: bool) -> UsageView:
    """All that may be said of a map.

    Args:
        root: the workspace's folder.
        examples: take conversations along, where the map is of the safety profile.
    """
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):  # many short sums: threads would wait for each other
        return _gathered(root, usage, examples=examples)


def _gathered(root: Path, usage: UsageFolder, *, examples: bool) -> UsageView:
    place = MapFolder(usage.path)
    record = place.read()
    minima = Minima(record.settings["min_conversations"], record.settings["min_principals"])
    clusters = place.clusters()
    groups = groups_of(clusters)
    if record.epsilon is not None:
        return _private(record, groups, minima, usage)
    columns = read_columns(usage, place, accounts_unknown=bool(record.settings["accounts_unknown"]))
    if len(columns) != record.conversations:
        raise stale(place)
    slices, comparisons = [], []
    for kind in kinds_of(columns, minima, _usual(groups)):
        told = told_cells(
            *count(groups, columns, kind.of, len(kind.values)), groups.parents, minima
        )
        slices.append(_slices(kind, columns, told))
        comparisons += compare_parts(groups, columns, kind, told, minima)
    certificates = read_certificates(root)
    rates, audits = [], []
    for scored in read_scores(usage.path, place.conversations_file):
        found, intervals = rates_of(scored, groups, columns, certificates, minima)
        rates.append(found)
        if scored.bounded:
            open_ = {each.group: each.value is not None for each in found.rates}
            audits.append(audit(scored.scorer, scored.version, groups.clusters, intervals, open_))
    shares = _shares(groups, columns)
    wanted = examples and record.profile == "safety"
    return UsageView(
        record=record,
        minimum_conversations=minima.conversations,
        minimum_principals=minima.principals,
        private=False,
        clustered=columns.principal is not None,
        method=shares[0].method if shares else "",
        groups=[
            _group(each, parent, share)
            for each, parent, share in zip(groups.clusters, groups.parents[1:], shares, strict=True)
        ],
        slices=slices,
        comparisons=comparisons,
        rates=rates,
        audits=audits,
        examples=list(_examples(usage, place, groups)) if wanted else [],
        examples_of=EXAMPLES if wanted else 0,
        imported=_imported(usage),
    )


def _usual(groups: Groups) -> int:
    """Conversations of a usual group of the top level."""
    tops = [
        each.conversations
        for each, parent in zip(groups.clusters, groups.parents[1:], strict=True)
        if parent == ALL
    ]
    return int(np.median(tops)) if tops else 0


def _group(cluster: Cluster, parent: int, share: Interval) -> GroupView:
    return GroupView(
        cluster=cluster, parent=parent, share=share.estimate, low=share.low, high=share.high
    )


def _private(record: MapRecord, groups: Groups, minima: Minima, usage: UsageFolder) -> UsageView:
    """A map under differential privacy: its own noisy counts, and nothing that would spend more."""
    total = max(record.conversations, 1)
    return UsageView(
        record=record,
        minimum_conversations=minima.conversations,
        minimum_principals=minima.principals,
        private=True,
        clustered=True,
        method="",
        groups=[
            GroupView(
                cluster=each, parent=parent, share=each.conversations / total, low=None, high=None
            )
            for each, parent in zip(groups.clusters, groups.parents[1:], strict=True)
        ],
        slices=[],
        comparisons=[],
        rates=[],
        audits=[],
        examples=[],
        examples_of=0,
        imported={},
    )


def _imported(usage: UsageFolder) -> dict[str, int]:
    """What became of the rows of the logs."""
    record = usage.read()
    rejected = sum(sum(each.rejected.values()) for each in record.sources)
    found = {
        "rows read": sum(each.rows for each in record.sources),
        "duplicates": sum(each.duplicates for each in record.sources),
        "rejected": rejected,
        "older versions": record.superseded,
        "redactions": sum(record.redacted.values()),
    }
    return {what: number for what, number in found.items() if number}


def _shares(groups: Groups, columns: Columns) -> list[Interval]:
    """Each group's share of all conversations, clustered by principal where accounts are known."""
    if columns.principal is None:
        sizes = [0] * len(groups)
        for _, of in groups.by_level(columns):
            for group, number in enumerate(np.bincount(of, minlength=len(groups)).tolist()):
                sizes[group] += number
        return [rate(size, len(columns)) for size in sizes[1:]]
    everyone = np.bincount(columns.principal).astype(np.float64)
    found: dict[int, Interval] = {}
    for group, rows in groups.members(columns):
        if group != ALL:
            own = np.bincount(columns.principal[rows], minlength=len(everyone))
            found[group] = clustered_mean(own, everyone, binary=True)
    nothing = clustered_mean(np.zeros_like(everyone), everyone, binary=True)
    return [found.get(group, nothing) for group in range(1, len(groups))]


def _slices(kind: Kind, columns: Columns, told: Cells) -> Slices:
    shares = []
    for part, number in enumerate(told[ALL].tolist()):
        if number <= 0:
            shares.append((0.0, 0.0, 0.0))
            continue
        sums, counts = sums_by_cluster(columns.whose, kind.of == part)
        each = clustered_mean(sums, counts, binary=True)
        shares.append((each.estimate, each.low, each.high))
    return Slices(
        kind=kind.name,
        unit=kind.unit,
        values=tuple(kind.values),
        told=told.tolist(),
        shares=tuple(shares),
    )


def _examples(usage: UsageFolder, place: MapFolder, groups: Groups) -> Iterator[Example]:
    """Of each base group the conversations nearest its middle, redacted and cut."""
    numbers = {
        each.cluster_id: number
        for number, each in enumerate(groups.clusters, start=1)
        if each.level == 0
    }
    room = max(1, min(EXAMPLES, MOST_EXAMPLES // max(len(numbers), 1)))
    best: dict[int, list[tuple[float, str]]] = {}
    for each in read_rows(place.conversations_file, Placed):
        group = numbers.get(each.cluster_id or "")
        if group is None or (group not in best and len(best) * room >= MOST_EXAMPLES):
            continue
        own = best.setdefault(group, [])
        own.append((-each.similarity, each.transcript_id))
        if len(own) > 4 * room:
            own.sort()
            del own[room:]
    wanted = {name: group for group, own in best.items() for _, name in sorted(own)[:room]}
    for transcript in usage.transcripts(("messages", "account_id", "date")):
        group = wanted.get(transcript.transcript_id)
        if group is not None:
            yield Example(
                group,
                transcript.transcript_id,
                transcript.account_id,
                transcript.date,
                text_of(transcript)[:_LONGEST],
            )
