"""What residents send and what we answer: one frozen dataclass for each type the platform has, free of XML and IO."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar

from bot.dialogue.compact import encode

# ---------------------------------------------------------------- coming in


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """Fields that every message and event has. ``created_at`` is the platform's CreateTime, in Unix seconds."""

    to_user: str
    openid: str
    created_at: int
    msg_id: int = 0
    msg_data_id: str = ""
    idx: str = ""

    @property
    def dedup_key(self) -> str:
        """What is equal in every attempt of one message; MsgId alone has been seen to collide across senders."""
        return str(self.msg_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Text(Message):
    content: str
    menu_id: str = ""  # bizmsgmenuid: set when a link in one of our texts was tapped; only a hint


@dataclass(frozen=True, slots=True, kw_only=True)
class Image(Message):
    pic_url: str
    media_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice(Message):
    media_id: str
    format: str
    media_id_16k: str = ""
    recognition: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Video(Message):
    """``video`` and, with ``short`` True, ``shortvideo``."""

    media_id: str
    thumb_media_id: str
    short: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Location(Message):
    latitude: float
    longitude: float
    scale: int
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Link(Message):
    title: str
    description: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownMessage(Message):
    """A MsgType that is not in the fact sheet; it is logged and answered `success`."""

    msg_type: str
    fields: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event(Message):
    """Events have no MsgId: an attempt is known by CreateTime, Event and EventKey."""

    event: str
    event_key: str = ""

    @property
    def dedup_key(self) -> str:
        return f"{self.created_at}:{self.event}:{self.event_key}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscribe(Event):
    """``scene`` is what follows ``qrscene_`` when the resident came by a scene QR code, else empty."""

    scene: str = ""
    ticket: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsubscribe(Event):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan(Event):
    ticket: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedLocation(Event):
    """Event LOCATION. Degrees; precision in metres."""

    latitude: float
    longitude: float
    precision: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MenuClick(Event):
    menu_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MenuView(Event):
    """VIEW and view_miniprogram: the resident opened a page; nothing is shown in answer."""

    menu_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MenuScan(Event):
    """scancode_push, scancode_waitmsg."""

    scan_type: str
    scan_result: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MenuPictures(Event):
    """pic_sysphoto, pic_photo_or_album, pic_weixin."""

    count: int
    md5sums: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MenuLocation(Event):
    """location_select."""

    latitude: float
    longitude: float
    scale: int
    label: str
    poi_name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateSendFinished(Event):
    job_msg_id: int
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyrightResult:
    """One article of CopyrightCheckResult; the platform's numbers and 0/1 flags as they came."""

    article_idx: int
    user_declare_state: int
    audit_state: int
    original_article_url: str
    original_article_type: int
    can_reprint: int
    need_replace_content: int
    need_show_reprint_source: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MassSendFinished(Event):
    """MASSSENDJOBFINISH. ``article_urls`` holds (ArticleIdx, ArticleUrl)."""

    job_msg_id: int
    status: str
    total_count: int
    filter_count: int
    sent_count: int
    error_count: int
    copyright_check_state: int = 0
    copyright_results: tuple[CopyrightResult, ...] = ()
    article_urls: tuple[tuple[int, str], ...] = ()

    @property
    def dedup_key(self) -> str:
        return f"{self.created_at}:{self.event}:{self.job_msg_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishFinished(Event):
    """PUBLISHJOBFINISH. ``articles`` holds (idx, article_url); ``fail_idx`` the articles that failed."""

    publish_id: str
    publish_status: int
    article_id: str = ""
    articles: tuple[tuple[int, str], ...] = ()
    fail_idx: tuple[int, ...] = ()

    @property
    def dedup_key(self) -> str:
        return f"{self.created_at}:{self.event}:{self.publish_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionChoice:
    """One template of a subscribe_msg_* event. Fields the event does not have are empty."""

    template_id: str
    status: str = ""
    popup_scene: str = ""
    msg_id: str = ""
    error_code: str = ""
    error_status: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionMessageEvent(Event):
    """subscribe_msg_popup_event, subscribe_msg_change_event, subscribe_msg_sent_event."""

    choices: tuple[SubscriptionChoice, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonalDataEvent(Event):
    """user_info_modified, user_authorization_revoke, user_authorization_cancellation.

    ``revoke_info`` lists what was revoked, as the platform writes it.
    """

    subject_openid: str = ""
    revoke_info: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownEvent(Event):
    fields: Mapping[str, Any] = field(default_factory=dict)


# ---------------------------------------------------------------- going out


@dataclass(frozen=True, slots=True)
class TextReply:
    kind: ClassVar[str] = "text"
    content: str


@dataclass(frozen=True, slots=True)
class ImageReply:
    kind: ClassVar[str] = "image"
    media_id: str


@dataclass(frozen=True, slots=True)
class VoiceReply:
    kind: ClassVar[str] = "voice"
    media_id: str


@dataclass(frozen=True, slots=True)
class VideoReply:
    kind: ClassVar[str] = "video"
    media_id: str
    title: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True)
class MusicReply:
    kind: ClassVar[str] = "music"
    thumb_media_id: str
    title: str = ""
    description: str = ""
    music_url: str = ""
    hq_music_url: str = ""


@dataclass(frozen=True, slots=True)
class NewsReply:
    """One article: the platform drops a second one in answer to a message."""

    kind: ClassVar[str] = "news"
    title: str
    description: str
    pic_url: str
    url: str


@dataclass(frozen=True, slots=True)
class TransferReply:
    """transfer_customer_service; ``account`` names one agent, empty lets the platform choose."""

    kind: ClassVar[str] = "transfer_customer_service"
    account: str = ""


@dataclass(frozen=True, slots=True)
class NoReply:
    """Answered with `success`: the resident sees nothing, the platform does not ask again."""

    kind: ClassVar[str] = "none"


Reply = TextReply | ImageReply | VoiceReply | VideoReply | MusicReply | NewsReply | TransferReply | NoReply

_REPLIES: dict[str, type[Reply]] = {
    reply.kind: reply
    for reply in (TextReply, ImageReply, VoiceReply, VideoReply, MusicReply, NewsReply, TransferReply, NoReply)
}


def dump_reply(reply: Reply) -> str:
    """A reply as the JSON in which the inbox keeps it for the platform's next attempt."""
    return encode({"kind": reply.kind, **{field.name: getattr(reply, field.name) for field in fields(reply)}})


def load_reply(stored: str) -> Reply:
    """The inverse of ``dump_reply``."""
    values = json.loads(stored)
    return _REPLIES[values.pop("kind")](**values)
