"""Where a digit, a tap or a menu button leads: ``entry:A03``, ``part:B10:fee``, ``topic:services``, ``announcements`` …"""

from __future__ import annotations

from collections.abc import Callable

from bot.content.schema import TOPICS
from bot.dialogue.router import PASS, Context, Pass
from handlers.announcements import newest
from handlers.answers import choices, show_entry, show_part, topic_targets


def go_to(context: Context, target: str) -> str | Pass:
    """What stands at ``target``; PASS when nothing does (any more)."""
    kind, _, rest = target.partition(":")
    if kind == "entry" and (entry := context.entry(rest)):
        context.decided = "answer"
        return show_entry(context, entry)
    if kind == "part":
        entry_id, _, name = rest.partition(":")
        entry = context.entry(entry_id)
        if entry and name in type(context.published.pack.replies.parts).model_fields:
            context.decided = "answer"
            return show_part(context, entry, name) if entry.service else show_entry(context, entry)
    page = _PAGES.get(kind)
    return page(context, rest) if page else PASS


def show_menu(context: Context, _rest: str = "") -> str:
    """All topics."""
    context.session.entry = ""
    replies = context.published.pack.replies
    return f"{replies.menu}\n{choices(context, menu_targets(context))}"


def menu_targets(context: Context) -> list[str]:
    """What the menu offers: the topics, the announcements, a person."""
    topics = context.published.pack.replies.topics
    return [*(f"topic:{topic}" for topic in TOPICS if topic in topics), "announcements", "human"]


def show_topic(context: Context, name: str) -> str | Pass:
    """The questions asked most in a topic."""
    topics = context.published.pack.replies.topics
    topic = next((topic for topic in topics if topic == name), None)
    if topic is None:
        return PASS
    context.session.entry = ""
    return f"{topics[topic].intro}\n{choices(context, topic_targets(context, topic))}"


def show_human(context: Context, _rest: str = "") -> str:
    return context.published.pack.replies.human.reply


def show_help(context: Context, _rest: str = "") -> str:
    return context.published.pack.replies.help.reply


_PAGES: dict[str, Callable[[Context, str], str | Pass]] = {
    "menu": show_menu,
    "topic": show_topic,
    "announcements": lambda context, _rest: newest(context),
    "human": show_human,
    "help": show_help,
}
