"""The inbox on a real Redis: one effect for every message, sessions in order, floods, and Redis stopped and killed."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from redis import Redis

from bot.dialogue import inbox as inbox_module
from bot.dialogue.inbox import Inbox
from bot.dialogue.messages import MenuClick, NoReply, Text, TextReply
from bot.dialogue.session import Session
from bot.embedded_redis import EmbeddedRedis
from bot.store.redis import ScriptRunner


def text(msg_id: int, content: str = "问") -> Text:
    return Text(to_user="gh", openid="o1", created_at=1, msg_id=msg_id, content=content)


def make_inbox(url: str, **options: int) -> Inbox:
    defaults = {"session_ttl": 1800, "reply_ttl": 120, "rate_messages": 1000, "rate_seconds": 10}
    return Inbox(ScriptRunner(url), **{**defaults, **options})


@pytest.fixture
def inbox(redis_url: str) -> Inbox:
    return make_inbox(redis_url)


@pytest.fixture
def own_redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedRedis]:
    """A server that a test may stop and kill."""
    directory = tmp_path_factory.mktemp("r")
    with EmbeddedRedis(directory, Path(f"/tmp/wy-{os.getpid()}-{directory.name}.sock")) as server:
        yield server


def answer(box: Inbox, message: Text | MenuClick, say: Callable[[Session], str], person: str = "p1") -> str:
    """Does what the desk does; returns the text that the resident would see."""
    admitted = box.admit(message, person)
    if admitted.state == "done":
        assert isinstance(admitted.reply, TextReply)
        return admitted.reply.content
    if admitted.state != "go":
        return f"<{admitted.state}>"
    reply = TextReply(say(admitted.session))
    settled = box.settle(admitted, message, person, reply, "{}")
    assert isinstance(settled, TextReply)
    return settled.content


class TestDuplicates:
    def test_a_second_attempt_gets_the_stored_reply_without_a_second_effect(self, inbox: Inbox) -> None:
        effects: list[int] = []

        def say(session: Session) -> str:
            effects.append(1)
            return f"answer {len(effects)}"

        assert [answer(inbox, text(7), say) for _ in range(3)] == ["answer 1"] * 3
        assert len(effects) == 1

    def test_the_same_msg_id_of_another_sender_is_no_duplicate(self, inbox: Inbox) -> None:
        assert answer(inbox, text(7), lambda _: "to one", "p1") == "to one"
        assert answer(inbox, text(7), lambda _: "to two", "p2") == "to two"

    def test_an_event_is_known_by_its_time_and_key(self, inbox: Inbox) -> None:
        def click(key: str, at: int) -> MenuClick:
            return MenuClick(to_user="gh", openid="o1", created_at=at, event="CLICK", event_key=key)

        assert answer(inbox, click("menu", 5), lambda _: "first") == "first"
        assert answer(inbox, click("menu", 5), lambda _: "again") == "first"
        assert answer(inbox, click("human", 5), lambda _: "other key") == "other key"
        assert answer(inbox, click("menu", 6), lambda _: "other time") == "other time"

    def test_attempts_at_the_same_moment_in_several_workers_have_one_effect(self, redis_url: str) -> None:
        effects: list[str] = []
        boxes = [make_inbox(redis_url) for _ in range(4)]

        def attempt(number: int) -> str:
            def say(_: Session) -> str:
                effects.append(str(number))
                time.sleep(0.05)
                return f"answer of {number}"

            return answer(boxes[number % 4], text(9), say)

        with ThreadPoolExecutor(12) as pool:
            seen = list(pool.map(attempt, range(12)))
        assert len(effects) == 1
        assert set(seen) == {f"answer of {effects[0]}"}

    def test_a_retry_waits_for_work_longer_than_the_lease(self, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(inbox_module, "LEASE_MS", 400)
        monkeypatch.setattr(inbox_module, "KEEPER_EVERY", 0.1)
        first, second = make_inbox(redis_url), make_inbox(redis_url)
        effects: list[str] = []

        def slow(_: Session) -> str:
            effects.append("slow")
            time.sleep(1.5)
            return "the slow answer"

        with ThreadPoolExecutor(2) as pool:
            working = pool.submit(answer, first, text(3), slow)
            time.sleep(0.3)
            assert answer(second, text(3), lambda _: effects.append("second") or "no") == "the slow answer"
            assert working.result() == "the slow answer"
        assert effects == ["slow"]

    def test_a_dead_workers_message_is_taken_over(self, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(inbox_module, "LEASE_MS", 300)
        dead, alive = make_inbox(redis_url), make_inbox(redis_url)
        monkeypatch.setattr(dead, "_keep", lambda *_: None)  # its process is gone: nobody renews
        assert dead.admit(text(4), "p1").state == "go"
        started = time.monotonic()
        assert answer(alive, text(4), lambda _: "taken over") == "taken over"
        assert 0.2 < time.monotonic() - started < 2

    def test_an_attempt_that_failed_without_settling_does_not_block_the_resident_for_ever(
        self, redis_url: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(inbox_module, "LEASE_MS", 400)
        monkeypatch.setattr(inbox_module, "KEEPER_EVERY", 0.1)
        monkeypatch.setattr(inbox_module, "KEPT_AT_MOST", 0.5)
        box = make_inbox(redis_url)
        assert box.admit(text(1), "p1").state == "go"
        assert answer(box, text(2), lambda _: "the next one") == "the next one"

    def test_one_who_was_overtaken_gives_the_stored_reply(self, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(inbox_module, "LEASE_MS", 200)
        stalled, other = make_inbox(redis_url), make_inbox(redis_url)
        monkeypatch.setattr(stalled, "_keep", lambda *_: None)
        admitted = stalled.admit(text(5), "p1")
        assert answer(other, text(5), lambda _: "the one answer") == "the one answer"
        assert stalled.settle(admitted, text(5), "p1", TextReply("too late"), "{}") == TextReply("the one answer")
        assert Redis.from_url(redis_url).xlen(inbox_module.STREAM) == 1

    def test_silence_is_stored_too(self, inbox: Inbox) -> None:
        admitted = inbox.admit(text(8), "p1")
        assert inbox.settle(admitted, text(8), "p1", NoReply(), "{}") == NoReply()
        again = inbox.admit(text(8), "p1")
        assert (again.state, again.reply) == ("done", NoReply())


class TestSession:
    def test_it_is_there_for_the_next_message_and_small(self, inbox: Inbox, redis_url: str) -> None:
        def remember(session: Session) -> str:
            session.entry = "B10"
            session.offered = ["entry:A03", "entry:A17", "entry:A24"]
            return "ok"

        answer(inbox, text(1), remember)
        assert answer(inbox, text(2), lambda session: session.entry) == "B10"
        client = Redis.from_url(redis_url)
        assert client.memory_usage("weiyan:u:p1") <= 400
        assert 1_790_000 < client.pttl("weiyan:u:p1") <= 1_800_000

    def test_quick_messages_are_handled_in_order_and_none_is_overwritten(self, redis_url: str) -> None:
        boxes = [make_inbox(redis_url) for _ in range(3)]
        client = Redis.from_url(redis_url)
        order: list[int] = []
        all_wait = threading.Event()

        def attempt(number: int) -> None:
            def say(session: Session) -> str:
                assert all_wait.wait(20)
                order.append(number)
                session.offered = [*session.offered, str(number)]
                return "ok"

            answer(boxes[number % 3], text(100 + number), say)

        with ThreadPoolExecutor(8) as pool:
            attempts = []
            for number in range(8):
                attempts.append(pool.submit(attempt, number))
                while (client.hget("weiyan:u:p1", "q") or b"").count(b",") <= number:
                    time.sleep(0.002)  # the next one is sent when this one has arrived
            all_wait.set()
            for each in attempts:
                each.result()
        assert order == list(range(8))
        assert answer(boxes[0], text(200), lambda session: ",".join(session.offered)) == "0,1,2,3,4,5,6,7"

    def test_an_emptied_session_is_removed(self, inbox: Inbox, redis_url: str) -> None:
        def fill(session: Session) -> str:
            session.entry = "A01"
            return "ok"

        def clear(session: Session) -> str:
            session.entry = ""
            return "ok"

        answer(inbox, text(1), fill)
        answer(inbox, text(2), clear)
        assert Redis.from_url(redis_url).hget("weiyan:u:p1", "s") is None

    def test_an_unreadable_session_is_a_fresh_one(self, inbox: Inbox, redis_url: str) -> None:
        for number, stored in enumerate(("{", "[]", "null", '{"o": 3}', '"x"')):
            Redis.from_url(redis_url).hset("weiyan:u:p1", "s", stored)
            assert answer(inbox, text(50 + number), lambda session: f"entry={session.entry}") == "entry="


class TestFlood:
    def test_one_polite_word_then_silence_then_all_is_well(self, redis_url: str) -> None:
        box = make_inbox(redis_url, rate_messages=20, rate_seconds=1)
        seen = [answer(box, text(number), lambda _: "ok") for number in range(30)]
        assert seen == ["ok"] * 20 + ["<flood>"] + ["<mute>"] * 9
        assert answer(box, text(20), lambda _: "ok") == "<flood>", "the retry of the message that got the notice gets it again"
        assert answer(box, text(25), lambda _: "ok") == "<mute>"
        assert answer(box, text(1), lambda _: "other", "p2") == "other"
        time.sleep(1.1)
        assert answer(box, text(99), lambda _: "ok again") == "ok again"

    def test_retries_do_not_count(self, redis_url: str) -> None:
        box = make_inbox(redis_url, rate_messages=3)
        for number in range(3):
            for _ in range(4):
                assert answer(box, text(number), lambda _: "ok") == "ok"

    def test_the_window_slides(self, redis_url: str) -> None:
        box = make_inbox(redis_url, rate_messages=4, rate_seconds=1)
        assert [answer(box, text(number), lambda _: "ok") for number in range(2)] == ["ok"] * 2
        time.sleep(0.7)
        assert [answer(box, text(10 + number), lambda _: "ok") for number in range(2)] == ["ok"] * 2
        time.sleep(0.5)
        seen = [answer(box, text(20 + number), lambda _: "ok") for number in range(3)]
        assert seen == ["ok", "ok", "<flood>"], "the two of 0.5 s ago still count"


class TestRedisAway:
    def test_killed_and_started_again(self, own_redis: EmbeddedRedis) -> None:
        box = make_inbox(own_redis.url)
        assert answer(box, text(1), lambda _: "ok") == "ok"
        assert own_redis.pid
        os.kill(own_redis.pid, signal.SIGKILL)
        while own_redis.pid is not None:
            time.sleep(0.01)
        self.stateless_and_quick(box)
        own_redis.start()
        self.well_again(box)

    def test_hanging(self, own_redis: EmbeddedRedis) -> None:
        box = make_inbox(own_redis.url)
        assert answer(box, text(1), lambda _: "ok") == "ok"
        assert own_redis.pid
        os.kill(own_redis.pid, signal.SIGSTOP)
        try:
            self.stateless_and_quick(box)
        finally:
            os.kill(own_redis.pid, signal.SIGCONT)
        self.well_again(box)

    def test_gone_between_in_and_out(self, own_redis: EmbeddedRedis) -> None:
        box = make_inbox(own_redis.url)
        admitted = box.admit(text(1), "p1")
        assert own_redis.pid
        os.kill(own_redis.pid, signal.SIGSTOP)
        try:
            started = time.monotonic()
            assert box.settle(admitted, text(1), "p1", TextReply("still said"), "{}") == TextReply("still said")
            assert time.monotonic() - started < 1.5
        finally:
            os.kill(own_redis.pid, signal.SIGCONT)
        self.well_again(box)

    def test_full_memory_refuses_writes_and_residents_are_answered(self, own_redis: EmbeddedRedis) -> None:
        box = make_inbox(own_redis.url)
        client = Redis.from_url(own_redis.url)
        client.config_set("maxmemory-policy", "noeviction")
        client.config_set("maxmemory", "1")
        self.stateless_and_quick(box)
        client.config_set("maxmemory", "64mb")
        self.well_again(box)

    def test_it_is_logged_once(self, own_redis: EmbeddedRedis, monkeypatch: pytest.MonkeyPatch) -> None:
        from bot.store import redis as store_redis

        lines: list[str] = []
        monkeypatch.setattr(store_redis.log, "error", lambda event, **_: lines.append(event))
        box = make_inbox(own_redis.url)
        assert own_redis.pid
        os.kill(own_redis.pid, signal.SIGSTOP)
        try:
            with ThreadPoolExecutor(8) as pool:
                list(pool.map(lambda number: box.admit(text(number), f"p{number}"), range(16)))
        finally:
            os.kill(own_redis.pid, signal.SIGCONT)
        assert lines == ["redis_away"]

    @staticmethod
    def stateless_and_quick(box: Inbox) -> None:
        for number in range(5):
            started = time.monotonic()
            assert answer(box, text(1000 + number), lambda _: "no session") == "<offline>"
            assert time.monotonic() - started < 1.5

    @staticmethod
    def well_again(box: Inbox) -> None:
        deadline = time.monotonic() + 5
        number = int(time.monotonic() * 1000)
        while (seen := answer(box, text(number), lambda _: "ok")) == "<offline>" and time.monotonic() < deadline:
            number += 1
            time.sleep(0.05)
        assert seen == "ok"


def test_no_two_threads_share_a_connection(redis_url: str) -> None:
    box = make_inbox(redis_url)
    wrong: list[str] = []

    def talk(person: int) -> None:
        for number in range(60):
            expected = f"{person}-{number}"
            if answer(box, text(number), lambda _, said=expected: said, f"p{person}") != expected:
                wrong.append(expected)

    threads = [threading.Thread(target=talk, args=(person,)) for person in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
