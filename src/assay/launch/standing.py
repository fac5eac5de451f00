"""What is known of a gate's scorer: its certificate, and its error in the gate's own slice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from assay.launch.evidence import ScorerError, Standing
from assay.records import Certificate, Measured, ScorerRecord
from assay.runs.certificates import BY_DEFINITION, certificate_for
from assay.stats import Share

MEASURED_BY = ("policy_area", "language")
"""Columns by which a certificate may tell a scorer's error slice by slice."""


@dataclass(frozen=True)
class Known:
    """A scorer's standing, a note on it, its error, its certificate's id, and what to beware of."""

    standing: Standing
    note: str = ""
    error: ScorerError | None = None
    certificate: str = ""
    concerns: tuple[str, ...] = ()


_HALF = "Its certificate tells nothing of one of the two classes: label both."


def known_of(
    scorer: ScorerRecord,
    certificates: Sequence[Certificate],
    slice_: Mapping[str, str],
    run_id: str,
    now: str,
) -> Known:
    """What the certificates tell of a scorer in a slice of a run, at a time."""
    if scorer.kind in BY_DEFINITION:
        return Known("by definition")
    newest = certificate_for(certificates, scorer.version, run_id, now)
    if newest is None:
        older = any(each.kind == scorer.kind for each in certificates)
        note = "Certificates are of other versions of it." if older else ""
        return Known("uncertified", f"{note} Measure it: `assay certify`.".lstrip())
    standing = newest.standing(now)
    if standing == "half certified":
        return Known("uncertified", _HALF, None, newest.id)
    note = f"Its certificate expired on {newest.expires[:10]}." if standing == "expired" else ""
    if not newest.binary:
        return Known(standing, note, None, newest.id)
    error, concerns = error_in(newest, slice_)
    if error is None:
        return Known("uncertified", _HALF, None, newest.id)
    return Known(standing, note, error, newest.id, concerns)


def error_in(
    certificate: Certificate, slice_: Mapping[str, str]
) -> tuple[ScorerError | None, tuple[str, ...]]:
    """The error within a policy area or language where enough was labelled there; else overall.

    A scorer may err more on one area than on another, so that the overall error is no measure of
    the slice's own: where it stands in for it, that is said. None where a class was never labelled.
    """
    named = {column: slice_[column] for column in MEASURED_BY if column in slice_}
    own = next((each for each in certificate.slices if each.slice == named), None)
    rates = {"sensitivity": certificate.sensitivity, "specificity": certificate.specificity}
    lacking = []
    for name in rates if named else ():
        measured: Measured | None = getattr(own, name) if own else None
        if measured is None:
            lacking.append(name)
        else:
            rates[name] = measured
    sensitivity, specificity = rates.values()
    if sensitivity is None or specificity is None:
        return None, ()
    place = " and ".join(f"{column} {value}" for column, value in named.items())
    error = ScorerError(
        sensitivity=_share(sensitivity),
        specificity=_share(specificity),
        where=place if len(lacking) < 2 else "",
    )
    if not lacking:
        return error, ()
    what = " and ".join(lacking)
    said = f"The scorer's {what} in {place} {'is' if len(lacking) == 1 else 'are'} unmeasured:"
    return error, (f"{said} the overall error stands in.",)


def _share(rate: Measured) -> Share:
    size = rate.effective_n or float(rate.clusters)
    return Share(min(max(rate.value, 0.0), 1.0) * size, size)
