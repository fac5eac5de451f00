"""Two runs' matched scores as a gate and a mitigation take them: one slice, and what is missing."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from assay.launch.evidence import Pairs
from assay.runs.pairing import CHANGED, MATCHED, ONLY_BASELINE, ONLY_CANDIDATE, REPEATED
from assay.runs.pairing import Pairs as Matched


def side_by_side(
    found: Matched, slice_: Mapping[str, str], bounds: tuple[float, float] | None
) -> tuple[Pairs | None, dict[str, int]]:
    """Both runs' scores in a slice (None where no sample matches), and the missing by reason.

    Args:
        bounds: the scorer's least and greatest value.
    """
    cells, rows = found.within(slice_)
    new, old = found.candidate[rows], found.baseline[rows]
    alone = dict.fromkeys((MATCHED, ONLY_CANDIDATE, ONLY_BASELINE, CHANGED, REPEATED), 0)
    missing: dict[str, int] = {}
    for cell in cells:
        alone[cell.standing] += cell.rows
        if cell.standing == MATCHED:
            for side in ("candidate", "baseline"):
                if reason := getattr(cell, f"{side}_reason"):
                    name = f"{side} {reason}"
                    missing[name] = missing.get(name, 0) + cell.rows
    if len(new) == 0:
        return None, missing
    clusters = found.clusters[rows] if found.clusters is not None else None
    if clusters is not None and len(np.unique(clusters)) == len(clusters):
        clusters = None
    held = np.concatenate([new, old])
    held = held[~np.isnan(held)]
    return Pairs(
        candidate=new,
        baseline=old,
        clusters=clusters,
        bounds=bounds,
        binary=bounds == (0.0, 1.0) and bool(np.isin(held, (0, 1)).all()),
        only_candidate=alone[ONLY_CANDIDATE] + alone[CHANGED] + alone[REPEATED],
        only_baseline=alone[ONLY_BASELINE],
    ), missing
