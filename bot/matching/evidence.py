"""What speaks for an entry: how far message and passages explain each other, by characters, sounds and meanings."""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import mul

from bot.matching.index import EntryIndex, Passage, grams
from bot.matching.kinship import Kin, Kinship, akin
from bot.matching.phrase import Phrase

# How well a character is explained: in a shared pair, by a word that means the same, in a pair that sounds the same, alone.
BY_TERM, BY_SOUND, ALONE = 0.95, 0.8, 0.3
# Only so many entries are looked at closely, and of each only the passages that come nearest.
CLOSE = 8
ROUGH_KIN = 2.0
# In a larger pack only entries that share a word with the message are asked whether they are akin to it.
ALL_KIN = 600
KEYWORDS, ASKED = 3, 2
# A keyword of which more is found than this counts as found whole.
WHOLE = 0.9
FEATURES = (
    "sounds",
    "plain",
    "keyword",
    "keyword_whole",
    "title",
    "title_explains",
    "asked",
    "answer",
    "explained",
    "rule",
    "kin",
    "spoken",
)  # fmt: skip


def explained(of: Phrase, by: Phrase) -> list[float]:
    """How well each character of ``of`` is explained by ``by``, 0–1."""
    text = by.text
    marks = [ALONE if character in text else 0.0 for character in of.text]
    _mark_pairs(marks, of.sound_pairs, of.sound_pair_set & by.sound_pair_set, BY_SOUND)
    for start, end, term in of.spans:
        if term in by.terms or term in text:
            marks[start:end] = [BY_TERM] * (end - start)
    _mark_pairs(marks, of.pairs, of.pair_set & by.pair_set, 1.0)
    return marks


def _mark_pairs(marks: list[float], pairs: Iterable[str], common: Collection[str], value: float) -> None:
    if common:
        for i, pair in enumerate(pairs):
            if pair in common:
                marks[i] = marks[i + 1] = value


