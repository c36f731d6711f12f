"""A Pack: everything of one published version – entries, local values, replies, topics, emergencies."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

from pydantic import Field, StringConstraints, model_validator

from bot.content.check import bad_regex
from bot.content.document import ContentError, Document, M, Problem, read_yaml, validated
from bot.content.load import CONTENT_DIR, LocalFile, load_entries
from bot.content.render import placeholders
from bot.content.schema import Entry, Line, Model, Topic, Variable

LOCAL_FILE, REPLIES_FILE, EMERGENCIES_FILE = "local.yaml", "replies.yaml", "emergencies.yaml"

# What handlers fill into a reply.
FILLED_IN = {
    "welcome": ("account",),
    "greeting": ("account",),
    "choose": ("title",),
    "no_such_number": ("number", "last"),
    "no_part": ("title", "part"),
    "voice_heard": ("said",),
}

ReplyText = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=600)]


class PartWords(Model):
    """A part of a service: the label that is offered, how residents ask for it, and the words before it."""

    label: Line
    asked_as: tuple[Line, ...]


class TopicWords(Model):
    """A topic's page in the menu: its title, other words that lead there (补贴), and the entries asked for most."""

    title: Line
    said: tuple[Line, ...] = ()
    intro: ReplyText
    entries: tuple[str, ...] = Field(min_length=1, max_length=9)


class Small(Model):
    """Small talk and commands: when the whole message is one of ``said``, ``reply`` is the answer."""

    said: tuple[Line, ...]
    reply: ReplyText


class Parts(Model):
    """The parts of a service, in the order in which they are offered; the last three are told when asked for."""

    materials: PartWords
    steps: PartWords
    time: PartWords
    fee: PartWords
    where: PartWords
    visits: PartWords
    online: PartWords
    phone: PartWords


class Replies(Model):
    """Every sentence a resident can read that is no entry's answer. ``{name}`` is filled in by the handler."""

    welcome: ReplyText
    menu: ReplyText
    menu_said: tuple[Line, ...]
    help: Small
    back: Small
    leave: Small
    human: Small
    more_said: tuple[Line, ...]
    more_label: Line
    nothing_more: ReplyText
    greeting: Small
    thanks: Small
    no_such_number: ReplyText
    nothing_offered: ReplyText
    parts: Parts
    ask_parts: ReplyText
    which_errand: ReplyText
    no_part: ReplyText
    announcements_said: tuple[Line, ...]
    announcements: ReplyText
    announcements_none: ReplyText
    announcements_title: Line
    picture: ReplyText
    voice_unheard: ReplyText
    voice_heard: ReplyText
    video: ReplyText
    location: ReplyText
    link: ReplyText
    sticker: ReplyText
    suggest: ReplyText
    not_these: ReplyText
    unknown: ReplyText
    next_questions: ReplyText
    emergency_also: ReplyText
    flood: ReplyText
    trouble: ReplyText
    menu_gone: ReplyText
    topics: dict[Topic, TopicWords]


class Emergency(Model):
    """Danger to life: when a message meets ``regex``, ``reply`` comes before everything else.

    ``unless`` marks questions about rules (失火判几年), which are no emergency – but never where ``always`` is met (着火了).
    """

    id: Line
    regex: Line
    unless: str = ""
    always: str = ""
    reply: ReplyText


class EmergencyFile(Model):
    emergencies: tuple[Emergency, ...]


class Pack(Model):
    """What one published version holds; stored as JSON, compiled into a Ruleset."""

    entries: tuple[Entry, ...]
    variables: dict[str, Variable]
    replies: Replies
    emergencies: tuple[Emergency, ...]

    @model_validator(mode="after")
    def _topics_exist(self) -> Pack:
        ids = {entry.id for entry in self.entries}
        for topic, words in self.replies.topics.items():
            for entry_id in words.entries:
                if entry_id not in ids:
                    raise ValueError(f"topics.{topic}.entries names {entry_id}, which does not exist")
        return self

    @property
    def local(self) -> dict[str, str]:
        """The variables that are filled in, by name."""
        return {name: variable.value for name, variable in self.variables.items() if variable.value}


def load_pack(directory: Path = CONTENT_DIR) -> Pack:
    """The pack in ``directory``; raises ContentError with every mistake, each with its file and line."""
    problems: list[Problem] = []

    def read(name: str, model: type[M]) -> tuple[M, Document] | None:
        try:
            document = read_yaml(directory / name)
            return validated(model, document), document
        except ContentError as error:
            problems.extend(error.problems)
            return None

    local, replies, emergencies = (
        read(LOCAL_FILE, LocalFile),
        read(REPLIES_FILE, Replies),
        read(EMERGENCIES_FILE, EmergencyFile),
    )
    special = {LOCAL_FILE, REPLIES_FILE, EMERGENCIES_FILE}
    paths = sorted(path for path in directory.glob("*.yaml") if path.name not in special)
    entries: list[Entry] = []
    try:
        entries = load_entries(paths, known_variables=local[0].variables if local else None)
    except ContentError as error:
        problems += error.problems
    if replies:
        problems += _bad_braces(*replies)
    if emergencies:
        problems += _bad_emergencies(emergencies[0].emergencies, emergencies[1])
    # Without the entries, everything that points to them or is used by them would seem wrong.
    if replies and entries:
        problems += _dead_topics(replies[0], entries, replies[1])
    if local and entries:
        problems += _unused(local[0].variables, entries, local[1])
    if problems or not (local and replies and emergencies):
        raise ContentError(problems)
    variables, dangers = local[0].variables, emergencies[0].emergencies
    return Pack(entries=tuple(entries), variables=variables, replies=replies[0], emergencies=dangers)


def _bad_braces(replies: Replies, document: Document) -> Iterator[Problem]:
    for name in type(replies).model_fields:
        value = getattr(replies, name)
        text = value.reply if isinstance(value, Small) else value
        if isinstance(text, str):
            found = set(re.findall(r"\{[^{}]*\}|[{}]", text))
            if wrong := found - {f"{{{word}}}" for word in FILLED_IN.get(name, ())}:
                yield Problem(document.file, document.line((name,)), f"nothing fills in {min(wrong)}; write words instead")


def _dead_topics(replies: Replies, entries: list[Entry], document: Document) -> Iterator[Problem]:
    known = {entry.id for entry in entries}
    for topic, words in replies.topics.items():
        for number, entry_id in enumerate(words.entries):
            if entry_id not in known:
                line = document.line(("topics", topic, "entries", number))
                yield Problem(document.file, line, f"topic {topic} offers {entry_id}, which does not exist; remove it")


def _bad_emergencies(emergencies: tuple[Emergency, ...], document: Document) -> Iterator[Problem]:
    for index, emergency in enumerate(emergencies):
        for field in ("regex", "unless", "always"):
            pattern = getattr(emergency, field)
            if pattern and (reason := bad_regex(pattern)):
                line = document.line(("emergencies", index, field))
                yield Problem(document.file, line, f"{reason}; mend the regex")


def _unused(variables: dict[str, Variable], entries: list[Entry], document: Document) -> Iterator[Problem]:
    used = {name for entry in entries for text in entry.texts() for name in placeholders(text)}
    for name in variables.keys() - used:
        yield Problem(document.file, document.line(("variables", name)), f"no answer uses {{{{{name}}}}}; remove it")
