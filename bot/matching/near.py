"""Finds the entries whose titles and ways of asking are nearest to a message that met no rule."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

# Below this share of the message's weight a likeness is chance. Set so that chat and foreign subjects offer nothing.
FLOOR = 0.34


def bigrams(text: str) -> set[str]:
    """Pairs of neighbouring characters; a single character stands for itself."""
    return {text[position : position + 2] for position in range(len(text) - 1)} or {text}


class NearIndex:
    """An inverted index over the bigrams of each way in which each entry is asked. Immutable."""

    def __init__(self, phrases: Mapping[str, Iterable[str]]) -> None:
        """``phrases``: by entry id, its normalised title and utterances."""
        self._owners: list[str] = []
        self._sizes: list[float] = []
        self._postings: defaultdict[str, list[int]] = defaultdict(list)
        sets = [(entry_id, bigrams(phrase)) for entry_id, group in phrases.items() for phrase in group]
        spread = Counter(gram for gram, _ in {(gram, owner) for owner, grams in sets for gram in grams})
        total = max(len(phrases), 1)
        self._weight = {gram: math.log(1 + total / count) for gram, count in spread.items()}
        self._unseen = math.log(1 + total)
        for number, (entry_id, grams) in enumerate(sets):
            self._owners.append(entry_id)
            self._sizes.append(sum(self._weight[gram] for gram in grams))
            for gram in grams:
                self._postings[gram].append(number)

    def nearest(self, text: str, limit: int = 3) -> list[tuple[str, float]]:
        """Up to ``limit`` (entry id, likeness 0–1) for a normalised message, the likest first."""
        grams = bigrams(text)
        if len(text) < 2:
            return []
        size = sum(self._weight.get(gram, self._unseen) for gram in grams)
        shared: defaultdict[int, float] = defaultdict(float)
        for gram in grams:
            weight = self._weight.get(gram, 0.0)
            for number in self._postings.get(gram, ()):
                shared[number] += weight
        best: dict[str, float] = {}
        for number, common in shared.items():
            likeness = 2 * common / (size + self._sizes[number])
            owner = self._owners[number]
            best[owner] = max(best.get(owner, 0.0), likeness)
        ranked = sorted(best.items(), key=lambda item: (-item[1], item[0]))
        return [(owner, likeness) for owner, likeness in ranked[:limit] if likeness >= FLOOR]
