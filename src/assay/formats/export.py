"""A run's scores for people and other tools: one row a transcript x scorer, as csv, jsonl or xlsx.

Text from models, users and sheets is hostile to spreadsheets: a cell that could be a formula is
made harmless, and control characters are shown.
"""

from __future__ import annotations

import csv
import io
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, Annotated, Any

import msgspec
from msgspec import Meta

from assay.errors import AssayError, StoreError
from assay.formats.safe import harmless_cell, is_formula, printable
from assay.records import Message, ScoreRow, Transcript

Scored = Iterable[tuple[Transcript, Sequence[ScoreRow]]]

MOST_XLSX_ROWS = 1_048_575
"""Rows that a sheet holds beside its header."""
MOST_XLSX_TEXT = 32_767
"""UTF-16 units that a cell holds."""

_encode = msgspec.json.Encoder().encode


class ExportRow(msgspec.Struct, frozen=True):
    """One score with what it is about. Without a scorer: a transcript that nothing scored."""

    transcript_id: Annotated[str, Meta(description="The transcript.")]
    run_id: Annotated[str | None, Meta(description="The run that it belongs to.")]
    eval: Annotated[str | None, Meta(description="The eval's name.")]
    sample_id: Annotated[str | None, Meta(description="The sample's id.")]
    epoch: Annotated[int | None, Meta(description="The epoch, from 1.")]
    model: Annotated[str | None, Meta(description="provider/model.")]
    policy_area: Annotated[str | None, Meta(description="Area of the policy.")]
    polarity: Annotated[str | None, Meta(description="violative or benign.")]
    language: Annotated[str | None, Meta(description="Language tag.")]
    cluster: Annotated[str | None, Meta(description="What the sample was derived from.")]
    pair_id: Annotated[str | None, Meta(description="Joins a request to its twin.")]
    input: Annotated[str, Meta(description="What was asked: all before the last reply.")]
    reply: Annotated[str, Meta(description="The last reply.")]
    target: Annotated[tuple[str, ...], Meta(description="Answers that count as right.")]
    scorer: Annotated[str | None, Meta(description="The scorer's name.")]
    value: Annotated[float | None, Meta(description="The score; empty where unscored.")]
    label: Annotated[str | None, Meta(description="The score in words, if it has any.")]
    unscored: Annotated[str | None, Meta(description="Why there is no score.")]
    explanation: Annotated[str, Meta(description="Why this score.")]
    citations: Annotated[tuple[str, ...], Meta(description="Words that the score rests on.")]
    scorer_version: Annotated[str | None, Meta(description="Hash of what scored.")]
    scored_by: Annotated[str | None, Meta(description="The model, person or package.")]
    scored_at: Annotated[str | None, Meta(description="When, ISO 8601.")]
    stop_reason: Annotated[str | None, Meta(description="Why the last reply ended.")]
    error: Annotated[str | None, Meta(description="Why the conversation broke off.")]
    input_tokens: Annotated[int | None, Meta(description="Tokens read by the model.")]
    output_tokens: Annotated[int | None, Meta(description="Tokens written by the model.")]
    latency: Annotated[float | None, Meta(description="Seconds of waiting for the model.")]
    sample_metadata: Annotated[
        dict[str, Any] | None, Meta(description="Other fields of the sample.")
    ]
    messages: Annotated[tuple[Message, ...], Meta(description="The whole conversation.")]


_COLUMNS = tuple(name for name in ExportRow.__struct_fields__ if name != "messages")
"""The columns of a sheet: the conversation is there as input and reply."""


def export_rows(scored: Scored) -> Iterator[ExportRow]:
    """One row a transcript x scorer, in the order given; one row where no scorer has any."""
    for transcript, rows in scored:
        text = asked_text(transcript)
        for row in rows or (None,):
            yield _row(transcript, text, row)


def export_csv(scored: Scored, path: Path) -> None:
    """Write a csv file in UTF-8, an apostrophe before each cell that could be a formula.

    Raises:
        StoreError: the disk refuses.
    """

    def write(file: IO[bytes]) -> None:
        text = io.TextIOWrapper(file, encoding="utf-8", newline="")
        sheet = csv.writer(text, lineterminator="\r\n")  # both are then quoted inside cells
        sheet.writerow(_COLUMNS)
        for row in export_rows(scored):
            sheet.writerow([_csv_cell(getattr(row, name)) for name in _COLUMNS])
        text.flush()
        text.detach()

    written_whole(path, write)


def export_jsonl(scored: Scored, path: Path) -> None:
    """Write JSON lines, the whole conversation included, text unchanged.

    Raises:
        StoreError: the disk refuses.
    """

    def write(file: IO[bytes]) -> None:
        for row in export_rows(scored):
            file.write(_encode(row))
            file.write(b"\n")

    written_whole(path, write)


