"""The way of one message through the house: inbox, routers, inbox – what the webhook and `flask ask` both call."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import datetime

import structlog

from bot.content.published import Live, Published
from bot.dialogue.compact import encode
from bot.dialogue.inbox import Admitted, Inbox
from bot.dialogue.messages import Event, Message, NoReply, PersonalDataEvent, Reply, Text, TextReply, Unsubscribe, Voice
from bot.dialogue.router import Context, Outcome, Router, dispatch
from bot.dialogue.session import Session
from bot.dialogue.text import split, tap
from bot.privacy import mask, pseudonym
from config.settings import TIMEZONE

log = structlog.get_logger(__name__)

# What the database keeps of a message and of its reply, in characters.
KEPT_CHARACTERS = 500
_FORGETTING = ("user_authorization_revoke", "user_authorization_cancellation")


class Desk:
    """Answers messages. One object for a process, used by all its threads."""

    def __init__(
        self,
        routers: Sequence[Router],
        live: Live,
        inbox: Inbox,
        *,
        account_name: str,
        pseudonym_key: bytes,
        clock: Callable[[], datetime] = lambda: datetime.now(TIMEZONE),
    ) -> None:
        self._routers = routers
        self._live = live
        self._inbox = inbox
        self._account_name = account_name
        self._key = pseudonym_key
        self._clock = clock

    def answer(self, message: Message) -> Reply:
        """The one reply to ``message``, whichever attempt of the platform this is."""
        started = time.perf_counter()
        person = pseudonym(_subject(message), self._key)
        admitted = self._admit(message, person)
        self._live.notice(admitted.token)
        published = self._live.current
        if admitted.state == "done":
            return admitted.reply or NoReply()
        if admitted.state == "mute":
            return NoReply()
        if admitted.state == "flood":
            log.warning("flood", person=person)
            return TextReply(published.pack.replies.flood)
        outcome = self.reply_to(message, admitted.session, published)
        if admitted.state == "offline":
            return outcome.reply
        if _forgets(message):
            admitted.session.clear()
        try:
            exchange = self._exchange(message, person, outcome, published.version, started)
            return self._inbox.settle(admitted, message, person, outcome.reply, exchange)
        except Exception:
            log.exception("inbox_failed", effect="answered, not recorded")
            return outcome.reply

    def _admit(self, message: Message, person: str) -> Admitted:
        """No fault of the inbox may cost a resident the answer."""
        try:
            return self._inbox.admit(message, person)
        except Exception:
            log.exception("inbox_failed", effect="answered without a session")
            return Admitted("offline", Session())

    def reply_to(self, message: Message, session: Session, published: Published | None = None) -> Outcome:
        """The routers' outcome, cut to what WeChat shows; changes ``session`` and nothing else."""
        published = published or self._live.current
        context = Context(message, session, published, self._clock(), self._account_name)
        outcome = dispatch(self._routers, context)
        if isinstance(outcome.reply, TextReply):
            replies = published.pack.replies
            content = outcome.reply.content
            if isinstance(message, Voice) and message.recognition:
                content = f"{replies.voice_heard.format(said=message.recognition.strip()[:60])}\n{content}"
            content, session.more = split(content, f"\n{tap(replies.more_label)}")
            outcome = Outcome(TextReply(content), outcome.kind, outcome.handler, outcome.entries, outcome.why)
        return outcome

    @staticmethod
    def _exchange(message: Message, person: str, outcome: Outcome, version: int, started: float) -> str:
        """The exchange as JSON for the stream, personal data masked."""
        said = message.content if isinstance(message, Text) else ""
        if isinstance(message, Voice):
            said = message.recognition
        elif isinstance(message, Event):
            said = f"{message.event} {message.event_key}".strip()
        reply = outcome.reply.content if isinstance(outcome.reply, TextReply) else outcome.reply.kind
        exchange = {
            "at": time.time_ns() // 1_000_000,
            "person": person,
            "type": type(message).__name__,
            "said": mask(said[:KEPT_CHARACTERS]),
            "reply": mask(reply[:KEPT_CHARACTERS]),
            "decision": outcome.kind,
            "entries": outcome.entries,
            "handler": outcome.handler,
            "version": version,
            "us": int((time.perf_counter() - started) * 1e6),
            "forget": _forgets(message),
        }
        return encode(exchange)


def _subject(message: Message) -> str:
    """Whom a message is about: a revocation can name another openid than its sender's."""
    if isinstance(message, PersonalDataEvent) and message.subject_openid:
        return message.subject_openid
    return message.openid


def _forgets(message: Message) -> bool:
    """Whether what is kept of the resident goes with this message: unfollowed, or the consent taken back."""
    return isinstance(message, Unsubscribe) or (isinstance(message, PersonalDataEvent) and message.event in _FORGETTING)
