"""What no rule matched: near titles, or an honest "I don't know" with the hotline and the menu."""

from __future__ import annotations

from bot.dialogue.router import Context, Router
from handlers.answers import choices
from handlers.targets import menu_targets

router = Router("fallback", kind="unknown")


@router.on(lambda context: context.decision.kind == "suggest")
def suggest(context: Context) -> str:
    """Up to three titles that come near, and the hotline."""
    context.decided = "suggest"
    context.entries = context.decision.entries
    context.why = context.decision.why
    replies = context.published.pack.replies
    offered = choices(context, [f"entry:{entry_id}" for entry_id in context.decision.entries])
    return f"{replies.suggest}\n{offered}\n\n{replies.not_these}"


@router.on()
def unknown(context: Context) -> str:
    context.why = context.decision.why
    return f"{context.published.pack.replies.unknown}\n{choices(context, menu_targets(context))}"
