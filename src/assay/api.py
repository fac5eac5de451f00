"""Assay's verbs: what the command line does, for Python. Each call stands alone and blocks.

Everywhere, ``workspace`` is a folder in or below a workspace (the nearest one with an assay.toml,
else the folder itself), ``controls`` carries progress, stopping and spending limits, and every
error is an :class:`assay.errors.AssayError` that says what is wrong, where, and how to mend it.
"""

from __future__ import annotations

from pathlib import Path

from assay.evals import catalog
from assay.health.result import EvalHealth
from assay.health.verbs import (
    accept_samples,
    eval_health,
    probe_eval,
    propose_samples,
    retire_eval,
)
from assay.launch import (
    GateResult,
    LaunchCheck,
    Signature,
    check_launch,
    close_finding,
    init_launch,
    list_findings,
    mitigate_finding,
    open_finding,
    prove_finding,
    show_finding,
    sign_launch,
)
from assay.models.verbs import LocalModel, add_local_model, local_models
from assay.records import (
    Certificate,
    Comparison,
    Difference,
    ImportRecord,
    MapRecord,
    Matrix,
    ValidationRecord,
)
from assay.report.usage.verbs import explore_usage, report_usage
from assay.report.verbs import make_report, report_comparison, report_launch
from assay.runs import Controls, Progress, Spending
from assay.runs.eval_verbs import check, init, list_evals
from assay.runs.trust_verbs import certificates, certify, import_labels, sample_labels
from assay.runs.verbs import (
    Summary,
    compare,
    compare_many,
    export,
    import_transcripts,
    list_runs,
    rescore,
    resume,
    run,
    show,
    sql,
)
from assay.store.looks import UsageLook
from assay.usage.drafting.verbs import draft_eval
from assay.usage.facet_verbs import FacetsFound, facet_usage
from assay.usage.import_verbs import import_usage, listen_usage
from assay.usage.ingest import ImportStanding
from assay.usage.mapping import MapSettings, map_usage
from assay.usage.privacy_verbs import overdue_purges, purge_usage, usage_looks
from assay.usage.purging import Purged
from assay.usage.score_verbs import UsageScores, score_usage
from assay.usage.validation import ValidationSettings, validate_usage
from assay.watch import Claim, WatchStatus, WatchTurn
from assay.watch.verbs import init_watch, start_watch, stop_watch, watch_status

__all__ = [
    "Certificate",
    "Claim",
    "Comparison",
    "Controls",
    "Difference",
    "EvalHealth",
    "FacetsFound",
    "GateResult",
    "ImportRecord",
    "ImportStanding",
    "LaunchCheck",
    "LocalModel",
    "MapRecord",
    "MapSettings",
    "Matrix",
    "Progress",
    "Purged",
    "Signature",
    "Spending",
    "Summary",
    "UsageLook",
    "UsageScores",
    "ValidationRecord",
    "ValidationSettings",
    "WatchStatus",
    "WatchTurn",
    "accept_samples",
    "add_local_model",
    "certificates",
    "certify",
    "check",
    "check_launch",
    "close_finding",
    "compare",
    "compare_many",
    "draft_eval",
    "eval_health",
    "explore_usage",
    "export",
    "facet_usage",
    "import_labels",
    "import_transcripts",
    "import_usage",
    "init",
    "init_launch",
    "init_watch",
    "list_evals",
    "list_findings",
    "list_runs",
    "listen_usage",
    "local_models",
    "make_report",
    "map_usage",
    "mitigate_finding",
    "open_finding",
    "overdue_purges",
    "probe_eval",
    "propose_samples",
    "prove_finding",
    "purge_usage",
    "quickstart",
    "report_comparison",
    "report_launch",
    "report_usage",
    "rescore",
    "resume",
    "retire_eval",
    "run",
    "sample_labels",
    "score_usage",
    "show",
    "show_finding",
    "sign_launch",
    "sql",
    "start_watch",
    "stop_watch",
    "usage_looks",
    "validate_usage",
    "watch_status",
]

QUICKSTART_CANDIDATE = "local/qwen2.5-coder-1.5b"
QUICKSTART_BASELINE = "local/smollm2-135m"
_QUICKSTART_SAMPLES = 12  # of each eval: as many as two cores answer in four minutes
_QUICKSTART_TOKENS = 32


def quickstart(
    folder: str | Path,
    *,
    controls: Controls | None = None,
) -> tuple[list[Summary], Path]:
    """Evaluate two real local models on a part of the starter evals, and write a report.

    Args:
        folder: becomes a workspace.

    Returns:
        The runs' summaries (candidate, baseline), and the report's path.
    """
    place = Path(folder)
    place.mkdir(parents=True, exist_ok=True)
    settings = place / "assay.toml"
    if not settings.exists():
        settings.write_text(_QUICKSTART_SETTINGS, encoding="utf-8")
    for name in (QUICKSTART_CANDIDATE, QUICKSTART_BASELINE):
        add_local_model(name.removeprefix("local/"))
    summaries = run(
        list(catalog()),
        QUICKSTART_CANDIDATE,
        workspace=place,
        baseline=QUICKSTART_BASELINE,
        limit=_QUICKSTART_SAMPLES,
        max_tokens=_QUICKSTART_TOKENS,
        controls=controls,
    )
    path = make_report(summaries[0].run.id, out=place / "report.html", workspace=place)
    return summaries, path


_QUICKSTART_SETTINGS = f"""\
# Models by role. A run's --model and --judge replace these.
[roles]
target = "{QUICKSTART_CANDIDATE}"
"""
