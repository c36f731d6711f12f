"""The desk: dispatch, the polite word for a failing handler, long answers in pages, and what is recorded of an exchange."""

from __future__ import annotations

import json
from datetime import datetime

import pytest
from redis import Redis

from bot.content.published import Live, Published, starter
from bot.dialogue import router as router_module
from bot.dialogue.desk import Desk
from bot.dialogue.inbox import STREAM, Inbox
from bot.dialogue.messages import Message, PersonalDataEvent, Reply, Text, TextReply, Unsubscribe, Voice
from bot.dialogue.router import PASS, Context, Pass, Router
from bot.dialogue.session import Session
from bot.store.redis import ScriptRunner
from config.settings import TIMEZONE
from handlers import ROUTERS

KEY = b"k" * 32


@pytest.fixture(scope="module")
def published() -> Published:
    return starter()


@pytest.fixture
def inbox(redis_url: str) -> Inbox:
    return Inbox(ScriptRunner(redis_url), session_ttl=1800, reply_ttl=120, rate_messages=20, rate_seconds=10)


def make_desk(published: Published, inbox: Inbox, *routers: Router) -> Desk:
    live = Live(lambda: published)
    return Desk(routers or ROUTERS, live, inbox, account_name="集贤微言", pseudonym_key=KEY, clock=lambda: NOW)


NOW = datetime(2026, 11, 23, 9, 0, tzinfo=TIMEZONE)


def text(content: str, msg_id: int = 1) -> Text:
    return Text(to_user="gh", openid="oResident", created_at=1, msg_id=msg_id, content=content)


def said(reply: Reply) -> str:
    assert isinstance(reply, TextReply)
    return reply.content


def recorded(redis_url: str) -> list[dict[str, object]]:
    return [json.loads(fields[b"x"]) for _, fields in Redis.from_url(redis_url).xrange(STREAM)]


class TestDispatch:
    def test_the_first_reply_that_is_not_pass_wins(self, published: Published, inbox: Inbox) -> None:
        first, second = Router("first"), Router("second")
        asked: list[str] = []

        @first.on()
        def pass_on(context: Context) -> Pass:
            asked.append("pass_on")
            return PASS

        @first.on(lambda context: context.text == "别的")
        def not_met(context: Context) -> str:
            raise AssertionError("its predicate is not met")

        @second.on()
        def answer(context: Context) -> str:
            return "答"

        @second.on()
        def too_late(context: Context) -> str:
            raise AssertionError("an earlier one answered")

        outcome = make_desk(published, inbox, first, second).reply_to(text("问"), Session())
        assert (outcome.reply, outcome.handler, asked) == (TextReply("答"), "second.answer", ["pass_on"])

    def test_a_failing_handler_is_logged_once_and_answered_politely(
        self, published: Published, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        lines: list[str] = []
        monkeypatch.setattr(router_module.log, "exception", lambda event, **_: lines.append(event))
        broken = Router("broken")

        @broken.on()
        def fail(context: Context) -> str:
            raise RuntimeError("a bug")

        desk = make_desk(published, inbox, broken)
        assert "12345" in said(desk.answer(text("问")))
        assert "12345" in said(desk.answer(text("问"))), "the retry gets the same words, without a second failure"
        assert lines == ["handler_failed"]

    def test_none_is_a_bug_and_still_an_answer(self, published: Published, inbox: Inbox) -> None:
        broken = Router("broken")
        broken.on()(lambda context: None)  # type: ignore[arg-type,return-value]
        assert "12345" in said(make_desk(published, inbox, broken).answer(text("问")))


@pytest.mark.parametrize("broken", ["admit", "settle"])
def test_a_fault_of_the_inbox_costs_nobody_the_answer(
    broken: str, published: Published, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise TypeError("a bug")

    monkeypatch.setattr(inbox, broken, fail)
    assert said(make_desk(published, inbox).answer(text("秸秆能烧吗"))).startswith("现在不能烧。")


def test_a_long_answer_comes_in_pages(published: Published, inbox: Inbox) -> None:
    talker = Router("talker")
    whole = "".join(f"这是第{number}句。" for number in range(300))

    @talker.on(lambda context: context.text == "讲")
    def talk(context: Context) -> str:
        return whole

    desk = make_desk(published, inbox, talker, *ROUTERS)
    pages = [said(desk.answer(text("讲", 1)))]
    for msg_id in range(2, 6):
        if "msgmenucontent=继续" not in pages[-1]:
            break
        pages.append(said(desk.answer(text("继续", msg_id))))
    assert all(len(page.encode()) <= 2048 for page in pages)
    assert "".join(page.partition("\n<a ")[0] for page in pages) == whole
    assert "已经说完了" in said(desk.answer(text("继续", 9)))


class TestWhatIsRecorded:
    def test_personal_data_is_masked_and_the_openid_is_not_there(
        self, published: Published, inbox: Inbox, redis_url: str
    ) -> None:
        make_desk(published, inbox).answer(text("我电话13912345678，身份证230521194903071234，烧秸秆罚多少钱"))
        (exchange,) = recorded(redis_url)
        everything = json.dumps(exchange, ensure_ascii=False)
        for secret in ("13912345678", "230521194903071234", "oResident"):
            assert secret not in everything
        assert exchange["type"] == "Text"
        assert exchange["version"] == 0
        assert isinstance(exchange["us"], int)
        assert exchange["us"] > 0

    def test_one_exchange_for_all_attempts(self, published: Published, inbox: Inbox, redis_url: str) -> None:
        desk = make_desk(published, inbox)
        for _ in range(3):
            desk.answer(text("秸秆能烧吗"))
        (exchange,) = recorded(redis_url)
        assert (exchange["decision"], exchange["entries"]) == ("answer", ["A01"])

    @pytest.mark.parametrize(
        "message",
        [
            Unsubscribe(to_user="gh", openid="oResident", created_at=2, event="unsubscribe"),
            PersonalDataEvent(
                to_user="gh", openid="oOther", created_at=2, event="user_authorization_revoke", subject_openid="oResident"
            ),
        ],
        ids=["unsubscribe", "revoke"],
    )
    def test_leaving_asks_the_archive_to_forget(
        self, message: Message, published: Published, inbox: Inbox, redis_url: str
    ) -> None:
        desk = make_desk(published, inbox)
        desk.answer(text("秸秆能烧吗"))
        desk.answer(message)
        before, leaving = recorded(redis_url)
        assert leaving["forget"] is True
        assert leaving["person"] == before["person"]
        assert Redis.from_url(redis_url).hget(f"weiyan:u:{before['person']}", "s") is None


def test_recognised_voice_is_repeated_and_answered(published: Published, inbox: Inbox) -> None:
    voice = Voice(to_user="gh", openid="o", created_at=1, msg_id=5, media_id="m", format="amr", recognition="秸秆能烧吗。")
    assert said(make_desk(published, inbox).answer(voice)).startswith("听您说的是：“秸秆能烧吗。”\n现在不能烧。")
