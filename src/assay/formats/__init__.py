"""Foreign files, in and out: sheets, JSON lines, Parquet, Inspect's logs, Scout's transcripts."""

from assay.formats.export import ExportRow, export_csv, export_jsonl, export_rows, export_xlsx
from assay.formats.inspect_log import read_eval_log
from assay.formats.inspect_write import eval_log_name, write_eval_log
from assay.formats.jsonl import read_jsonl
from assay.formats.scout import read_scout

__all__ = [
    "ExportRow",
    "eval_log_name",
    "export_csv",
    "export_jsonl",
    "export_rows",
    "export_xlsx",
    "read_eval_log",
    "read_jsonl",
    "read_scout",
    "write_eval_log",
]
