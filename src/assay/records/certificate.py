"""A scorer's measured error against human labels: what makes a figure made with it trustworthy."""

from __future__ import annotations

from typing import Any

import msgspec

from assay.records.estimate import Good, Standing


class Measured(msgspec.Struct, frozen=True):
    """One measured share or coefficient with its 95% interval.

    ``n`` counts replies and ``clusters`` the independent groups of them; ``effective_n`` is how
    many independent replies the interval counts them as. ``low`` and ``high`` are None where the
    labels cannot bound it.
    """

    value: float
    low: float | None
    high: float | None
    method: str
    n: int
    clusters: int
    effective_n: float | None = None
    warning: str = ""


class SliceError(msgspec.Struct, frozen=True):
    """A scorer's error within one policy area or language; None where too few are labelled so."""

    slice: dict[str, str]
    positives: int
    negatives: int
    sensitivity: Measured | None
    specificity: Measured | None


class Certificate(msgspec.Struct, frozen=True, kw_only=True):
    """What a scorer version gets right of what people labelled.

    A scorer's verdict is positive where its value is ``threshold`` or more; people's is where most
    of a reply's raters gave a label that counts as positive. ``sensitivity`` is the share of
    people's positives that the scorer calls so, ``specificity`` the share of their negatives;
    ``worst_*`` count every unscored reply as a mistake.

    ``replies`` counts what was labelled. Of these, ``unlabelled`` (nobody could tell) and
    ``contested`` (the raters were split evenly) are left out of the rates, and ``unscored``, by
    reason, out of all but the worst case. ``labels_hash`` is of the label set, and ``labels`` its
    name. ``kappa``, ``ac1`` and ``precision`` are the scorer's against people; ``constant`` is the
    share that always giving people's commonest verdict would get right, and ``constant_ac1`` that
    guesser's AC1 (its kappa is 0). ``rater_alpha`` is people's agreement among themselves
    (Krippendorff). ``flips`` is the share of verdicts that changed when a judge was asked again.
    ``binary`` says whether every value was 0 or 1, so that rates can be corrected.
    """

    id: str
    scorer: str
    kind: str
    version: str
    parameters: dict[str, Any]
    judge: str | None
    good: Good
    threshold: float
    binary: bool
    labels: str
    labels_hash: str
    run: str | None
    positive: tuple[str, ...]
    replies: int
    positives: int
    negatives: int
    raters: int
    unlabelled: int
    contested: int
    unscored: dict[str, int]
    sensitivity: Measured | None
    specificity: Measured | None
    worst_sensitivity: Measured | None
    worst_specificity: Measured | None
    agreement: Measured | None
    precision: Measured | None
    kappa: Measured | None
    ac1: Measured | None
    constant: float | None
    constant_ac1: float | None
    rater_alpha: Measured | None
    flips: Measured | None
    slices: tuple[SliceError, ...]
    made: str
    expires: str
    made_by: str
    assay: str
    warnings: tuple[str, ...] = ()

    @property
    def unknown(self) -> str:
        """The kind of reply of which it tells nothing, since none was labelled so; or empty."""
        if self.sensitivity is None:
            return "positives"
        return "negatives" if self.specificity is None else ""

    def standing(self, now: str) -> Standing:
        """Whether it holds at a time, both ISO 8601 in UTC; half, where one error is unknown."""
        if now >= self.expires:
            return "expired"
        return "half certified" if self.unknown else "certified"
