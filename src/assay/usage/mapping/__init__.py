"""From an import to a map: groups of conversations, named by what many people share."""

from assay.usage.mapping.settings import MapSettings
from assay.usage.mapping.verbs import map_usage

__all__ = ["MapSettings", "map_usage"]
