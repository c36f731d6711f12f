"""What a message is akin to: the affairs of a county, each with many ways of asking, as a bridge between words that differ."""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterable, Mapping

from bot.matching.index import EntryIndex, Passage, grams
from bot.matching.normalise import normalise
from bot.matching.phrase import Analyser

# A message is described by its nearest affairs; likeness counts to the fourth power, so that the nearest decides.
NEAREST, POWER = 8, 4
Kin = Mapping[int, float]


class Kinship:
    """Immutable. Affairs are the topics of the lexicon and the questions that shipped with the product."""

    def __init__(self, affairs: Mapping[str, Iterable[str]], analyser: Analyser) -> None:
        """``affairs``: by name, how people ask about it."""
        self._analyser = analyser
        passages: list[list[Passage]] = []
        for number, (name, asked) in enumerate(affairs.items()):
            passages.append([Passage(number, "title", analyser.phrase(normalise(name)))])
            passages[-1] += [Passage(number, "asked", analyser.phrase(normalise(text))) for text in asked]
        self._index = EntryIndex(passages, len(affairs))

    def of(self, told: Mapping[str, float]) -> tuple[Kin, float]:
        """The affairs nearest to a message with these ``grams``, with length 1, and how near the nearest is (0 to about 1)."""
        near = self._index.scores(told)
        ranked = heapq.nsmallest(NEAREST, ((-value, owner) for owner, value in near.items()))
        if not ranked or ranked[0][0] >= 0:
            return {}, 0.0
        shares = {owner: (value / ranked[0][0]) ** POWER for value, owner in ranked}
        length = math.sqrt(sum(value * value for value in shares.values()))
        return {owner: value / length for owner, value in shares.items()}, min(-ranked[0][0] / 20, 1.5)

    def of_text(self, text: str) -> Kin:
        """The same for a text of the content."""
        return self.of(grams(self._analyser.phrase(text)))[0]


def akin(one: Kin, other: Kin) -> float:
    """How much two have in common, 0–1."""
    return sum(value * other.get(owner, 0.0) for owner, value in one.items())
