"""The official account as the platform knows it: its keys, its callback mode, what it may call."""

from __future__ import annotations

import secrets
import string
from dataclasses import dataclass, field
from typing import Literal

from config.settings import Settings

CallbackMode = Literal["plain", "compatible", "safe"]

_LETTERS_AND_DIGITS = string.ascii_letters + string.digits


@dataclass(frozen=True, slots=True)
class Account:
    """``original_id`` is the account's own name on the platform: ToUserName of every callback.

    ``verified`` False takes away what an account that is not verified (未认证) may not call: menu, customer messages.
    """

    name: str
    appid: str
    appsecret: str = field(repr=False)
    token: str = field(repr=False)
    encoding_aes_key: str = field(repr=False, default="")
    mode: CallbackMode = "safe"
    original_id: str = "gh_5b1c0e9a7d24"
    verified: bool = True

    @classmethod
    def from_settings(cls, settings: Settings) -> Account:
        """The account that the product is configured for."""
        return cls(
            name=settings.account_name,
            appid=settings.wechat_appid,
            appsecret=settings.wechat_appsecret.get_secret_value(),
            token=settings.token,
            encoding_aes_key=settings.wechat_encoding_aes_key.get_secret_value(),
            mode=settings.wechat_callback_mode,
        )

    @classmethod
    def random(cls, mode: CallbackMode = "safe", name: str = "集贤微言") -> Account:
        """An account with keys of its own, for tests."""
        return cls(
            name=name,
            appid="wx" + secrets.token_hex(8),
            appsecret=secrets.token_hex(16),
            token=secrets.token_hex(8),
            # The last of 43 characters holds 4 bits of the key: "A" is one of the few that decode without a remainder.
            encoding_aes_key="".join(secrets.choice(_LETTERS_AND_DIGITS) for _ in range(42)) + "A",
            mode=mode,
        )
