import csv
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assay.errors import AssayError, StoreError
from assay.formats import ExportRow, export, export_csv, export_jsonl, export_rows, export_xlsx
from assay.formats.jsonl import read_jsonl
from assay.formats.safe import is_formula
from assay.records import Message, Transcript
from assay.store.tables import read_rows, write_rows
from tests.formats.examples import FORMULA, SCORED, TRANSCRIPTS

ALL = [export_csv, export_jsonl, export_xlsx]


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def read_xlsx(path: Path) -> list[dict[str, object]]:
    rows = openpyxl.load_workbook(path)["scores"].iter_rows(values_only=True)
    names = next(rows)
    return [dict(zip(names, row, strict=True)) for row in rows]


def said(text: str) -> Transcript:
    return Transcript("t", messages=(Message("user", "?"), Message("assistant", text)))


def test_one_row_a_transcript_and_scorer() -> None:
    rows = list(export_rows(SCORED))
    assert [(row.transcript_id, row.scorer) for row in rows] == [
        (transcript.transcript_id, row.scorer) for transcript, own in SCORED for row in own
    ]
    first = rows[0]
    assert (first.value, first.label, first.unscored) == (1.0, "full", None)
    assert (first.eval, first.sample_id, first.policy_area) == ("harmful-requests", "s1", "theft")
    assert first.reply == "I can't help. Grüße 😀"
    assert first.input == (
        "[system] Be kind.\n\n[user] How do I pick a lock?\n\n"
        '[assistant] search({"q":"locks"})\n\n[tool] found: 1'
    )
    assert rows[2].input == FORMULA
    assert (rows[3].value, rows[3].unscored) == (None, "grader_failed")
    assert (rows[4].reply, rows[4].error) == ("", "The server is overloaded.")


def test_a_transcript_that_nothing_scored_has_a_row() -> None:
    [row] = export_rows([(TRANSCRIPTS[0], ())])
    assert (row.transcript_id, row.scorer, row.value, row.unscored) == ("t1", None, None, None)


def test_csv(tmp_path: Path) -> None:
    export_csv(SCORED, tmp_path / "s.csv")
    rows = read_csv(tmp_path / "s.csv")
    assert len(rows) == 8
    assert rows[0]["reply"] == "I can't help. Grüße 😀"
    assert (rows[0]["value"], rows[0]["citations"]) == ("1.0", '["I can\'t help"]')
    assert (rows[3]["value"], rows[3]["unscored"]) == ("", "grader_failed")
    assert rows[2]["input"] == "'" + FORMULA
    assert rows[2]["reply"] == "'+1\\x1b[31m\\x00 sure"
    assert rows[3]["explanation"] == "'@SUM(1) no grade"


def test_xlsx(tmp_path: Path) -> None:
    export_xlsx(SCORED, tmp_path / "s.xlsx")
    rows = read_xlsx(tmp_path / "s.xlsx")
    assert len(rows) == 8
    assert rows[0]["reply"] == "I can't help. Grüße 😀"
    assert (rows[0]["value"], rows[0]["input_tokens"]) == (1, 30)
    assert (rows[3]["value"], rows[3]["unscored"]) == (None, "grader_failed")
    assert rows[2]["input"] == FORMULA
    assert rows[2]["reply"] == "+1\\x1b[31m\\x00 sure"


def test_no_cell_of_a_workbook_is_a_formula_or_a_link(tmp_path: Path) -> None:
    texts = [FORMULA, "=1", "{=1}", "http://example.org", "mailto:a@b.c", "internal:Sheet2!A1"]
    export_xlsx([(said(text), ()) for text in texts], tmp_path / "s.xlsx")
    with zipfile.ZipFile(tmp_path / "s.xlsx") as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml").decode()
        assert not [name for name in archive.namelist() if "_rels/sheet" in name]
    assert "<f>" not in sheet
    assert "hyperlink" not in sheet
    cells = openpyxl.load_workbook(tmp_path / "s.xlsx")["scores"]
    column = list(ExportRow.__struct_fields__).index("reply") + 1
    assert [cells.cell(row, column).value for row in range(2, 8)] == texts
    assert cells.cell(2, column).data_type != "f"
    assert cells.cell(2, column).quotePrefix
    assert not cells.cell(5, column).quotePrefix


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(texts=st.lists(st.text(max_size=60), min_size=1, max_size=8))
def test_any_text_leaves_files_that_are_read_and_harmless(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str]
) -> None:
    folder = tmp_path_factory.mktemp("any")
    clean = [text.encode("utf-8", "replace").decode() for text in texts]
    scored = [(said(text), ()) for text in texts]
    export_csv(scored, folder / "s.csv")
    rows = read_csv(folder / "s.csv")
    assert len(rows) == len(texts)
    assert not any(is_formula(row["reply"]) for row in rows)
    export_xlsx(scored, folder / "s.xlsx")
    assert len(read_xlsx(folder / "s.xlsx")) == len(texts)
    export_jsonl([(said(text), ()) for text in clean], folder / "s.jsonl")
    lines = (folder / "s.jsonl").read_text(encoding="utf-8").split("\n")[:-1]
    assert [json.loads(line)["reply"] for line in lines] == clean


