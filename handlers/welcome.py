"""Follow, scan and unfollow."""

from __future__ import annotations

from bot.dialogue.messages import NoReply, Scan, Subscribe, Unsubscribe
from bot.dialogue.router import PASS, Context, Pass, Router, message_type
from handlers.targets import go_to, show_menu

router = Router("welcome", kind="command")


@router.on(message_type(Subscribe))
def greet(context: Context) -> str:
    """The welcome, then what the scene code stands for (``entry:A01`` on a poster about burning) or the menu."""
    assert isinstance(context.message, Subscribe)
    welcome = context.published.pack.replies.welcome.format(account=context.account_name)
    there = go_to(context, context.message.scene) if context.message.scene else PASS
    context.decided = None
    page = there if isinstance(there, str) else show_menu(context)
    return f"{welcome}\n{page}"


@router.on(message_type(Scan))
def show_scene(context: Context) -> str | Pass:
    """A follower scanned a code again: straight to what it stands for."""
    assert isinstance(context.message, Scan)
    there = go_to(context, context.message.event_key)
    return there if isinstance(there, str) else show_menu(context)


@router.on(message_type(Unsubscribe))
def farewell(context: Context) -> NoReply:
    """Nobody reads a reply any more; the desk forgets the session, the worker what was stored."""
    return NoReply()
