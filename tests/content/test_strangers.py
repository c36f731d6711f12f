"""A thousand questions that nobody wrote down: the rules catch what is theirs, and above all nothing that is not.

This holds the rules alone, not what a likeness may add to them. The fault that is looked for is a short keyword within another
word: 点 in 几点, 人烧 in 有人烧秸秆.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from bot.content.document import read_yaml
from bot.matching.keywords import KeywordIndex
from bot.matching.normalise import normalise
from bot.matching.ruleset import rules_of
from tests.content.asking import published

STRANGERS: dict[str, list[str]] = read_yaml(Path(__file__).with_name("strangers.yaml")).data


@cache
def index() -> KeywordIndex:
    entries = published().pack.entries
    excluded = {entry.id: tuple(filter(None, map(normalise, entry.exclude))) for entry in entries}
    return KeywordIndex((rule for entry in entries for rule in rules_of(entry)), excluded)


def led_to(question: str) -> str:
    """The entry that the rules decide for, `emergency` or `none`."""
    text = normalise(question)
    if published().dangers_in(text):
        return "emergency"
    hits = index().find(text)
    return hits[0].rule.entry_id if hits else "none"


@pytest.mark.parametrize("wanted", STRANGERS)
def test_the_rules_catch_what_is_theirs_and_nothing_else(wanted: str) -> None:
    wrong = {question: got for question in STRANGERS[wanted] if (got := led_to(question)) != wanted}
    assert wrong == {}


def test_there_are_many_and_most_are_foreign() -> None:
    assert sum(map(len, STRANGERS.values())) >= 900
    assert len(STRANGERS["none"]) >= 500
    assert len(STRANGERS) - 2 >= 80, "entries that somebody asked for in other words"
