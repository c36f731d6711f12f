"""The work that no resident waits for: moves exchanges to the database, announces rulesets, deletes what is too old."""

from __future__ import annotations

import functools
import os
import signal
import threading
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta

import structlog
from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from bot.content.publish import announce
from bot.dialogue.archive import Archive
from bot.store import exchanges
from bot.store.engine import make_engine, session_scope
from bot.store.redis import connect
from config.settings import Settings

log = structlog.get_logger(__name__)

# Seconds.
IDLE = 0.5
RETRY = 1.0
ANNOUNCE_EVERY = 1.0
EXPIRE_EVERY = 86_400.0
REDIS_TIMEOUT = 0.8
STOP_PATIENCE = 0.9

MOVED_AT_ONCE = 500
DELETED_AT_ONCE = 2000

# A piece of work: does a little and says whether more of it is waiting.
Step = Callable[[], bool]


def run_worker(settings: Settings, stop: threading.Event) -> None:
    """Works until ``stop`` is set, then finishes what it has begun; with Redis or the database away it waits for them.

    The database must have been migrated. Any number of workers may run; one is enough.
    """
    engine = make_engine(settings.database)
    raw = connect(settings.redis, REDIS_TIMEOUT, decode=False)
    archive = Archive(raw, engine)
    keep = timedelta(days=settings.exchange_retention_days)
    log.info("worker_started")
    with raw, connect(settings.redis, REDIS_TIMEOUT) as client:
        steps = (
            functools.partial(move, archive),
            Paced(ANNOUNCE_EVERY, functools.partial(announce_newest, engine, client)),
            Paced(EXPIRE_EVERY, functools.partial(expire, engine, archive, keep)),
        )
        work(steps, stop)
    engine.dispose()
    log.info("worker_stopped")


def move(archive: Archive) -> bool:
    """A batch of exchanges, to the database."""
    return archive.move(MOVED_AT_ONCE) == MOVED_AT_ONCE


def announce_newest(engine: Engine, client: Redis) -> bool:
    """Tells the web workers what is published, should Redis not know: it was away then, or came back empty."""
    announce(engine, client)
    return False


def expire(engine: Engine, archive: Archive, keep: timedelta) -> bool:
    """Deletes a batch of the exchanges older than ``keep``, so that nothing waits long for it."""
    before = datetime.now(UTC) - keep
    with session_scope(engine) as session:
        deleted = exchanges.delete_older_than(session, before, DELETED_AT_ONCE)
    archive.discard_bad(before)
    if deleted:
        log.info("exchanges_expired", deleted=deleted)
    return deleted == DELETED_AT_ONCE


class Paced:
    """A step that, once it has nothing more to do, rests for ``seconds``."""

    def __init__(self, seconds: float, step: Step) -> None:
        self._seconds = seconds
        self._step = step
        self._due = 0.0

    def __call__(self) -> bool:
        if time.monotonic() < self._due:
            return False
        more = self._step()
        if not more:
            self._due = time.monotonic() + self._seconds
        return more


def work(steps: Iterable[Step], stop: threading.Event) -> None:
    """Takes the steps in turn until ``stop`` is set, without a pause while any has more to do."""
    steps = tuple(steps)
    outage = Outage()
    while not stop.is_set():
        try:
            more = [step() for step in steps]
        except (RedisError, SQLAlchemyError) as error:
            outage.begins(error)
            stop.wait(RETRY)
        else:
            outage.ends()
            if not any(more):
                stop.wait(IDLE)


class Outage:
    """Says once that Redis or the database is away, and once that all is well again."""

    def __init__(self) -> None:
        self._away = ""
        self._since = 0.0

    def begins(self, error: Exception) -> None:
        away = "redis" if isinstance(error, RedisError) else "database"
        if away != self._away:
            self._since = self._since if self._away else time.monotonic()
            self._away = away
            reason = str(getattr(error, "orig", error)).partition("\n")[0]
            log.error("worker_waits", away=away, error=type(error).__name__, reason=reason)

    def ends(self) -> None:
        if self._away:
            log.info("worker_resumes", away_seconds=round(time.monotonic() - self._since, 1))
            self._away = ""


def stop_on_signals() -> threading.Event:
    """An event that SIGTERM or SIGINT sets; a second later this process ends whatever it is still waiting for.

    Call it in the main thread before any other thread starts. The signals are waited for in a thread: Event.set in a signal
    handler can lock up the very thread that is in Event.wait. A server that hangs can't hold up the end: what is unfinished
    then is as safe as after a kill.
    """
    signals = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    stop = threading.Event()

    def wait() -> None:
        signal.sigwait(signals)
        stop.set()
        time.sleep(STOP_PATIENCE)
        log.warning("worker_cut_short")
        os._exit(1)

    threading.Thread(target=wait, name="signals", daemon=True).start()
    return stop
