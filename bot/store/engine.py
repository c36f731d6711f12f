"""Opens the database, SQLite or PostgreSQL, so that both behave alike: a scope is one transaction, times are UTC."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, DateTime, Dialect, Engine, create_engine, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.orm import Session
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.types import TypeDecorator

# Seconds. No resident waits for the database, but a page of the console and the worker's stop do.
CONNECT_TIMEOUT = 3
LOCK_TIMEOUT = 5
STATEMENT_TIMEOUT = 10

# Every constraint has a name that is the same on both databases, so that a migration can change it.
NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

_SQLITE_PRAGMAS = (
    f"busy_timeout = {LOCK_TIMEOUT * 1000}",
    "journal_mode = WAL",
    "synchronous = FULL",  # what was committed is deleted from Redis: it must outlive a power cut
    "foreign_keys = ON",
    "secure_delete = ON",  # what a resident had us forget is overwritten in the file
)

_READ_ONLY = {"read_only": True}


class UtcDateTime(TypeDecorator[datetime]):
    """A moment. Comes back aware, in UTC (SQLite itself forgets the zone); refuses a naive datetime with ValueError."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError(f"a datetime without a time zone: {value!r}")
        return value and value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def make_engine(url: str) -> Engine:
    """An engine for ``sqlite:///path`` or ``postgresql+psycopg://…``; connects only when first used.

    Parameters of a statement appear in no error message: they are what residents wrote.
    """
    options: dict[str, Any] = {
        "hide_parameters": True,
        "json_serializer": functools.partial(json.dumps, ensure_ascii=False, separators=(",", ":")),
    }
    if make_url(url).get_backend_name() == "sqlite":
        engine = create_engine(url, **options)
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    else:
        engine = create_engine(url, pool_pre_ping=True, pool_timeout=CONNECT_TIMEOUT, connect_args=_postgresql(), **options)
        event.listen(engine, "begin", _begin_postgresql)
    return engine


@contextmanager
def session_scope(engine: Engine) -> Iterator[Session]:
    """A session that commits once, at the end, or nothing at all when anything inside fails.

    On SQLite it holds the one write lock from its first statement on: what it has read still holds when it writes.
    """
    with Session(engine, expire_on_commit=False) as session, session.begin():
        yield session


@contextmanager
def read_scope(engine: Engine) -> Iterator[Session]:
    """A session that waits for no writer and can't write: the database refuses."""
    with Session(engine.execution_options(**_READ_ONLY), expire_on_commit=False) as session, session.begin():
        yield session


def _postgresql() -> dict[str, Any]:
    return {
        "connect_timeout": CONNECT_TIMEOUT,
        "tcp_user_timeout": STATEMENT_TIMEOUT * 1000,
        "options": f"-c statement_timeout={STATEMENT_TIMEOUT}s -c lock_timeout={LOCK_TIMEOUT}s -c timezone=UTC",
    }


def _prepare_sqlite(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # the driver must not begin transactions of its own: _begin_sqlite does
    for pragma in _SQLITE_PRAGMAS:
        connection.cursor().execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    """A transaction that reads first and writes later must hold the write lock from the start.

    With a plain BEGIN, SQLite refuses the later write at once when somebody else wrote in between.
    """
    read_only = _is_read_only(connection)
    connection.exec_driver_sql(f"PRAGMA query_only = {read_only:d}")
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")


def _begin_postgresql(connection: Connection) -> None:
    if _is_read_only(connection):
        connection.exec_driver_sql("SET TRANSACTION READ ONLY")


def _is_read_only(connection: Connection) -> bool:
    return bool(connection.get_execution_options().get("read_only"))
