"""Straw burning: what is forbidden, what it costs, what to do with the straw instead."""

from __future__ import annotations

from bot.dialogue.router import Context, Router, answers, has_words
from handlers.answers import show_decided

router = Router("straw_burning")


@router.on(has_words, answers("straw_burning"))
def answer(context: Context) -> str:
    return show_decided(context)
