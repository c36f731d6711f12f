"""Reads the county's entries and local values from YAML and says of every mistake where it is and how to mend it."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from bot.content import check
from bot.content.check import Located
from bot.content.document import ContentError, Document, Problem, read_yaml, validated
from bot.content.schema import Entry, Model, Topic, Variable

CONTENT_DIR = Path(__file__).resolve().parents[2] / "config" / "content"


class EntryFile(Model):
    """A file of ``config/content/`` as it is written: one topic, many entries (which inherit it)."""

    topic: Topic
    entries: tuple[Entry, ...]


def load_entries(paths: Iterable[Path], known_variables: Iterable[str] | None = None, whole: bool = True) -> list[Entry]:
    """Every entry of ``paths``; raises ContentError listing all that is wrong in them and between them.

    ``known_variables`` None skips the check that each variable is declared; ``whole`` False skips dead relations
    (one file alone points into the others).
    """
    problems: list[Problem] = []
    found: list[Located] = []
    for path in paths:
        try:
            document = read_yaml(path)
            entries = validated(EntryFile, _with_topic(document)).entries
        except ContentError as error:
            problems += error.problems
        else:
            found += [Located(entry, document, index) for index, entry in enumerate(entries)]
    # What a file that can't be read holds would seem not to exist.
    whole = whole and not problems
    problems += check.problems(found, set(known_variables) if known_variables is not None else None, whole)
    if problems:
        raise ContentError(sorted(problems, key=lambda problem: (problem.file, problem.line)))
    return [located.entry for located in found]


def _with_topic(document: Document) -> Document:
    """Gives each entry its file's topic, which is written once."""
    if isinstance(document.data, dict) and isinstance(document.data.get("entries"), list):
        for entry in document.data["entries"]:
            if isinstance(entry, dict):
                entry.setdefault("topic", document.data.get("topic", ""))
    return document


class LocalFile(Model):
    """config/content/local.yaml."""

    variables: dict[str, Variable]


if __name__ == "__main__":  # python -m bot.content.load FILE …: checks single files while they are written
    try:
        checked = load_entries([Path(name) for name in sys.argv[1:]], whole=False)
    except ContentError as problems_found:
        sys.exit(str(problems_found))
    print(f"{len(checked)} entries, no problem")
