"""Redis on the hot path: scripts over own connections, and a breaker so that nobody waits for a Redis that is away."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from hashlib import sha1
from typing import Any

import structlog
from hiredis import pack_command
from redis import Redis
from redis.backoff import NoBackoff
from redis.connection import ConnectionPool
from redis.exceptions import NoScriptError, RedisError
from redis.retry import Retry

log = structlog.get_logger(__name__)

Connection = Any  # redis-py's connections are untyped

# Seconds. Two of these and the work between them stay well within the 1.5 s in which a resident is answered.
TIMEOUT = 0.4
PROBE_EVERY = 0.5


class RedisAway(Exception):
    """Redis did not answer in time, or refused to write; do without it."""


class Script:
    """A Lua script, called by its digest."""

    def __init__(self, source: str) -> None:
        self.source = source
        # Redis names scripts by their sha1.
        self.digest = sha1(self.source.encode(), usedforsecurity=False).hexdigest()


_PING = Script("return 1")


def connect(url: str, timeout: float = TIMEOUT, *, decode: bool = True) -> Redis:
    """An ordinary client with short timeouts and no retries: redis-py's own cost up to 4.6 s with Redis away.

    ``decode`` False gives bytes, for those who must survive what is no UTF-8.
    """
    return Redis.from_url(
        url, socket_timeout=timeout, socket_connect_timeout=timeout, retry=Retry(NoBackoff(), 0), decode_responses=decode
    )


class ScriptRunner:
    """Runs scripts. Safe for many threads; connections are kept last-in-first-out.

    redis-py's pool and pipeline objects cost more than the server's own work, so a call here is one packed command
    on one connection.
    """

    def __init__(self, url: str) -> None:
        self._pool = ConnectionPool.from_url(
            url, socket_timeout=TIMEOUT, socket_connect_timeout=TIMEOUT, retry=Retry(NoBackoff(), 0), decode_responses=True
        )
        self._idle: list[Connection] = []
        self._lock = threading.Lock()
        self.up = True

    def run(self, script: Script, keys: Sequence[str], arguments: Sequence[str | int]) -> Any:
        """The script's result; raises RedisAway at once while the breaker is open."""
        if not self.up:
            raise RedisAway("Redis is away")
        connection = None
        try:
            connection = self._take()
            try:
                answer = self._call(connection, "EVALSHA", script.digest, len(keys), *keys, *arguments)
            except NoScriptError:
                answer = self._call(connection, "EVAL", script.source, len(keys), *keys, *arguments)
        except (RedisError, OSError) as error:
            if connection is not None:
                connection.disconnect()
            self._open(error)
            raise RedisAway(type(error).__name__) from error
        except BaseException:
            # A half-read answer must never meet the next message.
            if connection is not None:
                connection.disconnect()
            raise
        self._idle.append(connection)
        return answer

    def ping(self) -> bool:
        """Whether Redis answers now."""
        try:
            self.run(_PING, (), ())
        except RedisAway:
            return False
        return True

    @staticmethod
    def _call(connection: Connection, *command: str | int) -> Any:
        # The connection's own packing looks at every argument once more.
        connection.send_packed_command([pack_command(command)])  # type: ignore[arg-type]  # its stub means one element
        return connection.read_response()

    def _take(self) -> Connection:
        try:
            return self._idle.pop()
        except IndexError:
            connection: Connection = self._pool.make_connection()
            connection.connect()
            return connection

    def _open(self, error: Exception) -> None:
        """Opens the breaker; one thread then looks until Redis takes writes again."""
        with self._lock:
            if not self.up:
                return
            self.up = False
        log.error("redis_away", error=type(error).__name__, effect="residents get stateless answers")
        while self._idle:
            self._idle.pop().disconnect()
        threading.Thread(target=self._probe, name="redis-probe", daemon=True).start()

    def _probe(self) -> None:
        since = time.monotonic()
        while True:
            time.sleep(PROBE_EVERY)
            try:
                connection: Connection = self._pool.make_connection()
                connection.connect()
                # A write: a full or read-only Redis answers PING but is of no use.
                self._call(connection, "SET", "weiyan:probe", "1", "PX", 1000)
            except (RedisError, OSError):
                continue
            self._idle.append(connection)
            self.up = True
            log.info("redis_back", away_seconds=round(time.monotonic() - since, 1))
            return
