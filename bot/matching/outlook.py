"""What the decision looks at once the entries are ranked: how good the first is, how far ahead, what it leaves unexplained."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.matching.model import Model, logistic, weighted

# The candidate's own features that the decision uses, and those of the whole ranking.
OF_FIRST = (
    "keyword",
    "keyword_whole",
    "title",
    "title_explains",
    "asked",
    "answer",
    "explained",
    "kin",
    "gap",
    "keyword_mass",
    "plain",
    "spoken",
)
OF_ALL = (
    "likely",
    "lead",
    "left",
    "foreign",
    "content",
    "explained3",
    "best3",
    "best_kin",
    "ramble",
    "kin_strength",
    "kin_sure",
    "bare",
    "covered",
    "agree",
    "ahead",
    "kin_ahead",
    "rival",
)
VOTES = ("plain", "kin", "asked", "keyword_mass", "explained", "title", "answer", "spoken")
OUTLOOK = (" ", *OF_FIRST, *OF_ALL)


@dataclass(frozen=True, slots=True)
class Weighed:
    """A message as a whole: the weight of its content, the share of it that the pack does not know, how near
    it is to any affair, whether it rambles."""

    total: float
    foreign: float
    kin_strength: float
    ramble: bool


@dataclass(frozen=True, slots=True)
class Chances:
    """How likely the first entry is right, and how likely one of the first three is."""

    answer: float
    suggest: float


def outlook(message: Weighed, scores: Sequence[float], features: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """The values by name (see OUTLOOK) of a ranking, the best first; ``features`` of each entry as in the evidence."""
    first = features[0]
    odds = [math.exp(max(score - scores[0], -30.0)) for score in scores]
    return {
        " ": 1.0,
        **{name: first[name] for name in OF_FIRST},
        "likely": 1 / sum(odds),
        "lead": min(scores[0] - scores[1], 6.0) if len(scores) > 1 else 6.0,
        "left": min(message.total * (1 - first["explained"]), 5.0),
        "foreign": message.foreign,
        "content": math.log(message.total + 0.1),
        "explained3": max(values["explained"] for values in features[:3]),
        "best3": sum(odds[:3]) / sum(odds),
        "best_kin": max(values["kin"] for values in features[:3]),
        **_against_others(first, features[1:]),
        "ramble": float(message.ramble),
        "kin_strength": message.kin_strength,
        "kin_sure": message.kin_strength * first["kin"],
        # Hardly any content word at all: 「多少钱」「不懂」.
        "bare": max(0.0, 1.2 - message.total),
        "covered": first["explained"] * (0.5 + 0.5 * first["kin"]) * (1 / sum(odds)),
    }


def _against_others(first: Mapping[str, float], others: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Whether each kind of evidence by itself would put the same entry first, and how far it is ahead."""
    best = {name: max((values[name] for values in others), default=0.0) for name in VOTES}
    return {
        "agree": sum(first[name] >= best[name] for name in VOTES) / len(VOTES),
        "ahead": first["explained"] - best["explained"],
        "kin_ahead": first["kin"] - best["kin"],
        "rival": max((values["keyword"] * values["explained"] for values in others), default=0.0),
    }


def chances(model: Model, values: Mapping[str, float]) -> Chances:
    """What the model makes of an outlook."""
    return Chances(logistic(weighted(model.answer, values)), logistic(weighted(model.suggest, values)))