def export_xlsx(scored: Scored, path: Path) -> None:
    """Write an Excel workbook with one sheet, ``scores``. No cell is a formula or a link.

    Text beyond what a cell holds is cut, with a note of how much.

    Raises:
        AssayError: there are more rows than a sheet holds.
        StoreError: the disk refuses.
    """
    import xlsxwriter
    import xlsxwriter.exceptions

    def write(file: IO[bytes]) -> None:
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=".xlsx-") as temporary:
            options = {"constant_memory": True, "tmpdir": temporary, "use_zip64": True}
            book = xlsxwriter.Workbook(file, options)
            _fill(book, scored, path)
            try:
                book.close()
            except xlsxwriter.exceptions.FileCreateError as error:
                raise OSError(str(error)) from error

    written_whole(path, write)


def _fill(book: Any, scored: Scored, path: Path) -> None:
    sheet = book.add_worksheet("scores")
    sheet.freeze_panes(1, 0)
    bold = book.add_format({"bold": True})
    quoted = book.add_format({"quote_prefix": True})  # stays text when somebody edits it
    for column, name in enumerate(_COLUMNS):
        sheet.write_string(0, column, name, bold)
    for number, row in enumerate(export_rows(scored), 1):
        if number > MOST_XLSX_ROWS:
            raise AssayError(
                f"there are more than {MOST_XLSX_ROWS:,} rows, which a sheet cannot hold.",
                where=str(path),
                fix="Export to csv or parquet.",
            )
        for column, name in enumerate(_COLUMNS):
            value = getattr(row, name)
            if isinstance(value, int | float):
                sheet.write_number(number, column, value)
            elif text := _text(value):
                cell = fitting(printable(text))
                sheet.write_string(number, column, cell, quoted if is_formula(cell) else None)


def _row(transcript: Transcript, asked: str, row: ScoreRow | None) -> ExportRow:
    return ExportRow(
        transcript_id=transcript.transcript_id,
        run_id=row.run_id if row else transcript.run_id,
        eval=transcript.task_set,
        sample_id=transcript.task_id,
        epoch=transcript.task_repeat,
        model=transcript.model,
        policy_area=transcript.policy_area,
        polarity=transcript.polarity,
        language=transcript.language,
        cluster=transcript.cluster,
        pair_id=transcript.pair_id,
        input=asked,
        reply=transcript.reply,
        target=transcript.target,
        scorer=row.scorer if row else None,
        value=row.value if row else None,
        label=row.label if row else None,
        unscored=row.unscored if row else None,
        explanation=row.explanation if row else "",
        citations=row.citations if row else (),
        scorer_version=row.scorer_version if row else None,
        scored_by=row.scored_by if row else None,
        scored_at=row.scored_at if row else None,
        stop_reason=transcript.stop_reason,
        error=transcript.error,
        input_tokens=transcript.input_tokens,
        output_tokens=transcript.output_tokens,
        latency=transcript.latency,
        sample_metadata=transcript.sample_metadata,
        messages=transcript.messages,
    )


def asked_text(transcript: Transcript) -> str:
    """All before the last reply; a lone request as it is, a conversation with its roles."""
    messages = transcript.messages
    last = max((i for i, each in enumerate(messages) if each.role == "assistant"), default=None)
    before = messages if last is None else messages[:last]
    if len(before) == 1:
        return before[0].content
    return "\n\n".join(f"[{message.role}] {_said(message)}" for message in before)


def _said(message: Message) -> str:
    calls = [f"{call.function}({_encode(call.arguments).decode()})" for call in message.tool_calls]
    return "\n".join(filter(None, [message.content, *calls]))


def _text(value: Any) -> str:
    if value is None or value == () or value == {}:
        return ""
    return value if isinstance(value, str) else _encode(value).decode()


def _csv_cell(value: Any) -> Any:
    return value if isinstance(value, int | float) else harmless_cell(_text(value))


def fitting(text: str) -> str:
    """The text, cut to what a cell of a workbook holds."""
    if len(text) * 2 <= MOST_XLSX_TEXT or len(text.encode("utf-16-le")) // 2 <= MOST_XLSX_TEXT:
        return text
    note = f" [... cut: {len(text):,} characters in all; csv, jsonl and parquet have them]"
    units = text.encode("utf-16-le")[: 2 * (MOST_XLSX_TEXT - len(note))]
    return units.decode("utf-16-le", "ignore") + note


def written_whole(path: Path, write: Callable[[IO[bytes]], None]) -> None:
    """Write a file that appears when it is complete, or not at all."""
    part = path.with_name(path.name + ".part")
    try:
        with part.open("wb") as file:
            write(file)
        os.replace(part, path)
    except OSError as error:
        raise StoreError(
            f"the file cannot be written ({error}).",
            where=str(path),
            fix="Free some space, or write it elsewhere.",
        ) from error
    finally:
        part.unlink(missing_ok=True)
