"""Ties a process to its parent: whatever ends the parent, kill -9 included, the child ends too."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


def die_with_parent(parent: int | None = None) -> None:
    """Has the kernel send this process SIGTERM when the thread that started it ends; only Linux can.

    ``parent`` is that thread's process, its pid known from before the fork. Without it, a child of multiprocessing is meant:
    one of granian's workers, which inherit nothing of this from granian's main process. In any other process it does nothing.
    """
    if parent is None and (process := multiprocessing.parent_process()):
        parent = process.pid
        signal.signal(signal.SIGTERM, signal.SIG_DFL)  # the handler that came with the fork ignores it
    if _LIBC is None or parent is None:
        return
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != parent:  # it ended before the kernel knew
        os.kill(os.getpid(), signal.SIGTERM)
