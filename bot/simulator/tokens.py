"""Access tokens: stable_token with its overlap and forced refresh, the older token call, and the check of both."""

from __future__ import annotations

import re
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass

from bot.simulator.errors import ApiError

LIFETIME_SECONDS = 7200
_OVERLAP_SECONDS = 300
_FORCE_INTERVAL_SECONDS = 30
_FORCES_A_DAY = 20
_DAY = 86400
_SHAPE = re.compile(r"[\w-]{100,512}", re.ASCII)


@dataclass(slots=True)
class _Token:
    value: str
    expires_at: float


class Tokens:
    """The stable token and the older one live side by side: getting one does not end the other."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._stable: _Token | None = None
        self._previous: _Token | None = None  # still works in the last five minutes of its life
        self._legacy: _Token | None = None
        self._forced_at: list[float] = []
        self._expired: set[str] = set()
        self.lifetime = LIFETIME_SECONDS

    def stable(self, *, force_refresh: bool = False) -> tuple[str, int]:
        """(token, seconds left). The same token until its last five minutes; ``force_refresh`` ends it at once, but not
        within 30 s of the last time. Raises ApiError 45009 after 20 forced in a day."""
        with self._lock:
            now = self._clock()
            current = self._stable
            if current and force_refresh and self._may_force(now):
                self._forced_at.append(now)
                self._stable = self._previous = None
            elif current and current.expires_at - now <= min(_OVERLAP_SECONDS, self.lifetime / 2):
                self._previous, self._stable = current, None
            if self._stable is None:
                self._stable = self._new(now)
            return self._stable.value, int(self._stable.expires_at - now)

    def _may_force(self, now: float) -> bool:
        self._forced_at = [at for at in self._forced_at if now - at < _DAY]
        if self._forced_at and now - self._forced_at[-1] < _FORCE_INTERVAL_SECONDS:
            return False
        if len(self._forced_at) >= _FORCES_A_DAY:
            raise ApiError(45009)
        return True

    def legacy(self) -> tuple[str, int]:
        """(token, seconds left) of ``GET token``: every call gives a new one and ends the one before."""
        with self._lock:
            self._legacy = self._new(self._clock())
            return self._legacy.value, self.lifetime

    def _new(self, now: float) -> _Token:
        return _Token("sim_" + secrets.token_urlsafe(96), now + self.lifetime)

    def check(self, token: str) -> None:
        """Raises ApiError 41001 (none), 40014 (no token at all), 42001 (expired) or 40001 (not the latest)."""
        if not token:
            raise ApiError(41001)
        if not _SHAPE.fullmatch(token):
            raise ApiError(40014)
        with self._lock:
            held = next((t for t in (self._stable, self._previous, self._legacy) if t and t.value == token), None)
            if token in self._expired or (held and held.expires_at <= self._clock()):
                raise ApiError(42001)
        if held is None:
            raise ApiError(40001)

    def expire_all(self) -> None:
        """Every token given out so far is expired from now on, as if two hours had gone by."""
        with self._lock:
            held = [token.value for token in (self._stable, self._previous, self._legacy) if token]
            self._expired = set(held)
            self._stable = self._previous = self._legacy = None
