"""The archive loses no exchange and counts each once – also when it is killed anywhere, many times."""

from __future__ import annotations

import json
import os
import random
import signal
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from redis import Redis
from sqlalchemy import Engine, event, func, select
from structlog.testing import capture_logs

from bot.dialogue.archive import BAD, Archive
from bot.dialogue.inbox import STREAM
from bot.store.engine import make_engine, read_scope
from bot.store.tables import Exchange
from tests.processes import PROCESSES

AT = 1_795_400_000_000
APPENDED, OF_THEM_AT_ONCE, KILLS = 7000, 5000, 60


@pytest.fixture
def redis(redis_url: str) -> Iterator[Redis]:
    with Redis.from_url(redis_url) as client:
        yield client


@pytest.fixture
def archive(redis: Redis, engine: Engine) -> Archive:
    return Archive(redis, engine)


def line(number: int, **changed: Any) -> dict[str, Any]:
    return {
        "at": AT + number,
        "person": "p1",
        "type": "Text",
        "said": f"第{number}问",
        "reply": "能烧吗？不能。",
        "decision": "answer",
        "entries": ["A01"],
        "handler": "straw_burning",
        "version": 1,
        "us": 480,
        "forget": False,
        **changed,
    }


def append(redis: Redis, *lines: Mapping[str, Any]) -> list[bytes]:
    return [cast(bytes, redis.xadd(STREAM, {"x": json.dumps(each, ensure_ascii=False)})) for each in lines]


def stored(engine: Engine) -> list[Exchange]:
    with read_scope(engine) as session:
        return list(session.scalars(select(Exchange).order_by(Exchange.id)))


def test_what_is_in_the_stream_gets_into_the_table(archive: Archive, redis: Redis, engine: Engine) -> None:
    [stream_id] = append(redis, line(123))
    assert archive.move() == 1
    [row] = stored(engine)
    assert row.at == datetime.fromtimestamp(AT / 1000, UTC) + timedelta(milliseconds=123)
    assert (row.stream_id, row.person, row.message_type) == (stream_id.decode(), "p1", "Text")
    assert (row.said, row.reply, row.decision, row.entries) == ("第123问", "能烧吗？不能。", "answer", ["A01"])
    assert (row.handler, row.ruleset_version, row.elapsed_us) == ("straw_burning", 1, 480)
    assert redis.xlen(STREAM) == 0
    assert archive.move() == 0


def test_the_oldest_go_first_a_batch_at_a_time(archive: Archive, redis: Redis, engine: Engine) -> None:
    append(redis, *(line(number) for number in range(5)))
    assert [archive.move(limit=2) for _ in range(4)] == [2, 2, 1, 0]
    assert [row.said for row in stored(engine)] == [f"第{number}问" for number in range(5)]


def test_a_field_of_a_newer_version_is_let_be(archive: Archive, redis: Redis, engine: Engine) -> None:
    append(redis, line(1, mood="new"))
    archive.move()
    assert len(stored(engine)) == 1


def test_both_databases_hold_the_largest_that_is_let_through(archive: Archive, redis: Redis, engine: Engine) -> None:
    label = "🌾" * 64
    limits = {"at": 253_402_300_799_999, "version": 2**31 - 1, "us": 2**31 - 1, "said": "烧" * 100_000, "entries": [label] * 9}
    append(redis, line(1, **limits, person=label, type=label, decision=label, handler=label))
    archive.move()
    [row] = stored(engine)
    assert (row.at.year, row.ruleset_version, len(row.said), row.person) == (9999, 2**31 - 1, 100_000, label)


class TestMalformed:
    """One bad entry is logged and kept aside; the others never wait for it."""

    @pytest.mark.parametrize(
        "fields",
        [
            {"y": "no x at all"},
            {"x": "not JSON"},
            {"x": b"\xff\xfe"},
            {"x": "[]"},
            {"x": "{}"},
            {"x": r'{"said": "\ud800"}'},
            {"x": json.dumps(line(1, said="a\0b"))},
            {"x": json.dumps(line(1, said=None))},
            {"x": json.dumps(line(1, at="yesterday"))},
            {"x": json.dumps(line(1, at=10**18))},
            {"x": json.dumps(line(1, us=-1))},
            {"x": json.dumps(line(1, version=2**31))},
            {"x": json.dumps(line(1, person="p" * 65))},
            {"x": json.dumps(line(1, entries="A01"))},
        ],
    )
    def test_it_is_set_aside(self, archive: Archive, redis: Redis, engine: Engine, fields: dict[Any, Any]) -> None:
        append(redis, line(1))
        stream_id = cast(bytes, redis.xadd(STREAM, fields))
        append(redis, line(2))
        with capture_logs() as logs:
            assert archive.move() == 3
        assert [row.said for row in stored(engine)] == ["第1问", "第2问"]
        [(_, aside)] = redis.xrange(BAD) or []
        assert aside == {
            **{name.encode(): value if isinstance(value, bytes) else value.encode() for name, value in fields.items()},
            b"stream_id": stream_id,
        }
        assert [(entry["event"], entry["stream_id"]) for entry in logs] == [("exchange_malformed", stream_id.decode())]

    def test_the_log_says_which_field_and_not_what_stood_in_it(self, archive: Archive, redis: Redis) -> None:
        append(redis, line(1, said=["身份证 230521199001011234"], us="13904690000"))
        with capture_logs() as logs:
            archive.move()
        assert logs[0]["faults"] == [{"field": "said", "fault": "string_type"}, {"field": "us", "fault": "int_type"}]
        assert "2305211990" not in str(logs)
        assert "139" not in str(logs[0]["faults"])

    def test_its_time_ends_too(self, archive: Archive, redis: Redis) -> None:
        redis.xadd(STREAM, {"x": "bad"})
        archive.move()
        archive.discard_bad(datetime.now(UTC) - timedelta(minutes=1))
        assert redis.xlen(BAD) == 1
        archive.discard_bad(datetime.now(UTC) + timedelta(minutes=1))
        assert redis.xlen(BAD) == 0


