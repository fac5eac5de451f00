"""The statistics that a report used, each in a line or two, and none that it did not use."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from assay.report.launch.view import LaunchView

_EXPLAINED: tuple[tuple[str, str, str], ...] = (
    ("Wilson", "Wilson's interval",
     "For a rate of independent yes-or-no results. Holds well from a few dozen results on."),
    ("exact", "Exact interval (Clopper and Pearson)",
     "For a rate with few results, or nearly all or none of them positive. Never too narrow."),
    ("clustered", "Clustered intervals",
     "Samples that share an origin resemble each other; the interval counts origins, not samples."),
    ("effective sample size", "Effective sample size",
     "A clustered rate counts as that of so many independent results as tell the same."),
    ("t", "Student's t", "For a mean of scores on a scale."),
    ("Tango", "Paired difference of rates (Tango's score interval)",
     "Each sample is compared with itself in the other run; only those that changed tell."),
    ("paired", "Paired comparison",
     "Candidate less another run, on samples that both were asked. It is called clear only where"
     " the interval excludes no difference, the missing scores could not undo it, and the method"
     " does not warn; of slices, only after adjusting for their number."),
    ("unpaired", "Unpaired difference (Newcombe)", "For figures that were made apart."),
    ("Rogan-Gladen", "Corrected for the scorer's error (Rogan and Gladen)",
     "The rate that the scorer's sensitivity and specificity, as people's labels measured them,"
     " make plausible; the interval carries the uncertainty of both."),
    ("prediction-powered", "Audited by people (prediction-powered)",
     "People's labels of a random part of this run, with the scorer's verdicts on the rest."),
    ("stratified audit", "Audited by people (stratified)",
     "People's labels of a random part of this run, drawn by verdict and weighted back."),
    ("missing at their worst", "Missing scores at their worst",
     "A gate counts every missing score against the model, then for it, and takes the outer ends."),
    ("against skewness", "Against skewness",
     "One-sided bounds of lopsided scores are moved outwards."),
)  # fmt: skip

_ALWAYS = (
    ("The denominator is the plan",
     "Every planned sample counts. What has no score is missing, with its reason; worst and best"
     " case say how far it could move the figure."),
    ("No correction for the number of gates",
     "Every gate must pass, so that more gates make a wrong go less likely, not more."),
)  # fmt: skip


@dataclass(frozen=True)
class Method:
    """A method that made figures here. ``names`` are what it is called beside them."""

    title: str
    text: str
    names: tuple[str, ...] = ()


def methods(view: LaunchView) -> tuple[Method, ...]:
    """The methods behind the figures, differences and gates of a report."""
    used = sorted({name for name in _used(view) if name and not name.startswith("none")})
    told = [Method(title, text) for title, text in _ALWAYS]
    for sign, title, text in _EXPLAINED:
        names = tuple(name for name in used if _fits(sign, name))
        if names:
            told.append(Method(title, text, names))
    rest = tuple(name for name in used if not any(_fits(sign, name) for sign, *_ in _EXPLAINED))
    if rest:
        told.append(Method("Other methods", "See the concept page on statistics.", rest))
    return tuple(told)


def _fits(sign: str, name: str) -> bool:
    if sign in ("t", "paired", "unpaired"):
        return sign in name.replace(",", " ").split()
    return sign.lower() in name.lower()


def _used(view: LaunchView) -> Iterator[str]:
    for source in view.sources:
        for each in source.estimates:
            yield each.method
            for second in (each.corrected, each.audited):
                if second is not None:
                    yield second.method
        yield from (each.method for each in source.differences)
    yield from (gate.method for gate in view.check.gates)
