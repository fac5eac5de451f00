"""A folder with an eval in it, made to order."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from assay.evals.card import SECTIONS

MakeEval = Callable[..., Path]

CARD = "# A card\n\n" + "\n\n".join(
    f"## {title}\n\n{'2999-01-31' if title == 'Review date' else 'Something true.'}"
    for title in SECTIONS
)

FIELDS: dict[str, Any] = {
    "name": "an-eval",
    "version": "1.0",
    "description": "One sentence.",
    "policy": "A policy.",
    "owner": "Somebody",
    "samples": "samples.csv",
    "scorers": ["refusal"],
}


@pytest.fixture
def make_eval(tmp_path: Path) -> MakeEval:
    """Writes a sound eval with some fields changed (None removes one) and the rows of its sheet."""

    def make(
        rows: str | bytes = "id,input,polarity\na,Hello?,benign\n",
        *,
        definition: str | None = None,
        card: str | None = CARD,
        **fields: Any,
    ) -> Path:
        folder = tmp_path / "an-eval"
        folder.mkdir(exist_ok=True)
        merged = {key: value for key, value in {**FIELDS, **fields}.items() if value is not None}
        text = yaml.safe_dump(merged, sort_keys=False) if definition is None else definition
        (folder / "eval.yaml").write_text(text, encoding="utf-8")
        content = rows.encode() if isinstance(rows, str) else rows
        file = str(merged["samples"]).partition("#")[0]
        if "/" not in file and "\\" not in file:
            (folder / file).write_bytes(content)
        if card is not None:
            (folder / "README.md").write_text(card, encoding="utf-8")
        return folder

    return make
