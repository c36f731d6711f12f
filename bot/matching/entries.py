"""What the matching needs to know of an entry, and the rules that stand in it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Protocol

from bot.matching.keywords import Mode, Rule
from bot.matching.normalise import normalise


class KeywordLike(Protocol):
    @property
    def mode(self) -> Mode: ...
    @property
    def text(self) -> str: ...
    @property
    def groups(self) -> Sequence[Sequence[str]]: ...
    @property
    def priority(self) -> int: ...


class EntryLike(Protocol):
    """What the matching needs of an entry."""

    @property
    def id(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def topic(self) -> str: ...
    @property
    def keywords(self) -> Sequence[KeywordLike]: ...
    @property
    def exclude(self) -> Sequence[str]: ...
    @property
    def asked_as(self) -> Sequence[str]: ...
    @property
    def answer(self) -> str: ...
    def valid_on(self, day: date) -> bool: ...


def asked(entry: EntryLike) -> list[str]:
    """The title and every utterance of ``entry``, normalised."""
    return [text for text in map(normalise, (entry.title, *entry.asked_as)) if text]


def rules_of(entry: EntryLike) -> list[Rule]:
    """The rules of ``entry`` with normalised words; its title and utterances are exact rules."""
    rules = [Rule(entry.id, "exact", text) for text in dict.fromkeys(asked(entry))]
    for keyword in entry.keywords:
        text = keyword.text if keyword.mode == "regex" else normalise(keyword.text)
        groups = tuple(tuple(filter(None, map(normalise, group))) for group in keyword.groups)
        rules.append(Rule(entry.id, keyword.mode, text, groups, keyword.priority))
    return rules
