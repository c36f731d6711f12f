"""What can be made to go wrong on the API side, from Python or through /simulator/faults."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

FaultKind = Literal["errcode", "html", "hang_up", "delay"]

EVERY_PATH = "*"


@dataclass(slots=True)
class Fault:
    """``path`` is below /cgi-bin/; ``left`` counts the calls it still meets, None for all until it is cleared."""

    kind: FaultKind
    path: str
    value: float
    left: int | None


class Faults:
    """Switches, off at first. A switch that is given ``times`` goes off by itself after so many calls."""

    def __init__(self, expire_tokens: Callable[[], None]) -> None:
        self._lock = threading.Lock()
        self._active: list[Fault] = []
        self.expire_tokens = expire_tokens
        self.wrong_secret = False

    def answer(self, errcode: int, path: str = EVERY_PATH, times: int | None = None) -> None:
        """The call fails with this errcode."""
        self._switch_on("errcode", path, errcode, times)

    def html(self, path: str = EVERY_PATH, times: int | None = None) -> None:
        """The call is answered by a page with HTTP 200, as wrong hosts and proxies do."""
        self._switch_on("html", path, 0, times)

    def hang_up(self, path: str = EVERY_PATH, times: int | None = None) -> None:
        """The connection is closed without an answer."""
        self._switch_on("hang_up", path, 0, times)

    def delay(self, seconds: float, path: str = EVERY_PATH, times: int | None = None) -> None:
        """The answer comes late."""
        self._switch_on("delay", path, seconds, times)

    def clear(self) -> None:
        with self._lock:
            self._active.clear()
        self.wrong_secret = False

    def _switch_on(self, kind: FaultKind, path: str, value: float, times: int | None) -> None:
        with self._lock:
            self._active.append(Fault(kind, path, value, times))

    def met_by(self, path: str) -> list[Fault]:
        """The faults that this call meets, in the order in which they were switched on."""
        with self._lock:
            met = [fault for fault in self._active if fault.path in (path, EVERY_PATH) and fault.left != 0]
            for fault in met:
                if fault.left is not None:
                    fault.left -= 1
            self._active = [fault for fault in self._active if fault.left != 0]
            return met

    def active(self) -> list[Fault]:
        with self._lock:
            return list(self._active)