class TestForgetting:
    """Who unfollows or revokes is purged up to then."""

    def test_what_was_stored_and_what_comes_along_is_cleared(self, archive: Archive, redis: Redis, engine: Engine) -> None:
        append(redis, line(1), line(2, person="p2"))
        archive.move()
        append(redis, line(3), line(4, said="unsubscribe", forget=True), line(5, said="又关注了"))
        archive.move()
        assert [(row.person, row.said) for row in stored(engine)] == [
            (None, ""),
            ("p2", "第2问"),
            (None, ""),
            (None, ""),
            ("p1", "又关注了"),
        ]

    def test_met_again_after_a_crash_it_spares_what_came_since(self, archive: Archive, redis: Redis, engine: Engine) -> None:
        forgetting = json.dumps(line(1, forget=True))
        stream_id = redis.xadd(STREAM, {"x": forgetting})
        append(redis, line(2, said="又关注了"))
        archive.move()
        redis.xadd(f"{STREAM}:copy", {"x": forgetting}, id=stream_id)
        redis.rename(f"{STREAM}:copy", STREAM)  # as if it had never been deleted
        assert archive.move() == 1
        assert [(row.person, row.said) for row in stored(engine)] == [(None, ""), ("p1", "又关注了")]


class Killed(Archive):
    """Dies at a named point of its first move."""

    def __init__(self, redis_client: Redis, engine: Engine, point: str) -> None:
        super().__init__(redis_client, engine)
        self._point = point
        if point == "before the commit":
            event.listen(engine, "commit", lambda _: _die())

    def _take_off(self, *arguments: Any) -> None:
        if self._point == "after the commit":
            _die()
        super()._take_off(*arguments)
        _die()


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def move_and_die(redis_url: str, database_url: str, point: str) -> None:
    Killed(Redis.from_url(redis_url), make_engine(database_url), point).move()


@pytest.mark.parametrize(
    ("point", "left"),
    [("before the commit", (4, 0)), ("after the commit", (4, 3)), ("after the deletion", (0, 3))],
)
def test_killed_at_a_point_it_goes_on_from_there(
    redis: Redis, redis_url: str, engine: Engine, database_url: str, *, point: str, left: tuple[int, int]
) -> None:
    append(redis, line(1), line(2), line(3))
    redis.xadd(STREAM, {"x": "bad"})
    child = PROCESSES.Process(target=move_and_die, args=(redis_url, database_url, point))
    child.start()
    child.join()
    assert child.exitcode == -signal.SIGKILL
    assert (redis.xlen(STREAM), len(stored(engine))) == left
    Archive(redis, engine).move()
    assert (redis.xlen(STREAM), redis.xlen(BAD)) == (0, 1)
    assert [row.said for row in stored(engine)] == ["第1问", "第2问", "第3问"]


def append_many(redis_url: str) -> None:
    """A backlog, so that the movers are busy when they are killed, then a steady flow."""
    with Redis.from_url(redis_url) as client:
        for number in range(APPENDED):
            append(client, line(number))
            if number > OF_THEM_AT_ONCE and number % 10 == 0:
                time.sleep(0.012)


def move_forever(redis_url: str, database_url: str) -> None:
    archive = Archive(Redis.from_url(redis_url), make_engine(database_url))
    while True:
        archive.move(limit=3)


@pytest.mark.slow
def test_killed_anywhere_many_times_it_loses_none_and_counts_each_once(
    redis: Redis, redis_url: str, engine: Engine, database_url: str
) -> None:
    """Two movers at once, killed at random, two others started, and so on, while another process appends."""
    chance = random.Random(20261123)
    appender = PROCESSES.Process(target=append_many, args=(redis_url,))
    appender.start()
    kills = 0
    while kills < KILLS or appender.is_alive():
        movers = [PROCESSES.Process(target=move_forever, args=(redis_url, database_url)) for _ in range(2)]
        for mover in movers:
            mover.start()
        for mover in movers:
            time.sleep(chance.uniform(0.01, 0.1))
            mover.kill()
            mover.join()
            assert mover.exitcode == -signal.SIGKILL
        kills += 2
    assert appender.exitcode == 0
    archive = Archive(redis, engine)
    while archive.move():
        pass
    with read_scope(engine) as session:
        count, different = session.execute(select(func.count(), func.count(Exchange.said.distinct()))).one()
    assert (count, different, redis.xlen(STREAM)) == (APPENDED, APPENDED, 0)
