"""One immutable published snapshot of all rules, compiled: what a message is about, how sure, and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Generic, Literal, Protocol, TypeVar

from bot.matching.keywords import KeywordIndex, Mode, Rule
from bot.matching.near import NearIndex
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
    def valid_on(self, day: date) -> bool: ...


E = TypeVar("E", bound=EntryLike)


@dataclass(frozen=True, slots=True)
class Decision:
    """``entries``: the ids to answer with (kind `answer`) or to offer (kind `suggest`), the best first."""

    kind: Literal["answer", "suggest", "unknown"]
    entries: tuple[str, ...] = ()
    why: str = ""


UNKNOWN = Decision("unknown", why="no rule matched and no title is near")


class Ruleset(Generic[E]):
    """Compiled once, off the request path, then only read. ``version`` is the published number it was made from."""

    def __init__(self, entries: Iterable[E], version: int) -> None:
        self.version = version
        self.entries: Mapping[str, E] = MappingProxyType({entry.id: entry for entry in entries})
        self._keywords = KeywordIndex(
            (rule for entry in self.entries.values() for rule in rules_of(entry)),
            {entry.id: tuple(filter(None, map(normalise, entry.exclude))) for entry in self.entries.values()},
        )
        self._near = NearIndex({entry.id: set(asked(entry)) for entry in self.entries.values()})

    def decide(self, text: str, day: date) -> Decision:
        """What the normalised ``text`` is about among the entries valid on ``day``."""
        hits = [hit for hit in self._keywords.find(text) if self.entries[hit.rule.entry_id].valid_on(day)]
        if hits:
            best = hits[0]
            second = next((hit for hit in hits if hit.rule.entry_id != best.rule.entry_id), None)
            why = f"{best.rule.mode} {'+'.join(best.words)} (priority {best.rule.priority}) → {best.rule.entry_id}"
            if second:
                why += f"; second {second.rule.mode} {'+'.join(second.words)} → {second.rule.entry_id}"
            return Decision("answer", (best.rule.entry_id,), why)
        near = [(entry_id, score) for entry_id, score in self._near.nearest(text) if self.entries[entry_id].valid_on(day)]
        if near:
            why = "no rule; near titles " + ", ".join(f"{entry_id} {score:.2f}" for entry_id, score in near)
            return Decision("suggest", tuple(entry_id for entry_id, _ in near), why)
        return UNKNOWN


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
