"""Makes the requests of a round before its clock starts, and reads the answers after it has stopped."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from bot.simulator.account import Account
from bot.simulator.envelope import Fields, Malformed, compose, open_reply, seal
from tests.bench.client import Fault, opened
from tests.bench.content import Question

# A resident writes so often in one round: the session is there, the limit of 20 in 10 s is far.
MESSAGES_A_RESIDENT = 5
MIN_RESIDENTS = 256
# Every so many answers one is decrypted and compared; the others are only looked at.
SAMPLE = 50

_GET = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: Mozilla/4.0\r\nAccept: */*\r\n\r\n"
# The headers with which the platform calls.
_POST = (
    "POST /wechat?{query} HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: Mozilla/4.0\r\nAccept: */*\r\nPragma: no-cache\r\n"
    "Content-Type: text/xml\r\nContent-Length: {length}\r\n\r\n"
)
_serial = itertools.count(24_000_000_000_000_000)


@dataclass(frozen=True, slots=True)
class Batch:
    """``requests`` to be sent, and ``check``, which reads (number of the request, its answer) and raises Fault."""

    requests: list[bytes]
    check: Callable[[int, bytes], None]

    def check_all(self, answers: Sequence[bytes]) -> None:
        """Raises Fault at the first wrong answer, and when some never came."""
        if missing := answers.count(b""):
            raise Fault(f"{missing} of {len(answers)} answers did not come in time")
        for number, answer in enumerate(answers):
            self.check(number, answer)


Traffic = Callable[[int], Batch]


def hello(count: int) -> Batch:
    """GET / of the bare Flask application."""

    def check(_number: int, answer: bytes) -> None:
        if opened(answer) != (200, b"hello"):
            raise Fault(f"hello answered {answer[:200]!r}")

    return Batch([_GET] * count, check)


def residents(account: Account, questions: Sequence[Question]) -> Traffic:
    """Texts to ``account``, each its own message (MsgId), from residents that no earlier batch had."""

    def batch(count: int) -> Batch:
        people = max(count // MESSAGES_A_RESIDENT, MIN_RESIDENTS)
        openids = [f"o{next(_serial):027d}" for _ in range(people)]
        asked = [questions[number % len(questions)] for number in range(count)]
        requests = [_request(account, openids[number % people], question.said) for number, question in enumerate(asked)]

        def check(number: int, answer: bytes) -> None:
            _check(account, answer, asked[number].reply, thorough=number % SAMPLE == 0)

        return Batch(requests, check)

    return batch


def _request(account: Account, openid: str, said: str) -> bytes:
    now = time.time()
    fields: Fields = {
        "ToUserName": account.original_id,
        "FromUserName": openid,
        "CreateTime": int(now),
        "MsgType": "text",
        "Content": said,
        "MsgId": next(_serial),
    }
    sealed = seal(account, compose(fields), openid=openid, now=now)
    return _POST.format(query=urlencode(sealed.query), length=len(sealed.body)).encode() + sealed.body


def _check(account: Account, answer: bytes, expected: str, *, thorough: bool) -> None:
    status, body = opened(answer)
    wanted = f"<Content><![CDATA[{expected}]]></Content>"
    right = status == 200 and (wanted.encode() in body if account.mode == "plain" else body.startswith(b"<xml><Encrypt>"))
    if right and thorough:
        try:
            right = wanted in open_reply(account, body)
        except Malformed:
            right = False
    if not right:
        raise Fault(f"wrong answer, status {status}: {body[:300].decode(errors='replace')!r}")
