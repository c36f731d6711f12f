"""The platform's XML ⇄ our dataclasses: ``parse`` for what comes in, ``render`` for the passive reply."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bot.dialogue import messages as m
from bot.gateway.events import EVENTS, KEYED, unknown_event
from bot.gateway.fields import Common, integer, place, rest, text
from bot.gateway.reader import BadMessage, Fields, read
from bot.gateway.replies import MAX_TEXT_BYTES, render

__all__ = ["MAX_TEXT_BYTES", "BadMessage", "parse", "render"]

# An openid has 28 characters; this only keeps keys and logs from being flooded.
MAX_USER_CHARACTERS = 128


def parse(xml: bytes) -> m.Message:
    """The message or event in ``xml``; UnknownMessage or UnknownEvent when the fact sheet has no such type.

    Raises BadMessage for everything that the platform would not send.
    """
    fields = read(xml)
    kind = text(fields, "MsgType")
    common: Common = {
        "to_user": _user(fields, "ToUserName"),
        "openid": _user(fields, "FromUserName"),
        "created_at": integer(fields, "CreateTime"),
    }
    if kind == "event":
        return _event(fields, common)
    common["msg_data_id"] = text(fields, "MsgDataId", "")
    common["idx"] = text(fields, "Idx", "")
    builder = _MESSAGES.get(kind)
    # A type nobody knows may well come without a number; one that is answered can't be de-duplicated without it.
    common["msg_id"] = integer(fields, "MsgId", None if builder else 0)
    if builder is None:
        return m.UnknownMessage(msg_type=kind, fields=rest(fields), **common)
    return builder(fields, common)


def _event(fields: Fields, common: Common) -> m.Message:
    event = text(fields, "Event")
    # The platform's own pages do not agree on the case of events.
    name = event.lower()
    common["event"] = event
    common["event_key"] = text(fields, "EventKey", None if name in KEYED else "")
    return EVENTS.get(name, unknown_event)(fields, common)


def _user(fields: Fields, name: str) -> str:
    value = text(fields, name)
    if not 0 < len(value) <= MAX_USER_CHARACTERS:
        raise BadMessage("bad_user", name)
    return value


def _text(fields: Fields, common: Common) -> m.Message:
    return m.Text(content=text(fields, "Content"), menu_id=text(fields, "bizmsgmenuid", ""), **common)


def _image(fields: Fields, common: Common) -> m.Message:
    return m.Image(pic_url=text(fields, "PicUrl"), media_id=text(fields, "MediaId"), **common)


def _voice(fields: Fields, common: Common) -> m.Message:
    return m.Voice(
        media_id=text(fields, "MediaId"),
        format=text(fields, "Format"),
        media_id_16k=text(fields, "MediaId16K", ""),
        recognition=text(fields, "Recognition", ""),
        **common,
    )


def _video(fields: Fields, common: Common, *, short: bool = False) -> m.Message:
    media_id, thumb_media_id = text(fields, "MediaId"), text(fields, "ThumbMediaId")
    return m.Video(media_id=media_id, thumb_media_id=thumb_media_id, short=short, **common)


def _short_video(fields: Fields, common: Common) -> m.Message:
    return _video(fields, common, short=True)


def _location(fields: Fields, common: Common) -> m.Message:
    return m.Location(**place(fields), **common)


def _link(fields: Fields, common: Common) -> m.Message:
    title, description, url = text(fields, "Title"), text(fields, "Description"), text(fields, "Url")
    return m.Link(title=title, description=description, url=url, **common)


_MESSAGES: dict[str, Callable[[Fields, dict[str, Any]], m.Message]] = {
    "text": _text,
    "image": _image,
    "voice": _voice,
    "video": _video,
    "shortvideo": _short_video,
    "location": _location,
    "link": _link,
}
