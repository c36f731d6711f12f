"""The inverted index: which entries share characters, sounds and meanings with a message, and how much that says (BM25)."""

from __future__ import annotations

import math
from array import array
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from bot.matching.phrase import Phrase

Kind = Literal["title", "keyword", "asked", "answer", "negative"]
Channel = Literal["characters", "sounds", "meanings"]
CHANNELS: tuple[Channel, ...] = ("characters", "sounds", "meanings")
# How often a gram of a field counts; a gram of what is not the entry's business does not speak for it.
FIELDS: Mapping[Kind, float] = {"title": 3.0, "keyword": 2.0, "asked": 1.5, "answer": 1.0, "negative": 0.0}
# BM25: how soon repetition stops to count, and how much a long entry is held against it.
SATURATION, LENGTH = 1.2, 0.4
# A message looks at so many postings at most, the rarest grams first; at a quarter of them in a LARGE pack (entries).
BUDGET, LARGE = 3000, 2000
_ROOM = 4096.0
# What a gram of each channel counts when the nearest entries are chosen, and a character more whatever it weighs.
ROUGH, ROUGH_PLAIN = (1.1, 1.1, 2.6), 0.8


@dataclass(frozen=True, slots=True)
class Passage:
    """One field of an entry: its title, a keyword, a way of asking, its answer, or what is not its business."""

    owner: int
    kind: Kind
    phrase: Phrase


def grams(phrase: Phrase) -> dict[str, float]:
    """The grams of ``phrase``, marked by channel, with how much they tell: 1 for those of usual content words."""
    weights = phrase.weights or (1.0,) * len(phrase.text)
    found: dict[str, float] = {}

    def keep(gram: str, weight: float) -> None:
        if weight > found.get(gram, 0.0):
            found[gram] = weight

    for character, weight in zip(phrase.text, weights, strict=True):
        keep(character, min(weight / 0.8, 1.2))
    for i, (pair, sound) in enumerate(zip(phrase.pairs, phrase.sound_pairs, strict=True)):
        weight = min((weights[i] + weights[i + 1]) / 1.6, 1.2)
        keep(pair, weight)
        keep("~" + sound, weight)
    for start, end, term in phrase.spans:
        keep("=" + term, min(sum(weights[start:end]) / 1.6, 1.5))
    return found


def channel(gram: str) -> int:
    """The number of the channel that ``gram`` belongs to."""
    first = gram[:1]
    return 1 if first == "~" else 2 if first == "=" else 0


@dataclass(frozen=True, slots=True)
class Shared:
    """What a message shares with entries, by entry, as parts of all it tells: ``rough`` in all channels together, ``plain``
    in characters whatever they weigh, ``sounds``."""

    rough: Mapping[int, float]
    plain: Mapping[int, float]
    sounds: Mapping[int, float]


