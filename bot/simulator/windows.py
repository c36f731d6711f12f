"""When customer messages (客服消息) are open for a resident: 5 within 48 h of a message, 3 within a minute of a tap."""

from __future__ import annotations

import threading
from collections.abc import Callable

from bot.simulator.errors import ApiError

_GRANTS = {"message": (5, 48 * 3600.0), "event": (3, 60.0)}  # messages, seconds
_OPENING_EVENTS = {"subscribe", "SCAN", "CLICK", "scancode_waitmsg", "scancode_push", "location_select"}


class Windows:
    """One resident's windows. A newer message or tap opens its window anew."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._open: dict[str, tuple[int, float]] = {}  # what opened it → messages left, until when
        self.last_message_at = float("-inf")

    def opened_by(self, event: str) -> None:
        """The resident did something: ``event`` is the event's name, or "" for a message."""
        if event and event not in _OPENING_EVENTS:
            return
        kind = "event" if event else "message"
        left, seconds = _GRANTS[kind]
        with self._lock:
            self._open[kind] = (left, self._clock() + seconds)
            if not event:
                self.last_message_at = self._clock()

    def close(self) -> None:
        with self._lock:
            self._open.clear()

    def take(self) -> None:
        """Uses one message up, of the window that ends first. Raises ApiError 45015 (closed) or 45047 (used up)."""
        with self._lock:
            live = [(until, kind, left) for kind, (left, until) in self._open.items() if until >= self._clock()]
            if not live:
                raise ApiError(45015)
            usable = [window for window in sorted(live) if window[2]]
            if not usable:
                raise ApiError(45047)
            until, kind, left = usable[0]
            self._open[kind] = (left - 1, until)
