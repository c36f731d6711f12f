"""A child process of the supervisor: it has a log file, ends with its parent, and is started again when it ends by itself."""

from __future__ import annotations

import contextlib
import functools
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from bot.lifeline import die_with_parent
from config.settings import ROOT

LOG_BYTES = 20_000_000

# Seconds.
SOON, LATE = 1.0, 30.0  # the shortest and the longest pause before a restart
SETTLED = 60.0  # whoever has run that long begins with the shortest pause again


class Child:
    """A Python program, ``arguments`` as after `python`; its output goes to ``logs``/``name``.log.

    ``again`` False is for what runs once. ``lock`` is a descriptor that it keeps open, and with it the lock, for as long as it
    or a child of its own lives.
    """

    def __init__(self, name: str, arguments: Sequence[str], logs: Path, lock: int, *, again: bool = True) -> None:
        self.name = name
        self.log = logs / f"{name}.log"
        self._command = [sys.executable, *arguments]
        self._lock = lock
        self._again = again
        self._started = 0.0
        self._pause = SOON / 2
        self._due: float | None = None
        self._process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        self._started = time.monotonic()
        with self.log.open("ab") as log:
            return subprocess.Popen(
                self._command,
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C in the terminal is for the supervisor, which ends the rest in order
                pass_fds=[self._lock],
                preexec_fn=functools.partial(die_with_parent, os.getpid()),  # noqa: PLW1509 - one libc call, no lock taken
            )

    @property
    def exit_code(self) -> int | None:
        """None while it runs."""
        return self._process.poll()

    def tend(self) -> str | None:
        """To be called again and again: restarts the child if it has ended, after a pause. Returns what there is to say."""
        self._trim_log()
        if self.exit_code is None or not self._again:
            return None
        now = time.monotonic()
        if self._due is None:
            self._kill_group()
            self._pause = SOON if now - self._started > SETTLED else min(self._pause * 2, LATE)
            self._due = now + self._pause
            return f"{self.name} 意外退出（{self.exit_code}），{self._pause:.0f} 秒后重新启动，日志：{self.log}"
        if now >= self._due:
            self._due = None
            with contextlib.suppress(OSError):  # out of memory, disk full: the next call finds it still ended, and says so
                self._process = self._start()
        return None

    def terminate(self) -> None:
        """Asks it to end."""
        self._process.terminate()

    def end(self, deadline: float) -> None:
        """Waits for its end until ``deadline`` on the monotonic clock, then kills it and whatever it has started."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(max(0.0, deadline - time.monotonic()))
        self._kill_group()
        self._process.wait()

    def last_words(self, lines: int = 8) -> str:
        """The end of its log."""
        with self.log.open("rb") as log:
            log.seek(max(0, self.log.stat().st_size - 4096))
            text = log.read().decode("utf-8", errors="replace")
        return "\n".join(line[:200] for line in text.splitlines()[-lines:])

    def _kill_group(self) -> None:
        """Ends what it has left; its number is given to nobody else as long as there is any of that."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)

    def _trim_log(self) -> None:
        """Keeps the log and one older part; the child, which appends, goes on in the same file."""
        with contextlib.suppress(OSError):
            if self.log.stat().st_size > LOG_BYTES:
                shutil.copyfile(self.log, self.log.with_suffix(".old.log"))
                os.truncate(self.log, 0)
