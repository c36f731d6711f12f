"""Conversations as they are written in the YAML files beside this one, and how a turn of one is played.

A turn does exactly one thing (says, taps, hears …) and states what must be true of the answer. Unknown keys are errors.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, model_validator
from redis import Redis

from bot.content.document import read_yaml
from bot.content.schema import Model
from bot.dialogue.inbox import STREAM
from bot.simulator.platform import Platform
from bot.simulator.resident import Resident, Shown

HERE = Path(__file__).parent
ACTIONS = ("says", "taps", "hears", "does", "follows_by", "scans", "clicks", "opens", "long")
Words = Annotated[tuple[str, ...], BeforeValidator(lambda value: (value,) if isinstance(value, str) else value)]


class Turn(Model):
    """``hears`` is a voice note with the words that WeChat recognised, ``long`` a text of so many characters,
    ``opens`` a link of the last answer that leads to ``url``; ``repeats``: how often the platform delivers it again."""

    says: str | None = None
    taps: str | None = None
    hears: str | None = None
    does: Literal["photo", "voice", "video", "short_video", "location", "link", "sticker", "follow", "unfollow"] | None = None
    follows_by: str | None = None
    scans: str | None = None
    clicks: str | None = None
    opens: str | None = None
    url: str = ""
    long: int | None = None
    repeats: int = 0

    begins: str = ""
    has: Words = ()
    lacks: Words = ()
    entry: str = ""
    decision: Literal["answer", "suggest", "unknown", "command", "emergency"] | None = None
    shows: Literal["text", "nothing"] = "text"

    @model_validator(mode="after")
    def _does_one_thing(self) -> Turn:
        if sum(getattr(self, action) is not None for action in ACTIONS) != 1:
            raise ValueError(f"a turn does one of {', '.join(ACTIONS)}")
        return self


class Conversation(Model):
    """``new``: the resident does not follow the account yet. ``house``: which desk answers."""

    name: str
    new: bool = False
    house: Literal["plain", "prepared"] = "plain"
    turns: tuple[Turn, ...]


class Script(Model):
    conversations: tuple[Conversation, ...]


def conversations() -> list[tuple[str, Conversation]]:
    """Every conversation with the name of its file."""
    found = []
    for path in sorted(HERE.glob("*.yaml")):
        script = Script.model_validate({"conversations": read_yaml(path).data})
        found += [(path.stem, conversation) for conversation in script.conversations]
    return found


def play(conversation: Conversation, platform: Platform, redis: Redis, openid: str) -> None:
    """Plays it from the first turn to the last, by a resident of its own. Raises AssertionError with the turn that failed."""
    resident = platform.resident(openid, following=not conversation.new)
    for number, turn in enumerate(conversation.turns, start=1):
        shown = act(resident, turn)
        try:
            check(turn, shown, _newest_exchange(redis))
            for _ in range(turn.repeats):
                assert [copy.text for copy in resident.repeats()] == [shown.text]
        except AssertionError as error:
            raise AssertionError(f"turn {number}: {turn.model_dump(exclude_defaults=True)}\n{shown.text}\n{error}") from error


def act(resident: Resident, turn: Turn) -> Shown:
    """Does what the turn says. Returns what the resident sees."""
    texts: dict[str, Callable[[str], Shown]] = {
        "says": resident.says,
        "taps": resident.taps,
        "hears": resident.sends_voice,
        "follows_by": resident.follows,
        "scans": resident.scans,
        "clicks": resident.clicks_menu,
        "opens": lambda label: _opened(resident, label, turn.url),
    }
    for action, method in texts.items():
        if (value := getattr(turn, action)) is not None:
            return method(value)
    if turn.long is not None:
        return resident.says(("东拉西扯的一大段话没个头" * turn.long)[: turn.long])
    deeds: dict[str | None, Callable[[], Shown]] = {
        "photo": resident.sends_photo,
        "voice": resident.sends_voice,
        "video": resident.sends_video,
        "short_video": lambda: resident.sends_video(short=True),
        "location": resident.sends_location,
        "link": lambda: resident.sends_link("震惊！速看", "转发有奖"),
        "sticker": resident.sends_sticker,
        "follow": resident.follows,
        "unfollow": resident.unfollows,
    }
    return deeds[turn.does]()


def check(turn: Turn, shown: Shown, exchange: dict[str, object]) -> None:
    """What must be true of every answer, and what the turn says of this one."""
    assert shown.kind == turn.shows, shown.reason
    assert shown.attempts <= 1, "answered at once"
    assert "{" not in shown.text
    if turn.begins:
        assert shown.text.startswith(turn.begins), f"does not begin with {turn.begins}"
    for words in turn.has:
        assert words in shown.text, f"{words} is missing"
    for words in turn.lacks:
        assert words not in shown.text, f"{words} is there"
    if turn.decision:
        assert exchange["decision"] == turn.decision, exchange
    if turn.entry:
        assert exchange["entries"] == [turn.entry], exchange


def _opened(resident: Resident, label: str, url: str) -> Shown:
    """Opening a page sends nothing; the resident goes on looking at the last answer."""
    last = next(line for line in reversed(resident.history) if isinstance(line, Shown))
    link = next((link for link in last.links if label in link.label), None)
    assert link is not None, f"no link {label} was shown"
    assert link.opens_page
    assert link.href == url
    return last


def _newest_exchange(redis: Redis) -> dict[str, object]:
    [(_, fields)] = redis.xrevrange(STREAM, count=1)
    exchange: dict[str, object] = json.loads(fields["x"])
    return exchange
