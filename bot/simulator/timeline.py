"""One resident's chat, bounded and watched: who waits on it learns of every new line at once."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

_KEPT_LINES = 500

Line = TypeVar("Line")


class Timeline(Generic[Line]):
    """``version`` grows with everything that changes the look of the chat: a line, the waiting, the following."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._lines: deque[tuple[int, Line]] = deque(maxlen=_KEPT_LINES)
        self._count = 0
        self._waiting = 0
        self._typing_until = 0.0
        self.version = 0

    def add(self, line: Line) -> None:
        with self._changed:
            self._count += 1
            self._lines.append((self._count, line))
            self._typing_until = 0.0
        self.touch()

    def touch(self) -> None:
        with self._changed:
            self.version += 1
            self._changed.notify_all()

    def lines(self, after: int = 0) -> list[tuple[int, Line]]:
        """(number, line) of all kept lines with a number greater than ``after``; numbers start at 1."""
        with self._changed:
            return [(number, line) for number, line in self._lines if number > after]

    def wait(self, seen: int, seconds: float) -> None:
        """Returns when ``version`` is no longer ``seen``, or after ``seconds``."""
        with self._changed:
            self._changed.wait_for(lambda: self.version != seen, seconds)

    @contextmanager
    def waiting_for_answer(self) -> Iterator[None]:
        """While inside, the chat shows that the other side is typing."""
        with self._changed:
            self._waiting += 1
        self.touch()
        try:
            yield
        finally:
            with self._changed:
                self._waiting -= 1
            self.touch()

    def type_until(self, when: float) -> None:
        """The account has asked to be shown as typing until then, in Unix seconds; its next line ends it sooner."""
        self._typing_until = when
        self.touch()

    def typing(self, now: float) -> bool:
        """Whether the account has asked to be shown as typing."""
        return now < self._typing_until

    def busy(self, now: float) -> bool:
        """Whether the chat's head says 「对方正在输入…」."""
        return self._waiting > 0 or self.typing(now)
