"""Turns packs and their questions into samples for fitting, and reports what a fit is worth."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from bot.matching import resources
from bot.matching.entries import EntryLike
from bot.matching.evaluate import Asked, SimpleEntry, SimpleKeyword
from bot.matching.evidence import FEATURES
from bot.matching.fitting import Judged, Sample, cross_validated, fit, summary, with_points
from bot.matching.kinship import Kinship
from bot.matching.model import Model
from bot.matching.normalise import normalise
from bot.matching.outlook import OUTLOOK
from bot.matching.understanding import Means, Understanding

# The shipped pack counts less for each question: it has its own ways of asking, a pack that is new has not.
SHIPPED_WEIGHT, BARE_WEIGHT = 0.3, 0.3
BARE_KEYWORDS, BARE_ASKED = 4, 3
# Questions without an entry are spread over so many groups for the cross-validation.
SPREAD = 40


@dataclass(frozen=True, slots=True)
class Bundle:
    """A pack with questions about it."""

    name: str
    entries: Sequence[EntryLike]
    questions: Sequence[Asked]


def samples(bundle: Bundle, means: Means, day: date, weight: float = 1.0) -> list[Sample]:
    """The features of every question."""
    ruleset = Understanding(bundle.entries, 0, means=means)
    found = []
    for number, asked in enumerate(bundle.questions):
        ranking = ruleset.ranking(normalise(asked.text), day, asked.text)
        group = f"{bundle.name}:{asked.right[0] if asked.right else number % SPREAD}"
        candidates = tuple((candidate.entry_id, candidate.evidence.features) for candidate in ranking.candidates)
        found.append(Sample(group, asked.kind, frozenset(asked.right), ranking.message, candidates, weight))
    return found


def bare(shipped: Bundle) -> Bundle:
    """The shipped pack as a new county would first write it: titles, a few keywords, answers; ways of asking are questions."""
    entries, questions = [], list(shipped.questions)
    for entry in shipped.entries:
        words = [keyword.text for keyword in entry.keywords if keyword.mode == "contains"][:BARE_KEYWORDS]
        words = words or [keyword.text for keyword in entry.keywords if keyword.mode == "exact"][:BARE_KEYWORDS]
        entries.append(SimpleEntry(entry.id, entry.title, entry.answer, entry.topic, tuple(map(SimpleKeyword, words))))
        questions += [Asked(text, (entry.id,), "asked") for text in list(entry.asked_as)[::5][:BARE_ASKED]]
    return Bundle("bare", entries, questions)


def everything(bundles: Iterable[Bundle], shipped: Bundle, day: date) -> list[Sample]:
    """All samples. The bare pack is judged without the questions that ship: they would give its answers away."""
    means = Means.shipped()
    strange = Means(means.analyser, Kinship(resources.topics(), means.analyser), means.model)
    found = [sample for bundle in bundles for sample in samples(bundle, means, day)]
    return [*found, *samples(shipped, means, day, SHIPPED_WEIGHT), *samples(bare(shipped), strange, day, BARE_WEIGHT)]


def refit(bundles: Sequence[Bundle], shipped: Bundle, day: date) -> tuple[Model, list[str]]:
    """The model, and the lines of a report with cross-validated figures."""
    known = everything(bundles, shipped, day)
    judged = cross_validated(known)
    model = with_points(fit(known), judged)
    lines = [f"{len(known)} questions; cross-validated by entry, decided by the model alone (no rules)"]
    for point, thresholds in model.points.items():
        lines += [f"{point} {name}: {_shown(summary(part, thresholds))}" for name, part in _by_name(judged).items()]
    return model, lines


def ablation(bundles: Sequence[Bundle], shipped: Bundle, day: date) -> list[str]:
    """A line for each piece of evidence: the cross-validated figures without it."""
    known = everything(bundles, shipped, day)
    lines = ["", "without one piece of evidence of the ranking (acc1 acc3):"]
    for left_out in ("", *FEATURES):
        names = [name for name in FEATURES if name != left_out]
        lines.append(f"{'- ' + left_out if left_out else 'everything':18} {_ranks(cross_validated(known, names))}")
    lines.append("without one value of the decision (right at 平衡):")
    for left_out in ("", *OUTLOOK[1:]):
        decide = [name for name in OUTLOOK if name != left_out]
        judged = cross_validated(known, FEATURES, decide)
        point = with_points(Model({}, {}, {}, {}), judged).points["平衡"]
        shares = {name: summary(part, point)["right"] for name, part in _by_name(judged).items()}
        lines.append(f"{'- ' + left_out if left_out else 'everything':18} {_shown(shares)}")
    return lines


def _by_name(judged: Sequence[Judged]) -> dict[str, list[Judged]]:
    found: dict[str, list[Judged]] = {}
    for item in judged:
        found.setdefault(item.sample.group.partition(":")[0], []).append(item)
    return found


def _ranks(judged: Sequence[Judged]) -> str:
    parts = []
    for name, part in _by_name(judged).items():
        inside = [item for item in part if item.sample.right]
        first, third = (sum(map(bool, marks)) / len(inside) for marks in (
            [item.first_right for item in inside], [item.among_three for item in inside]
        ))  # fmt: skip
        parts.append(f"{name} {first:.3f} {third:.3f}")
    return "  ".join(parts)


def _shown(values: Mapping[str, Any]) -> str:
    return "  ".join(f"{name} {value:.3f}" for name, value in values.items())
