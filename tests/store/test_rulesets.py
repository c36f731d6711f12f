"""Published rulesets: numbered without a gap, whole, and with a digest of their content."""

from __future__ import annotations

import threading

from sqlalchemy import Engine

from bot.store import rulesets
from bot.store.engine import read_scope, session_scope

PACK = {"entries": [{"id": "A01", "title": "秸秆能烧吗"}], "variables": {"禁烧电话": {"value": "0469"}}, "nothing": None}


def test_nothing_is_published_at_first(engine: Engine) -> None:
    with read_scope(engine) as session:
        assert rulesets.newest(session) is None
        assert rulesets.newest_number(session) == 0


def test_the_newest_is_what_was_added_last(engine: Engine) -> None:
    with session_scope(engine) as session:
        assert rulesets.add(session, {"old": True}, "旧", "a").number == 1
        assert rulesets.add(session, PACK, "换了电话", "b").number == 2
    with read_scope(engine) as session:
        newest = rulesets.newest(session)
    assert newest is not None
    assert (newest.number, newest.content, newest.note, newest.created_by) == (2, PACK, "换了电话", "b")
    assert newest.sha256 == rulesets.digest(PACK) == rulesets.digest(dict(reversed(PACK.items())))
    assert newest.created_at.utcoffset() is not None


def test_a_lock_lets_only_one_of_two_publish_the_first_version(engine: Engine) -> None:
    """What a first start does in two processes: look, then publish if nothing is there."""
    together = threading.Barrier(2)

    def publish_if_first() -> None:
        together.wait()
        with session_scope(engine) as session:
            rulesets.lock(session)
            if rulesets.newest_number(session) == 0:
                rulesets.add(session, PACK, "初始内容", "seed")

    threads = [threading.Thread(target=publish_if_first) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with read_scope(engine) as session:
        assert rulesets.newest_number(session) == 1
