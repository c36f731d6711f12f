"""Router, Context and dispatch: a message is offered to the routers in order, the first reply that is not PASS wins."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from functools import cached_property, lru_cache
from typing import Final, Literal, TypeVar

import structlog

from bot.content.published import Published
from bot.content.schema import Entry
from bot.dialogue.messages import Message, NoReply, Reply, Text, TextReply, Voice
from bot.dialogue.session import Session
from bot.matching.decide import Decision
from bot.matching.normalise import normalise
from bot.matching.ruleset import Ruleset

log = structlog.get_logger(__name__)

Kind = Literal["answer", "suggest", "unknown", "command", "emergency"]


class Pass(Enum):
    """The type of PASS."""

    PASS = "pass"


PASS: Final = Pass.PASS
"""Returned by a handler that leaves the message to the next one."""


@dataclass
class Context:
    """All that a handler may look at, and the session that it may change. ``now`` is Beijing time."""

    message: Message
    session: Session
    published: Published
    now: datetime
    account_name: str = ""
    decided: Kind | None = None
    entries: tuple[str, ...] = ()
    why: str = ""

    @cached_property
    def said(self) -> str:
        """The words as the resident typed or, where WeChat recognised them, spoke them."""
        if isinstance(self.message, Text):
            return self.message.content
        return self.message.recognition if isinstance(self.message, Voice) else ""

    @cached_property
    def text(self) -> str:
        """``said`` normalised."""
        return normalise(self.said)

    @cached_property
    def decision(self) -> Decision:
        """What the ruleset makes of the words; computed when first asked for."""
        return self.ruleset.decide(self.text, self.now.date())

    @property
    def ruleset(self) -> Ruleset[Entry]:
        return self.published.ruleset

    def entry(self, entry_id: str) -> Entry | None:
        """The entry, if it is published and valid today."""
        found = self.ruleset.entries.get(entry_id)
        return found if found and found.valid_on(self.now.date()) else None


Handler = Callable[[Context], Reply | str | Pass]
Predicate = Callable[[Context], bool]
H = TypeVar("H", bound=Handler)


class Router:
    """The handlers of one topic, tried in the order in which they are written."""

    def __init__(self, name: str, kind: Kind = "answer") -> None:
        """``kind`` is how an answer of this router counts unless its handler says otherwise."""
        self.name = name
        self.kind = kind
        self.handlers: list[tuple[str, tuple[Predicate, ...], Handler]] = []

    def on(self, *predicates: Predicate) -> Callable[[H], H]:
        """Registers a handler for the messages that meet all ``predicates``."""

        def register(handler: H) -> H:
            self.handlers.append((f"{self.name}.{handler.__name__}", predicates, handler))
            return handler

        return register


@dataclass(frozen=True, slots=True)
class Outcome:
    """A reply and how it came about. ``handler`` is ``router.function``."""

    reply: Reply
    kind: Kind
    handler: str
    entries: tuple[str, ...] = ()
    why: str = ""


def dispatch(routers: Sequence[Router], context: Context) -> Outcome:
    """Asks the routers in order. A handler's exception is logged once and becomes the polite `trouble` reply."""
    for router, name, predicates, handler in _plan(tuple(routers), type(context.message)):  # type: ignore[arg-type]
        try:
            # This runs for most handlers with every message: a loop is cheaper than all() over a generator.
            for predicate in predicates:
                if not predicate(context):
                    break
            else:
                returned: object = handler(context)
                if returned is not PASS:
                    reply = _reply(returned, context, name)
                    return Outcome(reply, context.decided or router.kind, name, context.entries, context.why)
        except Exception:
            log.exception("handler_failed", handler=name)
            return Outcome(TextReply(context.published.pack.replies.trouble), "unknown", name)
    return Outcome(NoReply(), "unknown", "none")


@lru_cache(maxsize=256)
def _plan(routers: tuple[Router, ...], kind: type[Message]) -> tuple[tuple[Router, str, tuple[Predicate, ...], Handler], ...]:
    """The handlers that a message of this type can reach, each with the predicates that are still to be asked."""
    plan = []
    for router in routers:
        for name, predicates, handler in router.handlers:
            if all(issubclass(kind, predicate.types) for predicate in predicates if isinstance(predicate, TypeIs)):
                asked = tuple(predicate for predicate in predicates if not isinstance(predicate, TypeIs))
                plan.append((router, name, asked, handler))
    return tuple(plan)


def _reply(returned: object, context: Context, handler: str) -> Reply:
    if isinstance(returned, str):
        return TextReply(returned)
    if isinstance(returned, Reply):
        return returned
    log.error("handler_returned_no_reply", handler=handler, returned=type(returned).__name__)
    return TextReply(context.published.pack.replies.trouble)


# ---------------------------------------------------------------- predicates


class TypeIs:
    """The predicate of ``message_type``; dispatch asks it once for each type of message, not for each message."""

    def __init__(self, types: tuple[type[Message], ...]) -> None:
        self.types = types

    def __call__(self, context: Context) -> bool:
        return isinstance(context.message, self.types)


def message_type(*types: type[Message]) -> Predicate:
    """The message is one of ``types``."""
    return TypeIs(types)


def answers(topic: str) -> Predicate:
    """The ruleset decided for an entry of ``topic``."""

    def decided_for(context: Context) -> bool:
        decision = context.decision
        return decision.kind == "answer" and context.ruleset.entries[decision.entries[0]].topic == topic

    return decided_for


def has_words(context: Context) -> bool:
    """The resident said something, typed or spoken."""
    return bool(context.text)


def says(field: str) -> Predicate:
    """The whole message is one of the words of ``field`` in the replies file."""
    return lambda context: context.published.words.get(context.text) == field
