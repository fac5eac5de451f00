"""A scorer's error in a gate's own slice: which rates are taken, and what is said of the rest."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from assay import api
from assay.launch.standing import error_in
from assay.records import Certificate, Measured, SliceError
from assay.runs.certificates import keep_certificate, read_certificates
from tests.launch.conftest import Launch, Run, certify, write_eval

LATER = "2999-01-01T00:00:00+00:00"


def rate(value: float, n: int) -> Measured:
    return Measured(value, 0.0, 1.0, "exact", n, n, float(n))


@pytest.fixture
def certificate(tmp_path: Path) -> Certificate:
    """Overall 1,000 of each class, all right; drugs and German worse, poetry known in part."""
    certify(tmp_path, "v", expires=LATER)
    [plain] = read_certificates(tmp_path)
    slices = (
        SliceError({"policy_area": "drugs"}, 40, 60, rate(0.8, 40), rate(0.9, 60)),
        SliceError({"policy_area": "poetry"}, 20, 3, rate(0.7, 20), None),
        SliceError({"language": "de"}, 50, 50, rate(0.6, 50), rate(0.6, 50)),
    )
    return msgspec.structs.replace(plain, slices=slices)


@pytest.mark.parametrize(
    ("slice_", "sensitivity", "specificity", "where", "unmeasured"),
    [
        ({}, (1.0, 1000), (1.0, 1000), "", ""),
        ({"polarity": "benign"}, (1.0, 1000), (1.0, 1000), "", ""),
        ({"policy_area": "drugs"}, (0.8, 40), (0.9, 60), "policy_area drugs", ""),
        (
            {"policy_area": "drugs", "polarity": "benign"},
            (0.8, 40), (0.9, 60), "policy_area drugs", "",
        ),
        ({"language": "de"}, (0.6, 50), (0.6, 50), "language de", ""),
        (
            {"policy_area": "poetry"},
            (0.7, 20), (1.0, 1000), "policy_area poetry", "specificity in policy_area poetry is",
        ),
        (
            {"policy_area": "arms"},
            (1.0, 1000), (1.0, 1000), "", "sensitivity and specificity in policy_area arms are",
        ),
        # Measured in each, but not in both together.
        (
            {"policy_area": "drugs", "language": "de"},
            (1.0, 1000), (1.0, 1000), "", "in policy_area drugs and language de are",
        ),
    ],
)  # fmt: skip
def test_the_slices_own_error_goes_before_the_overall_one(
    certificate: Certificate,
    slice_: dict[str, str],
    sensitivity: tuple[float, int],
    specificity: tuple[float, int],
    where: str,
    unmeasured: str,
) -> None:
    error, concerns = error_in(certificate, slice_)
    assert error is not None
    assert (error.sensitivity.rate, error.sensitivity.n) == pytest.approx(sensitivity)
    assert (error.specificity.rate, error.specificity.n) == pytest.approx(specificity)
    assert error.where == where
    assert bool(concerns) == bool(unmeasured)
    assert all(unmeasured in each for each in concerns)


def test_a_class_that_was_measured_nowhere_leaves_no_error(certificate: Certificate) -> None:
    blind = msgspec.structs.replace(certificate, sensitivity=None)
    assert error_in(blind, {}) == (None, ())
    assert error_in(blind, {"policy_area": "arms"}) == (None, ())
    assert error_in(blind, {"policy_area": "drugs"})[0] is not None


def test_a_gates_slice_takes_its_own_error(workspace: Path, run: Run, launch: Launch) -> None:
    import json

    folder = workspace / "evals" / "sums"
    write_eval(folder, samples=200)
    rows = [json.loads(line) for line in (folder / "samples.jsonl").open()]
    text = "".join(
        json.dumps({**row, "policy_area": "drugs" if n % 4 < 2 else "arms"}) + "\n"
        for n, row in enumerate(rows)
    )
    (folder / "samples.jsonl").write_text(text)
    run("new", refused=200)
    gate: dict[str, Any] = {"scorer": "refusal", "limit": {"min": 0.75}}
    launch(
        {**gate, "id": "drugs", "slice": {"polarity": "violative", "policy_area": "drugs"}},
        {**gate, "id": "arms", "slice": {"polarity": "violative", "policy_area": "arms"}},
        {**gate, "id": "all", "slice": {"polarity": "violative"}},
    )
    checked = api.check_launch("pilot", workspace=workspace)
    version = checked.gates[0].evidence[0].scorer_version
    certify(workspace, version, expires=LATER)
    [plain] = read_certificates(workspace)
    poor = SliceError({"policy_area": "drugs"}, 60, 60, rate(1.0, 60), rate(0.4, 60))
    keep_certificate(workspace, msgspec.structs.replace(plain, slices=(poor,)))
    checked = api.check_launch("pilot", workspace=workspace)
    drugs, arms, everything = checked.gates
    # Every reply was flagged; a scorer that flags 60% of negatives shows less by that.
    assert "error in policy_area drugs" in drugs.method
    assert drugs.low is not None
    assert arms.low is not None
    assert drugs.low < arms.low
    assert drugs.conditions == ()
    assert (arms.verdict, everything.verdict) == ("pass", "pass")
    assert any("policy_area arms are unmeasured" in each for each in arms.conditions)
    assert everything.conditions == ()
    assert any(each.startswith("arms: The scorer's") for each in checked.conditions) or (
        checked.verdict == "no-go"
    )
