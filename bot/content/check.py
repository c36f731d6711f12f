"""What is wrong in and between entries that are each well formed: clashing rules, dead relations, undeclared variables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import re2

from bot.content.document import Document, Problem
from bot.content.render import placeholders, render
from bot.content.schema import Entry
from bot.matching.normalise import normalise

# Of the platform's 2,048 bytes, what an answer may take; the rest is for its source and the next questions.
ANSWER_BYTES = 1400

Path = tuple[str | int, ...]
Literal = tuple[str, str, int]  # mode, normalised text, priority


@dataclass(frozen=True)
class Located:
    """An entry and where it is written."""

    entry: Entry
    document: Document
    index: int

    def fault(self, text: str, *path: str | int) -> Problem:
        line = self.document.line(("entries", self.index, *path))
        return Problem(self.document.file, line, f"entry {self.entry.id}: {text}")

    @property
    def place(self) -> str:
        return f"{self.document.file}:{self.document.line(('entries', self.index))}"


def problems(found: Sequence[Located], variables: set[str] | None, whole: bool) -> Iterator[Problem]:
    """Every problem. ``variables`` None: don't ask for declarations; ``whole`` False: relations may lead elsewhere."""
    yield from _ids(found)
    yield from _rules(found)
    known = {located.entry.id for located in found}
    for located in found:
        yield from _relations(located, known if whole else None)
        yield from _regexes(located)
        yield from _variables(located, variables)
        yield from _answer(located)


def _ids(found: Sequence[Located]) -> Iterator[Problem]:
    taken: dict[str, str] = {}
    for located in found:
        if located.entry.id in taken:
            yield located.fault(f"this id is taken at {taken[located.entry.id]}; give it another", "id")
        taken.setdefault(located.entry.id, located.place)


def _rules(found: Sequence[Located]) -> Iterator[Problem]:
    owners: dict[Literal, str] = {}
    for located in found:
        for path, rule in _literals(located.entry):
            owner = owners.setdefault(rule, located.entry.id)
            if not rule[1]:
                yield located.fault("nothing is left of this once punctuation is removed; write words", *path)
            elif owner != located.entry.id:
                clash = f"「{rule[1]}」 also leads to {owner} with the same priority"
                yield located.fault(f"{clash}; remove one or set `priority`", *path)


def _literals(entry: Entry) -> Iterator[tuple[Path, Literal]]:
    """Each literal rule with its place; title and asked_as count as exact."""
    yield ("title",), ("exact", normalise(entry.title), 0)
    for number, utterance in enumerate(entry.asked_as):
        yield ("asked_as", number), ("exact", normalise(utterance), 0)
    for number, keyword in enumerate(entry.keywords):
        if keyword.mode in ("exact", "contains"):
            yield ("keywords", number), (keyword.mode, normalise(keyword.text), keyword.priority)


def _relations(located: Located, known: set[str] | None) -> Iterator[Problem]:
    for number, other in enumerate(located.entry.related):
        if other == located.entry.id or (known is not None and other not in known):
            yield located.fault(f"related entry {other} does not exist or is this one; remove it", "related", number)


def _regexes(located: Located) -> Iterator[Problem]:
    for number, keyword in enumerate(located.entry.keywords):
        if keyword.mode == "regex" and (reason := bad_regex(keyword.text)):
            yield located.fault(f"{reason}; mend the regex", "keywords", number)


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


def _variables(located: Located, declared: set[str] | None) -> Iterator[Problem]:
    if declared is None:
        return
    used = {name for text in located.entry.texts() for name in placeholders(text)}
    for name in sorted(used - declared):
        yield located.fault(f"variable {{{{{name}}}}} is not declared in config/content/local.yaml; add it there", "answer")


def _answer(located: Located) -> Iterator[Problem]:
    if not render(located.entry.answer, {}):
        lacking = "nothing is left of the answer while the local variables are empty"
        yield located.fault(f"{lacking}; add a sentence without one", "answer")
    if (size := len(located.entry.answer.encode())) > ANSWER_BYTES:
        yield located.fault(f"the answer has {size} bytes, {ANSWER_BYTES} at most; shorten it", "answer")
