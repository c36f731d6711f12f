"""How an entry, a part of a service and a list of choices look to a resident; used by every topic."""

from __future__ import annotations

from collections.abc import Sequence

from bot.content.pack import Parts
from bot.content.render import render
from bot.content.schema import Entry, Service, Topic
from bot.dialogue.router import Context
from bot.dialogue.text import tap

# The parts that every service offers, always in this order, so that 1 is always what to bring.
OFFERED_PARTS = ("materials", "steps", "time", "fee", "where")
# An errand of which the county has confirmed less offers its related questions: five taps to "I don't know" help nobody.
PARTS_WORTH_OFFERING = 2


def show_decided(context: Context) -> str:
    """The answer that the ruleset decided for."""
    context.why = context.decision.why
    return show_entry(context, context.ruleset.entries[context.decision.entries[0]])


def show_entry(context: Context, entry: Entry) -> str:
    """The answer, its source and date, and what to ask next – as a tap and as a digit."""
    context.entries = (entry.id,)
    context.session.entry = entry.id
    lines = [context.published.answer(entry)]
    if entry.service and _known_parts(entry.service, context.published.local) >= PARTS_WORTH_OFFERING:
        replies = context.published.pack.replies
        lines += ["", replies.ask_parts, choices(context, [f"parts:{entry.id}"])]
    else:
        lines += next_questions(context, entry)
    return "\n".join(lines)


def show_part(context: Context, entry: Entry, name: str) -> str:
    """One part of a service, or the honest word that it is not known here."""
    context.entries = (entry.id,)
    context.session.entry = entry.id
    replies = context.published.pack.replies
    label = part_label(replies.parts, name)
    text = part_text(entry.service, name, context.published.local) if entry.service else ""
    if text:
        lines = [f"【{entry.title}·{label}】", text, entry.source_line()]
    else:
        lines = [replies.no_part.format(title=entry.title, part=label)]
    return "\n".join([*lines, "", replies.ask_parts, choices(context, [f"parts:{entry.id}"])])


def next_questions(context: Context, entry: Entry) -> list[str]:
    """Lines that offer the entry's relations; none where none is valid today."""
    targets = [f"entry:{related}" for related in entry.related if context.entry(related)]
    if not targets:
        return []
    return ["", context.published.pack.replies.next_questions, choices(context, targets)]


def choices(context: Context, targets: Sequence[str]) -> str:
    """A numbered, tappable list; the session remembers what its numbers mean.

    ``parts:B10`` stands for the five parts of a service, on one line; everything else has a line of its own.
    """
    context.session.offered = list(targets)
    taps = [
        tap(label, f"{number} {label}", menu_id=target)
        for number, target in enumerate(offered(context), start=1)
        for label in (target_label(context, target),)
    ]
    return ("  " if targets[0].startswith("parts:") else "\n").join(taps)


def offered(context: Context) -> list[str]:
    """What the digits 1, 2, 3 … choose now."""
    targets = []
    for target in context.session.offered:
        kind, _, entry_id = target.partition(":")
        targets += [f"part:{entry_id}:{name}" for name in OFFERED_PARTS] if kind == "parts" else [target]
    return targets


def topic_targets(context: Context, topic: Topic) -> list[str]:
    """The questions asked most in a topic."""
    return [f"entry:{entry_id}" for entry_id in context.published.pack.replies.topics[topic].entries if context.entry(entry_id)]


def target_label(context: Context, target: str) -> str:
    """What stands on the tap that leads to ``target``."""
    replies = context.published.pack.replies
    kind, _, rest = target.partition(":")
    if kind == "entry":
        return context.ruleset.entries[rest].title
    if kind == "part":
        return part_label(replies.parts, rest.rpartition(":")[2])
    if kind == "topic":
        return {str(topic): words.title for topic, words in replies.topics.items()}[rest]
    if kind == "announcements":
        return replies.announcements_title
    return replies.human.said[0]


def part_label(parts: Parts, name: str) -> str:
    label: str = getattr(parts, name).label
    return label


def part_text(service: Service, name: str, local: dict[str, str]) -> str:
    """A part as the county has confirmed it; empty when it has not."""
    if name == "materials":
        return _numbered(service.materials, local)
    if name == "steps":
        return _numbered(service.steps, local)
    if name == "time":
        return "\n".join(filter(None, (render(text, local) for text in (service.time_legal, service.time_promised))))
    return render(getattr(service, name), local)


def _known_parts(service: Service, local: dict[str, str]) -> int:
    return sum(bool(part_text(service, name, local)) for name in OFFERED_PARTS)


def _numbered(items: Sequence[str], local: dict[str, str]) -> str:
    rendered = list(filter(None, (render(item, local) for item in items)))
    if len(rendered) == 1:
        return rendered[0]
    return "\n".join(f"（{number}）{item}" for number, item in enumerate(rendered, start=1))
