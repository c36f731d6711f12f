"""Rules and retrieval together, as `flask evaluate` measures them; residents get ruleset.py until this is good enough."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Generic, TypeVar

from bot.matching import resources
from bot.matching.context import looks_like_follow_up, stands_alone
from bot.matching.decide import Decision, Question, decide
from bot.matching.entries import EntryLike, rules_of
from bot.matching.keywords import Hit, KeywordIndex
from bot.matching.kinship import Kinship
from bot.matching.model import Model, Point
from bot.matching.normalise import normalise
from bot.matching.phrase import Analyser
from bot.matching.retrieve import Ranking, Retriever

E = TypeVar("E", bound=EntryLike)
# A contains rule that covers this share of the message counts fully as evidence.
COVERED = 0.67


@dataclass(frozen=True, slots=True)
class Means:
    """What the engine works with besides its entries: lexicon and tables, the affairs of a county, the fitted model."""

    analyser: Analyser
    kinship: Kinship
    model: Model

    @classmethod
    def shipped(cls) -> Means:
        return cls(resources.analyser(), resources.kinship(), resources.model())

    @classmethod
    def without_lexicon(cls) -> Means:
        """Without synonyms and affairs: what the method is worth by itself."""
        analyser = Analyser(resources.no_lexicon(), resources.sounds(), resources.rarity())
        return cls(analyser, Kinship(resources.known(), analyser), resources.model())


class Understanding(Generic[E]):
    """Compiled once, off the request path, then only read. ``version`` is the published number it was made from."""

    def __init__(
        self,
        entries: Iterable[E],
        version: int,
        *,
        point: Point = "平衡",
        negatives: Mapping[str, Sequence[str]] | None = None,
        means: Means | None = None,
    ) -> None:
        """``point``: how ready it is to answer. ``negatives``: by entry id, messages marked 不归这里管."""
        self.version, self.point = version, point
        self.entries: Mapping[str, E] = MappingProxyType({entry.id: entry for entry in entries})
        self._means = means or Means.shipped()
        self._keywords = KeywordIndex(
            (rule for entry in self.entries.values() for rule in rules_of(entry)),
            {entry.id: tuple(filter(None, map(normalise, entry.exclude))) for entry in self.entries.values()},
        )
        self._retriever = Retriever(self.entries.values(), self._means.analyser, self._means.kinship, negatives)
        self._barred: tuple[date | None, frozenset[str]] = None, frozenset()
        self._titles = {entry.id: entry.title for entry in self.entries.values()}

    def decide(self, text: str, day: date, said: str | None = None) -> Decision:
        """What the normalised ``text`` is about among the entries valid on ``day``.

        ``said``: the words as typed. Their punctuation helps to find the question in a long message.
        """
        hits, ranking = self._look(text, day, said)
        return decide(Question(hits, ranking, self._means.model, self.point, self._titles))

    def ranking(self, text: str, day: date, said: str | None = None) -> Ranking:
        """The candidates with their evidence, for fitting and for the test bench."""
        return self._look(text, day, said)[1]

    def alone(self, text: str, day: date, said: str | None = None) -> float:
        """How far the message can be understood without the one before, 0–1 (see ``context.ALONE``)."""
        return stands_alone(self._means.analyser.message(said or text), self.decide(text, day, said).chance)

    def follows_up(self, text: str) -> bool:
        """Whether the message is worded like a question about the answer before it."""
        return looks_like_follow_up(self._means.analyser.phrase(text))

    def hits(self, text: str, day: date) -> list[Hit]:
        """The rules that the normalised ``text`` meets among the entries valid on ``day``, the strongest first."""
        return [hit for hit in self._keywords.find(text) if self.entries[hit.rule.entry_id].valid_on(day)]

    def _look(self, text: str, day: date, said: str | None) -> tuple[list[Hit], Ranking]:
        hits = self.hits(text, day)
        rules: dict[str, float] = {}
        for hit in hits:
            strength = min(hit.length / max(len(text), 1) / COVERED, 1.0)
            rules[hit.rule.entry_id] = max(rules.get(hit.rule.entry_id, 0.0), strength)
        return hits, self._retriever.rank(said or text, self._means.model, rules, self._barred_on(day))

    def _barred_on(self, day: date) -> frozenset[str]:
        """The entries that do not hold on ``day``; remembered for the day asked about last."""
        known, barred = self._barred
        if known != day:
            barred = frozenset(entry.id for entry in self.entries.values() if not entry.valid_on(day))
            self._barred = day, barred
        return barred
