"""Models: one way to ask any of them, and one file a provider."""

from assay.models.base import Model
from assay.models.choice import ChoiceDistribution, choice_distribution
from assay.models.registry import open_model, providers
from assay.models.scripted import Scripted
from assay.models.settings import ModelSettings, Secret

__all__ = [
    "ChoiceDistribution",
    "Model",
    "ModelSettings",
    "Scripted",
    "Secret",
    "choice_distribution",
    "open_model",
    "providers",
]
