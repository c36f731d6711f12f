"""Logging is the whole process's: what a test makes of it is undone behind it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import structlog


@contextmanager
def kept_logging() -> Iterator[None]:
    root = logging.getLogger()
    level, handlers, configuration = root.level, root.handlers[:], structlog.get_config()
    try:
        yield
    finally:
        root.setLevel(level)
        root.handlers[:] = handlers
        structlog.configure(**configuration)
        structlog.contextvars.clear_contextvars()
