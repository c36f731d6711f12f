"""Words and buttons that steer: 菜单, 帮助, 返回, 退出, 继续, 人工, the menu bar, digits, greetings."""

from __future__ import annotations

import re

from bot.dialogue.messages import Event, MenuClick, NoReply, Text
from bot.dialogue.router import PASS, Context, Pass, Router, has_words, message_type, says
from handlers.answers import offered
from handlers.targets import go_to, show_menu

router = Router("commands", kind="command")

# 「2」「第二个」「选2」「２」「②」「二」「就2吧」 – after normalisation.
_NUMBER = re.compile(
    r"(?:就|我)?(?:第|选择|选|回复|回|点|要|看)?第?(\d{1,2}|[一二三四五六七八九])(?:个|条|项|号)?(?:吧|呗|啊|呀)?"
)
_CHINESE_DIGITS = {digit: number for number, digit in enumerate("一二三四五六七八九", start=1)}


@router.on(message_type(MenuClick))
def menu_button(context: Context) -> str:
    """A CLICK of the menu bar; its key is a target."""
    assert isinstance(context.message, MenuClick)
    there = go_to(context, context.message.event_key)
    return there if isinstance(there, str) else context.published.pack.replies.menu_gone


@router.on(message_type(Event))
def other_event(context: Context) -> NoReply:
    """Views, reported locations, finished jobs and whatever the platform invents next: nothing is shown."""
    return NoReply()


@router.on(says("more_said"))
def more(context: Context) -> str:
    return context.session.more or context.published.pack.replies.nothing_more


@router.on(says("menu_said"))
def menu(context: Context) -> str:
    return show_menu(context)


@router.on(says("back"))
def back(context: Context) -> str:
    return f"{context.published.pack.replies.back.reply}\n{show_menu(context)}"


@router.on(says("leave"))
def leave(context: Context) -> str:
    context.session.entry = ""
    context.session.offered = []
    return context.published.pack.replies.leave.reply


@router.on(says("help"))
def help_(context: Context) -> str:
    return context.published.pack.replies.help.reply


@router.on(says("human"))
def human(context: Context) -> str:
    return context.published.pack.replies.human.reply


@router.on(says("greeting"))
def greeting(context: Context) -> str:
    replies = context.published.pack.replies
    return f"{replies.greeting.reply.format(account=context.account_name)}\n{show_menu(context)}"


@router.on(says("thanks"))
def thanks(context: Context) -> str:
    return context.published.pack.replies.thanks.reply


@router.on(has_words)
def number(context: Context) -> str | Pass:
    """A digit chooses from the list last offered, and only from that."""
    match = _NUMBER.fullmatch(context.text)
    if not match:
        return PASS
    chosen = _CHINESE_DIGITS.get(match[1]) or int(match[1])
    targets = offered(context)
    replies = context.published.pack.replies
    if not targets:
        return replies.nothing_offered
    there = go_to(context, targets[chosen - 1]) if 0 < chosen <= len(targets) else PASS
    return there if isinstance(there, str) else replies.no_such_number.format(number=chosen, last=len(targets))


@router.on(has_words)
def tapped(context: Context) -> str | Pass:
    """A link in one of our texts: its text is a label last offered, or it still carries its target."""
    if isinstance(context.message, Text) and context.message.menu_id:
        return go_to(context, context.message.menu_id)
    return PASS


@router.on(has_words)
def topic_by_name(context: Context) -> str | Pass:
    """「秸秆禁烧」 typed as it stands in the menu, or a word that means the whole topic (补贴)."""
    topic = context.published.topic_words.get(context.text)
    return go_to(context, f"topic:{topic}") if topic else PASS
