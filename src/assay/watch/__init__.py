"""Evals on a schedule against a live endpoint, and an alert when a change is established."""

from assay.watch.definition import WatchDefinition, load_watch, watch_schema
from assay.watch.result import Alert, Claim, Look, SeenFigure, WatchStatus, WatchTurn
from assay.watch.verbs import init_watch, start_watch, stop_watch, watch_status

__all__ = [
    "Alert",
    "Claim",
    "Look",
    "SeenFigure",
    "WatchDefinition",
    "WatchStatus",
    "WatchTurn",
    "init_watch",
    "load_watch",
    "start_watch",
    "stop_watch",
    "watch_schema",
    "watch_status",
]
