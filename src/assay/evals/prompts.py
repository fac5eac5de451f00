"""Prompt templates and what they may use of a sample.

A template holds plain text, ``{{ variable }}`` with a few filters, ``{% if %}`` and one level of
``{% for %}`` over a list. What is put in is data: a sample's text that looks like a template is
never evaluated.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from assay.errors import DefinitionError, Problem
from assay.evals.sandbox import Compiled, TemplateFaultError, compile_template, joined
from assay.records import Sample

VARIABLES = (
    "choices",
    "cluster",
    "id",
    "input",
    "language",
    "pair_id",
    "policy_area",
    "polarity",
    "target",
)
"""The variables that a sample may have; its metadata's keys are variables too."""

LONGEST_TEMPLATE = 2**18
"""Characters of a template."""

_PLAIN = re.compile(r"\{\{ *([A-Za-z_][A-Za-z0-9_]*) *\}\}")
_MARKS = ("{{", "}}", "{%", "{#", "\r")
_WORDS = "and caller else false if in is loop none not or self super true varargs"
_KEYWORDS = frozenset([*_WORDS.split(), "False", "None", "True"])  # Jinja's, no variables


class PromptTemplate:
    """A compiled template. Those of text and plain variables alone are rendered without Jinja.

    Args:
        source: the template's text.
        file: the file that it stands in, for errors.
        field: the field that it stands in, for errors.

    Attributes:
        variables: the names of the variables that it uses.
        is_input: whether it is the sample's input and nothing else.

    Raises:
        DefinitionError: if it is no template, or uses what templates may not.
    """

    def __init__(self, source: str, *, file: str = "", field: str = "") -> None:
        self._file, self._field = file, field
        if len(source) > LONGEST_TEMPLATE:
            raise self._error(f"the template has more than {LONGEST_TEMPLATE:,} characters.")
        self._parts = _plain_parts(source)
        self.is_input = self._parts == ["", "input", ""]
        self._compiled: Compiled | None = None
        if self._parts is not None:
            self.variables = frozenset(self._parts[1::2])
            return
        try:
            self._compiled = compile_template(source)
        except TemplateFaultError as fault:
            raise self._error(fault.message, fault.remedy) from None
        self.variables = self._compiled.variables

    def render(self, variables: Mapping[str, Any]) -> str:
        """The text with the variables put in.

        Raises:
            DefinitionError: if a variable is missing or of the wrong kind, or the text too long.
        """
        try:
            if self._compiled is None:
                return joined(_filled(self._parts or [], variables))
            return joined(self._compiled.chunks(variables))
        except TemplateFaultError as fault:
            sample = f"sample {variables.get('id')!r}: "
            raise self._error(sample + fault.message, fault.remedy) from None

    def _error(self, message: str, remedy: str = "") -> DefinitionError:
        return DefinitionError([Problem(self._file, message, remedy, column=self._field or None)])


def variables_of(sample: Sample, text: str) -> dict[str, Any]:
    """What a sample's templates may use: its fields that hold something, and its metadata.

    Args:
        sample: the sample.
        text: what ``input`` stands for (of a conversation: its last message from the user).
    """
    variables = {key: value for key, value in sample.metadata.items() if value is not None}
    if sample.target:
        variables["target"] = sample.target[0] if len(sample.target) == 1 else list(sample.target)
    if sample.choices:
        variables["choices"] = list(sample.choices)
    for name in ("cluster", "language", "pair_id", "policy_area", "polarity"):
        value = getattr(sample, name)
        if value is not None:
            variables[name] = value
    variables["id"] = sample.id
    variables["input"] = text
    return variables


def _plain_parts(source: str) -> list[str] | None:
    """Text and variables in turn, where the template holds nothing else; None where it does."""
    parts = _PLAIN.split(source.removesuffix("\n"))
    texts, names = parts[::2], parts[1::2]
    if any(mark in text for text in texts for mark in _MARKS):
        return None
    if any(text.endswith("{") for text in texts) or not _KEYWORDS.isdisjoint(names):
        return None
    return parts


def _filled(parts: list[str], variables: Mapping[str, Any]) -> list[str]:
    filled = list(parts)
    try:
        filled[1::2] = [str(variables[name]) for name in parts[1::2]]
    except KeyError as error:
        raise TemplateFaultError(
            f"{error.args[0]!r} is undefined.", f"The sample has: {', '.join(sorted(variables))}."
        ) from None
    return filled
