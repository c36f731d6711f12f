"""Ranks the entries of a pack for a message, with the evidence for each and how sure the first is."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from bot.matching.entries import EntryLike
from bot.matching.evidence import Compiled, Evidence, Judge, share
from bot.matching.index import EntryIndex, Kind, Passage
from bot.matching.kinship import Kinship
from bot.matching.model import Model, weighted
from bot.matching.normalise import normalise
from bot.matching.outlook import Chances, Weighed, chances, outlook
from bot.matching.phrase import RAMBLE, Analyser, Phrase

_PLACEHOLDER = re.compile(r"\{\{[^{}]*\}\}")


@dataclass(frozen=True, slots=True)
class Candidate:
    """An entry with what speaks for it; the higher ``score`` the better (no unit)."""

    entry_id: str
    score: float
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Ranking:
    """The candidates, the best first."""

    phrase: Phrase
    message: Weighed
    candidates: tuple[Candidate, ...]

    def chances(self, model: Model) -> Chances:
        """How likely the first is right, and one of the first three."""
        if not self.candidates:
            return Chances(0.0, 0.0)
        features = [candidate.evidence.features for candidate in self.candidates]
        return chances(model, outlook(self.message, [candidate.score for candidate in self.candidates], features))


class Retriever:
    """Immutable once compiled."""

    def __init__(
        self,
        entries: Iterable[EntryLike],
        analyser: Analyser,
        kinship: Kinship,
        negatives: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        """``negatives``: by entry id, messages that an admin marked 不归这里管."""
        self._ids: list[str] = []
        self._numbers: dict[str, int] = {}
        self.analyser = analyser
        passages: list[list[Passage]] = []
        kins = []
        for entry in entries:
            number = self._numbers[entry.id] = len(self._ids)
            self._ids.append(entry.id)
            words = _words(entry)
            passages.append(self._passages(entry, words, number, (negatives or {}).get(entry.id, ())))
            kins.append(kinship.of_text(normalise(entry.title) + "".join(words[:4])))
        self.index = EntryIndex(passages, len(self._ids))
        akin: defaultdict[int, list[tuple[int, float]]] = defaultdict(list)
        for number, kin in enumerate(kins):
            for affair, value in kin.items():
                akin[affair].append((number, value))
        self._compiled = Compiled(self.index, passages, kinship, kins, akin)

    def _passages(self, entry: EntryLike, words: list[str], number: int, negatives: Sequence[str]) -> list[Passage]:
        texts: list[tuple[Kind, str]] = [("title", normalise(entry.title)), *(("keyword", word) for word in words)]
        texts += [("asked", text) for text in dict.fromkeys(map(normalise, entry.asked_as))]
        texts += [("answer", normalise(_PLACEHOLDER.sub("", entry.answer)))]
        texts += [("negative", normalise(text)) for text in negatives]
        return [Passage(number, kind, self.analyser.phrase(text, weighed=kind != "answer")) for kind, text in texts if text]

    def rank(self, said: str, model: Model, rules: Mapping[str, float], barred: Collection[str] = ()) -> Ranking:
        """The entries nearest to what a resident ``said``, without those ``barred``.

        ``rules``: by entry id, the strength of its keyword rule, 0–1.
        """
        phrase = self.analyser.message(said)
        met = {self._numbers[entry_id]: strength for entry_id, strength in rules.items()}
        judge = Judge(self._compiled, phrase, met)
        candidates = [
            Candidate(self._ids[found.owner], weighted(model.rank, found.features), found)
            for found in judge.evidence()
            if self._ids[found.owner] not in barred
        ]
        candidates.sort(key=lambda candidate: (-candidate.score, candidate.entry_id))
        whole = Weighed(phrase.total, self._foreign(phrase), judge.kin_strength, len(phrase.text) > RAMBLE)
        return Ranking(phrase, whole, tuple(candidates))

    def _foreign(self, phrase: Phrase) -> float:
        """The share of the message that no entry knows, neither in pairs nor in sound nor in meaning."""
        marks = [0.0] * len(phrase.text)
        for i, (pair, sound) in enumerate(zip(phrase.pairs, phrase.sound_pairs, strict=True)):
            if pair in self.index or "~" + sound in self.index:
                marks[i] = marks[i + 1] = 1.0
        for start, end, term in phrase.spans:
            if "=" + term in self.index:
                marks[start:end] = [1.0] * (end - start)
        return 1 - share(phrase, marks)


def _words(entry: EntryLike) -> list[str]:
    """The literal keywords of ``entry``, normalised, each once."""
    words = (normalise(keyword.text) for keyword in entry.keywords if keyword.mode in ("contains", "exact"))
    return [word for word in dict.fromkeys(words) if word]
