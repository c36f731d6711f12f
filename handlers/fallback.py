"""What no rule matched: near titles, or an honest "I don't know" with the hotline and the menu."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.dialogue.router import PASS, Context, Pass, Router, has_words
from handlers.answers import choices
from handlers.targets import menu_targets

router = Router("fallback", kind="unknown")

# A resident who types 「医保」 means a subject; these characters alone (怎么, 多少, 能不能) make none.
_WORD = re.compile(r".{2,4}")
_NO_SUBJECT = re.compile(r"[什么怎啥咋多少几哪谁吗呢了的能不没有是在要会为现时候办给可以行一个这那你我他]+")
SUGGESTED = 3
OFTEN = 2


@router.on(has_words)
def bare_word(context: Context) -> str | Pass:
    """「医保」 and nothing else: the questions with that word in their titles or, failing that, often in their utterances."""
    word = context.text
    if not _WORD.fullmatch(word) or _NO_SUBJECT.fullmatch(word):
        return PASS
    topics = context.published.pack.replies.topics.values()
    asked_most_first = dict.fromkeys([*(one for topic in topics for one in topic.entries), *context.ruleset.entries])
    known = [entry for entry_id in asked_most_first if (entry := context.entry(entry_id))]
    about = [entry.id for entry in known if word in entry.title]
    about = about or [entry.id for entry in known if sum(word in said for said in entry.asked_as) >= OFTEN]
    return _suggestion(context, about[:SUGGESTED], f"「{word}」 is what they are about") if about else PASS


@router.on(lambda context: context.decision.kind == "suggest" and not context.text.isdigit())
def suggest(context: Context) -> str:
    """Up to three titles that come near, and the hotline."""
    return _suggestion(context, context.decision.entries, context.decision.why)


@router.on()
def unknown(context: Context) -> str:
    context.why = context.decision.why
    return f"{context.published.pack.replies.unknown}\n{choices(context, menu_targets(context))}"


def _suggestion(context: Context, entries: Sequence[str], why: str) -> str:
    context.decided = "suggest"
    context.entries = tuple(entries)
    context.why = why
    replies = context.published.pack.replies
    return f"{replies.suggest}\n{choices(context, [f'entry:{entry_id}' for entry_id in entries])}\n\n{replies.not_these}"
