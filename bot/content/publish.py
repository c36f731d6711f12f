"""Puts a pack into force: writes it as the next version, then tells every web worker by the token in Redis."""

from __future__ import annotations

import structlog
from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from bot.content.pack import Pack, load_pack
from bot.content.published import newest_token
from bot.store import rulesets
from bot.store.engine import session_scope

log = structlog.get_logger(__name__)

# Each web worker sees it with every message it takes in.
TOKEN_KEY = "weiyan:ruleset"


def starter(engine: Engine, redis: Redis) -> int:
    """Publishes config/content as version 1 where nothing is published yet; returns the newest version's number.

    Two that start at once publish it once.
    """
    with session_scope(engine) as session:
        rulesets.lock(session)
        number = rulesets.newest_number(session) or _add(session, load_pack(), note="起始内容", author="seed")
    announce(engine, redis)
    return number


def publish(engine: Engine, redis: Redis, pack: Pack, *, note: str, author: str) -> int:
    """Writes ``pack`` as the next version and returns its number. With Redis away the worker announces it later."""
    with session_scope(engine) as session:
        number = _add(session, pack, note=note, author=author)
    announce(engine, redis)
    return number


def _add(session: Session, pack: Pack, *, note: str, author: str) -> int:
    number = rulesets.add(session, pack.model_dump(mode="json"), note, author).number
    log.info("ruleset_published", version=number, entries=len(pack.entries))
    return number


def announce(engine: Engine, redis: Redis) -> None:
    """Makes the token in Redis say what is newest in the database, if it does not."""
    token = newest_token(engine)
    try:
        if redis.get(TOKEN_KEY) != token:
            redis.set(TOKEN_KEY, token)
    except RedisError as error:
        log.warning("ruleset_not_announced", error=type(error).__name__, effect="the worker tries again")
