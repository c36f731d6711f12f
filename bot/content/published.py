"""What is live: the published pack, compiled, with the announcements – swapped whole, never half."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import re2
import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from bot.content.pack import Emergency, Pack, Small, load_pack
from bot.content.render import render
from bot.content.schema import Entry
from bot.matching.normalise import normalise
from bot.matching.ruleset import Ruleset
from bot.store import announcements, rulesets
from bot.store.engine import read_scope

log = structlog.get_logger(__name__)

ANNOUNCEMENTS_KEPT = 10
RETRY_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Notice:
    """A published announcement as residents meet it. ``day`` is its local date."""

    title: str
    day: date
    url: str


class Danger:
    """An emergency, compiled."""

    def __init__(self, emergency: Emergency) -> None:
        self.reply = emergency.reply
        self._regex = re2.compile(emergency.regex)
        self._unless = re2.compile(emergency.unless) if emergency.unless else None
        self._always = re2.compile(emergency.always) if emergency.always else None

    def in_(self, text: str) -> bool:
        """Whether the normalised ``text`` tells of it."""
        if self._always and self._always.search(text):
            return True
        return bool(self._regex.search(text)) and not (self._unless and self._unless.search(text))


@dataclass(frozen=True)
class Published:
    """One immutable snapshot. ``token`` changes whenever anything that residents can see changes."""

    token: str
    pack: Pack
    ruleset: Ruleset[Entry]
    notices: tuple[Notice, ...] = ()

    @property
    def version(self) -> int:
        return self.ruleset.version

    @cached_property
    def local(self) -> dict[str, str]:
        return self.pack.local

    @cached_property
    def _dangers(self) -> tuple[Danger, ...]:
        return tuple(map(Danger, self.pack.emergencies))

    @cached_property
    def _any_danger(self) -> re2._Regexp:
        """Nearly every message meets none: one search says so."""
        emergencies = self.pack.emergencies
        patterns = [pattern for item in emergencies for pattern in (item.regex, item.always) if pattern]
        return re2.compile("|".join(f"(?:{pattern})" for pattern in patterns) or r"\z\A.")

    def dangers_in(self, text: str) -> list[str]:
        """The replies to all emergencies that the normalised ``text`` tells of, in the order of the file."""
        if not self._any_danger.search(text):
            return []
        return [danger.reply for danger in self._dangers if danger.in_(text)]

    @cached_property
    def words(self) -> dict[str, str]:
        """Whole-message words (菜单, 谢谢 …), normalised, with the field of the replies that they stand in."""
        replies = self.pack.replies
        fields = {name: getattr(replies, name) for name in type(replies).model_fields}
        said = {name: value.said for name, value in fields.items() if isinstance(value, Small)}
        said |= {name: value for name, value in fields.items() if name.endswith("_said")}
        return {normalise(word): name for name, words in said.items() for word in words}

    @cached_property
    def _answers(self) -> dict[str, str]:
        return {}

    def answer(self, entry: Entry) -> str:
        """The entry's answer with its local values, and the line with its source and date; rendered once."""
        text = self._answers.get(entry.id)
        if text is None:
            text = self._answers[entry.id] = f"{render(entry.answer, self.local)}\n{entry.source_line()}"
        return text

    @cached_property
    def topic_words(self) -> dict[str, str]:
        """A topic's title and its other words as they are typed, normalised, with the topic."""
        topics = self.pack.replies.topics.items()
        return {normalise(word): topic for topic, words in topics for word in (words.title, *words.said)}

    @cached_property
    def part_words(self) -> dict[str, str]:
        """How residents ask for a part of a service (要带啥), normalised, with the part's name."""
        parts = self.pack.replies.parts
        named = {name: getattr(parts, name) for name in type(parts).model_fields}
        return {normalise(word): name for name, words in named.items() for word in (words.label, *words.asked_as)}

    @cached_property
    def part_lengths(self) -> tuple[int, ...]:
        """How many characters the part words have, the longest first."""
        return tuple(sorted({len(word) for word in self.part_words}, reverse=True))


def starter() -> Published:
    """The content that ships in config/content, as version 0: what a desk without a database answers with."""
    pack = load_pack()
    return Published("0", pack, Ruleset(pack.entries, version=0))


def newest_token(engine: Engine) -> str:
    """What ``Published.token`` would be if it were read now."""
    with read_scope(engine) as session:
        return f"{rulesets.newest_number(session)}.{announcements.change_stamp(session)}"


def read(engine: Engine) -> Published | None:
    """The newest published version, or None where nothing is published yet."""
    with read_scope(engine) as session:
        row = rulesets.newest(session)
        if row is None:
            return None
        token = f"{row.number}.{announcements.change_stamp(session)}"
        notices = tuple(
            Notice(item.title, item.local_day, item.url) for item in announcements.latest(session, ANNOUNCEMENTS_KEPT)
        )
        content, number = row.content, row.number
    pack = Pack.model_validate(content)
    return Published(token, pack, Ruleset(pack.entries, version=number), notices)


class Live:
    """Holds the snapshot in force in this process and fetches a newer one in the background."""

    def __init__(self, source: Callable[[], Published | None]) -> None:
        self._source = source
        self._lock = threading.Lock()
        self._current: Published | None = None
        self._asked_for = ""
        self._ask_again_at = 0.0

    @property
    def current(self) -> Published:
        """The snapshot in force; the first call reads it, from the shipped content if the database can't say."""
        if self._current is None:
            with self._lock:
                if self._current is None:
                    self._current = self._read() or starter()
        return self._current

    def notice(self, token: str) -> None:
        """Called with the token that the inbox saw; an unknown one is fetched by one thread, nobody waits for it.

        The same token is asked for again only after RETRY_SECONDS: the database may be away, or ahead of Redis.
        """
        if not token or token == self.current.token:
            return
        if token == self._asked_for and time.monotonic() < self._ask_again_at:
            return
        if self._lock.acquire(blocking=False):
            self._asked_for, self._ask_again_at = token, time.monotonic() + RETRY_SECONDS
            threading.Thread(target=self._refresh, name="ruleset", daemon=True).start()

    def _refresh(self) -> None:
        try:
            fresh = self._read()
            if fresh:
                self._current = fresh
                log.info("ruleset_loaded", version=fresh.version, token=fresh.token, entries=len(fresh.pack.entries))
        finally:
            self._lock.release()

    def _read(self) -> Published | None:
        try:
            return self._source()
        except (SQLAlchemyError, ValueError) as error:
            log.error("ruleset_unreadable", error=type(error).__name__)
            return None
