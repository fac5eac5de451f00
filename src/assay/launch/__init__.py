"""Launches: what a model must be shown to keep before it goes out, and whether it was shown."""

from assay.launch.definition import LaunchDefinition, launch_schema, load_launch
from assay.launch.ledger_verbs import (
    close_finding,
    list_findings,
    mitigate_finding,
    open_finding,
    prove_finding,
    show_finding,
)
from assay.launch.result import GateResult, LaunchCheck, Signature
from assay.launch.summary import junit, markdown
from assay.launch.verbs import check_launch, init_launch, sign_launch

__all__ = [
    "GateResult",
    "LaunchCheck",
    "LaunchDefinition",
    "Signature",
    "check_launch",
    "close_finding",
    "init_launch",
    "junit",
    "launch_schema",
    "list_findings",
    "load_launch",
    "markdown",
    "mitigate_finding",
    "open_finding",
    "prove_finding",
    "show_finding",
    "sign_launch",
]
