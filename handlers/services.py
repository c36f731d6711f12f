"""Errands and 最多跑一次: the short answer with its parts on offer, and the question that follows about a part."""

from __future__ import annotations

import re

from bot.dialogue.router import PASS, Context, Pass, Router, answers, has_words
from handlers.answers import show_decided, show_part

router = Router("services")

# Particles around a bare question about a part: 「那多少钱呢」.
_AROUND = re.compile(r"^(?:那|那么|请问|都|还)*|(?:呢|啊|呀|哇|不|嘛|么)*$")


@router.on(has_words)
def part(context: Context) -> str | Pass:
    """「要带啥」 after an answer is about that answer."""
    entry = context.entry(context.session.entry) if context.session.entry else None
    if entry is None:
        return PASS
    words = context.published.part_words
    name = words.get(context.text) or words.get(_AROUND.sub("", context.text))
    return show_part(context, entry, name) if name else PASS


@router.on(has_words, answers("services"))
def answer(context: Context) -> str:
    return show_decided(context)
