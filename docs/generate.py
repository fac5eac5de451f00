"""Writes the parts of the reference that are made from the code: ``python docs/generate.py``.

They stand between two marks; what stands around them is written by hand. A test compares the pages
with what this would write, so that they cannot fall behind.
"""

from __future__ import annotations

import ast
import dataclasses
import inspect
import re
import textwrap
import types
import typing
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal, Union

import msgspec
from typer.main import get_command

from assay import api, errors
from assay.cli import app, output
from assay.evals import eval_schema
from assay.formats.export import ExportRow
from assay.records import Facets, RawRow, RejectedRow, RunRecord, ScoreRow, Transcript, fields_of
from assay.runs.settings import Settings

REFERENCE = Path(__file__).parent / "reference"
_BEGIN = "<!-- Made from the code by docs/generate.py, down to the end mark. -->\n"
_END = "<!-- End of what is made. -->\n"

Schema = dict[str, Any]


def cli() -> str:
    """Every command, its arguments and its options."""
    parts: list[str] = []
    for name, command in _commands(get_command(app)):
        usage = f"assay {name} {' '.join(_usage(command))}".replace("  ", " ").strip()
        parts.append(f"## assay {name}\n\n{_sentence(command.help)}\n\n```\n{usage}\n```\n")
        told = (_told(each) for each in command.params if each.name != "help")
        rows = [(f"`{names}`", about) for names, about in told]
        parts.append(_table(("option", "what it says"), rows))
    return "\n".join(parts)


def json_output() -> str:
    """What each ``--json`` prints, and the fields of everything in it."""
    parts: list[str] = []
    rows, shapes = [], []
    for name, command in _commands(get_command(app)):
        if any("--json" in each.opts for each in command.params):
            found = _shapes(name, command)
            shapes += found
            told = " or ".join(each if isinstance(each, str) else _of(each) for each in found)
            rows.append((f"`assay {name} --json`", told))
    parts.append(_table(("command", "prints"), rows))
    elsewhere = set(_records_in(RunRecord))
    seen = dict.fromkeys(
        record for shape in shapes if not isinstance(shape, str) for record in _records_in(shape)
    )
    parts += [_record(each) for each in seen if each not in elsewhere]
    return "\n".join(parts)


def run_json() -> str:
    """The fields of run.json."""
    return "\n".join(_record(each) for each in _records_in(RunRecord))


def records() -> str:
    """The columns of the tables on disk, and of exports."""
    parts: list[str] = []
    for title, record in (
        ("transcripts.parquet", Transcript),
        ("scores.parquet", ScoreRow),
        ("usage/NAME/rejected.parquet", RejectedRow),
        ("usage/NAME/raw/part-NNNNN.parquet", RawRow),
        ("usage/NAME/facets/part-NNNNN.parquet", Facets),
        ("Exports", ExportRow),
    ):
        rows = [
            (f"`{each.name}`", _KINDS[each.kind], "yes" if each.nullable else "", each.description)
            for each in fields_of(record)
        ]
        table = _table(("column", "type", "may be empty", "what it holds"), rows)
        parts.append(f"## {title}\n\n{table}")
    return "\n".join(parts)


def eval_yaml() -> str:
    """The fields of eval.yaml."""
    schema = eval_schema()
    parts = [_properties(schema, schema)]
    parts += [
        f"## parameters\n\n{schema['$defs']['ParameterFields']['description']}\n",
        _properties(schema["$defs"]["ParameterFields"], schema),
    ]
    return "\n".join(parts)


def assay_toml() -> str:
    """The settings of assay.toml."""
    schema = Settings.model_json_schema()
    parts = [_properties(schema, schema)]
    for title, name in (
        ('[models."provider/model"]', "ModelSetting"),
        ("price", "PriceSetting"),
        ("[budget]", "BudgetSetting"),
        ("[usage]", "UsageSetting"),
    ):
        about = _code(schema["$defs"][name]["description"])
        parts += [f"## {title}\n\n{about}\n", _properties(schema["$defs"][name], schema)]
    return "\n".join(parts)


def exit_codes() -> str:
    """The codes with which commands end."""
    tree = ast.parse(inspect.getsource(output))
    rows = []
    for node, after in zip(tree.body, tree.body[1:], strict=False):
        value = node.value if isinstance(node, ast.Assign) else None
        if isinstance(value, ast.Constant) and isinstance(value.value, int):
            about = after.value if isinstance(after, ast.Expr) else None
            told = about.value if isinstance(about, ast.Constant) else "Everything was done."
            rows.append((f"`{value.value}`", _line(str(told))))
    return _table(("code", "meaning"), rows)


def error_tree() -> str:
    """The error tree."""
    return "\n".join(_errors_below(errors.AssayError, 0)) + "\n"


def _errors_below(error: type[Exception], depth: int) -> Iterator[str]:
    yield f"{'  ' * depth}- `{error.__name__}`: {_line(inspect.getdoc(error) or '')}"
    for each in error.__subclasses__():
        if each.__module__ == errors.__name__:
            yield from _errors_below(each, depth + 1)


