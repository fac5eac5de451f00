"""Where evals, engine, scorers and store meet: plan, run, resume, rescore, figures."""

from assay.runs.compare import compare, compare_many
from assay.runs.exchange import export_run, import_run
from assay.runs.figures import cut_off, figures, headline
from assay.runs.models import OpenModels, Spending
from assay.runs.plan import EvalRequest, make_plan
from assay.runs.progress import Progress
from assay.runs.rescore import read_spec, rescore
from assay.runs.run import Controls, resume_run, run_evals, within_budget
from assay.runs.settings import Settings, load_settings

__all__ = [
    "Controls",
    "EvalRequest",
    "OpenModels",
    "Progress",
    "Settings",
    "Spending",
    "compare",
    "compare_many",
    "cut_off",
    "export_run",
    "figures",
    "headline",
    "import_run",
    "load_settings",
    "make_plan",
    "read_spec",
    "rescore",
    "resume_run",
    "run_evals",
    "within_budget",
]
