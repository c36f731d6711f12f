"""Callbacks as the platform sends them: three modes, retries, duplicates, and what the resident sees in the end."""

from __future__ import annotations

import socket
import threading
import time
from dataclasses import replace
from typing import get_args

import pytest
from flask import Response, request

from bot.simulator import Account, Delivery, Platform
from bot.simulator.account import CallbackMode
from bot.simulator.bubbles import FAILURE_TEXT
from tests.simulator.product import Message, Product, reply, running_product, text_reply

MODES = get_args(CallbackMode)


def echo(message: Message) -> str:
    return text_reply(message, f"您说的是：{message['Content']}")


@pytest.mark.parametrize("mode", MODES)
def test_a_text_and_its_answer_in_every_mode(mode: CallbackMode) -> None:
    account = Account.random(mode)
    with running_product(account) as product:
        product.answer = echo
        platform = Platform(account, product.url)
        shown = platform.resident("o1").says("秸秆能烧吗 <&>]]>😀")
        assert platform.verify_webhook()
    assert (shown.kind, shown.text) == ("text", "您说的是：秸秆能烧吗 <&>]]>😀")
    assert shown.attempts == 1
    assert shown.raw.startswith("<xml><ToUserName>o1</ToUserName>")
    query, body = product.requests[0]
    assert query["openid"] == "o1"
    assert ("encrypt_type" in query) is (mode != "plain")
    assert (b"<Encrypt>" in body, b"<Content>" in body) == (mode != "plain", mode != "safe")


def test_openid_can_be_left_out_of_the_query(platform: Platform, product: Product) -> None:
    platform.delivery = Delivery(openid_in_query=False)
    platform.resident("o1").says("在吗")
    assert "openid" not in product.requests[0][0]


def test_a_webhook_with_another_token_is_not_verified(platform: Platform, account: Account) -> None:
    with running_product(replace(account, token="another")) as other:
        platform.webhook = other.url
        assert not platform.verify_webhook()
    assert not platform.verify_webhook(), "and neither is one that is not there"


def test_success_and_an_empty_body_show_nothing(platform: Platform, product: Product) -> None:
    for answer in ("success", ""):
        product.answer = lambda message, answer=answer: answer  # type: ignore[misc]
        assert platform.resident("o1").says("在吗").kind == "nothing"


def test_slow_then_answered_is_the_same_request_again(platform: Platform, product: Product) -> None:
    platform.delivery.timeout = 0.3

    def slow_once(message: Message) -> str:
        if len(product.requests) == 1:
            time.sleep(0.6)
        return echo(message)

    product.answer = slow_once
    shown = platform.resident("o1").says("在吗")
    assert (shown.text, shown.attempts) == ("您说的是：在吗", 2)
    assert [attempt.outcome for attempt in shown.tries] == ["timeout", "answered"]
    assert 0.3 <= shown.elapsed < 0.6
    assert product.requests[0] == product.requests[1], "byte for byte, signature and MsgId included"


@pytest.mark.parametrize("attempts", [3, 4])
def test_too_slow_every_time_ends_in_the_excuse(attempts: int, platform: Platform, product: Product) -> None:
    platform.delivery = Delivery(timeout=0.1, attempts=attempts)

    def slow(message: Message) -> str:
        time.sleep(0.5)
        return echo(message)

    product.answer = slow
    shown = platform.resident("o1").says("在吗")
    assert (shown.kind, shown.text, shown.attempts) == ("failure", FAILURE_TEXT, attempts)
    assert "timeout" in shown.reason


def test_a_body_that_drips_counts_as_slow(platform: Platform, product: Product) -> None:
    platform.delivery.timeout = 0.3

    def drip() -> Response:
        def pieces() -> object:
            for _ in range(20):
                yield " "
                time.sleep(0.05)

        return Response(pieces())  # type: ignore[arg-type]

    product.answer = lambda message: drip()
    shown = platform.resident("o1").says("在吗")
    assert [attempt.outcome for attempt in shown.tries] == ["timeout"] * 3
    assert shown.elapsed < 1.5


def test_a_server_error_is_tried_again(platform: Platform, product: Product) -> None:
    product.answer = lambda message: Response("oops", 500) if len(product.requests) < 3 else text_reply(message, "好了")
    shown = platform.resident("o1").says("在吗")
    assert (shown.text, [attempt.status for attempt in shown.tries]) == ("好了", [500, 500, 200])


