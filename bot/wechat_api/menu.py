"""The menu under the chat: its shape and limits as the platform has them, and the call that puts it there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Final, Literal, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from bot.wechat_api.client import PlatformClient

Kind: TypeAlias = Literal["click", "view", "miniprogram"]

_NEEDED: Final = {"click": {"key"}, "view": {"url"}, "miniprogram": {"url", "appid", "pagepath"}}
_DETAILS: Final = ("key", "url", "appid", "pagepath")


def _at_most(limit: int) -> AfterValidator:
    """The platform counts bytes."""

    def check(value: str) -> str:
        if (size := len(value.encode())) > limit:
            raise ValueError(f"「{value}」 has {size} bytes, {limit} at most; shorten it (a Chinese character has 3)")
        return value

    return AfterValidator(check)


_Text: TypeAlias = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
_Url: TypeAlias = Annotated[str, StringConstraints(pattern=r"^https?://\S+$"), _at_most(1024)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Button(_Model):
    """What a tap does: ``click`` sends ``key`` to our webhook, ``view`` opens ``url``."""

    type: Kind | None = None
    key: Annotated[_Text, _at_most(128)] = ""
    url: _Url = ""
    appid: _Text = ""
    pagepath: _Text = ""

    @model_validator(mode="after")
    def _complete(self) -> _Button:
        if self.type and {name for name in _DETAILS if getattr(self, name)} != _NEEDED[self.type]:
            raise ValueError(f"a {self.type} button needs {', '.join(sorted(_NEEDED[self.type]))} and nothing else; mend it")
        return self


class SubButton(_Button):
    name: Annotated[_Text, _at_most(60)]
    type: Kind


class TopButton(_Button):
    """Either opens its sub-buttons or does something itself."""

    name: Annotated[_Text, _at_most(16)]
    sub_button: tuple[SubButton, ...] = Field(default=(), max_length=5)

    @model_validator(mode="after")
    def _one_or_the_other(self) -> TopButton:
        if bool(self.type) == bool(self.sub_button) or (not self.type and any(getattr(self, name) for name in _DETAILS)):
            raise ValueError("a button has either a `type` or 1 to 5 buttons in `sub_button`; remove one of them")
        return self


class Menu(_Model):
    """config/menu.yaml, in the platform's own words."""

    button: tuple[TopButton, ...] = Field(min_length=1, max_length=3)

    def targets(self) -> Iterator[tuple[tuple[str | int, ...], str]]:
        """What taps send to our webhook, each with its place in the menu."""
        for index, top in enumerate(self.button):
            if top.type == "click":
                yield ("button", index, "key"), top.key
            for position, sub in enumerate(top.sub_button):
                if sub.type == "click":
                    yield ("button", index, "sub_button", position, "key"), sub.key

    def payload(self) -> dict[str, Any]:
        """What menu/create takes."""
        return self.model_dump(exclude_defaults=True)


def publish_menu(client: PlatformClient, menu: Menu) -> None:
    """Makes it the account's menu in place of the one before. Residents see it within a day. Raises WeChatError."""
    client.menu.create(menu.payload())