def python_api() -> str:
    """What ``import assay`` gives."""
    parts: list[str] = []
    for name in api.__all__:
        each = getattr(api, name)
        about = _docstring(inspect.getdoc(each) or "")
        if inspect.isfunction(each):
            parts.append(f"## {name}\n\n```\n{_signature(each)}\n```\n\n{about}\n")
        else:
            parts.append(f"## {name}\n\n{about}\n")
            if isinstance(each, type) and issubclass(each, msgspec.Struct):
                parts.append(_fields(each, link=False))
    return "\n".join(parts)


PAGES: dict[str, Callable[[], str]] = {
    "api.md": python_api,
    "assay-toml.md": assay_toml,
    "cli.md": cli,
    "errors.md": error_tree,
    "eval-yaml.md": eval_yaml,
    "exit-codes.md": exit_codes,
    "json-output.md": json_output,
    "records.md": records,
    "run-json.md": run_json,
}
"""The pages, by file name in ``docs/reference``."""


def page(name: str) -> str:
    """The text of a page as it should stand on disk."""
    before, _, rest = (REFERENCE / name).read_text(encoding="utf-8").partition(_BEGIN)
    _, _, after = rest.partition(_END)
    return f"{before}{_BEGIN}\n{PAGES[name]().strip()}\n\n{_END}{after}"


# The command line


def _commands(group: Any, before: str = "") -> Iterator[tuple[str, Any]]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from _commands(command, f"{before}{name} ")
        else:
            yield f"{before}{name}", command


def _usage(command: Any) -> Iterator[str]:
    for each in command.params:
        if each.opts[0].startswith("-"):
            continue
        word = each.name.upper() + ("..." if each.nargs == -1 else "")
        yield word if each.required else f"[{word}]"
    yield "[OPTIONS]"


def _told(parameter: Any) -> tuple[str, str]:
    names = ", ".join(sorted(parameter.opts, key=len))
    about = _sentence(parameter.help)
    if not names.startswith("-"):
        names = names.upper()
    default = parameter.default
    if default not in (None, False, (), "") and not parameter.required and not callable(default):
        about += f" Default: `{default}`."
    return names, about + (" Required." if parameter.required else "")


_SHAPES: dict[str, Any] = {
    "evals": "object: each eval's name, and its folder",
    "list": "list, newest first, of all that [run.json](run-json.md) holds, and `alive`: whether a "
    "process is working on the run",
    "quickstart": list[api.Summary],
    "sql": "list of rows, each an object: column and value",
}
"""Where a command does not print just what the verbs that it calls give."""


def _shapes(name: str, command: Any) -> list[Any]:
    """What a command prints: what the verbs give that its code calls."""
    if name in _SHAPES:
        return [_SHAPES[name]]
    calls = ast.walk(ast.parse(inspect.getsource(inspect.unwrap(command.callback))))
    verbs = [
        each.attr
        for each in calls
        if isinstance(each, ast.Attribute)
        and isinstance(each.value, ast.Name)
        and each.value.id == "api"
        and inspect.isfunction(getattr(api, each.attr))
    ]
    return [typing.get_type_hints(getattr(api, verb))["return"] for verb in dict.fromkeys(verbs)]


# Records


def _records_in(shape: Any) -> Iterator[type[Any]]:
    """The records in a type and in the fields of those, each once, outermost first."""
    seen: dict[type[Any], None] = {}

    def look(hint: Any) -> None:
        if _is_record(hint):
            if hint not in seen:
                seen[hint] = None
                for each in typing.get_type_hints(hint).values():
                    look(each)
            return
        for each in typing.get_args(hint):
            look(each)

    look(shape)
    return iter(seen)


def _is_record(hint: Any) -> bool:
    if not isinstance(hint, type) or isinstance(hint, types.GenericAlias):
        return False
    return issubclass(hint, msgspec.Struct) or dataclasses.is_dataclass(hint)


def _record(record: type[Any]) -> str:
    about = _docstring(inspect.getdoc(record) or "")
    return f"## {record.__name__}\n\n{about}\n\n{_fields(record)}"


def _fields(record: type[Any], link: bool = True) -> str:
    rows = [
        (f"`{name}`", _of(hint, link=link)) for name, hint in typing.get_type_hints(record).items()
    ]
    return _table(("field", "type"), rows)


def _of(hint: Any, link: bool = True) -> str:
    """A type in plain words."""
    origin, inside = typing.get_origin(hint), typing.get_args(hint)
    if _is_record(hint):
        if not link:
            return f"`{hint.__name__}`"
        page = "run-json.md" if hint in set(_records_in(RunRecord)) else ""
        return f"[{hint.__name__}]({page}#{hint.__name__.lower()})"
    if origin is Literal:
        return " or ".join(f"`{each}`" for each in inside)
    if origin in (Union, types.UnionType):
        return " or ".join(_of(each, link) for each in inside)
    if origin is dict:
        return f"object of {_of(inside[1], link)}"
    if origin is tuple and Ellipsis not in inside:
        return "list: " + ", ".join(_of(each, link) for each in inside)
    if origin in (list, tuple):
        return f"list of {_of(inside[0], link)}"
    return _WORDS.get(hint, getattr(hint, "__name__", str(hint)))


