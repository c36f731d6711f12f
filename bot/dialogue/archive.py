"""Moves exchanges from the Redis stream to the database: none is lost and each counts once, wherever it is killed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, cast

import structlog
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from redis import Redis
from sqlalchemy import Engine

from bot.dialogue.inbox import STREAM
from bot.store import exchanges
from bot.store.engine import session_scope
from bot.store.exchanges import NewExchange

log = structlog.get_logger(__name__)

BAD = f"{STREAM}:bad"

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_MS = 253_402_300_799_999  # the year 9999, where datetime ends

# What both databases can store: PostgreSQL refuses NUL, and more than a column holds; SQLite takes everything.
_Words = Annotated[str, StringConstraints(pattern=r"^[^\x00]*$")]
_Label = Annotated[str, StringConstraints(pattern=r"^[^\x00]*$", max_length=64)]
_Count = Annotated[int, Field(ge=0, lt=2**31)]


# Bytes to bytes; redis-py's own types allow for a client that decodes.
_Fields = dict[Any, Any]


class _Line(BaseModel):
    """An entry of the stream as ``Desk`` writes it. ``at`` is in Unix milliseconds, ``us`` the microseconds it took.

    Fields it doesn't know are let be: during an upgrade, newer writers and older movers meet.
    """

    model_config = ConfigDict(frozen=True, strict=True)

    at: int = Field(ge=0, le=_LAST_MS)
    person: _Label
    type: _Label
    said: _Words
    reply: _Words
    decision: _Label
    entries: list[_Label]
    handler: _Label
    version: _Count
    us: _Count
    forget: bool = False

    @property
    def moment(self) -> datetime:
        return _EPOCH + timedelta(milliseconds=self.at)

    def row(self, stream_id: str) -> NewExchange:
        return {
            "stream_id": stream_id,
            "at": self.moment,
            "person": self.person,
            "message_type": self.type,
            "said": self.said,
            "reply": self.reply,
            "decision": self.decision,
            "entries": self.entries,
            "handler": self.handler,
            "ruleset_version": self.version,
            "elapsed_us": self.us,
        }


class Archive:
    """The way from the stream to the table. Several at once, in any processes, do no harm."""

    def __init__(self, redis_client: Redis, engine: Engine) -> None:
        """``redis_client`` must not decode: an entry that isn't UTF-8 would keep all others from being read."""
        self._redis = redis_client
        self._engine = engine

    def move(self, limit: int = 500) -> int:
        """Moves the oldest ``limit`` entries and returns how many left the stream.

        They leave it only after the commit. Killed in between, the next move meets them again, and the database knows
        their stream ids. Raises RedisError or SQLAlchemyError while one of the two is away.
        """
        entries = cast(list[tuple[bytes, _Fields]], self._redis.xrange(STREAM, count=limit))
        if not entries:
            return 0
        lines: dict[str, _Line] = {}
        bad: dict[bytes, _Fields] = {}
        for stream_id, fields in entries:
            try:
                lines[stream_id.decode()] = _Line.model_validate_json(fields.get(b"x", b""))
            except ValidationError as error:
                bad[stream_id] = fields
                _report(stream_id, error)
        self._store(lines)
        self._take_off([stream_id for stream_id, _ in entries], bad)
        return len(entries)

    def discard_bad(self, before: datetime) -> None:
        """Deletes what was moved aside before ``before``."""
        self._redis.xtrim(BAD, minid=str(int(before.timestamp() * 1000)), approximate=False)

    def _store(self, lines: Mapping[str, _Line]) -> None:
        with session_scope(self._engine) as session:
            exchanges.record(session, [line.row(stream_id) for stream_id, line in lines.items()])
            for line in lines.values():
                if line.forget:
                    # Met again after a crash, it must not reach what this person said since.
                    exchanges.forget(session, line.person, until=line.moment)

    def _take_off(self, stream_ids: Iterable[bytes], bad: Mapping[bytes, _Fields]) -> None:
        with self._redis.pipeline(transaction=True) as pipeline:
            for stream_id, fields in bad.items():
                pipeline.xadd(BAD, {**fields, "stream_id": stream_id})
            pipeline.xdel(STREAM, *stream_ids)
            pipeline.execute()


def _report(stream_id: bytes, error: ValidationError) -> None:
    """Which field is wrong and how, never what stands in it."""
    faults = [{"field": ".".join(map(str, e["loc"])), "fault": e["type"]} for e in error.errors()]
    log.error("exchange_malformed", stream_id=stream_id.decode(), faults=faults, effect=f"kept in {BAD}")
