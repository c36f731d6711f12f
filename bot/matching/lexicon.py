"""The lexicon: which words mean the same, which are only habit; longest match first. Used for finding, never for rules."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Span:
    """Characters ``start``..``end`` and what they are: ``terms`` they also mean, or a filler, or a common word."""

    start: int
    end: int
    terms: tuple[str, ...] = ()
    kind: str = "term"


class Lexicon:
    """Immutable. ``spans`` cuts a text into what the lexicon knows of it."""

    def __init__(
        self, same: Mapping[str, Sequence[str]], fillers: Iterable[str], common: Iterable[str], light: Iterable[str] = ()
    ) -> None:
        """``same``: by standard form, the other ways of saying it. ``light``: standard forms that tell little."""
        self.fillers, self.common, self.light = frozenset(fillers), frozenset(common), frozenset(light)
        means: defaultdict[str, set[str]] = defaultdict(set)
        for standard, said in same.items():
            for word in (standard, *said):
                means[word].add(standard)
        self.size = sum(len(said) for said in same.values())
        self._known: dict[str, tuple[tuple[str, ...], str]] = dict.fromkeys(self.common, ((), "common"))
        self._known |= dict.fromkeys(self.fillers, ((), "filler"))
        self._known |= {
            word: (tuple(sorted(standards)), "light" if standards <= self.light else "term")
            for word, standards in means.items()
        }
        lengths: defaultdict[str, set[int]] = defaultdict(set)
        for word in self._known:
            lengths[word[0]].add(len(word))
        self._lengths = {first: tuple(sorted(found, reverse=True)) for first, found in lengths.items()}

    def spans(self, text: str) -> list[Span]:
        """What is known of ``text``, from left to right, the longest word at each place."""
        found = []
        position = 0
        while position < len(text):
            for length in self._lengths.get(text[position], ()):
                known = self._known.get(text[position : position + length])
                if known and position + length <= len(text):
                    found.append(Span(position, position + length, *known))
                    position += length
                    break
            else:
                position += 1
        return found
