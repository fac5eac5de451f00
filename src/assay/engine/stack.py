"""Puts the onion together: journal, budget, retries, limits, model, from outside in."""

from __future__ import annotations

from assay.engine.budget import Budget, Budgeted
from assay.engine.journalled import Journalled
from assay.engine.limit import Limited, Limits
from assay.engine.meter import Meter, Price
from assay.engine.retry import Retried
from assay.models.base import Model
from assay.models.patience import Patience
from assay.store.journal import Journal


def stack(
    model: Model,
    *,
    journal: Journal,
    meter: Meter,
    budget: Budget,
    price: Price | None = None,
    limits: Limits | None = None,
    patience: Patience | None = None,
) -> Model:
    """Wrap a model in every layer.

    A journalled reply costs nothing, so the journal is outermost. A retry gives its place among the
    connections back while it waits, so limits are innermost.
    """
    limited = Limited(model, limits or Limits())
    retried = Retried(limited, patience or Patience(), meter)
    return Journalled(Budgeted(retried, budget, meter, price), journal, meter)
