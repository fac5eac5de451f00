"""One workspace with a launch, and its report in every form, made once for all tests here."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from assay import api
from assay.launch import load_launch
from assay.launch.check import gather_and_decide
from assay.launch.ledger import findings_of
from assay.launch.signing import with_signatures
from assay.report.launch.gather import gather
from assay.report.launch.markdown import launch_markdown
from assay.report.launch.view import LaunchView
from assay.report.page import write_page
from assay.store.workspace import Workspace
from tests.report.launch.made import GATES, make_workspace, sign
from tests.report.material import HOSTILE


@dataclass(frozen=True)
class Launch:
    """The workspace, what the report was made of, and the report."""

    root: Path
    view: LaunchView
    page: Path
    markdown: Path


@pytest.fixture(scope="session")
def launch(tmp_path_factory: pytest.TempPathFactory) -> Launch:
    """A hostile launch: a failed gate, a finding with a mitigation, a sign-off that is void."""
    root = make_workspace(tmp_path_factory.mktemp("launch"))
    file = root / "launches" / "pilot.yaml"
    whole = file.read_text()
    easy = whole.replace('"min": 0.9', '"min": 0.1')
    waivers = [
        {"gate": each["id"], "by": HOSTILE, "reason": HOSTILE, "expires": "2999-01-01"}
        for each in GATES
    ]
    file.write_text(easy[:-1] + f', "waivers": {json.dumps(waivers)}}}')
    sign(root, by=f"Ada {HOSTILE}", role=HOSTILE, conditions=(HOSTILE,))
    file.write_text(whole)
    found = api.open_finding(
        "gate", "refuses-harm", owner=HOSTILE, summary=f"Refuses too little {HOSTILE}",
        launch="pilot", workspace=root,
    )  # fmt: skip
    what = f"A system prompt {HOSTILE}"
    api.mitigate_finding(
        found.id, what=what, by="Grace", before="20261121", after="20261120", workspace=root
    )
    page = api.report_launch("pilot", workspace=root)
    view, markdown = view_of(root), root / "launches" / "pilot.md"
    write_page(markdown, launch_markdown(view))
    return Launch(root, view, page, markdown)


def view_of(root: Path, name: str = "pilot") -> LaunchView:
    """What the report of a launch of this workspace is made of."""
    place = Workspace.find(root)
    definition = load_launch(name, root)
    check = with_signatures(place, gather_and_decide(place, definition))
    return gather(place, definition, check, findings_of(place, definition.name))