class EntryIndex:
    """Immutable once made. Entries are known by their number."""

    def __init__(self, entries: Iterable[Iterable[Passage]], count: int) -> None:
        """``entries``: the passages of each, in the order of their numbers."""
        postings: dict[str, tuple[array[int], array[float]]] = {}
        single: dict[str, float] = {}
        lengths: list[list[float]] = [[] for _ in CHANNELS]
        for owner, passages in enumerate(entries):
            mine = _frequencies(passages)
            for c, length in enumerate(_lengths(mine)):
                lengths[c].append(length)
            for gram, frequency in mine.items():
                if gram in postings:
                    postings[gram][0].append(owner)
                    postings[gram][1].append(frequency)
                elif gram in single:
                    other, before = _unpacked(single.pop(gram))
                    postings[gram] = array("I", (other, owner)), array("f", (before, frequency))
                else:
                    single[gram] = owner * _ROOM + frequency
        self._unknown = math.log(1 + (count + 0.5) / 0.5)
        self._count = count
        self._postings, self._single = postings, single
        self._budget = BUDGET if count < LARGE else BUDGET // 4
        self._weigh(lengths)

    def _rarity(self, spread: int) -> float:
        return math.log(1 + (self._count - spread + 0.5) / (spread + 0.5))

    def _weigh(self, lengths: list[list[float]]) -> None:
        """Turns the frequencies in the postings into BM25's impacts."""
        damps = []
        for mine in lengths:
            mean = max(sum(mine) / max(len(mine), 1), 1e-9)
            damps.append([SATURATION * (1 - LENGTH + LENGTH * length / mean) for length in mine])
        for gram, (owners, impacts) in self._postings.items():
            damp, rarity = damps[channel(gram)], self._rarity(len(owners)) * (SATURATION + 1)
            for i, owner in enumerate(owners):
                impacts[i] = rarity * impacts[i] / (impacts[i] + damp[owner])
        rarity = self._rarity(1) * (SATURATION + 1)
        for gram, packed in self._single.items():
            owner, frequency = _unpacked(packed)
            self._single[gram] = owner * _ROOM + rarity * frequency / (frequency + damps[channel(gram)][owner])

    def _found(self, gram: str) -> tuple[Sequence[int], Sequence[float]]:
        """The entries that have ``gram``, with its impact on each."""
        packed = self._single.get(gram)
        if packed is not None:
            owner, impact = _unpacked(packed)
            return (owner,), (impact,)
        return self._postings.get(gram, ((), ()))

    def __contains__(self, gram: str) -> bool:
        return gram in self._postings or gram in self._single

    def shared(self, wanted: Mapping[str, float]) -> Shared:
        """What the ``grams`` of a message share with each entry."""
        rough: defaultdict[int, float] = defaultdict(float)
        plain: defaultdict[int, float] = defaultdict(float)
        sounds: defaultdict[int, float] = defaultdict(float)
        whole = self._whole(wanted)
        for gram, (weight, owners, impacts) in self._affordable(wanted).items():
            c = channel(gram)
            factor = (ROUGH[c] * weight + (ROUGH_PLAIN if c == 0 else 0.0)) / whole
            for owner, impact in zip(owners, impacts, strict=True):
                rough[owner] += impact * factor
            if c < 2:
                exact, factor = (plain, 1 / whole) if c == 0 else (sounds, weight / whole)
                for owner, impact in zip(owners, impacts, strict=True):
                    exact[owner] += impact * factor
        return Shared(rough, plain, sounds)

    def scores(self, wanted: Mapping[str, float]) -> dict[int, float]:
        """One sum for each entry, in which a shared meaning counts half as much again."""
        found: defaultdict[int, float] = defaultdict(float)
        whole = self._whole(wanted)
        for gram, (weight, owners, impacts) in self._affordable(wanted).items():
            factor = weight / whole * (1.5 if gram[:1] == "=" else 1.0)
            for owner, impact in zip(owners, impacts, strict=True):
                found[owner] += impact * factor
        return found

    def _whole(self, wanted: Mapping[str, float]) -> float:
        """The rarity of all characters and pairs of a message, by tens."""
        total = 0.0
        for gram in wanted:
            if channel(gram) == 0:
                spread = len(self._found(gram)[0])
                total += self._rarity(spread) if spread else self._unknown
        return total / 10 or 1.0

    def _affordable(self, wanted: Mapping[str, float]) -> dict[str, tuple[float, Sequence[int], Sequence[float]]]:
        """The grams that the budget reaches, the rarest first, with their weight, entries and impacts."""
        known = {gram: (weight, *self._found(gram)) for gram, weight in wanted.items()}
        if sum(len(owners) for _, owners, _ in known.values()) <= self._budget:
            return known
        chosen, left = {}, self._budget
        for gram, found in sorted(known.items(), key=lambda item: len(item[1][1])):
            left -= len(found[1])
            if left < 0:
                break
            chosen[gram] = found
        return chosen


def _unpacked(packed: float) -> tuple[int, float]:
    """Most grams of a large pack stand in one entry only: its number and the value share one float."""
    owner, value = divmod(packed, _ROOM)
    return int(owner), value


def _frequencies(passages: Iterable[Passage]) -> dict[str, float]:
    """How often each gram stands in an entry, by the weight of the field; an answer is not indexed by its sounds."""
    mine: defaultdict[str, float] = defaultdict(float)
    for passage in passages:
        weight = FIELDS[passage.kind]
        text, sound = passage.phrase.text, passage.phrase.sound
        if weight:
            for character in text:
                mine[character] += weight
            for i in range(len(text) - 1):
                mine[text[i : i + 2]] += weight
            for term in passage.phrase.terms:
                mine["=" + term] += weight
            if passage.kind != "answer":
                for i in range(len(sound) - 1):
                    mine["~" + sound[i : i + 2]] += weight
    return mine


def _lengths(frequencies: Mapping[str, float]) -> list[float]:
    totals = [0.0] * len(CHANNELS)
    for gram, frequency in frequencies.items():
        totals[channel(gram)] += frequency
    return totals
