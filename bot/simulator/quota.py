"""How often each API may be called in a day, and the ten times a month that clear_quota puts the counts back."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from datetime import datetime

from bot.simulator.errors import ApiError
from config.settings import TIMEZONE

_CLEARS_A_MONTH = 10


class Quota:
    """``limits`` may be changed: path below /cgi-bin/ → calls a day. A path that is not in it has no limit."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._counts: Counter[tuple[str, str]] = Counter()
        self._day = ""
        self._clears: Counter[str] = Counter()
        self.limits = {
            "token": 2000,
            "menu/create": 1000,
            "menu/get": 10000,
            "menu/delete": 1000,
            "media/upload": 100_000,
            "media/get": 200_000,
            "message/custom/send": 500_000,
        }

    def count(self, path: str) -> None:
        """One call. Raises ApiError 45009 when the day's calls are used up; days end at midnight in China."""
        today = datetime.fromtimestamp(self._clock(), TIMEZONE).date().isoformat()
        with self._lock:
            if today != self._day:
                self._counts.clear()
                self._day = today
            self._counts[today, path] += 1
            if self._counts[today, path] > self.limits.get(path, float("inf")):
                raise ApiError(45009)

    def clear(self) -> None:
        """Raises ApiError 48006 after the tenth time in a month."""
        month = datetime.fromtimestamp(self._clock(), TIMEZONE).strftime("%Y-%m")
        with self._lock:
            if self._clears[month] >= _CLEARS_A_MONTH:
                raise ApiError(48006)
            self._clears[month] += 1
            self._counts.clear()
