"""Asks the routers directly, without HTTP, Redis or a database: for tests of what is said, not of how it travels."""

from __future__ import annotations

from datetime import datetime
from functools import cache

from bot.content.pack import Pack, load_pack
from bot.content.published import Published
from bot.dialogue.messages import Text
from bot.dialogue.router import Context, Outcome, dispatch
from bot.dialogue.session import Session
from bot.matching.ruleset import Ruleset
from config.settings import TIMEZONE
from handlers import ROUTERS

# The day on which the starter content was checked: what ends later is valid, what begins later is not.
NOW = datetime(2026, 11, 23, 12, tzinfo=TIMEZONE)


@cache
def published(*, filled: bool = False) -> Published:
    """The shipped content; ``filled`` gives every local variable its example for a value."""
    pack = load_pack()
    if filled:
        variables = {name: variable.model_copy(update={"value": variable.example}) for name, variable in pack.variables.items()}
        pack = Pack(entries=pack.entries, variables=variables, replies=pack.replies, emergencies=pack.emergencies)
    return Published("0", pack, Ruleset(pack.entries, version=0))


def context_for(said: str = "", session: Session | None = None, *, filled: bool = False, menu_id: str = "") -> Context:
    message = Text(to_user="gh", openid="o", created_at=0, content=said, menu_id=menu_id)
    return Context(message, session or Session(), published(filled=filled), NOW, "集贤微言")


def ask(said: str, session: Session | None = None, *, filled: bool = False, menu_id: str = "") -> Outcome:
    """What the routers make of ``said``; the reply is a text, uncut."""
    return dispatch(ROUTERS, context_for(said, session, filled=filled, menu_id=menu_id))


def told(said: str, session: Session | None = None, *, filled: bool = False, menu_id: str = "") -> str:
    """The reply's text."""
    reply = ask(said, session, filled=filled, menu_id=menu_id).reply
    return getattr(reply, "content", "")
