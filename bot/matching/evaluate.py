"""Measures a ruleset on questions with known answers: what is found, answered rightly, answered wrongly, and how fast."""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from bot.matching.decide import Decision
from bot.matching.entries import EntryLike
from bot.matching.keywords import Mode
from bot.matching.normalise import normalise
from bot.matching.understanding import Understanding

NEAR = "near_scope"


@dataclass(frozen=True, slots=True)
class Asked:
    """A question of a file: ``right`` are the entries that answer it, none if it must not be answered."""

    text: str
    right: tuple[str, ...]
    kind: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a question; ``micros`` is how long the decision took."""

    asked: Asked
    decision: Decision
    micros: float

    @property
    def first(self) -> bool:
        return self.decision.ranked[:1] != () and self.decision.ranked[0] in self.asked.right

    @property
    def third(self) -> bool:
        return any(entry in self.asked.right for entry in self.decision.ranked[:3])

    @property
    def verdict(self) -> str:
        """right, wrong, useful, useless, unknown."""
        kind, right = self.decision.kind, set(self.asked.right)
        if kind == "answer":
            return "right" if self.decision.entries[0] in right else "wrong"
        if kind == "suggest":
            return "useful" if right & set(self.decision.entries) else "useless"
        return "unknown"


@dataclass(frozen=True, slots=True)
class SimpleKeyword:
    """A keyword of a simple pack: the message contains it."""

    text: str
    mode: Mode = "contains"
    groups: tuple[tuple[str, ...], ...] = ()
    priority: int = 0


@dataclass(frozen=True, slots=True)
class SimpleEntry:
    """An entry of a pack that has no more than id, title, keywords, answer and perhaps ways of asking."""

    id: str
    title: str
    answer: str
    topic: str = ""
    keywords: tuple[SimpleKeyword, ...] = ()
    exclude: tuple[str, ...] = ()
    asked_as: tuple[str, ...] = ()

    def valid_on(self, _day: date) -> bool:
        return True


def simple_pack(data: Iterable[Mapping[str, Any]]) -> list[EntryLike]:
    """A list in the form of faq.json: id, title, keywords (plain words), answer; asked_as if there."""
    return [
        SimpleEntry(
            str(item["id"]),
            str(item["title"]),
            str(item.get("answer", "")),
            str(item.get("topic", "")),
            tuple(SimpleKeyword(str(word)) for word in item.get("keywords", ())),
            asked_as=tuple(map(str, item.get("asked_as", ()))),
        )
        for item in data
    ]


def read_questions(path: Path) -> list[Asked]:
    """A JSON line for each: q, expected (null: must not be answered), kind, alt (also right)."""
    questions = []
    for line in path.read_text(encoding="utf-8-sig").splitlines():
        if line.strip():
            item = json.loads(line)
            right = (item["expected"], *item.get("alt", ())) if item.get("expected") else ()
            questions.append(Asked(item["q"], tuple(map(str, right)), item.get("kind", "plain")))
    return questions


def run(ruleset: Understanding[Any], questions: Iterable[Asked], day: date) -> list[Outcome]:
    """Decides every question."""
    outcomes = []
    for asked in questions:
        started = time.perf_counter()
        decision = ruleset.decide(normalise(asked.text), day, asked.text)
        outcomes.append(Outcome(asked, decision, (time.perf_counter() - started) * 1e6))
    return outcomes


def figures(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Shares of their group, 0–1; ``near_scope`` is a group of its own and not counted in ``oos_*``."""
    inside = [item for item in outcomes if item.asked.right]
    near = [item for item in outcomes if not item.asked.right and item.asked.kind == NEAR]
    outside = [item for item in outcomes if not item.asked.right and item.asked.kind != NEAR]
    micros = sorted(item.micros for item in outcomes) or [0.0]
    kinds = sorted({item.asked.kind for item in outcomes})
    return {
        "n": len(outcomes),
        "in_scope": len(inside),
        "out_of_scope": len(outside),
        "near_scope": len(near),
        "acc1": _share(inside, lambda item: item.first),
        "acc3": _share(inside, lambda item: item.third),
        "right": _share(inside, lambda item: item.verdict == "right"),
        "wrong": _share(inside, lambda item: item.verdict == "wrong"),
        "useful": _share(inside, lambda item: item.verdict == "useful"),
        "oos_answered": _share(outside, lambda item: item.decision.kind == "answer"),
        "oos_suggested": _share(outside, lambda item: item.decision.kind == "suggest"),
        "near_answered": _share(near, lambda item: item.decision.kind == "answer"),
        "by_kind": {kind: _of_kind([item for item in outcomes if item.asked.kind == kind]) for kind in kinds},
        **{f"p{percent}_us": round(micros[min(len(micros) * percent // 100, len(micros) - 1)], 1) for percent in (50, 95, 99)},
        "rss_mb": _peak_mb(),
    }


def _peak_mb() -> float:
    """The most memory that this process has held, in MB; Linux counts in KiB, macOS in bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / 1e6 if sys.platform == "darwin" else peak * 1024 / 1e6, 1)


def _of_kind(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    inside = [item for item in outcomes if item.asked.right]
    found: dict[str, Any] = {"n": len(outcomes)}
    if inside:
        found |= {
            "acc1": _share(inside, lambda item: item.first),
            "acc3": _share(inside, lambda item: item.third),
            "right": _share(inside, lambda item: item.verdict == "right"),
            "wrong": _share(inside, lambda item: item.verdict == "wrong"),
            "useful": _share(inside, lambda item: item.verdict == "useful"),
        }
    if len(inside) < len(outcomes):
        outside = [item for item in outcomes if not item.asked.right]
        found |= {
            "answered": _share(outside, lambda item: item.decision.kind == "answer"),
            "suggested": _share(outside, lambda item: item.decision.kind == "suggest"),
        }
    return found


def _share(outcomes: Sequence[Outcome], test: Any) -> float:
    return round(sum(map(bool, map(test, outcomes))) / len(outcomes), 4) if outcomes else 0.0


def is_miss(outcome: Outcome) -> bool:
    """In scope but neither answered rightly nor offered; or answered though it must not be."""
    if outcome.asked.right:
        return outcome.verdict not in ("right", "useful")
    return outcome.decision.kind == "answer"
