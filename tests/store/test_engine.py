"""Both databases behave alike: scopes, times, read-only sessions, many writers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError, StatementError

from bot.store import announcements, rulesets
from bot.store.engine import make_engine, read_scope, session_scope
from bot.store.migrate import upgrade
from tests.databases import PostgresCluster
from tests.processes import PROCESSES

WRITERS, WRITES = 8, 25


def test_a_scope_commits_once_at_its_end(engine: Engine) -> None:
    with session_scope(engine) as session:
        rulesets.add(session, {"a": 1}, "note", "tests")
        with read_scope(engine) as other:
            assert rulesets.newest_number(other) == 0
    with read_scope(engine) as session:
        assert rulesets.newest_number(session) == 1


def test_a_scope_that_fails_leaves_nothing(engine: Engine) -> None:
    with pytest.raises(KeyError), session_scope(engine) as session:
        rulesets.add(session, {"a": 1}, "note", "tests")
        raise KeyError
    with session_scope(engine) as session:
        assert rulesets.newest_number(session) == 0


def test_a_read_scope_cannot_write_and_the_next_scope_can(engine: Engine) -> None:
    with pytest.raises(DBAPIError, match=r"read-?only"), read_scope(engine) as session:
        announcements.add(session, title="通告", body="…")
    with session_scope(engine) as session:
        announcements.add(session, title="通告", body="…")


def test_a_read_scope_waits_for_no_writer(engine: Engine) -> None:
    with session_scope(engine) as writer:
        announcements.add(writer, title="通告", body="…")
        started = datetime.now(UTC)
        with read_scope(engine) as reader:
            assert announcements.latest(reader, 5) == []
        assert datetime.now(UTC) - started < timedelta(seconds=0.5)


def test_times_come_back_in_utc(engine: Engine) -> None:
    noon_in_shanghai = datetime(2026, 11, 23, 12, 0, 0, 123456, tzinfo=timezone(timedelta(hours=8)))
    with session_scope(engine) as session:
        announcements.add(session, title="通告", body="…", published_at=noon_in_shanghai)
    with read_scope(engine) as session:
        stored = announcements.latest(session, 1)[0].published_at
    assert stored == noon_in_shanghai
    assert stored.tzinfo is UTC


def test_a_naive_time_is_refused(engine: Engine) -> None:
    with pytest.raises(StatementError, match="without a time zone"), session_scope(engine) as session:
        announcements.add(session, title="通告", body="…", published_at=datetime(2026, 11, 23))  # noqa: DTZ001


def test_chinese_is_stored_as_itself(engine: Engine) -> None:
    with session_scope(engine) as session:
        rulesets.add(session, {"title": "秸秆🌾"}, "首版", "tests")
        raw = session.scalar(text("SELECT CAST(content AS TEXT) FROM ruleset_version"))
    assert raw == '{"title":"秸秆🌾"}'


def test_error_messages_hold_no_values(engine: Engine) -> None:
    with pytest.raises(DBAPIError) as caught, session_scope(engine) as session:
        session.execute(text("SELECT * FROM no_such_table WHERE said = :said"), {"said": "身份证 230521"})
    assert "230521" not in str(caught.value)


def publish_many(database_url: str, times: int) -> None:
    engine = make_engine(database_url)
    for _ in range(times):
        with session_scope(engine) as session:
            rulesets.add(session, {}, "", "tests")


def test_of_many_processes_that_read_then_write_none_loses_a_write(engine: Engine, database_url: str) -> None:
    processes = [PROCESSES.Process(target=publish_many, args=(database_url, WRITES)) for _ in range(WRITERS)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0] * WRITERS
    with read_scope(engine) as session:
        assert rulesets.newest_number(session) == WRITERS * WRITES
        assert session.scalar(text("SELECT count(*) FROM ruleset_version")) == WRITERS * WRITES


def test_sqlite_is_durable_strict_and_overwrites_what_it_deletes(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path / 'weiyan.db'}")
    upgrade(engine)
    with read_scope(engine) as session:
        pragmas = {
            name: session.scalar(text(f"PRAGMA {name}"))
            for name in ("journal_mode", "synchronous", "foreign_keys", "secure_delete", "busy_timeout")
        }
    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "secure_delete": 1, "busy_timeout": 5000}
    engine.dispose()


@pytest.mark.postgres
def test_postgresql_gives_up_on_what_takes_too_long(postgres: PostgresCluster) -> None:
    engine = make_engine(postgres.create_database())
    with read_scope(engine) as session:
        timeouts = [session.scalar(text(f"SHOW {name}")) for name in ("statement_timeout", "lock_timeout", "timezone")]
    assert timeouts == ["10s", "5s", "UTC"]
    engine.dispose()
