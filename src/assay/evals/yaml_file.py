"""YAML as analysts write it: read safely, with the line of every key for the error messages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from assay.errors import DefinitionError, NotFoundError, Problem

LARGEST_FILE = 2**20
"""Bytes that a YAML file may have."""
MOST_NODES = 50_000
"""Values that a YAML file may hold once its aliases are followed."""
DEEPEST = 50

Path_ = tuple[str | int, ...]


@dataclass(frozen=True)
class YamlFile:
    """A mapping read from a file, and the line (from 1) of each of its keys and items."""

    path: Path
    data: dict[str, Any]
    lines: dict[Path_, int]

    def line_of(self, place: Path_) -> int:
        """The line of a key, or of the nearest one above it."""
        while place and place not in self.lines:
            place = place[:-1]
        return self.lines.get(place, 1)


def read_yaml(path: Path) -> YamlFile:
    """Read a YAML file that holds one mapping.

    Raises:
        NotFoundError: if there is no such file.
        DefinitionError: if it is no YAML, no mapping, too large, or names a key twice.
    """
    text = _text_of(path)
    loader = _Loader(text)
    try:
        _refuse_depth(path, text)  # the composer recurses in C, and would overflow its stack
        node = loader.get_single_node()
        if not isinstance(node, yaml.MappingNode):
            raise _problem(path, 1, "the file holds no fields.", "Write fields such as name: ...")
        lines = dict(_lines_of(path, node, ()))
        data = loader.construct_document(node)
    except yaml.YAMLError as error:
        raise _problem(path, *_told(error, text)) from None
    except (RecursionError, ValueError, OverflowError, TypeError) as error:
        line = _unreadable(node) if isinstance(error, ValueError) else 1
        remedy = "Mend that value, or put it in quotes." if line > 1 else ""
        raise _problem(path, line, f"the YAML cannot be read ({error}).", remedy) from None
    finally:
        loader.dispose()
    return YamlFile(path, data, lines)


def _unreadable(node: yaml.Node) -> int:
    """The line of the first value that is no value, such as a date of 31 February; else 1."""
    loader = yaml.SafeLoader("")  # one that has begun nothing
    waiting, seen = [node], set[int]()
    while waiting:
        found = waiting.pop()
        if id(found) in seen:
            continue
        seen.add(id(found))
        if isinstance(found, yaml.MappingNode):
            waiting += [part for pair in reversed(found.value) for part in reversed(pair)]
        elif isinstance(found, yaml.SequenceNode):
            waiting += reversed(found.value)
        else:
            try:
                loader.construct_object(found)
            except yaml.YAMLError:
                continue
            except ValueError:
                return int(found.start_mark.line) + 1
    return 1


_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def _text_of(path: Path) -> str:
    if not path.is_file():
        raise NotFoundError("there is no such file.", where=str(path))
    if path.stat().st_size > LARGEST_FILE:
        raise _problem(path, None, f"the file is larger than {LARGEST_FILE:,} bytes.", "")
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise _problem(path, line, "the file is not UTF-8.", "Save it as UTF-8.") from None


def _refuse_depth(path: Path, text: str) -> None:
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > DEEPEST:
                line = event.start_mark.line + 1 if event.start_mark else None
                raise _problem(path, line, "the YAML is nested too deeply.", "Flatten it.")
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _lines_of(path: Path, node: yaml.Node, place: Path_) -> Iterator[tuple[Path_, int]]:
    """Every place in a document with its line; refuses bombs and doubled keys."""
    open_nodes: list[tuple[yaml.Node, Path_]] = [(node, place)]
    seen = 0
    while open_nodes:
        node, place = open_nodes.pop()
        seen += 1
        line = node.start_mark.line + 1
        if seen > MOST_NODES or len(place) > DEEPEST:
            raise _problem(path, line, "the YAML holds too many or too deep values.", "")
        if isinstance(node, yaml.MappingNode):
            keys: set[str] = set()
            for key, value in node.value:
                line = key.start_mark.line + 1
                if isinstance(key, yaml.MappingNode):
                    raise _problem(path, line, *_QUOTE_TEMPLATE)
                if not isinstance(key, yaml.ScalarNode):
                    raise _problem(path, line, "a field's name must be text.", "")
                if key.value in keys:
                    raise _problem(
                        path, line, f"{key.value!r} stands twice.", "Keep one of them.", key.value
                    )
                keys.add(key.value)
                yield (*place, key.value), line
                open_nodes.append((value, (*place, key.value)))
        elif isinstance(node, yaml.SequenceNode):
            for index, item in enumerate(node.value):
                yield (*place, index), item.start_mark.line + 1
                open_nodes.append((item, (*place, index)))


def _told(error: yaml.YAMLError, text: str) -> tuple[int | None, str, str]:
    """Line, what is wrong, and the remedy, for the mistakes that people make."""
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    if mark is None:
        what = getattr(error, "reason", None) or "not YAML"
        return None, f"this is not YAML: {what}.", "Is this a text file?"
    what = getattr(error, "problem", None) or "not YAML"
    line = mark.line + 1
    written = "".join(text.splitlines()[mark.line : mark.line + 1])
    if _BARE_TEMPLATE.search(written):
        return line, *_QUOTE_TEMPLATE
    if "mapping values are not allowed" in what:
        return line, "a value holds a colon.", 'Put the value in quotes: "...".'
    if "cannot start any token" in what:
        if written[: mark.column + 1].isspace():
            return line, "the line is indented with a tab.", "Indent with spaces."
        what = f"a value begins with {written[mark.column : mark.column + 1]!r}"
        return line, f"{what}.", 'Put the value in quotes: "...".'
    if "could not determine a constructor" in what:
        return line, "a tag (!...) is not allowed.", "Remove it."
    return line, f"this is not YAML: {what}.", "Check indentation, colons and quotes."


_BARE_TEMPLATE = re.compile(r"[:-]\s+\{\{")
_QUOTE_TEMPLATE = ("a value begins with {{.", 'Put the value in quotes: "{{ input }}".')


def _problem(
    path: Path, line: int | None, message: str, remedy: str, column: str | None = None
) -> DefinitionError:
    return DefinitionError([Problem(str(path), message, remedy, row=line, column=column)])
