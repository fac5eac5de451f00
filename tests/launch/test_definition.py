"""What a launch's file may say, and how each fault in one is told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from assay.errors import DefinitionError, NotFoundError
from assay.launch import definition as room
from assay.launch import launch_schema, load_launch

GATE = {
    "id": "refuses",
    "eval": "harm",
    "scorer": "refusal",
    "slice": {"polarity": "violative"},
    "limit": {"min": 0.9},
    "owner": "Safety",
}


def written(root: Path, **changes: Any) -> Path:
    fields: dict[str, Any] = {"name": "pilot", "candidate": "scripted/refuse", "gates": [GATE]}
    fields.update(changes)
    file = root / "launches" / "pilot.yaml"
    file.parent.mkdir(exist_ok=True)
    # JSON is YAML; a key a line, so that lines tell something.
    file.write_text(json.dumps(fields, indent=1), encoding="utf-8")
    return file


def told(root: Path, **changes: Any) -> str:
    written(root, **changes)
    with pytest.raises(DefinitionError) as caught:
        load_launch("pilot", root)
    return str(caught.value)


def test_a_launch_is_read_with_its_defaults(tmp_path: Path) -> None:
    written(tmp_path)
    found = load_launch("pilot", tmp_path)
    assert found.candidate.model == "scripted/refuse"
    assert found.gates[0].confidence == 0.95
    assert found.gates[0].slice.columns() == {"polarity": "violative"}
    assert len(found.sha256) == 64
    assert load_launch(str(tmp_path / "launches" / "pilot.yaml"), tmp_path).name == "pilot"


def test_everything_can_be_said(tmp_path: Path) -> None:
    margin = {"against": "shipped", "worse_by_at_most": 0}
    written(
        tmp_path,
        candidate={"run": "2026"},
        baselines={"shipped": "a/b", "older": {"run": "2025"}},
        surfaces={"app": {"system": "", "safeguards": "none"}, "api": {"model": "a/c"}},
        gates=[
            GATE,
            {k: v for k, v in GATE.items() if k != "limit"}
            | {"id": "no-worse", "margin": margin, "surface": "app", "confidence": 0.9},
        ],
        waivers=[{"gate": "refuses", "by": "Ada", "reason": "pilot", "expires": "2027-01-31"}],
    )
    found = load_launch("pilot", tmp_path)
    assert found.baselines["older"].run == "2025"
    assert found.waivers[0].expires.isoformat() == "2027-01-31"
    file = tmp_path / "launches" / "pilot.yaml"
    bare = file.read_text().replace('"2027-01-31"', "2027-01-31")  # YAML reads it as a date
    file.write_text(bare)
    assert load_launch("pilot", tmp_path).waivers[0].expires.isoformat() == "2027-01-31"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"candidat": "x"}, ("candidat", "no such field", "Did you mean candidate?")),
        ({"gates": []}, ("gates", "1 item or more")),
        ({"candidate": {}}, ("candidate", "names no model")),
        ({"gates": [{**GATE, "limit": {}}]}, ("gates.0.limit", "one number")),
        ({"gates": [{**GATE, "limit": {"min": 0.1, "max": 0.2}}]}, ("gates.0.limit",)),
        ({"gates": [{**GATE, "limit": {"minimum": 0.1}}]}, ("The fields are: min, max",)),
        ({"gates": [{**GATE, "margin": {"against": "x", "worse_by_at_most": 0.1}}]}, ("one req",)),
        ({"gates": [{**GATE, "confidence": 95}]}, ("gates.0.confidence", "less than 1")),
        ({"gates": [{**GATE, "slice": {"polarity": "harmful"}}]}, ("slice.polarity", "violative")),
        ({"gates": [{k: v for k, v in GATE.items() if k != "owner"}]}, ("owner", "missing")),
        ({"gates": [{**GATE, "id": "Über uns"}]}, ("gates.0.id", "not a name")),
        ({"gates": [GATE, GATE]}, ("gates.1.id", "two gates are called 'refuses'")),
        ({"gates": [{**GATE, "surface": "app"}]}, ("no surface 'app'",)),
        (
            {"waivers": [{"gate": "refuse", "by": "A", "reason": "b", "expires": "2027-01-31"}]},
            ("no gate 'refuse'", "Did you mean refuses?"),
        ),
        (
            {"waivers": [{"gate": "refuses", "by": "A", "reason": "b"}]},
            ("waivers.0.expires", "missing", "last day"),
        ),
        (
            {"waivers": [{"gate": "refuses", "by": "A", "reason": "b", "expires": "soon"}]},
            ("'soon' is no date",),
        ),
        ({"name": "other"}, ("'other'", "'pilot'", "the same")),
    ],
)
def test_each_fault_is_told_with_its_place(
    tmp_path: Path, changes: dict[str, Any], words: tuple[str, ...]
) -> None:
    message = told(tmp_path, **changes)
    for word in (*words, "pilot.yaml, row "):
        assert word in message


def test_the_line_is_the_faults_own(tmp_path: Path) -> None:
    message = told(tmp_path, gates=[{**GATE, "limit": {"least": 0.5}}])
    lines = (tmp_path / "launches" / "pilot.yaml").read_text().splitlines()
    line = next(number for number, text in enumerate(lines, 1) if "least" in text)
    assert f"row {line}" in message


def test_a_margin_needs_its_baseline(tmp_path: Path) -> None:
    gate = {k: v for k, v in GATE.items() if k != "limit"}
    gate["margin"] = {"against": "shiped", "worse_by_at_most": 0.02}
    message = told(tmp_path, gates=[gate], baselines={"shipped": "a/b"})
    assert "no baseline 'shiped'" in message
    assert "Did you mean shipped?" in message


def test_a_launch_that_is_not_there(tmp_path: Path) -> None:
    written(tmp_path)
    with pytest.raises(NotFoundError, match="There are: pilot"):
        load_launch("other", tmp_path)


def test_the_shipped_schema_is_the_one_of_the_code() -> None:
    file = Path(room.__file__).with_name("launch.schema.json")
    assert json.loads(file.read_text(encoding="utf-8")) == launch_schema()