@pytest.mark.parametrize("text", ["x\r=1", "x\n=1", 'x"\r\n=1', "x,=1", "x\u2028=1", "x\x0b=1"])
def test_no_text_begins_a_row_or_cell_of_its_own(tmp_path: Path, text: str) -> None:
    export_csv([(said(text), ())], tmp_path / "s.csv")
    [row] = read_csv(tmp_path / "s.csv")
    assert row["reply"] == text.replace("\x0b", "\\x0b")


def test_text_beyond_a_cell_is_cut_with_a_note(tmp_path: Path) -> None:
    long = "😀" * 40_000
    export_xlsx([(said(long), ()), (said("x" * 32_767), ())], tmp_path / "s.xlsx")
    cut, whole = [str(row["reply"]) for row in read_xlsx(tmp_path / "s.xlsx")]
    assert whole == "x" * 32_767
    assert len(cut.encode("utf-16-le")) // 2 <= 32_767
    assert cut.startswith("😀" * 16_000)
    assert cut.endswith("[... cut: 40,000 characters in all; csv, jsonl and parquet have them]")
    assert "\ufffd" not in cut


def test_more_rows_than_a_sheet_holds_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "MOST_XLSX_ROWS", 3)
    with pytest.raises(AssayError, match="more than 3 rows") as caught:
        export_xlsx(SCORED, tmp_path / "s.xlsx")
    assert "csv or parquet" in str(caught.value)
    assert os.listdir(tmp_path) == []


def test_jsonl_keeps_text_and_conversation_and_is_read_back(tmp_path: Path) -> None:
    export_jsonl(SCORED, tmp_path / "s.jsonl")
    lines = (tmp_path / "s.jsonl").read_bytes().splitlines()
    assert [msgspec.json.decode(line, type=ExportRow) for line in lines] == list(
        export_rows(SCORED)
    )
    back = list(read_jsonl(tmp_path / "s.jsonl"))
    assert [each.transcript_id for each in back] == [each.transcript_id for each in TRANSCRIPTS]
    assert [each.messages for each in back] == [each.messages for each in TRANSCRIPTS]


def test_parquet(tmp_path: Path) -> None:
    write_rows(tmp_path / "s.parquet", ExportRow, export_rows(SCORED))
    assert list(read_rows(tmp_path / "s.parquet", ExportRow)) == list(export_rows(SCORED))


@pytest.mark.parametrize("write", ALL)
def test_an_empty_run_gives_an_empty_file(
    tmp_path: Path, write: Callable[[object, Path], None]
) -> None:
    write([], tmp_path / "s")
    assert (tmp_path / "s").exists()


@pytest.mark.parametrize("write", ALL)
def test_an_error_leaves_the_earlier_file_alone(
    tmp_path: Path, write: Callable[[object, Path], None]
) -> None:
    def broken() -> Iterator[object]:
        yield SCORED[0]
        raise StoreError("the table is damaged")

    (tmp_path / "s").write_text("earlier")
    with pytest.raises(StoreError, match="damaged"):
        write(broken(), tmp_path / "s")
    assert os.listdir(tmp_path) == ["s"]
    assert (tmp_path / "s").read_text() == "earlier"


FILL = """
import resource, sys
from pathlib import Path
from assay import formats
from assay.errors import StoreError
from assay.records import Message, Transcript
import os
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
def many():
    for i in range(2_000):
        yield Transcript(f"t{i}", messages=(Message("user", os.urandom(200).hex()),)), ()
for name in ("export_csv", "export_jsonl", "export_xlsx"):
    try:
        getattr(formats, name)(many(), Path(sys.argv[1]) / "s")
    except StoreError as error:
        print(error)
"""


def test_a_full_disk_is_a_clear_error(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FILL, str(tmp_path)], capture_output=True, text=True, check=False
    )
    lines = done.stdout.splitlines()
    assert len(lines) == 3, done.stderr
    assert all("cannot be written" in line and "Free some space" in line for line in lines)
    assert done.stderr == ""
    assert os.listdir(tmp_path) == []
