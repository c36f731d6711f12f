"""Reads YAML into a Document that remembers lines, and names the line of every mistake in it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True)
class Problem:
    """One mistake, with its place."""

    file: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.text}"


class ContentError(ValueError):
    """The content can't be used; ``problems`` holds every mistake found, not only the first."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


@dataclass(frozen=True)
class Document:
    """A YAML file as plain lists, dicts and strings, with the line on which each part stands."""

    file: str
    data: Any
    lines: dict[tuple[str | int, ...], int]

    def line(self, path: tuple[str | int, ...]) -> int:
        """The line of ``path``, or of the nearest part around it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


def read_yaml(path: Path) -> Document:
    """Every scalar stays the text it is: YAML's own guesses turn 0551 into 361 and 12:30 into 750."""
    lines: dict[tuple[str | int, ...], int] = {}
    problems: list[Problem] = []
    name = _shown(path)

    def build(node: yaml.Node, at: tuple[str | int, ...]) -> Any:
        lines[at] = node.start_mark.line + 1
        if isinstance(node, yaml.MappingNode):
            built: dict[str, Any] = {}
            for key_node, value_node in node.value:
                key = str(key_node.value)
                if key in built:
                    problems.append(Problem(name, key_node.start_mark.line + 1, f"`{key}` stands here twice; remove one"))
                built[key] = build(value_node, (*at, key))
                lines[(*at, key)] = key_node.start_mark.line + 1
            return built
        if isinstance(node, yaml.SequenceNode):
            return [build(child, (*at, index)) for index, child in enumerate(node.value)]
        return node.value

    try:
        root = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.CBaseLoader)
        document = Document(name, build(root, ()) if root else {}, lines)
    except (OSError, UnicodeDecodeError, RecursionError, yaml.YAMLError) as error:
        mark = getattr(error, "problem_mark", None)
        raise ContentError([Problem(name, mark.line + 1 if mark else 1, _unreadable(error))]) from None
    if problems:
        raise ContentError(problems)
    return document


def _unreadable(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return "this file is missing; put it back"
    if isinstance(error, UnicodeDecodeError):
        return "the file is not UTF-8; save it as UTF-8"
    if isinstance(error, RecursionError):
        return "an alias (*name) stands inside of what it names; write it out instead"
    return (
        f"not valid YAML: {getattr(error, 'problem', None) or getattr(error, 'reason', error)}; mend this line or the one above"
    )


def validated(model: type[M], document: Document) -> M:
    """``document`` as a ``model``; raises ContentError with a line for each fault."""
    try:
        return model.model_validate(document.data)
    except ValidationError as error:
        raise ContentError(_problem(document, fault) for fault in error.errors()) from None


def _problem(document: Document, fault: Any) -> Problem:
    path = tuple(fault["loc"])
    owner = _owner(document.data, path)
    field = ".".join(str(part) for part in path[-2:] if isinstance(part, str))
    message = fault["msg"].removeprefix("Value error, ")
    if fault["type"] == "extra_forbidden":
        message = f"unknown field `{path[-1]}`; the fields are listed in docs/content.md"
    elif fault["type"] == "missing":
        message = f"`{path[-1]}` is missing; add it"
    elif field and fault["type"] != "value_error":
        message = f"`{field}`: {message} (found: {str(fault['input'])[:40]!r})"
    return Problem(document.file, document.line(path), f"{owner}{message}")


def _owner(data: Any, path: tuple[str | int, ...]) -> str:
    if len(path) >= 2 and path[0] == "entries" and isinstance(path[1], int):
        entry = data["entries"][path[1]]
        return f"entry {entry.get('id', path[1]) if isinstance(entry, dict) else path[1] + 1}: "
    return ""


def _shown(path: Path) -> str:
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)
