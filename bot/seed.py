"""Makes the database ready to serve from: its tables up to date, and the starter content published if nothing is yet."""

from __future__ import annotations

from bot.content import publish
from bot.store.engine import make_engine
from bot.store.migrate import upgrade
from bot.store.redis import connect
from config.settings import Settings

REDIS_TIMEOUT = 2.0  # seconds


def seed(settings: Settings) -> int:
    """Returns the number of the published version. It may be run again and again, by several at once; nothing stays open."""
    engine = make_engine(settings.database)
    redis = connect(settings.redis, timeout=REDIS_TIMEOUT)
    try:
        upgrade(engine)
        return publish.starter(engine, redis)
    finally:
        redis.close()
        engine.dispose()
