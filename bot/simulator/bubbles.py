"""What appears in the chat: bubbles, the tappable links in their text, and the reading of a passive reply into one."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal
from urllib.parse import unquote, urlsplit

from bot.simulator.account import Account
from bot.simulator.envelope import Malformed

Kind = Literal[
    "text",
    "image",
    "voice",
    "video",
    "shortvideo",
    "music",
    "news",
    "link",
    "location",
    "transfer",  # to a human, by customer service
    "event",  # a tap, a follow: the product learns of it, the chat shows nothing
    "nothing",
    "failure",
]

TEXT_LIMIT_BYTES = 2048
FAILURE_TEXT = "该公众号暂时无法提供服务，请稍后再试"  # the platform's own words

_ANCHOR = re.compile(r"<a\b([^>]*)>(.*?)</a>", re.IGNORECASE | re.DOTALL)
_HREF = re.compile(r"""\bhref\s*=\s*(?:"([^"]*)"|'([^']*)'|(\S+))""", re.IGNORECASE)
_BARE_URL = re.compile(r"https?://[\w.~:/?#@!$&'*+,;=%-]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Link:
    """``message`` is what a tap sends as the resident's own words; None when a tap opens ``href`` instead."""

    label: str
    href: str
    message: str | None = None
    menu_id: str = ""

    @property
    def opens_page(self) -> bool:
        return self.message is None and urlsplit(self.href).scheme in ("http", "https")


@dataclass(frozen=True, kw_only=True)
class Bubble:
    """One message of either side as the chat shows it. ``text`` is what is read: tags removed, a voice note's words.

    ``parts`` is a text in pieces, its links as `Link`. Degrees for a location. Fields that the kind does not have are empty.
    """

    kind: Kind
    text: str = ""
    parts: tuple[str | Link, ...] = ()
    media_id: str = ""
    title: str = ""
    description: str = ""
    url: str = ""
    pic_url: str = ""
    latitude: float = 0.0
    longitude: float = 0.0

    @property
    def links(self) -> tuple[Link, ...]:
        return tuple(part for part in self.parts if isinstance(part, Link))

    @property
    def seconds(self) -> int:
        """How long a voice note seems to be: four characters a second, as people speak."""
        return max(1, min(60, round(len(self.text) / 4)))


def text_bubble(content: str) -> Bubble:
    """A text as the phone shows it: ``<a>`` becomes a link, a bare address too, any other tag is read as it is written."""
    parts: list[str | Link] = []
    position = 0
    for anchor in _ANCHOR.finditer(content):
        parts += _with_bare_urls(content[position : anchor.start()])
        parts.append(_link(anchor))
        position = anchor.end()
    parts += _with_bare_urls(content[position:])
    text = "".join(part if isinstance(part, str) else part.label for part in parts)
    return Bubble(kind="text", text=text, parts=tuple(parts))


def _with_bare_urls(text: str) -> list[str | Link]:
    parts: list[str | Link] = []
    position = 0
    for url in _BARE_URL.finditer(text):
        parts += [text[position : url.start()], Link(url[0], url[0])]
        position = url.end()
    return [part for part in [*parts, text[position:]] if part]


def _link(anchor: re.Match[str]) -> Link:
    found = _HREF.search(anchor[1])
    href = next((group for group in found.groups() if group), "") if found else ""
    if not href.startswith("weixin://bizmsgmenu?"):
        return Link(anchor[2], href)
    query = dict(pair.partition("=")[::2] for pair in href.partition("?")[2].split("&"))
    return Link(anchor[2], href, unquote(query.get("msgmenucontent", "")), unquote(query.get("msgmenuid", "")))


def reply_bubble(xml: str, account: Account, openid: str, *, has_media: Callable[[str], bool]) -> Bubble:
    """The passive reply in ``xml`` (decrypted; "" for none) as a bubble. Raises Malformed as the platform would refuse it."""
    if not xml:
        return Bubble(kind="nothing")
    try:
        root = ET.fromstring(xml)
    except ET.ParseError as error:
        raise Malformed(f"what was encrypted is no XML: {error}") from error
    if (root.findtext("ToUserName"), root.findtext("FromUserName")) != (openid, account.original_id):
        raise Malformed("ToUserName and FromUserName are not the message's, turned round")
    if not (root.findtext("CreateTime") or "").strip().isdigit():
        raise Malformed("CreateTime is no number")
    read = _READERS.get(root.findtext("MsgType") or "")
    if read is None:
        raise Malformed(f"MsgType {root.findtext('MsgType')!r} is no passive reply")
    bubble = read(root)
    if bubble.media_id and not has_media(bubble.media_id):
        raise Malformed(f"media_id {bubble.media_id!r} was never uploaded or is older than three days")
    return bubble


def _need(root: ET.Element, path: str) -> str:
    value = root.findtext(path) or ""
    if not value.strip():
        raise Malformed(f"{path} is missing or empty")
    return value


def _text(root: ET.Element) -> Bubble:
    content = _need(root, "Content")
    if (size := len(content.encode())) > TEXT_LIMIT_BYTES:
        raise Malformed(f"Content has {size} bytes, {TEXT_LIMIT_BYTES} are allowed")
    return text_bubble(content)


def _image(root: ET.Element) -> Bubble:
    return Bubble(kind="image", media_id=_need(root, "Image/MediaId"))


def _voice(root: ET.Element) -> Bubble:
    return Bubble(kind="voice", media_id=_need(root, "Voice/MediaId"))


def _video(root: ET.Element) -> Bubble:
    title, description = root.findtext("Video/Title") or "", root.findtext("Video/Description") or ""
    return Bubble(kind="video", media_id=_need(root, "Video/MediaId"), title=title, description=description)


def _music(root: ET.Element) -> Bubble:
    title, description, url = (root.findtext(f"Music/{name}") or "" for name in ("Title", "Description", "MusicUrl"))
    thumb = _need(root, "Music/ThumbMediaId")
    return Bubble(kind="music", media_id=thumb, title=title, description=description, url=url)


def _news(root: ET.Element) -> Bubble:
    """One article: further ones are dropped, as the platform does in answer to a message."""
    items = root.findall("Articles/item")
    if not items or (root.findtext("ArticleCount") or "").strip() != str(len(items)):
        raise Malformed("ArticleCount is not the number of articles")
    title, url = _need(items[0], "Title"), items[0].findtext("Url") or ""
    description, pic_url = items[0].findtext("Description") or "", items[0].findtext("PicUrl") or ""
    text = f"{title}\n{description}" if description else title
    return Bubble(kind="news", text=text, title=title, description=description, url=url, pic_url=pic_url)


def _transfer(root: ET.Element) -> Bubble:
    return Bubble(kind="transfer")


_READERS: dict[str, Callable[[ET.Element], Bubble]] = {
    "text": _text,
    "image": _image,
    "voice": _voice,
    "video": _video,
    "music": _music,
    "news": _news,
    "transfer_customer_service": _transfer,
}
