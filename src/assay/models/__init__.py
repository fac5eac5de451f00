"""Models: one way to ask any of them, and one file a provider."""

from assay.models.base import Model
from assay.models.registry import open_model, providers
from assay.models.settings import ModelSettings, Secret

__all__ = ["Model", "ModelSettings", "Secret", "open_model", "providers"]
