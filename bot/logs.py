"""Logs as JSON lines on stderr: one request id for all lines of a request, no secrets, no personal data."""

from __future__ import annotations

import contextlib
import io
import logging
import re
import secrets as random
import sys
from collections.abc import Iterable, Mapping
from typing import Any, TextIO, cast

import structlog
from flask import Flask
from structlog.stdlib import ProcessorFormatter
from structlog.typing import EventDict, Processor, WrappedLogger

from bot.privacy import mask

HIDDEN_SECRET = "[secret]"
HIDDEN_OPENID = "[openid]"

# Tokens that were not there when logs were configured, as libraries log them with an address.
_IN_QUERY = re.compile(r"((?:access_token|secret|signature)=)[^&\s\"']+")
# An openid has 28 characters; libraries log it inside URLs and messages, where no pseudonym can be made of it.
_OPENID = re.compile(r"(?<![0-9A-Za-z_-])o[0-9A-Za-z_-]{27}(?![0-9A-Za-z_-])")
_OPENID_KEYS = frozenset({"openid", "from_user", "to_user", "touser", "FromUserName"})
# Our own, never typed by anyone; masking would take their digits for a phone's.
_OURS = frozenset({"timestamp", "level", "request_id", "person"})


def configure(level: str, secrets: Iterable[str]) -> None:
    """Sends structlog's and the standard library's records of ``level`` and above to stderr, without ``secrets``."""
    number = logging.getLevelNamesMapping()[level.upper()]
    collect: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    finish: list[Processor] = [
        structlog.processors.format_exc_info,
        Scrubber(secrets),
        structlog.processors.JSONRenderer(ensure_ascii=False, sort_keys=False),
    ]
    structlog.configure(
        processors=[*collect, *finish],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.WriteLoggerFactory(cast(TextIO, _STDERR)),
    )
    _catch_standard_logging(number, collect, finish)


def init_app(app: Flask) -> None:
    """Gives every request of ``app`` an id, which all its log lines carry."""

    @app.before_request
    def begin() -> None:
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=random.token_hex(8))


class Scrubber:
    """A structlog processor that goes through all values of an event, however deep."""

    def __init__(self, secrets: Iterable[str]) -> None:
        # Longest first: a secret that begins with another must not leave its tail behind.
        known = sorted({secret for secret in secrets if secret}, key=len, reverse=True)
        self._secret = re.compile("|".join(map(re.escape, known))) if known else None

    def __call__(self, logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
        return {key: self._value(key, value) for key, value in event.items()}

    def _value(self, key: object, value: object) -> Any:
        if value is None or isinstance(value, bool | int | float):
            return value
        if key in _OPENID_KEYS:
            return HIDDEN_OPENID
        if isinstance(value, Mapping):
            return {self._text(str(name)): self._value(name, inner) for name, inner in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [self._value(key, inner) for inner in value]
        text = value if isinstance(value, str) else repr(value)
        return self._without_secrets(text) if key in _OURS else self._text(text)

    def _text(self, text: str) -> str:
        return mask(_OPENID.sub(HIDDEN_OPENID, self._without_secrets(text)))

    def _without_secrets(self, text: str) -> str:
        text = self._secret.sub(HIDDEN_SECRET, text) if self._secret else text
        return _IN_QUERY.sub(rf"\1{HIDDEN_SECRET}", text)


class _Stderr(io.TextIOBase):
    """Whatever sys.stderr is at the moment. A line that it can't take is lost, but costs no resident the answer."""

    def write(self, text: str) -> int:
        with contextlib.suppress(OSError, ValueError):
            return sys.stderr.write(text.encode("utf-8", "backslashreplace").decode())
        return 0

    def flush(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            sys.stderr.flush()


_STDERR = _Stderr()


class _Handler(logging.StreamHandler[_Stderr]):
    """Ours, to be found again when logs are configured anew."""


def _catch_standard_logging(level: int, collect: list[Processor], finish: list[Processor]) -> None:
    """Flask, SQLAlchemy and the web server log by the standard library; their lines leave in the same form."""
    handler = _Handler(_STDERR)
    formatter = ProcessorFormatter(
        foreign_pre_chain=[*collect, structlog.stdlib.add_logger_name],
        processors=[ProcessorFormatter.remove_processors_meta, *finish],
    )
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [*(other for other in root.handlers if not isinstance(other, _Handler)), handler]
    root.setLevel(level)
