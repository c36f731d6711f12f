"""Reads the county's YAML into a Pack and says of every mistake in which file and line it is and how to mend it."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import re2
import yaml
from pydantic import BaseModel, ValidationError

from bot.content.render import placeholders, render
from bot.content.schema import Entry, Model, Topic, Variable
from bot.matching.normalise import normalise

CONTENT_DIR = Path(__file__).resolve().parents[2] / "config" / "content"
# Of the platform's 2,048 bytes, what an answer may take; the rest is for its source and the next questions.
ANSWER_BYTES = 1400


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


class EntryFile(Model):
    """A file of ``config/content/`` as it is written: one topic, many entries (which inherit it)."""

    topic: Topic
    entries: tuple[Entry, ...]


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
    except (yaml.MarkedYAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        what = getattr(error, "problem", None) or "the file is not UTF-8"
        raise ContentError([Problem(name, mark.line + 1 if mark else 1, f"not valid YAML: {what}")]) from None
    document = Document(name, build(root, ()) if root else {}, lines)
    if problems:
        raise ContentError(problems)
    return document


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
        message = f"`{path[-1]}` is missing"
    elif field and fault["type"] != "value_error":
        message = f"`{field}`: {message} (found: {str(fault['input'])[:40]!r})"
    return Problem(document.file, document.line(path), f"{owner}{message}")


def _owner(data: Any, path: tuple[str | int, ...]) -> str:
    if len(path) >= 2 and path[0] == "entries" and isinstance(path[1], int):
        return f"entry {data['entries'][path[1]].get('id', path[1])}: "
    return ""


def load_entries(paths: Iterable[Path], known_variables: Iterable[str] | None = None, whole: bool = True) -> list[Entry]:
    """Every entry of ``paths``; raises ContentError listing all that is wrong in them and between them.

    ``known_variables`` None skips the check that each variable is declared; ``whole`` False skips dead relations
    (one file alone points into the others).
    """
    problems: list[Problem] = []
    found: list[tuple[Entry, Document, int]] = []
    for path in paths:
        try:
            document = read_yaml(path)
            topic = document.data.get("topic", "") if isinstance(document.data, dict) else ""
            for raw in document.data.get("entries", ()) if isinstance(document.data, dict) else ():
                if isinstance(raw, dict):
                    raw.setdefault("topic", topic)
            parsed = validated(EntryFile, document)
            found += [(entry, document, index) for index, entry in enumerate(parsed.entries)]
        except ContentError as error:
            problems += error.problems
    problems += _between(found, set(known_variables) if known_variables is not None else None, whole)
    if problems:
        raise ContentError(sorted(problems, key=lambda problem: (problem.file, problem.line)))
    return [entry for entry, _, _ in found]


def _between(found: list[tuple[Entry, Document, int]], known: set[str] | None, whole: bool) -> Iterator[Problem]:
    """What is wrong in entries that are each well formed."""
    ids: dict[str, str] = {}
    rules: dict[tuple[str, str, int], str] = {}
    everyone = {entry.id for entry, _, _ in found}
    for entry, document, index in found:

        def fault(text: str, *path: str | int, at: tuple[Document, int, str] = (document, index, entry.id)) -> Problem:
            where, position, name = at
            return Problem(where.file, where.line(("entries", position, *path)), f"entry {name}: {text}")

        here = f"{document.file}:{document.line(('entries', index))}"
        if entry.id in ids:
            yield fault(f"this id is taken at {ids[entry.id]}; give it another", "id")
        ids.setdefault(entry.id, here)
        for path, rule in _rules(entry):
            if not rule[1]:
                yield fault("nothing is left of this once punctuation is removed; write words", *path)
            elif rule in rules and rules[rule] != entry.id:
                yield fault(f"「{rule[1]}」 also leads to {rules[rule]} with the same priority; remove one or set `priority`", *path)
            rules.setdefault(rule, entry.id)
        for position, keyword in enumerate(entry.keywords):
            if keyword.mode == "regex" and (reason := bad_regex(keyword.text)):
                yield fault(f"{reason}; mend the regex", "keywords", position)
        for position, other in enumerate(entry.related):
            if other == entry.id or (whole and other not in everyone):
                yield fault(f"related entry {other} does not exist or is this one; remove it", "related", position)
        for text in entry.texts():
            for name in placeholders(text) - (known if known is not None else placeholders(text)):
                yield fault(f"variable {{{{{name}}}}} is not declared in config/content/local.yaml; add it there", "answer")
        if not render(entry.answer, {}):
            yield fault("nothing is left of the answer while the local variables are empty; add a sentence without one", "answer")
        if (size := len(entry.answer.encode())) > ANSWER_BYTES:
            yield fault(f"the answer has {size} bytes, {ANSWER_BYTES} at most; shorten it", "answer")


def _rules(entry: Entry) -> Iterator[tuple[tuple[str | int, ...], tuple[str, str, int]]]:
    """Each literal rule with its place: title and asked_as count as exact."""
    seen: set[tuple[str, str, int]] = set()
    candidates: list[tuple[tuple[str | int, ...], tuple[str, str, int]]] = [(("title",), ("exact", normalise(entry.title), 0))]
    candidates += [(("asked_as", n), ("exact", normalise(text), 0)) for n, text in enumerate(entry.asked_as)]
    candidates += [
        (("keywords", n), (keyword.mode, normalise(keyword.text), keyword.priority))
        for n, keyword in enumerate(entry.keywords)
        if keyword.mode in ("exact", "contains")
    ]
    for path, rule in candidates:
        if rule not in seen:
            seen.add(rule)
            yield path, rule


def bad_regex(pattern: str) -> str:
    """Why RE2 refuses ``pattern``, or why it would meet every message; empty when it is fine."""
    options = re2.Options()
    options.log_errors = False
    try:
        matched_empty = re2.compile(pattern, options).search("")
    except re2.error as error:
        reason = error.args[0] if error.args else ""
        return f"RE2 can't read it: {reason.decode() if isinstance(reason, bytes) else reason}"
    return "it matches the empty message" if matched_empty else ""


class LocalFile(Model):
    """config/content/local.yaml."""

    variables: dict[str, Variable]


def load_local(path: Path) -> dict[str, Variable]:
    """The county's variables by name."""
    return validated(LocalFile, read_yaml(path)).variables


def _shown(path: Path) -> str:
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)


if __name__ == "__main__":  # python -m bot.content.load FILE …: checks single files while they are written
    try:
        checked = load_entries([Path(name) for name in sys.argv[1:]], whole=False)
    except ContentError as problems_found:
        sys.exit(str(problems_found))
    print(f"{len(checked)} entries, no problem")
