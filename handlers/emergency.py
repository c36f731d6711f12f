"""Danger to life: 119, 120 or 110 come first, whatever else the message matches."""

from __future__ import annotations

from bot.dialogue.router import PASS, Context, Pass, Router, has_words
from handlers.answers import choices

router = Router("emergency", kind="emergency")


@router.on(has_words)
def put_help_first(context: Context) -> str | Pass:
    """The replies of all dangers met (a fire with a burn is both), then a tap to what was asked besides."""
    met = context.published.dangers_in(context.text)
    if not met:
        return PASS
    lines = ["\n\n".join(met[:2])]
    if context.decision.kind == "answer":
        context.entries = context.decision.entries
        targets = [f"entry:{entry_id}" for entry_id in context.decision.entries]
        lines += ["", context.published.pack.replies.emergency_also, choices(context, targets)]
    return "\n".join(lines)
