"""Decides what a message is about: rules first, then the fitted model; answer, suggest, or an honest "unknown"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from bot.matching.explain import explain_model, explain_rule, explain_unknown
from bot.matching.keywords import Hit
from bot.matching.model import Model, Point
from bot.matching.outlook import Chances
from bot.matching.retrieve import Ranking

SHOWN = 3
# A message this like to what an admin marked 不归这里管 loses as much of its chance.
NEGATIVE_PULL, NEGATIVE_FROM = 1.6, 0.35
# A contains rule with at most so much of the message unexplained is enough; the weight of about one content word.
RULE_GAP = 1.0
# With more unexplained it still lowers the threshold for its entry by this factor.
RULE_HELP = 0.95
# Without a title, keyword or way of asking that is at least so near, the chance counts only half.
GROUND, GROUNDLESS = 0.3, 0.5
# A rule other than exact is not believed where the model gives its entry hardly a chance and much is unexplained.
DOUBT_GAP, DOUBT = 1.5, 0.7
# A second intent must be this good beside the first: it explains what the first leaves open.
SECOND_EXPLAINS, SECOND_KEYWORD = 0.15, 0.9


@dataclass(frozen=True, slots=True)
class Decision:
    """What a message is about, and why.

    ``entries``: the ids to answer with (kind `answer`: one) or to offer (kind `suggest`: up to three), the best first.
    ``also``: with an answer, the id that a second question in the same message is about. ``ranked``: the first three whatever
    the kind. ``chance``: how likely the first is right, 0–1; 1 where a rule decided. ``rule``: the mode of that rule, or "".
    ``why``: Chinese sentences for an admin, a line each.
    """

    kind: Literal["answer", "suggest", "unknown"]
    entries: tuple[str, ...] = ()
    why: str = ""
    also: tuple[str, ...] = ()
    ranked: tuple[str, ...] = ()
    chance: float = 0.0
    rule: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """All that a decision is made from; ``titles`` by entry id, for the explanation."""

    hits: Sequence[Hit]
    ranking: Ranking
    model: Model
    point: Point
    titles: Mapping[str, str]


def decide(question: Question) -> Decision:
    """Rules first (exact > regex > contains > all-of groups), then the model."""
    ranking = question.ranking
    hit = question.hits[0] if question.hits else None
    order = list(dict.fromkeys(found.rule.entry_id for found in question.hits))
    if hit and _is_enough(hit, ranking) and not _is_doubtful(hit, question):
        order += [candidate.entry_id for candidate in ranking.candidates if candidate.entry_id not in order]
        also = _second(order[0], ranking)
        why = explain_rule(question.hits, question.titles)
        return Decision("answer", (order[0],), why, also, tuple(order[:SHOWN]), 1.0, hit.rule.mode)
    return _by_model(question, hit)


def _is_enough(hit: Hit, ranking: Ranking) -> bool:
    """Whether a rule alone decides: not a contains rule that leaves much of the message unexplained."""
    if hit.rule.mode != "contains":
        return True
    found = next((c for c in ranking.candidates if c.entry_id == hit.rule.entry_id), None)
    return found is not None and found.evidence.features["gap"] <= RULE_GAP


def _is_doubtful(hit: Hit, question: Question) -> bool:
    """Whether the evidence speaks clearly against a rule: much unexplained, and little chance for the first entry."""
    ranking = question.ranking
    if hit.rule.mode == "exact" or not ranking.candidates:
        return False
    found = next((c for c in ranking.candidates if c.entry_id == hit.rule.entry_id), None)
    gap = found.evidence.features["gap"] if found else 4.0
    return gap > DOUBT_GAP and ranking.chances(question.model).answer < DOUBT


def _by_model(question: Question, hit: Hit | None) -> Decision:
    ranking, thresholds = question.ranking, question.model.points[question.point]
    order = [candidate.entry_id for candidate in ranking.candidates]
    chances = ranking.chances(question.model)
    if not order:
        return Decision("unknown", why=explain_unknown())
    pull = _pull(ranking) * (1.0 if _has_ground(ranking) else GROUNDLESS)
    chances = Chances(chances.answer * pull, chances.suggest)
    needed = thresholds.answer * (RULE_HELP if hit and hit.rule.entry_id == order[0] else 1.0)
    ranked = tuple(order[:SHOWN])
    kind: Literal["answer", "suggest", "unknown"] = "answer" if chances.answer >= needed else "unknown"
    if kind == "unknown" and (chances.suggest >= thresholds.suggest or hit):
        kind = "suggest"
    why = explain_model(ranking, question.titles, kind, chances, needed, thresholds.suggest, hit, pull)
    if kind == "answer":
        return Decision(kind, ranked[:1], why, _second(order[0], ranking), ranked, chances.answer)
    if kind == "suggest" and hit and hit.rule.entry_id not in ranked:
        ranked = (*ranked[: SHOWN - 1], hit.rule.entry_id)
    return Decision(kind, ranked if kind == "suggest" else (), why, (), ranked, chances.answer)


def _has_ground(ranking: Ranking) -> bool:
    """Whether more than the answer's text and a kindred affair speak for the first entry."""
    features = ranking.candidates[0].evidence.features
    return max(features["keyword"], features["asked"], features["title"]) >= GROUND


def _pull(ranking: Ranking) -> float:
    """What remains of the chance after the examples that an admin marked 不归这里管, 0–1."""
    first = ranking.candidates[0].evidence
    excess = first.negative - max(NEGATIVE_FROM, first.features["asked"])
    return max(0.0, 1 - NEGATIVE_PULL * excess) if excess > 0 else 1.0


def _second(first_id: str, ranking: Ranking) -> tuple[str, ...]:
    """Another entry that explains a good part of what the first leaves unexplained, if its keyword is there."""
    phrase = ranking.phrase
    first = next((c.evidence for c in ranking.candidates if c.entry_id == first_id), None)
    if first is None:
        return ()
    best, found = SECOND_EXPLAINS, ""
    for candidate in ranking.candidates:
        evidence = candidate.evidence
        if candidate.entry_id == first_id or evidence.features["keyword"] < SECOND_KEYWORD:
            continue
        gains = (max(b - a, 0.0) * w for a, b, w in zip(first.marks, evidence.marks, phrase.weights, strict=True))
        gain = sum(gains) / phrase.total
        if gain > best:
            best, found = gain, candidate.entry_id
    return (found,) if found else ()
