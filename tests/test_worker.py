"""The worker: it does its rounds, outlives every outage, and ends when it is told to."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import pytest
from redis import Redis
from sqlalchemy import Engine, func, select, text
from structlog.testing import capture_logs

from bot import worker
from bot.content.publish import TOKEN_KEY
from bot.dialogue.inbox import STREAM
from bot.embedded_redis import EmbeddedRedis
from bot.store import rulesets
from bot.store.engine import make_engine, read_scope, session_scope
from bot.store.migrate import upgrade
from bot.store.tables import Exchange
from bot.worker import Paced, run_worker, stop_on_signals, work
from config.settings import Settings
from tests.databases import PostgresCluster
from tests.processes import PROCESSES

# Seconds in which the worker is at work again once what was away is back, and in which it ends.
RESUMES, ENDS = 5, 1


def settings_for(database_url: str, redis_url: str, data_dir: Path) -> Settings:
    return Settings(database_url=database_url, redis_url=redis_url, data_dir=data_dir)


@pytest.fixture
def settings(database_url: str, redis_url: str, tmp_path: Path) -> Settings:
    return settings_for(database_url, redis_url, tmp_path)


def append(redis_url: str, count: int = 1, age: timedelta = timedelta()) -> None:
    exchange = {
        "at": int((datetime.now(UTC) - age).timestamp() * 1000),
        "person": "p1",
        "type": "Text",
        "said": "秸秆能烧吗",
        "reply": "不能",
        "decision": "answer",
        "entries": ["A01"],
        "handler": "straw_burning",
        "version": 1,
        "us": 480,
    }
    with Redis.from_url(redis_url) as client:
        for _ in range(count):
            client.xadd(STREAM, {"x": json.dumps(exchange)})


def stored(engine: Engine) -> int:
    with read_scope(engine) as session:
        return session.scalar(select(func.count()).select_from(Exchange)) or 0


def wait_until(fulfilled: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not fulfilled():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.02)


@contextmanager
def running(settings: Settings) -> Iterator[list[Any]]:
    """A worker in a thread; gives what it logs. It must end in time and without an exception."""
    stop = threading.Event()
    failures: list[BaseException] = []

    def run() -> None:
        try:
            run_worker(settings, stop)
        except BaseException as error:  # noqa: BLE001 - whatever it is, the test fails by it
            failures.append(error)

    thread = threading.Thread(target=run)
    with capture_logs() as logs:
        thread.start()
        try:
            yield logs
        finally:
            stop.set()
            thread.join(ENDS)
    assert not thread.is_alive()
    assert failures == []


def what_is_away(logs: list[Any]) -> list[str]:
    return [entry["away"] for entry in logs if entry["event"] == "worker_waits"]


def events(logs: list[Any]) -> list[str]:
    return [entry["event"] for entry in logs if entry["event"].startswith("worker_")]


def test_it_moves_what_is_there_and_what_comes(settings: Settings, engine: Engine) -> None:
    append(settings.redis, 1200)
    with running(settings) as logs:
        wait_until(lambda: stored(engine) == 1200, 5)
        append(settings.redis)
        wait_until(lambda: stored(engine) == 1201, 2)
    assert events(logs) == ["worker_started", "worker_stopped"]


def test_it_deletes_what_was_kept_long_enough(settings: Settings, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "DELETED_AT_ONCE", 10)
    append(settings.redis, 35, age=timedelta(days=settings.exchange_retention_days, minutes=1))
    append(settings.redis, 5, age=timedelta(days=settings.exchange_retention_days, minutes=-1))
    with running(settings) as logs:
        wait_until(lambda: stored(engine) == 5, 5)
    assert [entry["deleted"] for entry in logs if entry["event"] == "exchanges_expired"] == [10, 10, 10, 5]


def test_a_paced_step_rests_only_when_it_has_nothing_more_to_do() -> None:
    answers = iter([True, True, False])
    step = Paced(60, lambda: next(answers))
    assert [step() for _ in range(5)] == [True, True, False, False, False]


def test_a_paced_step_that_failed_is_taken_again() -> None:
    taken = []

    def fail() -> bool:
        taken.append(1)
        raise TimeoutError

    step = Paced(60, fail)
    for _ in range(2):
        with pytest.raises(TimeoutError):
            step()
    assert len(taken) == 2


def test_a_mistake_of_ours_ends_it() -> None:
    """The supervisor starts it again and the log says why; a worker that swallows everything does nothing for weeks."""

    def mistake() -> bool:
        raise KeyError("a bug")

    with pytest.raises(KeyError):
        work([mistake], threading.Event())


def test_a_redis_that_came_back_empty_is_told_what_is_published(settings: Settings, engine: Engine) -> None:
    with session_scope(engine) as session:
        rulesets.add(session, {}, "首版", "tests")
    with Redis.from_url(settings.redis) as client, running(settings):
        wait_until(lambda: client.exists(TOKEN_KEY) == 1, 3)
        client.flushall()
        wait_until(lambda: client.exists(TOKEN_KEY) == 1, 3)


@pytest.mark.slow
class TestOutage:
    """Whatever goes away, the worker says so once and is at work again soon after its return."""

    def test_redis_is_killed_and_comes_back(self, database_url: str, engine: Engine, short_path: Path) -> None:
        with EmbeddedRedis(short_path / "data", short_path / "redis.sock") as redis:
            with running(settings_for(database_url, redis.url, short_path)) as logs:
                append(redis.url)
                wait_until(lambda: stored(engine) == 1, 3)
                assert redis.pid
                os.kill(redis.pid, signal.SIGKILL)
                wait_until(lambda: redis.pid is None, 3)
                time.sleep(2.5)
                redis.start()
                append(redis.url)
                wait_until(lambda: stored(engine) == 2, RESUMES)
            assert events(logs) == ["worker_started", "worker_waits", "worker_resumes", "worker_stopped"]
            assert what_is_away(logs) == ["redis"]

    def test_redis_hangs_and_goes_on(self, database_url: str, engine: Engine, short_path: Path) -> None:
        with EmbeddedRedis(short_path / "data", short_path / "redis.sock") as redis:
            append(redis.url)
            assert redis.pid
            os.kill(redis.pid, signal.SIGSTOP)
            with running(settings_for(database_url, redis.url, short_path)) as logs:
                time.sleep(2.5)
                os.kill(redis.pid, signal.SIGCONT)
                wait_until(lambda: stored(engine) == 1, RESUMES)
            assert events(logs) == ["worker_started", "worker_waits", "worker_resumes", "worker_stopped"]

    @pytest.mark.postgres
    @pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT], ids=["stopped", "crashed"])
    def test_postgresql_goes_away_and_comes_back(
        self, postgres: PostgresCluster, redis_url: str, tmp_path: Path, how: signal.Signals
    ) -> None:
        settings = settings_for(postgres.create_database(), redis_url, tmp_path)
        engine = make_engine(settings.database)
        upgrade(engine)
        with running(settings) as logs:
            append(redis_url)
            wait_until(lambda: stored(engine) == 1, 3)
            postgres.stop(how)
            append(redis_url, 3)
            time.sleep(2.5)
            postgres.start()
            wait_until(lambda: stored(engine) == 4, RESUMES)
        assert events(logs) == ["worker_started", "worker_waits", "worker_resumes", "worker_stopped"]
        assert what_is_away(logs) == ["database"]
        engine.dispose()

    def test_a_database_that_is_not_there_yet(self, settings: Settings, database_url: str) -> None:
        append(settings.redis)
        with running(settings) as logs:
            time.sleep(2.5)
            engine = make_engine(database_url)
            upgrade(engine)
            wait_until(lambda: stored(engine) == 1, RESUMES)
        assert events(logs) == ["worker_started", "worker_waits", "worker_resumes", "worker_stopped"]
        engine.dispose()

    def test_the_log_names_no_password(self, redis_url: str, tmp_path: Path) -> None:
        """No server listens there; a refusal is logged with its reason, and never with the address as it was given."""
        settings = settings_for("postgresql://weiyan:hunter2@127.0.0.1:9/weiyan", redis_url, tmp_path)
        append(redis_url)
        with running(settings) as logs:
            wait_until(lambda: bool(what_is_away(logs)), 5)
        assert what_is_away(logs) == ["database"]
        assert "refused" in str(logs)
        assert "hunter2" not in str(logs)


def work_until_told(settings: Settings) -> None:
    run_worker(settings, stop_on_signals())


def start(settings: Settings) -> BaseProcess:
    process = PROCESSES.Process(target=work_until_told, args=(settings,))
    process.start()
    return process


def ends_within(process: BaseProcess, seconds: float) -> bool:
    started = time.monotonic()
    process.join(10)
    return time.monotonic() - started < seconds


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_in_time_with_its_batch_done(settings: Settings, engine: Engine, number: signal.Signals) -> None:
    append(settings.redis, 6000)
    process = start(settings)
    assert process.pid
    wait_until(lambda: stored(engine) > 0, 5)
    os.kill(process.pid, number)
    assert ends_within(process, ENDS)
    assert process.exitcode == 0
    with Redis.from_url(settings.redis) as client:
        assert 6000 - stored(engine) == client.xlen(STREAM) > 0


def test_a_signal_ends_it_while_it_has_nothing_to_do(settings: Settings, engine: Engine) -> None:
    append(settings.redis)
    process = start(settings)
    wait_until(lambda: stored(engine) == 1, 5)
    process.terminate()
    assert ends_within(process, ENDS)
    assert process.exitcode == 0


def test_a_server_that_hangs_does_not_hold_up_the_end(database_url: str, engine: Engine, short_path: Path) -> None:
    """Not even a locked database, for which every statement waits longer than the worker may."""
    with EmbeddedRedis(short_path / "data", short_path / "redis.sock") as redis:
        process = start(settings_for(database_url, redis.url, short_path))
        append(redis.url)
        wait_until(lambda: stored(engine) == 1, 5)
        with session_scope(engine) as session:
            session.execute(text("LOCK TABLE exchange" if engine.dialect.name == "postgresql" else "SELECT 1"))
            append(redis.url)
            time.sleep(1)
            process.terminate()
            assert ends_within(process, ENDS + 0.2)
        assert process.exitcode == 1
        with Redis.from_url(redis.url) as client:
            assert client.xlen(STREAM) == 1
