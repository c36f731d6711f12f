"""The inbox in Redis: each message is answered once, in order, with its session – one round trip in, one out."""

from __future__ import annotations

import secrets
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from bot.content.publish import TOKEN_KEY
from bot.dialogue.messages import Message, Reply, dump_reply, load_reply
from bot.dialogue.session import Session
from bot.store.redis import RedisAway, Script, ScriptRunner

STREAM = "weiyan:exchanges"

# The database is behind for at most this many exchanges before the oldest are given up, so that Redis can't fill.
STREAM_LENGTH = 1_000_000

# Milliseconds that an attempt may be silent before another takes its place; KEEPER_EVERY renews it far more often.
LEASE_MS = 3_000
KEEPER_EVERY = 1.0
# Seconds after which nobody waits for an attempt any more: the platform has given up its last one.
KEPT_AT_MOST = 15.0
# Seconds. The platform drops its connection after 5; answering later reaches nobody, `success` earlier would be silence.
PATIENCE = 5.2
POLL_FIRST, POLL_MOST = 0.01, 0.05

_ADMIT, _SETTLE, _RENEW = (
    Script(Path(__file__).with_name(f"{name}.lua").read_text(encoding="utf-8")) for name in ("admit", "settle", "renew")
)

State = Literal["go", "done", "flood", "mute", "offline"]


@dataclass(frozen=True, slots=True)
class Admitted:
    """What the inbox says of a message.

    ``go``: answer it, then ``settle``. ``done``: give ``reply``. ``flood``: ask the resident once to slow down.
    ``mute``: say nothing. ``offline``: Redis is away; answer without a session and settle nothing.
    """

    state: State
    session: Session
    reply: Reply | None = None
    token: str = ""
    attempt: str = ""


class Inbox:
    """Claims messages and keeps sessions. One object for a process, used by all its threads."""

    def __init__(
        self, runner: ScriptRunner, *, session_ttl: int, reply_ttl: int, rate_messages: int, rate_seconds: int
    ) -> None:
        """Times in seconds: see SESSION_TTL_SECONDS, REPLY_TTL_SECONDS, RATE_LIMIT_*."""
        self._runner = runner
        self._session_ttl = session_ttl
        self._reply_ttl = reply_ttl
        self._rate = (rate_messages, rate_seconds * 1000)
        self._working: dict[str, tuple[str, float]] = {}
        self._keeper: threading.Thread | None = None
        self._keeper_lock = threading.Lock()

    def admit(self, message: Message, person: str) -> Admitted:
        """Waits, if it must, for an earlier message of ``person`` (a pseudonym) or an earlier attempt of this one."""
        attempt = secrets.token_hex(6)
        keys = (_message_key(message, person), f"weiyan:u:{person}", TOKEN_KEY)
        arguments = (attempt, LEASE_MS, *self._rate, self._reply_ttl * 1000)
        started = time.monotonic()
        pause = POLL_FIRST
        try:
            while True:
                state, reply, session, token = self._runner.run(_ADMIT, keys, arguments)
                if state not in ("wait", "busy"):
                    break
                if time.monotonic() - started > PATIENCE:
                    return Admitted("mute", Session(), token=token)
                time.sleep(pause)
                pause = min(pause * 2, POLL_MOST)
        except RedisAway:
            return Admitted("offline", Session())
        if state == "go":
            self._keep(attempt, person)
        return Admitted(state, Session.load(session), load_reply(reply) if reply else None, token, attempt)

    def settle(self, admitted: Admitted, message: Message, person: str, reply: Reply, exchange: str) -> Reply:
        """Stores what was answered and returns what to answer: ``reply``, or the reply of an attempt that was faster.

        ``exchange`` is the JSON that goes to the database by the stream.
        """
        self._working.pop(admitted.attempt, None)
        keys = (_message_key(message, person), f"weiyan:u:{person}", STREAM)
        session = admitted.session.dump()
        times = self._reply_ttl * 1000, self._session_ttl * 1000
        arguments = (admitted.attempt, dump_reply(reply), times[0], session, times[1], exchange, STREAM_LENGTH)
        try:
            _, stored = self._runner.run(_SETTLE, keys, arguments)
        except RedisAway:
            return reply
        return load_reply(stored) if stored else reply

    def _keep(self, attempt: str, person: str) -> None:
        self._working[attempt] = (person, time.monotonic())
        if self._keeper is None or not self._keeper.is_alive():
            with self._keeper_lock:
                if self._keeper is None or not self._keeper.is_alive():
                    self._keeper = threading.Thread(target=self._keep_leases, name="inbox-keeper", daemon=True)
                    self._keeper.start()

    def _keep_leases(self) -> None:
        """Renews what takes long, so that only a dead worker's messages are taken over."""
        while True:
            time.sleep(KEEPER_EVERY)
            for attempt, (person, since) in list(self._working.items()):
                age = time.monotonic() - since
                if age > KEPT_AT_MOST:
                    # It failed without settling; kept for ever, it would hold up all that this resident writes.
                    self._working.pop(attempt, None)
                if not KEEPER_EVERY <= age <= KEPT_AT_MOST:
                    continue
                try:
                    self._runner.run(_RENEW, (f"weiyan:u:{person}",), (attempt, LEASE_MS))
                except RedisAway:
                    break


def _message_key(message: Message, person: str) -> str:
    return f"weiyan:m:{person}:{message.dedup_key}"
