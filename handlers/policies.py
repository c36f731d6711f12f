"""Subsidies, land, relief and the other policies."""

from __future__ import annotations

from bot.dialogue.router import Context, Router, answers, has_words
from handlers.answers import show_decided

router = Router("policies")


@router.on(has_words, answers("policies"))
def answer(context: Context) -> str:
    return show_decided(context)
