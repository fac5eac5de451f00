"""Many requests through a model: an onion of layers, and a pool."""

from assay.engine.budget import Budget
from assay.engine.layers import Layer
from assay.engine.limit import Limits
from assay.engine.meter import Meter, Price
from assay.engine.pool import Stop, work_through
from assay.engine.stack import stack
from assay.models.patience import Patience

__all__ = [
    "Budget",
    "Layer",
    "Limits",
    "Meter",
    "Patience",
    "Price",
    "Stop",
    "stack",
    "work_through",
]
