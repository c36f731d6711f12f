"""What is no text: pictures, voice that was not recognised, videos, locations, links, stickers."""

from __future__ import annotations

import re
import unicodedata

from bot.dialogue.messages import Image, Link, Location, NoReply, Text, UnknownMessage, Video, Voice
from bot.dialogue.router import PASS, Context, Pass, Router, has_words, message_type

router = Router("media", kind="command")

# Stickers arrive as [微笑], as /::) or as 【收到不支持的消息类型，暂无法显示】.
_CODE = re.compile(r"\[[^\[\]]{1,20}\]|【收到不支持的消息类型[^】]{0,20}】|/:(?:[^\s\w]{1,4}|\w{1,8})")


@router.on(message_type(Image))
def picture(context: Context) -> str:
    return context.published.pack.replies.picture


@router.on(message_type(Voice), lambda context: not has_words(context))
def voice(context: Context) -> str:
    return context.published.pack.replies.voice_unheard


@router.on(message_type(Video))
def video(context: Context) -> str:
    return context.published.pack.replies.video


@router.on(message_type(Location))
def location(context: Context) -> str:
    return context.published.pack.replies.location


@router.on(message_type(Link))
def link(context: Context) -> str:
    return context.published.pack.replies.link


@router.on(message_type(Text))
def no_words(context: Context) -> str | Pass:
    """Stickers and emoji; or nothing, or 「？？？」, from somebody who doesn't know how to go on."""
    rest, codes = _CODE.subn("", context.said)
    kinds = {unicodedata.category(character)[0] for character in rest}
    if kinds & {"L", "N"}:
        return PASS
    replies = context.published.pack.replies
    return replies.sticker if codes or "S" in kinds else replies.help.reply


@router.on(message_type(UnknownMessage))
def unknown_type(context: Context) -> NoReply:
    return NoReply()
