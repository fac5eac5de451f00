"""Jinja templates that cannot hang, bloat, call or look around: parsed, vetted, then compiled.

The vetting looks at the parsed template, before Jinja computes any constant of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple

FILTERS = (
    "capitalize",
    "default",
    "first",
    "join",
    "last",
    "length",
    "lower",
    "title",
    "trim",
    "upper",
)
"""The filters that a template may use."""

LONGEST_PROMPT = 2**24
"""Characters of a rendered prompt."""
MOST_NODES = 1_000
MOST_ITEMS = 100
DEEPEST = 40

_TESTS = ("defined", "in", "none", "string", "undefined")
_NODES = {
    "And",
    "Compare",
    "CondExpr",
    "Const",
    "Filter",
    "For",
    "Getattr",
    "Getitem",
    "If",
    "Keyword",
    "Name",
    "Not",
    "Operand",
    "Or",
    "Output",
    "Slice",
    "Template",
    "TemplateData",
    "Test",
}
_OF_LOOP = ("first", "index", "last")
_SAID = {
    "Assign": "{% set %}",
    "Call": "a call",
    "Concat": "joining with ~",
    "Getattr": "an attribute (a dot)",
    **dict.fromkeys(["Add", "Div", "FloorDiv", "Mod", "Mul", "Pow", "Sub"], "arithmetic"),
}


class TemplateFaultError(Exception):
    """A template that is none, may not be, or does not fit the sample."""

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.message, self.remedy = message, remedy


class Compiled(NamedTuple):
    """A vetted template: the variables it names, and those of them that it loops over."""

    template: Any
    variables: frozenset[str]
    looped: frozenset[str]

    def chunks(self, variables: Mapping[str, Any]) -> Iterator[str]:
        """The rendered text, piece by piece.

        Raises:
            TemplateFaultError: if a variable is missing or of the wrong kind.
        """
        for name in self.looped:
            value = variables.get(name, [])
            if not isinstance(value, list) or len(value) > MOST_ITEMS:
                raise TemplateFaultError(
                    f"the template loops over {name!r}, which is no list of up to {MOST_ITEMS}."
                )
        from jinja2 import TemplateError, UndefinedError

        context = self.template.new_context(dict(variables))
        try:
            yield from self.template.root_render_func(context)
        except UndefinedError as error:
            raise TemplateFaultError(f"{error.message}.") from None
        except (TemplateError, TypeError, ValueError, AttributeError) as error:
            raise TemplateFaultError(
                f"the template does not fit: {str(error).rstrip('.')}."
            ) from None


def compile_template(source: str) -> Compiled:
    """Vet and compile a template.

    Raises:
        TemplateFaultError: if it is no template, or uses what templates may not.
    """
    from jinja2 import TemplateError, TemplateSyntaxError, meta

    environment = _environment()
    try:
        tree = environment.parse(source)
        looped = _vet(tree)
        names = frozenset(meta.find_undeclared_variables(tree))
        return Compiled(environment.from_string(tree), names, looped & names)
    except TemplateSyntaxError as error:
        raise TemplateFaultError(
            f"line {error.lineno} of the template: {str(error.message).rstrip('.')}.",
            "Close every {{ with }}, and every {% if %} with {% endif %}.",
        ) from None
    except (TemplateError, RecursionError, SyntaxError, ValueError, MemoryError) as error:
        raise TemplateFaultError(f"this is no template: {error}.") from None


@cache
def _environment() -> Any:
    from jinja2 import StrictUndefined
    from jinja2.runtime import LoopContext
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    class Environment(ImmutableSandboxedEnvironment):
        """Nothing has attributes but a loop."""

        def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
            return isinstance(obj, LoopContext) and attr in _OF_LOOP

    environment = Environment(undefined=StrictUndefined, autoescape=False)
    environment.filters = {name: environment.filters[name] for name in FILTERS}
    environment.filters["join"] = _join
    environment.tests = {name: environment.tests[name] for name in _TESTS}
    environment.globals.clear()
    return environment


def _vet(tree: Any) -> frozenset[str]:
    """Refuse whatever could compute, call or outgrow the data; tell the variables looped over."""
    looped: set[str] = set()
    todo: list[tuple[Any, int, int]] = [(tree, 0, 0)]
    seen = 0
    while todo:
        node, depth, loops = todo.pop()
        kind = type(node).__name__
        seen += 1
        if seen > MOST_NODES or depth > DEEPEST:
            raise TemplateFaultError("the template is too large or nested too deeply.")
        if kind not in _NODES or (kind == "Getattr" and not (loops and _is_of_loop(node))):
            raise _not_allowed(node, _SAID.get(kind, kind))
        if kind == "Name" and node.name == "self":
            raise _not_allowed(node, "self")
        if kind == "Filter" and node.name not in FILTERS:
            raise TemplateFaultError(
                f"line {node.lineno} of the template: there is no filter {node.name!r}.",
                f"The filters are: {', '.join(FILTERS)}.",
            )
        if kind == "For":
            if loops or node.recursive or type(node.iter).__name__ != "Name":
                raise _not_allowed(node, "a loop within a loop, or over an expression,")
            looped.add(node.iter.name)
            loops += 1
        todo.extend((child, depth + 1, loops) for child in node.iter_child_nodes())
    return frozenset(looped)


def _is_of_loop(node: Any) -> bool:
    of_loop = type(node.node).__name__ == "Name" and node.node.name == "loop"
    return of_loop and node.attr in _OF_LOOP


def _not_allowed(node: Any, what: str) -> TemplateFaultError:
    return TemplateFaultError(
        f"line {node.lineno} of the template: {what} is not allowed.",
        "Use {{ variable }}, a filter, {% if %}, or one {% for item in variable %}.",
    )


def _join(value: Any, separator: str = "") -> str:
    """Jinja's join, for lists only, and only as long as a prompt may be."""
    if not isinstance(value, list):
        raise TypeError("join is for lists")
    texts = [str(item) for item in value]
    if sum(map(len, texts)) + len(str(separator)) * len(texts) > LONGEST_PROMPT:
        raise ValueError("the prompt grows too long")
    return str(separator).join(texts)


def joined(chunks: Iterable[str]) -> str:
    """All pieces of a prompt as one text.

    Raises:
        TemplateFaultError: if it grows too long.
    """
    taken: list[str] = []
    size = 0
    for chunk in chunks:
        size += len(chunk)
        if size > LONGEST_PROMPT:
            raise TemplateFaultError("the prompt grows too long.", "Shorten the sample.")
        taken.append(chunk)
    return "".join(taken)
