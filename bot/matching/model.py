"""The fitted model: ranks entries by their evidence and says how sure it is of the first."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

Point = Literal["谨慎", "平衡", "大方"]
POINTS: tuple[Point, ...] = get_args(Point)


@dataclass(frozen=True, slots=True)
class Thresholds:
    """From which probability on an answer is given, or suggestions."""

    answer: float
    suggest: float


@dataclass(frozen=True, slots=True)
class Model:
    """Coefficients by the name of the feature; `` `` (one space) is the constant."""

    rank: Mapping[str, float]
    answer: Mapping[str, float]
    suggest: Mapping[str, float]
    points: Mapping[str, Thresholds]

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Model:
        points = {name: Thresholds(**values) for name, values in data["points"].items()}
        return cls(data["rank"], data["answer"], data["suggest"], points)

    def to_json(self) -> dict[str, Any]:
        def rounded(values: Mapping[str, float]) -> dict[str, float]:
            return {name: round(value, 4) for name, value in values.items()}

        points = {name: {"answer": round(p.answer, 4), "suggest": round(p.suggest, 4)} for name, p in self.points.items()}
        parts = {"rank": rounded(self.rank), "answer": rounded(self.answer), "suggest": rounded(self.suggest)}
        return {**parts, "points": points}


def weighted(coefficients: Mapping[str, float], features: Mapping[str, float]) -> float:
    """The sum of the features, each by its coefficient."""
    return sum(coefficient * features.get(name, 0.0) for name, coefficient in coefficients.items())


def logistic(value: float) -> float:
    """1 / (1 + e^-value), without overflow."""
    return 1 / (1 + math.exp(-value)) if value > -700 else 0.0
