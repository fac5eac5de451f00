from pathlib import Path

import pytest

from assay.errors import DefinitionError
from assay.formats import export_jsonl, read_transcripts, write_eval_log
from assay.records import Transcript
from assay.store.tables import write_rows
from tests.formats.examples import EVAL, RUN, SCORED, TRANSCRIPTS


def test_each_kind_of_file_is_read_by_its_name(tmp_path: Path) -> None:
    write_eval_log(tmp_path / "a.EVAL", RUN, EVAL, SCORED)
    write_rows(tmp_path / "a.parquet", Transcript, TRANSCRIPTS)
    export_jsonl(SCORED, tmp_path / "a.jsonl")
    for name, scores in (("a.EVAL", 2), ("a.parquet", 0), ("a.jsonl", 0)):
        found = list(read_transcripts(tmp_path / name))
        assert [each.messages for each, _ in found] == [each.messages for each in TRANSCRIPTS]
        assert {len(rows) for _, rows in found} == {scores}


def test_another_kind_is_refused_with_what_is_read(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match=r"'\.json' are not read.*\.eval.*\.parquet.*\.jsonl"):
        read_transcripts(tmp_path / "a.json")
