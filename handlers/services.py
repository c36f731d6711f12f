"""Errands and 最多跑一次: the short answer with its parts on offer, and the question that follows about a part."""

from __future__ import annotations

import re

from bot.dialogue.router import PASS, Context, Pass, Router, answers, has_words
from handlers.answers import choices, show_decided, show_entry, show_part, topic_targets

router = Router("services")

# Particles around a bare question about a part: 「那多少钱呢」.
_AROUND = re.compile(r"^(?:那|那么|请问|都|还)*|(?:呢|啊|呀|哇|不|嘛|(?<![什怎多])么)*$")


@router.on(has_words)
def part(context: Context) -> str | Pass:
    """「要带啥」 after an answer is about that answer; before one it needs to be asked: of what?

    An answer that is no errand has no parts: all that is known of it is said again.
    """
    words = context.published.part_words
    name = words.get(context.text) or words.get(_AROUND.sub("", context.text))
    if not name:
        return PASS
    entry = context.entry(context.session.entry) if context.session.entry else None
    if entry:
        return show_part(context, entry, name) if entry.service else show_entry(context, entry)
    context.decided = "command"
    replies = context.published.pack.replies
    return f"{replies.which_errand}\n{choices(context, topic_targets(context, 'services'))}"


@router.on(has_words, lambda context: context.decision.kind != "answer")
def part_of_subject(context: Context) -> str | Pass:
    """「身份证要带啥」 where no rule knows the whole: 「身份证」 leads to an errand, 「要带啥」 to its part."""
    words = context.published.part_words
    forms = (context.text, _AROUND.sub("", context.text))
    endings = ((form, form[-length:]) for length in context.published.part_lengths for form in forms if len(form) > length)
    form, ending = next(((form, ending) for form, ending in endings if ending in words), ("", ""))
    if not ending:
        return PASS
    subject = form.removesuffix(ending)
    decision = context.ruleset.decide(subject, context.now.date())
    if decision.kind != "answer":
        return PASS
    entry = context.ruleset.entries[decision.entries[0]]
    context.why = f"{decision.why}, and 「{ending}」"
    return show_part(context, entry, words[ending]) if entry.service else PASS


@router.on(has_words, answers("services"))
def answer(context: Context) -> str:
    return show_decided(context)
