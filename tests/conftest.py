"""What all tests share: databases, Redis, and a fence around the data of whoever runs them."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from redis import Redis
from sqlalchemy import Engine

from bot.embedded_redis import EmbeddedRedis
from bot.store.engine import make_engine
from bot.store.migrate import upgrade
from config.settings import ROOT, Settings
from tests.databases import NoPostgres, PostgresCluster

# Nothing can be made below a device, not even by root: a test that forgets its own DATA_DIR breaks at once.
for _name in list(os.environ):
    if _name.lower() in Settings.model_fields:
        del os.environ[_name]
os.environ["DATA_DIR"] = "/dev/null/a-test-must-set-its-own-DATA_DIR"


def _fence(event: str, arguments: tuple[Any, ...]) -> None:
    """Sees every file that Python opens or makes in this process."""
    if event in ("open", "os.mkdir", "sqlite3.connect") and isinstance(arguments[0], (str, bytes, os.PathLike)):
        path = os.path.abspath(os.fsdecode(arguments[0]))
        if path == _REAL_DATA or path.startswith(_REAL_DATA + os.sep):
            raise AssertionError(f"a test touches the real data: {path}")


_REAL_DATA = str(ROOT / "var")
sys.addaudithook(_fence)


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresCluster]:
    """The run's PostgreSQL server, skipped by name where none is installed. A test that stops it starts it again."""
    try:
        cluster = PostgresCluster()
    except NoPostgres as error:
        pytest.skip(str(error))
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.remove()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A new, empty database: the test runs once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'weiyan.db'}"
        return
    cluster: PostgresCluster = request.getfixturevalue("postgres")
    cluster.start()  # a test that failed may have left it stopped
    url = cluster.create_database()
    yield url
    cluster.drop_database(url)


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """An engine on a migrated database, SQLite and PostgreSQL in turn."""
    engine = make_engine(database_url)
    upgrade(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def short_path() -> Iterator[Path]:
    """An empty directory for a socket, whose path may have 107 bytes at most."""
    directory = Path(tempfile.mkdtemp(prefix="weiyan-", dir="/tmp"))
    yield directory
    shutil.rmtree(directory)


@pytest.fixture(scope="session")
def redis_server() -> Iterator[EmbeddedRedis]:
    """The run's Redis. Tests use ``redis_url``; a test that stops or kills Redis makes one of its own."""
    directory = Path(tempfile.mkdtemp(prefix="weiyan-redis-", dir="/tmp"))
    try:
        with EmbeddedRedis(directory / "data", directory / "redis.sock") as server:
            yield server
    finally:
        shutil.rmtree(directory)


@pytest.fixture
def redis_url(redis_server: EmbeddedRedis) -> str:
    """An empty Redis."""
    with Redis.from_url(redis_server.url) as client:
        client.flushall()
    return redis_server.url
