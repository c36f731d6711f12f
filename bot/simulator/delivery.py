"""Brings one sealed callback to the webhook as the platform does: 5 s, then the same request again, 3 in all."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal

import requests
from urllib3.exceptions import HTTPError, ReadTimeoutError

from bot.simulator.envelope import Sealed

_REPLY_LIMIT = 1024 * 1024
_HEADERS = {"User-Agent": "Mozilla/4.0", "Accept": "*/*", "Content-Type": "text/xml", "Pragma": "no-cache"}


@dataclass(slots=True)
class Delivery:
    """How callbacks are brought; may be changed between two of them. Times in seconds.

    The platform's page promises three *re*tries, which would be ``attempts`` 4; three requests are what is seen in the field.
    ``copies`` > 1 delivers each callback more than once, as happens when the platform believes that an answer was lost:
    one after the other, or all at the same moment (``together``). The resident sees the first copy's answer.
    """

    timeout: float = 5.0
    attempts: int = 3
    copies: int = 1
    together: bool = False
    openid_in_query: bool = True

    def __post_init__(self) -> None:
        if not (0 < self.timeout <= 60 and 1 <= self.attempts <= 10 and 1 <= self.copies <= 100):
            raise ValueError("timeout up to 60 s, 1 to 10 attempts, 1 to 100 copies")


@dataclass(frozen=True, slots=True)
class Attempt:
    """One request and what came of it; ``body`` is what the webhook answered, ``seconds`` how long it took."""

    outcome: Literal["answered", "status", "timeout", "broken"]
    seconds: float
    status: int = 0
    body: bytes = b""


def bring(webhook: str, sealed: Sealed, how: Delivery) -> list[tuple[Attempt, ...]]:
    """Every copy's attempts, the first copy first. Each copy stops at its first answer with HTTP 200."""
    if how.together:
        with ThreadPoolExecutor(how.copies) as pool:
            return list(pool.map(lambda _: _until_answered(webhook, sealed, how), range(how.copies)))
    return [_until_answered(webhook, sealed, how) for _ in range(how.copies)]


def _until_answered(webhook: str, sealed: Sealed, how: Delivery) -> tuple[Attempt, ...]:
    attempts: list[Attempt] = []
    while len(attempts) < how.attempts and not answered(attempts):
        attempts.append(_attempt(webhook, sealed, how.timeout))
    return tuple(attempts)


def answered(attempts: Sequence[Attempt]) -> bool:
    return bool(attempts) and attempts[-1].outcome == "answered"


def _attempt(webhook: str, sealed: Sealed, timeout: float) -> Attempt:
    started = time.monotonic()
    status, body = 0, b""
    outcome: Literal["answered", "status", "timeout", "broken"] = "broken"
    try:
        with requests.Session() as session:
            session.trust_env = False  # a proxy of the environment has no business between two local processes
            response = session.post(
                webhook, sealed.body, params=sealed.query, headers=_HEADERS, timeout=timeout, allow_redirects=False, stream=True
            )
            status, body = response.status_code, _read(response, started + timeout)
        outcome = "answered" if status == 200 else "status"
    except (requests.Timeout, ReadTimeoutError, TimeoutError):
        outcome = "timeout"
    except (requests.RequestException, HTTPError):
        pass
    return Attempt(outcome, time.monotonic() - started, status, body)


def _read(response: requests.Response, deadline: float) -> bytes:
    """The body, or TimeoutError: requests' own timeout starts anew with every read, the platform's five seconds do not."""
    body = b""
    while piece := response.raw.read1(4096, decode_content=True):
        body += piece
        if time.monotonic() > deadline:
            raise TimeoutError
        if len(body) > _REPLY_LIMIT:
            raise requests.exceptions.ContentDecodingError("the answer has no end")
    return body
