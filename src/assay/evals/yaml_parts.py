"""What the definitions that people write in YAML share: texts, names, slices, and their schema."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

STRICT = ConfigDict(extra="forbid", strict=True, frozen=True, defer_build=True)
Text = Annotated[str, Field(min_length=1)]
Name = Annotated[str, Field(pattern=r"^[a-z0-9]+([-_.][a-z0-9]+)*$", max_length=100)]


class Slice(BaseModel):
    """Which samples count. What is left out is not asked for."""

    model_config = STRICT

    polarity: Literal["violative", "benign"] | None = None
    policy_area: Text | None = None
    language: Text | None = None

    def columns(self) -> dict[str, str]:
        """Column and value of each condition."""
        return {name: value for name, value in self.model_dump().items() if value is not None}


def schema_of(model: type[BaseModel], about: str) -> dict[str, Any]:
    """The JSON Schema of a definition, for editors; ``about`` says of what."""
    schema: dict[str, Any] = _plain(model.model_json_schema())
    schema["description"] = about
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def _plain(schema: Any, names: bool = False) -> Any:
    """A schema without pydantic's titles. ``names``: its keys are fields of ours."""
    if isinstance(schema, list):
        return [_plain(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: _plain(value, names=key in ("properties", "$defs"))
        for key, value in schema.items()
        if names or key != "title"
    }
