"""Texts as WeChat shows them: tappable links, and the cut that keeps a reply within 2,048 bytes."""

from __future__ import annotations

import html
import re
from functools import lru_cache

# The platform's limit for a passive text reply.
MAX_BYTES = 2048

_ATOM = re.compile(r"<a .*?</a>|.", re.DOTALL)
_ENDS = "\n。！？；"


@lru_cache(maxsize=4096)  # the same few hundred links are in every answer
def tap(label: str, shown: str | None = None, menu_id: str = "") -> str:
    """A link in a text that sends ``label`` as the resident's own message when it is tapped."""
    content = html.escape(label, quote=True)
    target = html.escape(menu_id, quote=True)
    return f'<a href="weixin://bizmsgmenu?msgmenucontent={content}&msgmenuid={target}">{html.escape(shown or label)}</a>'


def link(label: str, url: str) -> str:
    """A link in a text that opens ``url``; the bare label where there is none."""
    return f'<a href="{html.escape(url, quote=True)}">{html.escape(label)}</a>' if url else html.escape(label)


def split(text: str, more: str, limit: int = MAX_BYTES) -> tuple[str, str]:
    """``text`` whole and "", or its beginning with ``more`` appended and the rest.

    The cut falls behind the last sentence or line that fits, never inside a link or a character.
    """
    if len(text.encode(errors="replace")) <= limit:
        return text, ""
    room = limit - len(more.encode())
    used = end = cut = 0
    for match in _ATOM.finditer(text):
        used += len(match[0].encode(errors="replace"))
        if used > room:
            break
        end = match.end()
        if match[0] in _ENDS:
            cut = end
    # A sentence longer than half a reply is cut where the room ends.
    cut = cut if cut > end // 2 else end
    return text[:cut].rstrip() + more, text[cut:].lstrip()
