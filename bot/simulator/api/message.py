"""Customer messages (客服消息): message/custom/send and typing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, jsonify

from bot.simulator.api.account import OK
from bot.simulator.api.gate import json_body
from bot.simulator.bubbles import TEXT_LIMIT_BYTES, Bubble, text_bubble
from bot.simulator.errors import ApiError
from bot.simulator.here import the_platform
from bot.simulator.resident import Resident

calls = Blueprint("message", __name__)

_TYPING_SECONDS = 15
_TALKED_WITHIN_SECONDS = 30 * 60


@calls.post("/message/custom/send")
def send() -> Response:
    body = json_body()
    resident = _follower(body)
    msgtype = body.get("msgtype")
    read = _READERS.get(str(msgtype))
    if read is None:
        raise ApiError(40008)
    content = body.get(str(msgtype))
    if not isinstance(content, dict):
        raise ApiError(47001)
    bubble = read(content)
    resident.windows.take()
    resident.receives(bubble)
    return jsonify(OK)


@calls.post("/message/custom/typing")
def typing() -> Response:
    """Shows 「对方正在输入…」 for 15 s at most; only who wrote in the last half hour can be shown it."""
    body = json_body()
    resident = _follower(body)
    now = the_platform().clock()
    command = body.get("command")
    if command not in ("Typing", "CancelTyping"):
        raise ApiError(45072)
    if command == "Typing" and now - resident.windows.last_message_at > _TALKED_WITHIN_SECONDS:
        raise ApiError(45080)
    if command == "Typing" and resident.timeline.typing(now):
        raise ApiError(45081)
    resident.timeline.type_until(now + _TYPING_SECONDS if command == "Typing" else now)
    return jsonify(OK)


def _follower(body: dict[str, Any]) -> Resident:
    resident = the_platform().known(str(body.get("touser", "")))
    if resident is None:
        raise ApiError(40003)
    if not resident.following:
        raise ApiError(43004)
    return resident


def _text(content: dict[str, Any]) -> Bubble:
    text = str(content.get("content", ""))
    if not text:
        raise ApiError(44004)
    if len(text.encode()) > TEXT_LIMIT_BYTES:
        raise ApiError(45002)
    return text_bubble(text)


def _image(content: dict[str, Any]) -> Bubble:
    return Bubble(kind="image", media_id=the_platform().media.get(str(content.get("media_id", ""))).media_id)


def _voice(content: dict[str, Any]) -> Bubble:
    return Bubble(kind="voice", media_id=the_platform().media.get(str(content.get("media_id", ""))).media_id)


def _video(content: dict[str, Any]) -> Bubble:
    media_id = the_platform().media.get(str(content.get("media_id", ""))).media_id
    return Bubble(kind="video", media_id=media_id, title=str(content.get("title", "")))


def _news(content: dict[str, Any]) -> Bubble:
    articles = content.get("articles")
    if not isinstance(articles, list) or not articles:
        raise ApiError(44003)
    if len(articles) > 1:
        raise ApiError(45008)
    if not isinstance(articles[0], dict):
        raise ApiError(47001)
    title, description, url, pic_url = (str(articles[0].get(name, "")) for name in ("title", "description", "url", "picurl"))
    text = f"{title}\n{description}" if description else title
    return Bubble(kind="news", text=text, title=title, description=description, url=url, pic_url=pic_url)


def _msgmenu(content: dict[str, Any]) -> Bubble:
    """A question with answers to tap, shown as a text with links."""
    links = [
        f'<a href="weixin://bizmsgmenu?msgmenucontent={item["content"]}&msgmenuid={item["id"]}">{item["content"]}</a>'
        for item in content.get("list", [])
        if isinstance(item, dict) and {"id", "content"} <= item.keys()
    ]
    if not links:
        raise ApiError(40097)
    lines = [str(content.get("head_content", "")), *links, str(content.get("tail_content", ""))]
    return text_bubble("\n".join(line for line in lines if line))


_READERS: dict[str, Callable[[dict[str, Any]], Bubble]] = {
    "text": _text,
    "image": _image,
    "voice": _voice,
    "video": _video,
    "news": _news,
    "msgmenu": _msgmenu,
}
