"""A resident with a phone: what they can do in the chat, and what they are shown for it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from bot.simulator.bubbles import Bubble
from bot.simulator.delivery import Attempt
from bot.simulator.envelope import Fields, Sealed, compose
from bot.simulator.media import SMALL_AMR, SMALL_MP4, SMALL_PNG
from bot.simulator.timeline import Timeline
from bot.simulator.windows import Windows

if TYPE_CHECKING:
    from bot.simulator.platform import Platform

# What the platform turns a sticker of the phone's own collection into; the words are the platform's.
STICKER_TEXT = "【收到不支持的消息类型，暂无法显示】"


class NotFollowing(Exception):
    """Who does not follow the account has no chat to write in."""


class NoSuchLink(LookupError):
    """Nothing with that label that could be tapped was shown."""


@dataclass(frozen=True, kw_only=True)
class Sent(Bubble):
    """What the resident did. ``at`` in Unix seconds, ``xml`` as the product gets it when decrypted."""

    at: float
    xml: str


@dataclass(frozen=True, kw_only=True)
class Shown(Bubble):
    """What the resident saw for it: ``kind`` is "nothing" for ``success``, "failure" for the platform's excuse.

    ``raw`` is the answer's XML, decrypted; ``reason`` says, for developers, why nothing usable came. ``elapsed`` in seconds.
    ``copies`` holds the answers to all copies, this one first, when the platform delivers more than one.
    """

    at: float
    raw: str = ""
    tries: tuple[Attempt, ...] = ()
    elapsed: float = 0.0
    reason: str = ""
    copies: tuple[Shown, ...] = ()

    @property
    def attempts(self) -> int:
        """Requests made until there was an answer; 0 for what the account sent on its own."""
        return len(self.tries)


Line: TypeAlias = "Sent | Shown"


class Resident:
    """Made by `Platform.resident`. Methods return when the platform has its answer or has given up; safe in several threads."""

    def __init__(self, platform: Platform, openid: str, *, number: int, name: str, following: bool) -> None:
        self._platform = platform
        self.openid = openid
        self.number = number  # 1 for the first resident of this platform
        self.name = name
        self.following = following
        self.timeline: Timeline[Line] = Timeline()
        self.windows = Windows(platform.clock)
        self.last_sealed: Sealed | None = None

    @property
    def history(self) -> tuple[Line, ...]:
        """Everything sent and shown, oldest first."""
        return tuple(line for _, line in self.timeline.lines())

    # ------------------------------------------------------------ messages

    def says(self, text: str) -> Shown:
        return self._message(Bubble(kind="text", text=text, parts=(text,)), {"MsgType": "text", "Content": text})

    def taps(self, label: str) -> Shown:
        """Taps the newest link with this label, which says its text. Raises NoSuchLink."""
        shown = (line for line in reversed(self.history) if isinstance(line, Shown))
        links = (link for line in shown for link in line.links)
        link = next((link for link in links if link.label == label and link.message is not None), None)
        if link is None or link.message is None:
            raise NoSuchLink(f"no link {label!r} that sends something was shown to {self.openid}")
        return self.taps_message(link.message, link.menu_id)

    def taps_message(self, message: str, menu_id: str) -> Shown:
        """What a tap on a link sends: its text, as a message of the resident's own."""
        bubble = Bubble(kind="text", text=message, parts=(message,))
        return self._message(bubble, {"MsgType": "text", "Content": message, "bizmsgmenuid": menu_id})

    def sends_photo(self, content: bytes = SMALL_PNG) -> Shown:
        media = self._platform.media.add("image", content)
        url = self._platform.media_url(media.media_id)
        bubble = Bubble(kind="image", media_id=media.media_id)
        return self._message(bubble, {"MsgType": "image", "PicUrl": url, "MediaId": media.media_id})

    def sends_voice(self, recognition: str | None = None, content: bytes = SMALL_AMR) -> Shown:
        """``recognition`` None leaves the element out, as the platform does since it stopped recognising speech."""
        media_id = self._platform.media.add("voice", content).media_id
        fields: dict[str, Any] = {"MsgType": "voice", "MediaId": media_id, "Format": "amr", "MediaId16K": media_id}
        if recognition is not None:
            fields["Recognition"] = recognition
        return self._message(Bubble(kind="voice", text=recognition or "", media_id=media_id), fields)

    def sends_video(self, *, short: bool = False, content: bytes = SMALL_MP4) -> Shown:
        media_id = self._platform.media.add("video", content).media_id
        thumb_id = self._platform.media.add("image", SMALL_PNG).media_id
        kind = "shortvideo" if short else "video"
        fields = {"MsgType": kind, "MediaId": media_id, "ThumbMediaId": thumb_id}
        return self._message(Bubble(kind="shortvideo" if short else "video", media_id=media_id), fields)

    def sends_location(
        self, latitude: float = 46.7281, longitude: float = 131.1398, label: str = "", *, scale: int = 16
    ) -> Shown:
        """In degrees; somewhere in 福利镇 unless told otherwise."""
        where: Fields = {"Location_X": latitude, "Location_Y": longitude, "Scale": scale, "Label": label}
        fields = {"MsgType": "location", **where}
        return self._message(Bubble(kind="location", text=label, latitude=latitude, longitude=longitude), fields)

    def sends_link(self, title: str, description: str = "", url: str = "https://example.org/") -> Shown:
        bubble = Bubble(kind="link", text=title, title=title, description=description, url=url)
        return self._message(bubble, {"MsgType": "link", "Title": title, "Description": description, "Url": url})

    def sends_sticker(self) -> Shown:
        return self.says(STICKER_TEXT)

    # ------------------------------------------------------------ events

    def follows(self, scene: str | None = None) -> Shown:
        """Follows, or comes back, by a scene QR code when ``scene`` is given; ``scans`` is for who follows already."""
        self.following = True
        if scene is None:
            return self._event("subscribe", {"EventKey": ""})
        return self._event("subscribe", {"EventKey": f"qrscene_{scene}", "Ticket": f"TICKET_{scene}"})

    def scans(self, scene: str) -> Shown:
        if not self.following:
            return self.follows(scene)
        return self._event("SCAN", {"EventKey": scene, "Ticket": f"TICKET_{scene}"})

    def unfollows(self) -> Shown:
        self._must_follow()
        self.windows.close()
        shown = self._event("unsubscribe", {"EventKey": ""})
        self.following = False
        self.timeline.touch()
        return shown

    def clicks_menu(self, key: str) -> Shown:
        """Taps the menu's button with this key, address or name; a key that is in no menu is sent as a CLICK."""
        menu = self._platform.menu
        return self._event_of(menu.event(menu.find(key)))

    # ------------------------------------------------------------ anything else

    def sends_raw(self, fields: Fields | str) -> Shown:
        """Any XML: a mapping gets the common fields it lacks, a string goes out as it is. Nothing of it appears in the chat."""
        if isinstance(fields, str):
            return self._send(Bubble(kind="event"), fields, event="")
        if fields.get("MsgType") != "event":
            return self._send(Bubble(kind="event"), self._xml({"MsgId": self._platform.next_msg_id(), **fields}), event="")
        event = str(fields.get("Event", ""))
        return self._send(Bubble(kind="event", title=event), self._xml(fields), event=event)

    def repeats(self, copies: int = 1, *, together: bool = False) -> tuple[Shown, ...]:
        """The platform delivers the last callback again, byte for byte; nothing new appears in the chat."""
        if self.last_sealed is None:
            raise LookupError(f"{self.openid} has sent nothing yet")
        shown = self._platform.deliver(self.openid, self.last_sealed, copies=copies, together=together)
        return shown.copies

    def receives(self, bubble: Bubble) -> None:
        """The account sends something of its own accord."""
        self.timeline.add(Shown(**vars(bubble), at=time.time()))

    # ------------------------------------------------------------ how

    def _message(self, bubble: Bubble, fields: Fields) -> Shown:
        return self._send(bubble, self._xml({**fields, "MsgId": self._platform.next_msg_id()}), event="")

    def _event(self, event: str, fields: Fields) -> Shown:
        return self._event_of({"MsgType": "event", "Event": event, **fields})

    def _event_of(self, fields: Fields) -> Shown:
        event = str(fields["Event"])
        return self._send(Bubble(kind="event", title=event, text=str(fields["EventKey"])), self._xml(fields), event=event)

    def _xml(self, fields: Fields) -> str:
        account, now = self._platform.account, int(time.time())
        return compose({"ToUserName": account.original_id, "FromUserName": self.openid, "CreateTime": now, **fields})

    def _send(self, bubble: Bubble, xml: str, *, event: str) -> Shown:
        self._must_follow()
        self.windows.opened_by(event)
        self.last_sealed = self._platform.seal(self.openid, xml)
        self.timeline.add(Sent(**vars(bubble), at=time.time(), xml=xml))
        with self.timeline.waiting_for_answer():
            shown = self._platform.deliver(self.openid, self.last_sealed, event=event)
            self.timeline.add(shown)
        return shown

    def _must_follow(self) -> None:
        if not self.following:
            raise NotFollowing(f"{self.openid} does not follow the account")
