"""Publishing: version 1 once however many start at once, live in every worker within seconds, on both databases."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

from redis import Redis
from sqlalchemy import Engine

from bot.content import publish, published
from bot.content.pack import load_pack
from bot.content.published import Live
from bot.store import announcements
from bot.store.engine import session_scope


def client(redis_url: str) -> Redis:
    return Redis.from_url(redis_url, decode_responses=True)


def test_the_starter_content_is_published_once(engine: Engine, redis_url: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        numbers = list(pool.map(lambda _: publish.starter(engine, client(redis_url)), range(4)))
    assert numbers == [1, 1, 1, 1]
    snapshot = published.read(engine)
    assert snapshot is not None
    assert snapshot.version == 1
    assert len(snapshot.ruleset.entries) == 119


def test_what_is_read_back_is_what_was_published(engine: Engine, redis_url: str) -> None:
    pack = load_pack()
    publish.publish(engine, client(redis_url), pack, note="n", author="a")
    snapshot = published.read(engine)
    assert snapshot is not None
    assert snapshot.pack == pack


def test_a_newer_version_and_a_new_announcement_reach_a_running_worker(engine: Engine, redis_url: str) -> None:
    redis = client(redis_url)
    publish.starter(engine, redis)
    live = Live(lambda: published.read(engine))
    assert live.current.version == 1
    publish.publish(engine, redis, load_pack(), note="n", author="a")
    follow(live, redis)
    assert live.current.version == 2
    with session_scope(engine) as session:
        announcements.add(session, title="秋季禁烧通告", body="正文", url="https://example.com/1")
    publish.announce(engine, redis)
    follow(live, redis)
    assert [notice.title for notice in live.current.notices] == ["秋季禁烧通告"]


def follow(live: Live, redis: Redis) -> None:
    """What a worker does with each message, until it has what the token says."""
    token = redis.get(publish.TOKEN_KEY)
    assert isinstance(token, str)
    deadline = time.monotonic() + 5
    while live.current.token != token and time.monotonic() < deadline:
        live.notice(token)
        time.sleep(0.02)
    assert live.current.token == token


def test_a_token_that_no_database_knows_is_not_asked_for_with_every_message(engine: Engine, redis_url: str) -> None:
    publish.starter(engine, client(redis_url))
    reads: list[int] = []

    def source() -> published.Published | None:
        reads.append(1)
        return published.read(engine)

    live = Live(source)
    assert live.current.version == 1
    for _ in range(50):
        live.notice("7.unknown")
        time.sleep(0.005)
    assert len(reads) == 2, "once at the start, once for the strange token"


def test_without_a_database_the_shipped_content_answers() -> None:
    live = Live(lambda: None)
    assert live.current.version == 0
    assert "A01" in live.current.ruleset.entries
