"""A text taken apart for comparing: its characters with their weight, their sounds, and what the lexicon says it means."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from operator import add

from bot.matching.lexicon import Lexicon
from bot.matching.normalise import normalise
from bot.matching.sounds import Sounds, is_sound

# A message is looked at whole up to this length; of a longer one its beginning and its end count. Characters.
WHOLE, HEAD, TAIL = 120, 40, 80
# A message with more characters than this is a ramble: what stands near its question weighs more than the rest.
RAMBLE = 22
RAREST = 1.4
ASIDE = 0.45
FILLER, COMMON, LIGHT = 0.05, 0.25, 0.45
FACTORS = {"filler": FILLER, "common": COMMON, "light": LIGHT}
_QUESTION = re.compile(
    r"怎么|如何|咋|啥|什么|哪|多少|几|谁|能不能|可不可以|能否|吗|么|行不|有没有|是不是|给不给|让不让|用不用|不$"
)
_STOPS = re.compile(r"[，。！？；,!?;\n\s…~～]+")
BEFORE, AFTER = 14, 6


@dataclass(frozen=True)
class Phrase:
    """``text`` and ``sound`` have one length; ``weights`` is how much each character tells; ``terms`` with their spans."""

    text: str
    sound: str
    weights: tuple[float, ...]
    spans: tuple[tuple[int, int, str], ...]

    @cached_property
    def total(self) -> float:
        return sum(self.weights) or 1e-9

    @cached_property
    def terms(self) -> frozenset[str]:
        return frozenset(term for _, _, term in self.spans)

    @cached_property
    def pairs(self) -> list[str]:
        """Neighbouring characters."""
        return list(map(add, self.text, self.text[1:]))

    @cached_property
    def pair_set(self) -> frozenset[str]:
        return frozenset(map(add, self.text, self.text[1:]))

    @cached_property
    def sound_pair_set(self) -> frozenset[str]:
        return frozenset(map(add, self.sound, self.sound[1:]))

    @cached_property
    def sound_pairs(self) -> list[str]:
        return list(map(add, self.sound, self.sound[1:]))


class Analyser:
    """Makes phrases; immutable."""

    def __init__(self, lexicon: Lexicon, sounds: Sounds, rarity: Mapping[str, float]) -> None:
        self.lexicon, self.sounds = lexicon, sounds
        # Common words are known by the lexicon, so a frequent character tells less than a rare one, but never nothing: 火车.
        self._weight = {character: min(max(0.45 + (level - 5.0) / 8, 0.45), RAREST) for character, level in rarity.items()}
        self._habit = {sounds.of(word) for word in lexicon.common | lexicon.fillers if len(word) > 1}

    def weight(self, character: str) -> float:
        """How much ``character`` tells: 0.45 for 的 to RAREST; digits and letters little."""
        if character.isascii():
            return 0.15
        return 0.8 if is_sound(character) else self._weight.get(character, RAREST)

    def phrase(self, text: str, *, weighed: bool = True) -> Phrase:
        """A normalised text of the content; ``weighed`` False where it only explains and is never explained."""
        spans = self.lexicon.spans(text)
        weights = [self.weight(character) for character in text] if weighed else []
        for span in spans:
            factor = FACTORS.get(span.kind, 1.0)
            for i in range(span.start, span.end if weighed and factor < 1 else span.start):
                weights[i] *= factor
        terms = tuple((span.start, span.end, term) for span in spans for term in span.terms)
        return Phrase(text, self.sounds.of(text), tuple(weights), terms)

    def message(self, said: str) -> Phrase:
        """What a resident typed, with or without punctuation. In a ramble what is far from a question weighs less."""
        clauses = [normalise(clause) for clause in _STOPS.split(said[:1200])]
        text = "".join(clauses)
        if len(text) > WHOLE:
            text, clauses = text[:HEAD] + text[-TAIL:], []
        read = self.sounds.read_letters(text)
        if read != text:
            return self._habits_of_sound(self.phrase(read))
        phrase = self.phrase(text)
        if len(text) <= RAMBLE:
            return phrase
        near = _near_question(text, clauses)
        weights = tuple(weight if near[i] else weight * ASIDE for i, weight in enumerate(phrase.weights))
        return Phrase(phrase.text, phrase.sound, weights, phrase.spans)

    def _habits_of_sound(self, phrase: Phrase) -> Phrase:
        """Typed pinyin with its habitual words (zenme, shenqing) made light."""
        weights = list(phrase.weights)
        for length in (4, 3, 2):
            for i in range(len(phrase.sound) - length + 1):
                if is_sound(phrase.text[i]) and phrase.sound[i : i + length] in self._habit:
                    weights[i : i + length] = [0.8 * COMMON] * length
        return Phrase(phrase.text, phrase.sound, tuple(weights), phrase.spans)


def _near_question(text: str, clauses: list[str]) -> list[bool]:
    """Which characters stand in a clause that asks, or near a word that asks."""
    near = [False] * len(text)
    for match in _QUESTION.finditer(text):
        for i in range(max(0, match.start() - BEFORE), min(len(text), match.end() + AFTER)):
            near[i] = True
    start = 0
    for clause in clauses:
        if len(clauses) > 1 and _QUESTION.search(clause):
            near[start : start + len(clause)] = [True] * len(clause)
        start += len(clause)
    return near if any(near) else [True] * len(text)