def test_a_connection_that_is_closed_is_tried_again(platform: Platform, product: Product) -> None:
    def hang_up(message: Message) -> str:
        if len(product.requests) < 2:
            connection: socket.socket = request.environ["werkzeug.socket"]
            connection.shutdown(socket.SHUT_RDWR)
        return text_reply(message, "好了")

    product.answer = hang_up
    shown = platform.resident("o1").says("在吗")
    assert [attempt.outcome for attempt in shown.tries] == ["broken", "answered"]


def test_nobody_listening(platform: Platform) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        platform.webhook = f"http://127.0.0.1:{free.getsockname()[1]}/wechat"
        shown = platform.resident("o1").says("在吗")
    assert (shown.kind, shown.attempts) == ("failure", 3)


@pytest.mark.parametrize(
    "body",
    ['{"errcode": 0}', "<!DOCTYPE html><html></html>", "<xml>", "<html/>", "<xml><Encrypt>AAAA</Encrypt></xml>", b"\xff\xfe"],
)
def test_a_malformed_answer_is_not_tried_again(body: str | bytes, platform: Platform, product: Product) -> None:
    product.answer = lambda message: Response(body)
    shown = platform.resident("o1").says("在吗")
    assert (shown.text, shown.attempts) == (FAILURE_TEXT, 1)
    assert shown.reason


def test_a_plain_answer_in_safe_mode_is_refused(platform: Platform, product: Product) -> None:
    product.answer = lambda message: Response(echo(message))
    assert platform.resident("o1").says("在吗").reason == "a plain answer in safe mode"


def test_a_plain_answer_in_compatible_mode_is_taken() -> None:
    account = Account.random("compatible")
    with running_product(account) as product:
        product.answer = lambda message: Response(echo(message))
        assert Platform(account, product.url).resident("o1").says("在吗").text == "您说的是：在吗"


def test_an_answer_signed_with_another_token_is_refused(platform: Platform, product: Product, account: Account) -> None:
    other = Product(replace(account, token="another"))
    product.answer = lambda message: Response(other.seal(echo(message)))
    assert "InvalidSignature" in platform.resident("o1").says("在吗").reason


@pytest.mark.parametrize(("size", "kind"), [(2048, "text"), (2049, "failure")])
def test_a_text_has_room_for_2048_bytes(size: int, kind: str, platform: Platform, product: Product) -> None:
    content = "字" * (size // 3) + "." * (size % 3)
    product.answer = lambda message: text_reply(message, content)
    assert platform.resident("o1").says("在吗").kind == kind


def test_an_answer_to_somebody_else_is_refused(platform: Platform, product: Product) -> None:
    product.answer = lambda message: text_reply({**message, "FromUserName": "o2"}, "好")
    assert platform.resident("o1").says("在吗").kind == "failure"


def test_an_unknown_kind_of_answer_is_refused(platform: Platform, product: Product) -> None:
    product.answer = lambda message: reply(message, "poem", "")
    assert "poem" in platform.resident("o1").says("在吗").reason


def test_copies_one_after_the_other(platform: Platform, product: Product) -> None:
    platform.delivery = Delivery(copies=3)
    product.answer = lambda message: text_reply(message, f"第{len(product.requests)}次")
    shown = platform.resident("o1").says("在吗")
    assert shown.text == "第1次"
    assert [copy.text for copy in shown.copies] == ["第1次", "第2次", "第3次"]
    assert len({body for _, body in product.requests}) == 1


def test_copies_at_the_same_moment(platform: Platform, product: Product) -> None:
    platform.delivery = Delivery(copies=4, together=True)
    meeting = threading.Barrier(4, timeout=3)

    def meet(message: Message) -> str:
        meeting.wait()  # breaks unless all four are here at once
        return echo(message)

    product.answer = meet
    assert [copy.text for copy in platform.resident("o1").says("在吗").copies] == ["您说的是：在吗"] * 4


def test_the_last_callback_again_later(platform: Platform, product: Product) -> None:
    resident = platform.resident("o1")
    product.answer = echo
    resident.says("在吗")
    again = resident.repeats(2, together=True)
    assert [shown.text for shown in again] == ["您说的是：在吗"] * 2
    assert product.requests[0] == product.requests[1] == product.requests[2]
    assert len(resident.history) == 2, "the chat does not show it"


def test_many_residents_at_once(platform: Platform, product: Product) -> None:
    product.answer = echo
    seen: dict[str, str] = {}

    def talk(openid: str) -> None:
        seen[openid] = platform.resident(openid).says(openid).text

    threads = [threading.Thread(target=talk, args=(f"o{n}",)) for n in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == {f"o{n}": f"您说的是：o{n}" for n in range(20)}
    assert len({message["MsgId"] for message in product.messages}) == 20
