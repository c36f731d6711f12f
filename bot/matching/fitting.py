"""Fits the coefficients to questions with known answers, and says by cross-validation what they are worth on unseen ones."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from bot.matching.evidence import FEATURES
from bot.matching.model import POINTS, Model, Thresholds, weighted
from bot.matching.outlook import OUTLOOK, Chances, Weighed, chances, outlook
from bot.matching.regression import fit_binary, fit_choice


@dataclass(frozen=True, slots=True)
class Limits:
    """What an operating point may cost, as shares: of questions in scope answered wrong, of others answered or offered."""

    wrong: float
    outside: float
    near: float
    suggested: float


RIDGE_RANK, RIDGE_DECIDE = 2.0, 2.0
FOLDS = 5
LIMITS: Mapping[str, Limits] = {
    "谨慎": Limits(wrong=0.005, outside=0.006, near=0.05, suggested=0.10),
    "平衡": Limits(wrong=0.012, outside=0.014, near=0.11, suggested=0.17),
    "大方": Limits(wrong=0.03, outside=0.035, near=0.2, suggested=0.33),
}


@dataclass(frozen=True, slots=True)
class Sample:
    """One question: which entries are right (none if it must not be answered), and the features of each candidate."""

    group: str
    kind: str
    right: frozenset[str]
    message: Weighed
    candidates: tuple[tuple[str, Mapping[str, float]], ...]
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Judged:
    """A sample as a model sees it."""

    sample: Sample
    ranked: tuple[str, ...]
    chances: Chances

    @property
    def first_right(self) -> bool:
        return self.ranked[:1] != () and self.ranked[0] in self.sample.right

    @property
    def among_three(self) -> bool:
        return any(entry in self.sample.right for entry in self.ranked[:3])


def ranked(sample: Sample, rank: Mapping[str, float]) -> list[tuple[float, str, Mapping[str, float]]]:
    """The candidates by their score."""
    scored = [(weighted(rank, features), entry, features) for entry, features in sample.candidates]
    return sorted(scored, key=lambda item: (-item[0], item[1]))


def values_of(sample: Sample, rank: Mapping[str, float]) -> dict[str, float]:
    """The outlook of a sample under a ranking."""
    order = ranked(sample, rank)
    return outlook(sample.message, [score for score, _, _ in order], [features for _, _, features in order])


def judge(sample: Sample, model: Model) -> Judged:
    if not sample.candidates:
        return Judged(sample, (), Chances(0.0, 0.0))
    order = tuple(entry for _, entry, _ in ranked(sample, model.rank))
    return Judged(sample, order, chances(model, values_of(sample, model.rank)))


def fit_rank(samples: Iterable[Sample], names: Sequence[str] = FEATURES) -> dict[str, float]:
    """The coefficients that put the right entry first."""
    choices = []
    for sample in samples:
        right = [n for n, (entry, _) in enumerate(sample.candidates) if entry in sample.right]
        if right:
            kept = [n for n, (entry, _) in enumerate(sample.candidates) if n == right[0] or entry not in sample.right]
            rows = [[float(sample.candidates[n][1].get(name, 0.0)) for name in names] for n in kept]
            choices.append((rows, kept.index(right[0]), sample.weight))
    return dict(zip(names, fit_choice(choices, RIDGE_RANK, rounds=8), strict=True))


def fit(samples: Sequence[Sample], names: Sequence[str] = FEATURES, decide: Sequence[str] = OUTLOOK) -> Model:
    """Ranking, then the two chances; the operating points are left at 0.5 (see ``with_points``)."""
    rank = fit_rank(samples, names)
    model = Model(rank, {}, {}, {})
    usable = [sample for sample in samples if sample.candidates]
    seen = [judge(sample, model) for sample in usable]
    rows = [[float(values_of(sample, rank)[name]) for name in decide] for sample in usable]
    weights = [sample.weight for sample in usable]
    answer = fit_binary(rows, [item.first_right for item in seen], weights, RIDGE_DECIDE)
    suggest = fit_binary(rows, [item.among_three for item in seen], weights, RIDGE_DECIDE)
    return Model(rank, dict(zip(decide, answer, strict=True)), dict(zip(decide, suggest, strict=True)), {})


def folds(samples: Sequence[Sample], seed: int = 1) -> list[int]:
    """A fold for each sample; all questions about one entry share it."""
    groups = sorted({sample.group for sample in samples})
    random.Random(seed).shuffle(groups)  # noqa: S311
    number = {group: n % FOLDS for n, group in enumerate(groups)}
    return [number[sample.group] for sample in samples]


def cross_validated(
    samples: Sequence[Sample], names: Sequence[str] = FEATURES, decide: Sequence[str] = OUTLOOK, seed: int = 1
) -> list[Judged]:
    """Every sample as judged by a model that saw neither it nor any question about its entry."""
    fold = folds(samples, seed)
    judged = []
    for held in range(FOLDS):
        model = fit([sample for sample, n in zip(samples, fold, strict=True) if n != held], names, decide)
        judged += [judge(sample, model) for sample, n in zip(samples, fold, strict=True) if n == held]
    return judged


def with_points(model: Model, judged: Sequence[Judged]) -> Model:
    """``model`` with thresholds that keep to LIMITS on the cross-validated ``judged``."""
    points: dict[str, Thresholds] = {name: _thresholds(judged, LIMITS[name]) for name in POINTS}
    return replace(model, points=points)


def _thresholds(judged: Sequence[Judged], limits: Limits) -> Thresholds:
    """The lowest thresholds that keep to every limit."""
    allowed = {"wrong": limits.wrong, "outside": limits.outside, "near": limits.near}
    answer = _lowest([(item.chances.answer, _fault(item), item.sample.weight) for item in judged], allowed)
    silent = [(item.chances.suggest, _fault(item), item.sample.weight) for item in judged if item.chances.answer < answer]
    return Thresholds(answer, _lowest([item for item in silent if item[1] == "outside"], {"outside": limits.suggested}))


def _fault(item: Judged) -> str:
    """What answering would be: "wrong", "outside", "near", or right (empty)."""
    if item.sample.right:
        return "" if item.first_right else "wrong"
    return "near" if item.sample.kind == "near_scope" else "outside"


def _lowest(items: Sequence[tuple[float, str, float]], allowed: Mapping[str, float]) -> float:
    """The lowest chance down to which no fault takes more than its allowed share of all ``items`` of its group."""
    of = {
        name: sum(weight for _, fault, weight in items if (fault == name or (name == "wrong" and not fault)))
        for name in allowed
    }
    spent = dict.fromkeys(allowed, 0.0)
    lowest = 1.0
    for chance, fault, weight in sorted(items, reverse=True):
        if fault:
            spent[fault] += weight
            if spent[fault] > allowed[fault] * of[fault]:
                break
        lowest = chance
    return lowest


def summary(judged: Sequence[Judged], point: Thresholds) -> dict[str, float]:
    """The figures of the issue for what the model alone decides (no exact, regex or group rules)."""
    inside = [item for item in judged if item.sample.right]
    outside = [item for item in judged if not item.sample.right and item.sample.kind != "near_scope"]
    near = [item for item in judged if item.sample.kind == "near_scope"]

    def part(items: Sequence[Judged], of: Sequence[Judged]) -> float:
        return round(len(items) / len(of), 4) if of else 0.0

    told = [item for item in inside if item.chances.answer >= point.answer]
    hinted = [item for item in inside if item.chances.answer < point.answer and item.chances.suggest >= point.suggest]
    return {
        "acc1": part([item for item in inside if item.first_right], inside),
        "acc3": part([item for item in inside if item.among_three], inside),
        "right": part([item for item in told if item.first_right], inside),
        "wrong": part([item for item in told if not item.first_right], inside),
        "useful": part([item for item in hinted if item.among_three], inside),
        "oos_answered": part([item for item in outside if item.chances.answer >= point.answer], outside),
        "oos_suggested": part(
            [item for item in outside if item.chances.answer < point.answer and item.chances.suggest >= point.suggest], outside
        ),
        "near_answered": part([item for item in near if item.chances.answer >= point.answer], near),
    }
