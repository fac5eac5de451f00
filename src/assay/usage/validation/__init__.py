"""How good a map is: measured on conversations whose subject is known, and with planted secrets."""

from assay.usage.validation.settings import ValidationSettings
from assay.usage.validation.verbs import validate_usage

__all__ = ["ValidationSettings", "validate_usage"]
