"""The newest announcements, as they are published."""

from __future__ import annotations

from bot.dialogue.router import Context, Router, says
from bot.dialogue.text import link

router = Router("announcements")
SHOWN = 5


@router.on(says("announcements_said"))
def newest(context: Context) -> str:
    """Newest first, with date and link; while there is none, where else to ask."""
    replies = context.published.pack.replies
    notices = context.published.notices[:SHOWN]
    if not notices:
        return replies.announcements_none
    lines = [f"{notice.day:%m月%d日} {link(notice.title, notice.url)}" for notice in notices]
    return "\n".join([replies.announcements, *lines])
