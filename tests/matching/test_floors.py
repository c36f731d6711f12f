"""The shipped questions on the shipped content: figures that may not fall, and questions that are fair."""

from __future__ import annotations

from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from bot.content.pack import load_pack
from bot.matching.evaluate import Asked, Outcome, figures, read_questions, run
from bot.matching.normalise import normalise
from bot.matching.understanding import Understanding

FILES = sorted((Path(__file__).parents[1] / "questions").glob("*.jsonl"))
ENTRIES = load_pack().entries
# In scope: at least; the others: at most. A little below what is reached, so that only a real loss breaks the build.
AT_LEAST = {"acc1": 0.92, "acc3": 0.975, "right": 0.80}
AT_MOST = {"wrong": 0.03, "oos_answered": 0.02, "oos_suggested": 0.22, "near_answered": 0.20}


@pytest.fixture(scope="module")
def asked() -> list[Asked]:
    return [item for path in FILES for item in read_questions(path)]


@pytest.fixture(scope="module")
def outcomes(asked: list[Asked]) -> list[Outcome]:
    return run(Understanding(ENTRIES, 1), asked, date(2026, 11, 23))


@pytest.mark.parametrize(("name", "floor"), AT_LEAST.items())
def test_floor(outcomes: list[Outcome], name: str, floor: float) -> None:
    assert figures(outcomes)[name] >= floor


@pytest.mark.parametrize(("name", "ceiling"), AT_MOST.items())
def test_ceiling(outcomes: list[Outcome], name: str, ceiling: float) -> None:
    assert figures(outcomes)[name] <= ceiling


def test_the_keys_of_the_figures(outcomes: list[Outcome]) -> None:
    keys = "n in_scope out_of_scope near_scope acc1 acc3 right wrong useful oos_answered oos_suggested near_answered"
    assert list(figures(outcomes)) == [*keys.split(), "by_kind", "p50_us", "p95_us", "p99_us", "rss_mb"]


def test_there_are_enough_questions_of_every_kind_and_about_every_entry(asked: list[Asked]) -> None:
    assert len(asked) >= 600
    assert sum(not item.right for item in asked) >= len(asked) / 4
    assert {entry.id for entry in ENTRIES} <= {name for item in asked for name in item.right}
    kinds = Counter(item.kind for item in asked)
    wanted = "plain colloquial dialect typo pinyin_typo pinyin traditional fullwidth voice long_ramble two_intents"
    for kind in (*wanted.split(), "out_of_scope", "near_scope", "chitchat", "abuse", "digits"):
        assert kinds[kind] >= 5, kind


def test_no_question_is_copied_from_the_content(asked: list[Asked]) -> None:
    told = {normalise(text) for entry in ENTRIES for text in (entry.title, *entry.asked_as)}
    assert [item.text for item in asked if normalise(item.text) in told] == []