def share(of: Phrase, marks: Iterable[float]) -> float:
    """The weight of what is explained, as a share of all."""
    told: float = sum(map(mul, marks, of.weights))
    return told / of.total


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that speaks for one entry, with the passages that it rests on."""

    owner: int
    features: dict[str, float]
    marks: tuple[float, ...] = field(repr=False)
    keyword: str = ""
    asked: str = ""
    negative: float = 0.0


@dataclass(slots=True)
class Words:
    """How an entry's keywords fare.

    ``best``: how far the best one is found. ``whole``: the weight of what is found whole, as a part of the message; ``spoken``:
    of what can be heard in one piece. ``mass``: the weight of the best. ``text``: the best.
    """

    best: float = 0.0
    whole: float = 0.0
    mass: float = 0.0
    spoken: float = 0.0
    text: str = ""


@dataclass(frozen=True, slots=True)
class Compiled:
    """A pack as the judge needs it; passages and kins by the number of the entry; ``akin`` the other way round."""

    index: EntryIndex
    passages: Sequence[Sequence[Passage]]
    kinship: Kinship
    kins: Sequence[Kin]
    akin: Mapping[int, Sequence[tuple[int, float]]]


class Judge:
    """Looks closely at the entries that share most with a message."""

    def __init__(self, compiled: Compiled, phrase: Phrase, rules: dict[int, float]) -> None:
        """``rules``: by entry, how strong a keyword rule was met, 0–1."""
        self._passages, self._phrase, self._rules = compiled.passages, phrase, rules
        self._kins, self._akin = compiled.kins, compiled.akin
        told = grams(phrase)
        self._shared = compiled.index.shared(told)
        self._kin, self.kin_strength = compiled.kinship.of(told)

    def evidence(self) -> list[Evidence]:
        """For the entries that come nearest, in no order."""
        rough = dict(self._shared.rough)
        for owner, strength in self._rules.items():
            rough[owner] = rough.get(owner, 0.0) + 5 * strength
        if len(self._passages) <= ALL_KIN:
            for affair, value in self._kin.items():
                for owner, other in self._akin.get(affair, ()):
                    rough[owner] = rough.get(owner, 0.0) + ROUGH_KIN * value * other
        nearest = heapq.nsmallest(CLOSE, ((-value, owner) for owner, value in rough.items()))
        return [self._look_at(owner) for _, owner in nearest]

    def _nearest(self, owner: int, kind: str, count: int) -> list[Passage]:
        mine = [passage for passage in self._passages[owner] if passage.kind == kind]
        if len(mine) > count:
            mine.sort(key=lambda passage: -_alike(self._phrase, passage.phrase))
        return mine[:count]

    def _look_at(self, owner: int) -> Evidence:
        phrase = self._phrase
        marks = [0.0] * len(phrase.text)
        words = self._keywords(owner, marks)
        title = title_explains = asked = answer = 0.0
        asked_text = ""
        for passage in [*self._nearest(owner, "title", 1), *self._nearest(owner, "asked", ASKED)]:
            there, back, both = self._both_ways(passage, marks)
            if passage.kind == "title":
                title, title_explains = back, there
            if both > asked:
                asked, asked_text = both, passage.phrase.text
        for passage in self._nearest(owner, "answer", 1):
            found = explained(phrase, passage.phrase)
            _merge(marks, found)
            answer = share(phrase, found)
        sounds, plain = self._shared.sounds.get(owner, 0.0), self._shared.plain.get(owner, 0.0)
        values = (sounds, plain, words.best, words.whole, title, title_explains, asked, answer)
        others = (share(phrase, marks), self._rules.get(owner, 0.0), akin(self._kin, self._kins[owner]), words.spoken)
        features: dict[str, float] = dict(zip(FEATURES, (*values, *others), strict=True))
        features |= {"gap": _gap(phrase, marks), "keyword_mass": words.mass}
        return Evidence(owner, features, tuple(marks), words.text, asked_text, self._negative(owner))

    def _keywords(self, owner: int, marks: list[float]) -> Words:
        phrase, found = self._phrase, Words()
        for passage in self._nearest(owner, "keyword", KEYWORDS):
            word = passage.phrase
            _merge(marks, explained(phrase, word))
            part = share(word, explained(word, phrase))
            weight = min(word.total / phrase.total, 1.0)
            if part > found.best:
                found.best, found.text = part, word.text
            found.mass = max(found.mass, min(word.total * part**2, 4.0))
            if part > WHOLE:
                found.whole = max(found.whole, weight)
            if len(word.text) > 1 and word.sound in phrase.sound:
                found.spoken = max(found.spoken, weight)
        return found

    def _both_ways(self, passage: Passage, marks: list[float]) -> tuple[float, float, float]:
        """How far the passage explains the message, the message the passage, and both together."""
        found = explained(self._phrase, passage.phrase)
        _merge(marks, found)
        there, back = share(self._phrase, found), share(passage.phrase, explained(passage.phrase, self._phrase))
        return there, back, 2 * there * back / (there + back) if there + back else 0.0

    def _negative(self, owner: int) -> float:
        """How like the message is to what an admin said is not this entry's business, 0–1."""
        nowhere = [0.0] * len(self._phrase.text)
        return max((self._both_ways(passage, nowhere)[2] for passage in self._nearest(owner, "negative", ASKED)), default=0.0)


def _alike(phrase: Phrase, other: Phrase) -> float:
    """A quick look at how much they share; enough to choose among the passages of one entry."""
    common = len(phrase.pair_set & other.pair_set) + 0.5 * len(phrase.sound_pair_set & other.sound_pair_set)
    return common / (4 + len(other.text))


def _merge(into: list[float], marks: list[float]) -> None:
    into[:] = map(max, into, marks)


def _gap(phrase: Phrase, marks: Sequence[float]) -> float:
    """The weight of the longest stretch of the message that nothing explains, 4 at most."""
    longest = here = 0.0
    for weight, mark in zip(phrase.weights, marks, strict=True):
        here = here + weight * (1 - mark) if mark < 0.5 else 0.0
        longest = max(longest, here)
    return min(longest, 4.0)
