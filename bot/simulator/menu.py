"""The account's menu: what menu/create accepts, and what a tap on a button sends."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bot.simulator.envelope import Fields
from bot.simulator.errors import ApiError

Button = Mapping[str, Any]

_WITH_KEY = {
    "click",
    "scancode_push",
    "scancode_waitmsg",
    "pic_sysphoto",
    "pic_photo_or_album",
    "pic_weixin",
    "location_select",
}
_NEEDED = {
    **dict.fromkeys(_WITH_KEY, ("key",)),
    "view": ("url",),
    "miniprogram": ("url", "appid", "pagepath"),
    "media_id": ("media_id",),
    "view_limited": ("media_id",),
    "article_id": ("article_id",),
}
_EVENT_NAMES = {"click": "CLICK", "view": "VIEW", "miniprogram": "view_miniprogram"}
_EVENT_DETAILS: dict[str, Fields] = {
    "scancode": {"ScanCodeInfo": {"ScanType": "qrcode", "ScanResult": "https://example.org/jixian"}},
    "pic": {"SendPicsInfo": {"Count": 1, "PicList": {"item": {"PicMd5Sum": "5a75aaca956d97be686719218f275c6b"}}}},
    "location": {
        "SendLocationInfo": {
            "Location_X": "46.7281",
            "Location_Y": "131.1398",
            "Scale": "16",
            "Label": "黑龙江省双鸭山市集贤县福利镇",
            "Poiname": "",
        }
    },
}


class Menu:
    """``menu_id`` is 0 while there is no menu, and changes with every new one."""

    def __init__(self) -> None:
        self.buttons: list[Button] = []
        self.menu_id = 0
        self._last_id = 416_000_000

    def create(self, buttons: object) -> None:
        """Replaces the menu. Raises ApiError with the platform's code for the first thing that is wrong."""
        self.buttons = [_checked(button, top=True) for button in _listed(buttons, limit=3, errcode=40016)]
        self._last_id += 1
        self.menu_id = self._last_id

    def delete(self) -> None:
        self.buttons = []
        self.menu_id = 0

    def find(self, key: str) -> Button:
        """The button with this key, or address, or name; a click button with that key when none is: an old menu is kept on
        phones for a day and goes on sending keys that are gone."""
        buttons = list(self._leaves())
        for field in ("key", "url", "name"):
            found = next((button for button in buttons if button.get(field) == key), None)
            if found:
                return found
        return {"type": "click", "key": key}

    def _leaves(self) -> Iterator[Button]:
        for button in self.buttons:
            yield from button["sub_button"] or [button]

    def event(self, button: Button) -> Fields:
        """What a tap on it tells the webhook."""
        kind = str(button["type"])
        fields: dict[str, Any] = {
            "MsgType": "event",
            "Event": _EVENT_NAMES.get(kind, kind),
            "EventKey": button.get("key") or button.get("url") or "",
        }
        if kind in ("click", "view", "miniprogram") and self.menu_id:
            fields["MenuId"] = self.menu_id
        return fields | dict(_EVENT_DETAILS.get(kind.partition("_")[0], {}))


def _listed(value: object, *, limit: int, errcode: int) -> list[Any]:
    if not isinstance(value, list) or not 1 <= len(value) <= limit:
        raise ApiError(errcode)
    return value


def _checked(button: Any, *, top: bool) -> Button:
    """Bytes, not characters: a top name has room for 16, five Chinese characters."""
    if not isinstance(button, dict):
        raise ApiError(47001)
    if not 1 <= len(str(button.get("name", "")).encode()) <= (16 if top else 60):
        raise ApiError(40018)
    if top and button.get("sub_button"):
        subs = _listed(button["sub_button"], limit=5, errcode=40023)
        return {"name": button["name"], "sub_button": [_checked(sub, top=False) for sub in subs]}
    kind = button.get("type")
    if kind not in _NEEDED:
        raise ApiError(40015)
    for field in _NEEDED[kind]:
        if not button.get(field):
            raise ApiError({"key": 40019, "url": 40020}.get(field, 40007))
    if len(str(button.get("key", "")).encode()) > 128:
        raise ApiError(40019)
    if len(str(button.get("url", "")).encode()) > 1024:
        raise ApiError(40020)
    return {**button, "sub_button": []}
