"""What a launch report is made of: the check, each run's word on each eval, and what vouches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from assay.launch import LaunchCheck
from assay.records import (
    Certificate,
    Contrast,
    Difference,
    Estimate,
    EvalRecord,
    Finding,
    RunRecord,
    ScorerRecord,
)
from assay.report.samples import Samples

Role = Literal["candidate", "surface", "baseline"]


@dataclass(frozen=True)
class Subject:
    """Who is examined, as the launch calls it."""

    role: Role
    name: str
    about: str = ""

    @property
    def title(self) -> str:
        """``Candidate``, or the name of the surface or baseline with what it is."""
        return "Candidate" if self.role == "candidate" else f"{self.role} {self.name}"


@dataclass(frozen=True)
class Source:
    """One run's word on one eval and scorer.

    ``differences`` are the candidate's figures less this run's, paired; none for the candidate's
    own. ``by_content``: they are matched by the samples' content, since the eval changed.
    ``broken_off`` counts replies that the token limit cut.
    """

    subject: Subject
    run: RunRecord
    eval: EvalRecord
    scorer: ScorerRecord
    estimates: tuple[Estimate, ...]
    differences: tuple[Difference, ...] = ()
    by_content: bool = False
    broken_off: int = 0


@dataclass(frozen=True)
class Standing:
    """What is known of one scorer version's error: a certificate, or why there is none."""

    scorer: ScorerRecord
    evals: tuple[str, ...]
    standing: str
    certificate: Certificate | None


@dataclass(frozen=True)
class Changes:
    """In what an eval, as the candidate was asked it, differs from an earlier run."""

    since: str
    run: str
    eval: str
    contrasts: tuple[Contrast, ...]


@dataclass(frozen=True)
class LaunchView:
    """All that a launch report tells. ``absent`` says what could not be found, a line each.

    ``compared`` names what the changes were looked for against, also where none were found.
    """

    check: LaunchCheck
    subjects: tuple[Subject, ...]
    sources: tuple[Source, ...]
    samples: Samples
    standings: tuple[Standing, ...] = ()
    changes: tuple[Changes, ...] = ()
    compared: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    saturated: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    beside: str | None = None
    """The baseline whose replies stand beside the candidate's among the samples."""
