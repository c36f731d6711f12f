"""Renders passive replies as the platform's XML, whatever characters an answer holds."""

from __future__ import annotations

from typing import Final

from bot.dialogue import messages as m

# The platform's limit for the text of a reply, in UTF-8.
MAX_TEXT_BYTES: Final = 2048

_REPLY = (
    "<xml><ToUserName><![CDATA[%s]]></ToUserName><FromUserName><![CDATA[%s]]></FromUserName>"
    "<CreateTime>%d</CreateTime><MsgType><![CDATA[%s]]></MsgType>%s</xml>"
)
_CONTROLS: Final = bytes({*range(0x20), 0x7F} - {*b"\t\n\r"})
_NONCHARACTERS: Final = ("\ufffe".encode(), "\uffff".encode())


def render(reply: m.Reply, message: m.Message, now: int) -> str | None:
    """The XML that answers ``message`` with ``reply``; None where the answer is `success`, as for a text with nothing in it.

    ``now`` is in Unix seconds. A text beyond 2,048 bytes is cut: a last guard, the dialogue cuts at sentences.
    """
    body = _body(reply)
    if body is None:
        return None
    return _REPLY % (_escaped(message.openid), _escaped(message.to_user), now, reply.kind, body)


def _body(reply: m.Reply) -> str | None:
    match reply:
        case m.TextReply():
            content = _within_limit(_clean(reply.content))
            return f"<Content><![CDATA[{_escaped(content)}]]></Content>" if content and not content.isspace() else None
        case m.NewsReply():
            return _news(reply)
        case m.NoReply():
            return None
        case m.ImageReply():
            return f"<Image>{_field('MediaId', reply.media_id)}</Image>"
        case m.VoiceReply():
            return f"<Voice>{_field('MediaId', reply.media_id)}</Voice>"
        case m.VideoReply():
            return f"<Video>{_field('MediaId', reply.media_id)}{_caption(reply)}</Video>"
        case m.MusicReply():
            return _music(reply)
        case m.TransferReply():
            return f"<TransInfo>{_field('KfAccount', reply.account)}</TransInfo>" if reply.account else ""
    raise TypeError(f"{type(reply).__name__} is no reply")


def _news(reply: m.NewsReply) -> str:
    article = f"{_field('Description', reply.description)}{_field('PicUrl', reply.pic_url)}{_field('Url', reply.url)}"
    item = f"<item>{_field('Title', reply.title)}{article}</item>"
    return f"<ArticleCount>1</ArticleCount><Articles>{item}</Articles>"


def _music(reply: m.MusicReply) -> str:
    urls = _optional("MusicUrl", reply.music_url) + _optional("HQMusicUrl", reply.hq_music_url)
    return f"<Music>{_caption(reply)}{urls}{_field('ThumbMediaId', reply.thumb_media_id)}</Music>"


def _caption(reply: m.VideoReply | m.MusicReply) -> str:
    return _optional("Title", reply.title) + _optional("Description", reply.description)


def _optional(name: str, value: str) -> str:
    return _field(name, value) if value else ""


def _field(name: str, value: str) -> str:
    return f"<{name}><![CDATA[{_escaped(_clean(value).decode())}]]></{name}>"


def _clean(text: str) -> bytes:
    """UTF-8 without what XML has no place for: control characters, lone surrogates, U+FFFE, U+FFFF."""
    # As bytes, because translate() passes over them ten times faster than over characters.
    data = text.encode("utf-8", "ignore").translate(None, _CONTROLS)
    for noncharacter in _NONCHARACTERS:
        if noncharacter in data:
            data = data.replace(noncharacter, b"")
    return data


def _escaped(text: str) -> str:
    return text.replace("]]>", "]]]]><![CDATA[>")


def _within_limit(data: bytes) -> str:
    """At most 2,048 bytes of ``data``, cut at a character and never inside a link."""
    if len(data) <= MAX_TEXT_BYTES:
        return data.decode()
    kept = data[:MAX_TEXT_BYTES]
    # A link that is whole in the text but not in what is kept goes as a whole; an "<a " that never closes is just text.
    link = data.rfind(b"<a ", 0, MAX_TEXT_BYTES + 2)
    end = data.find(b"</a>", link)
    if link >= 0 and end + len(b"</a>") > MAX_TEXT_BYTES:
        kept = data[:link]
    return kept.decode("utf-8", "ignore")