_WORDS = {
    str: "text", int: "whole number", float: "number", bool: "true or false",
    type(None): "null", Any: "anything", Path: "path",
}  # fmt: skip
_KINDS = {
    "str": "text", "int": "whole number", "float": "number", "bool": "true or false",
    "json": "JSON in text",
}  # fmt: skip


# JSON Schemas


def _properties(schema: Schema, whole: Schema) -> str:
    required = schema.get("required", ())
    rows = []
    for name, each in schema["properties"].items():
        default = each.get("default")
        told = "required" if name in required else "" if default in (None, {}, []) else default
        if isinstance(told, dict):
            told = told.get("kind", "")
        told = told if told in ("", "required") else f"`{told}`"
        rows.append((f"`{name}`", _kind(each, whole), told, _code(each.get("description", ""))))
    return _table(("field", "type", "default", "what it says"), rows)


def _kind(each: Schema, whole: Schema) -> str:
    if "$ref" in each:
        return _REFERRED.get(each["$ref"].rpartition("/")[2], "mapping")
    if "anyOf" in each:
        return " or ".join(_kind(one, whole) for one in each["anyOf"] if one.get("type") != "null")
    if each.get("type") == "array":
        return f"list of {_kind(each['items'], whole)}"
    if each.get("type") == "object":
        inside = each.get("additionalProperties")
        return f"mapping of {_kind(inside, whole)}" if isinstance(inside, dict) else "mapping"
    return _SCHEMA_WORDS[each["type"]] + _limits(each)


def _limits(each: Schema) -> str:
    told = [
        f"{words} {each[key]}"
        for key, words in (
            ("minimum", "at least"),
            ("exclusiveMinimum", "more than"),
            ("maximum", "at most"),
        )
        if key in each
    ]
    return f", {', '.join(told)}" if told else ""


_SCHEMA_WORDS = {
    "string": "text", "integer": "whole number", "number": "number", "boolean": "true or false",
}  # fmt: skip
_REFERRED = {
    "BudgetSetting": "[table](#budget)",
    "ModelSetting": "[tables](#modelsprovidermodel)",
    "ParameterFields": "[mapping](#parameters)",
    "PriceSetting": "[table](#price)",
    "ScorerEntry": "[scorer](#scorers)",
    "SolverEntry": "[solver](#solver)",
}


# Python


def _signature(function: Callable[..., Any]) -> str:
    tree = ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]
    assert isinstance(tree, ast.FunctionDef)
    arguments = ast.unparse(tree.args)
    returns = f" -> {ast.unparse(tree.returns)}" if tree.returns else ""
    line = f"{tree.name}({arguments}){returns}"
    if len(line) <= 88:
        return line
    # ast.unparse gives one line; no default of ours holds a comma outside brackets
    parts = re.split(r", (?![^\[]*\])", arguments)
    return f"{tree.name}(\n    " + ",\n    ".join(parts) + f",\n){returns}"


def _docstring(text: str) -> str:
    """Markdown of a docstring: its sections become bold words, their entries lists."""
    lines: list[str] = []
    section = ""
    for line in text.splitlines():
        entry = re.match(r"    (\w[\w*, ]*): (.*)", line)
        if line in ("Args:", "Returns:", "Raises:", "Attributes:"):
            section = line[:-1]
            lines += [f"**{section}**", ""]
        elif section in ("Args", "Raises", "Attributes") and entry:
            lines.append(f"- `{entry[1]}`: {entry[2]}")
        elif section and line.startswith("    "):
            lines.append(line[2:] if section != "Returns" else line.strip())
        else:
            section = section if not line else ""
            lines.append(line)
    return _code("\n".join(lines))


# Markdown


def _table(columns: tuple[str, ...], rows: Any) -> str:
    body = [tuple(str(cell).replace("|", "\\|") for cell in row) for row in rows]
    lines = [columns, tuple("---" for _ in columns), *body]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def _code(text: str) -> str:
    """reStructuredText's marks as Markdown's."""
    text = re.sub(r":\w+:`~?([^`]+)`", r"`\1`", text)
    text = text.replace("``", "`")
    return re.sub(r"(?<!`)\{\{ (\w+) \}\}(?!`)", r"`{{ \1 }}`", text)


def _line(text: str) -> str:
    return _code(" ".join(text.split("\n\n")[0].split()))


def _sentence(text: str | None) -> str:
    return _code(" ".join((text or "").split()))


if __name__ == "__main__":
    for name in PAGES:
        (REFERENCE / name).write_text(page(name), encoding="utf-8")
        print(REFERENCE / name)
