"""One immutable published snapshot of all rules, compiled: what a message is about, how sure, and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from types import MappingProxyType
from typing import Generic, TypeVar

from bot.matching.decide import Decision
from bot.matching.entries import EntryLike, asked, rules_of
from bot.matching.keywords import KeywordIndex
from bot.matching.near import NearIndex
from bot.matching.normalise import normalise

E = TypeVar("E", bound=EntryLike)


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
