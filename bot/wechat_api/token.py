"""The account's access token: one for all workers, kept in Redis, renewed under a lock before its end."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import structlog
from pydantic import SecretStr
from redis import Redis
from redis.exceptions import RedisError
from redis.lock import Lock

from bot.wechat_api.errors import Busy, TokenRejected, WeChatError, foreign_answer, wrong_secret
from bot.wechat_api.transport import Transport

log = structlog.get_logger(__name__)

# Seconds. In the last five minutes of a token the platform gives out the next one, and both work.
RENEW_BEFORE = 270
FORCE_INTERVAL = 30
DAY = 86_400
FORCES_A_DAY = 20

# Seconds. A call takes 13 at most; a lock whose owner has died is gone before those who wait for it give up.
LOCK = 14.0
PATIENCE = 15.0
POLL = 0.05


@dataclass(frozen=True, slots=True)
class Held:
    """A token with its times, Unix seconds. ``forced_at`` are the forced renewals of the last day, oldest first."""

    token: SecretStr
    renew_at: float
    expires_at: float
    forced_at: tuple[float, ...] = ()

    def dump(self) -> str:
        return json.dumps([self.token.get_secret_value(), self.renew_at, self.expires_at, self.forced_at])

    @classmethod
    def load(cls, text: str | bytes) -> Held:
        token, renew_at, expires_at, forced_at = json.loads(text)
        return cls(SecretStr(token), float(renew_at), float(expires_at), tuple(map(float, forced_at)))


class TokenStore:
    """Thread-safe. With Redis away every process keeps a token of its own: stable_token gives all of them the same."""

    def __init__(
        self, redis: Redis, transport: Transport, appid: str, secret: SecretStr, *, clock: Callable[[], float] = time.time
    ) -> None:
        self._redis = redis
        self._transport = transport
        self._appid = appid
        self._secret = secret
        self._clock = clock
        self._key = f"weiyan:token:{appid}"
        self._threads = threading.Lock()
        self._own: Held | None = None  # what this process saw last, for when Redis is away
        self._redis_up = True

    def current(self) -> SecretStr:
        """A token that works. Fetches one when there is none, or when it is time for the next. Raises WeChatError."""
        held = self._load()
        if held and self._clock() < held.expires_at:
            return self._renewed_in_time(held).token
        with self._alone(wait=True):
            held = self._load()
            if held and self._clock() < held.expires_at:  # another worker was quicker
                return held.token
            return self._fetch(held).token

    def _renewed_in_time(self, held: Held) -> Held:
        """The next token once it is time. The old one will do while another worker is at it, or the platform has trouble."""
        if self._clock() < held.renew_at:
            return held
        with self._alone(wait=False) as alone:
            newest = self._load() or held
            if not alone or self._clock() < newest.renew_at:
                return newest
            try:
                return self._fetch(newest)
            except WeChatError as error:
                log.warning("token_not_renewed", error=type(error).__name__, errcode=error.errcode, effect="the old one works")
                return newest

    def renew(self, rejected: SecretStr) -> SecretStr:
        """Another token than ``rejected``, or the same when the platform gives no other (now). Raises WeChatError.

        Forces the platform only when it goes on handing out what it rejects, and no more often than it allows.
        """
        with self._alone(wait=True):
            held = self._load()
            if held and held.token != rejected:
                return held.token
            fresh = self._fetch(held)
            if fresh.token == rejected and self._may_force(fresh):
                fresh = self._fetch(fresh, force=True)
            return fresh.token

    def _may_force(self, held: Held) -> bool:
        now = self._clock()
        today = [at for at in held.forced_at if now - at < DAY]
        return not today or (now - today[-1] >= FORCE_INTERVAL and len(today) < FORCES_A_DAY)

    def _fetch(self, held: Held | None, *, force: bool = False) -> Held:
        now = self._clock()
        forced_at = tuple(at for at in held.forced_at if now - at < DAY) if held else ()
        if held and force:
            forced_at += (now,)
            self._save(replace(held, forced_at=forced_at))  # first of all: it counts even if no answer comes
        token, seconds = self._ask(force)
        fresh = Held(token, now + max(seconds - RENEW_BEFORE, seconds / 2), now + seconds, forced_at)
        self._save(fresh)
        log.info("token_fetched", seconds=seconds, forced=force)
        return fresh

    def _ask(self, force: bool) -> tuple[SecretStr, int]:
        """(token, seconds it lasts) from the platform."""
        request = self._transport.prepare(
            "POST",
            f"{self._transport.base}/cgi-bin/stable_token",
            json={
                "grant_type": "client_credential",
                "appid": self._appid,
                "secret": self._secret.get_secret_value(),
                "force_refresh": force,
            },
        )
        try:
            answer = self._transport.send(request)
        except TokenRejected as error:
            refused = error
        else:
            if isinstance(answer, dict) and answer.get("access_token") and isinstance(answer.get("expires_in"), int):
                return SecretStr(str(answer.pop("access_token"))), max(1, answer["expires_in"])
            raise foreign_answer("stable_token: an answer without a token")
        raise wrong_secret(refused)

    @contextmanager
    def _alone(self, *, wait: bool) -> Iterator[bool]:
        """True inside while no other thread of any worker is in here. If one stays: False without ``wait``, Busy with it."""
        with contextlib.ExitStack() as stack:
            alone = self._threads.acquire(timeout=PATIENCE if wait else 0)
            if alone:
                stack.callback(self._threads.release)
                alone = self._lock_redis(stack, wait=wait)
            if wait and not alone:
                raise Busy(None, "stable_token: another worker is still fetching the token", "正在取接口凭证，请过一会儿再试")
            yield alone

    def _lock_redis(self, stack: contextlib.ExitStack, *, wait: bool) -> bool:
        lock = self._redis.lock(f"{self._key}:lock", timeout=LOCK, sleep=POLL, blocking_timeout=PATIENCE)
        try:
            alone = bool(lock.acquire(blocking=wait))
        except RedisError as error:
            self._note_redis(error)
            return True
        if alone:
            stack.callback(_release, lock)
        return alone

    def _load(self) -> Held | None:
        try:
            text = self._redis.get(self._key)
        except RedisError as error:
            self._note_redis(error)
            return self._own
        self._note_redis(None)
        try:
            self._own = Held.load(text) if isinstance(text, str | bytes) else None
        except (ValueError, TypeError):
            self._own = None
        return self._own

    def _save(self, held: Held) -> None:
        self._own = held
        try:
            self._redis.set(self._key, held.dump(), ex=DAY)
        except RedisError as error:
            self._note_redis(error)

    def _note_redis(self, error: RedisError | None) -> None:
        """Says once that Redis is away, and once that it is back."""
        if self._redis_up and error:
            log.error("token_without_redis", error=type(error).__name__, effect="every process keeps a token of its own")
        elif not self._redis_up and not error:
            log.info("token_with_redis_again")
        self._redis_up = error is None


def _release(lock: Lock) -> None:
    with contextlib.suppress(RedisError):  # then it ends by itself
        lock.release()
