"""Signatures and AES of the callback: opens what the platform sends, seals the reply the way the message came."""

from __future__ import annotations

import hmac
import os
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha1
from typing import Final, Literal, Self

from bot.gateway.cipher import BadCipher, MessageCipher, WrongAppid
from bot.gateway.fields import text
from bot.gateway.reader import BadMessage, read
from config.settings import Settings

Mode = Literal["plain", "compatible", "safe"]
Query = Mapping[str, Sequence[str]]

_SIGNATURE: Final = re.compile(r"[0-9a-f]{40}")
_TIMESTAMP: Final = re.compile(r"[0-9]{1,12}")
# The characters that a URL need not escape. The reply repeats the nonce, and its XML must survive that.
_NONCE: Final = re.compile(r"[0-9A-Za-z._~-]{1,128}")

_SEALED: Final = (
    "<xml><Encrypt><![CDATA[%s]]></Encrypt><MsgSignature><![CDATA[%s]]></MsgSignature>"
    "<TimeStamp>%s</TimeStamp><Nonce><![CDATA[%s]]></Nonce></xml>"
)


class Refused(Exception):
    """A callback that ends at the door. ``status`` is for the caller, ``reason`` a code for the log alone."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(f"{status} {reason}")
        self.status = status
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Opened:
    """A genuine callback: the message's XML, and the nonce that its reply repeats."""

    xml: bytes
    nonce: str


class Envelope:
    """One account's callback settings. Used by all threads of a process."""

    def __init__(
        self,
        token: str,
        appid: str,
        mode: Mode,
        aes_key: bytes | None = None,
        *,
        tolerance: int = 300,
        clock: Callable[[], float] = time.time,
        random: Callable[[int], bytes] = os.urandom,
    ) -> None:
        """``aes_key`` has 32 bytes and may lack in plain mode; ``tolerance`` is in seconds, 0 for any timestamp."""
        self._token = token
        self._cipher = None if mode == "plain" else MessageCipher(aes_key or b"", appid, random)
        self._tolerance = tolerance
        self._clock = clock

    @classmethod
    def from_settings(cls, settings: Settings, *, clock: Callable[[], float] = time.time) -> Self:
        mode = settings.wechat_callback_mode
        aes_key = None if mode == "plain" else settings.aes_key
        tolerance = settings.wechat_timestamp_tolerance_seconds
        return cls(settings.token, settings.wechat_appid, mode, aes_key, tolerance=tolerance, clock=clock)

    def now(self) -> int:
        """The time of a reply, in Unix seconds."""
        return int(self._clock())

    def verify(self, query: Query) -> str:
        """The echostr of the platform's verification GET, which is plain in every mode. Raises Refused."""
        self._check_signature(query)
        values = query.get("echostr", ())
        if len(values) != 1:
            raise Refused(400, "echostr")
        return values[0]

    def open(self, query: Query, body: bytes) -> Opened:
        """The message in a POST. Raises Refused.

        In compatible mode the body also has the message in plain text. Nothing signs that, so it is not even looked at.
        """
        timestamp, nonce = self._check_signature(query)
        encrypt_type = _single(query, "encrypt_type") if "encrypt_type" in query else "raw"
        if self._cipher is None:
            if encrypt_type != "raw":
                raise Refused(403, "encrypted_in_plain_mode")
            return Opened(body, nonce)
        if encrypt_type != "aes":
            raise Refused(403, "plaintext")
        signature = _matching(query, "msg_signature", _SIGNATURE)
        encrypt = _encrypt_of(body)
        self._compare(signature, timestamp, nonce, encrypt)
        try:
            return Opened(self._cipher.decrypt(encrypt), nonce)
        except BadCipher:
            raise Refused(400, "cipher") from None
        except WrongAppid:
            raise Refused(403, "appid") from None

    def seal(self, xml: str, opened: Opened) -> bytes:
        """The response's body: ``xml``, encrypted if what it answers was."""
        if self._cipher is None:
            return xml.encode()
        encrypt = self._cipher.encrypt(xml.encode())
        timestamp = str(self.now())
        signature = self._sign(timestamp, opened.nonce, encrypt)
        return (_SEALED % (encrypt, signature, timestamp, opened.nonce)).encode()

    def _check_signature(self, query: Query) -> tuple[str, str]:
        """The timestamp and the nonce of a query whose ``signature`` is right and recent."""
        timestamp = _matching(query, "timestamp", _TIMESTAMP)
        nonce = _matching(query, "nonce", _NONCE)
        self._compare(_matching(query, "signature", _SIGNATURE), timestamp, nonce)
        if self._tolerance and abs(self._clock() - int(timestamp)) > self._tolerance:
            raise Refused(403, "timestamp")
        return timestamp, nonce

    def _compare(self, signature: str, *parts: str) -> None:
        if not hmac.compare_digest(signature, self._sign(*parts)):
            raise Refused(403, "msg_signature" if len(parts) > 2 else "signature")

    def _sign(self, *parts: str) -> str:
        return sha1("".join(sorted((self._token, *parts))).encode(), usedforsecurity=False).hexdigest()


def _single(query: Query, name: str) -> str:
    values = query.get(name, ())
    if len(values) != 1:
        raise Refused(403, f"{'repeated' if values else 'missing'}_{name}")
    return values[0]


def _matching(query: Query, name: str, pattern: re.Pattern[str]) -> str:
    value = _single(query, name)
    if not pattern.fullmatch(value):
        raise Refused(403, f"malformed_{name}")
    return value


def _encrypt_of(body: bytes) -> str:
    try:
        fields = read(body)
        if "Encrypt" not in fields and "MsgType" in fields:
            raise Refused(403, "plaintext")
        return text(fields, "Encrypt")
    except BadMessage as error:
        raise Refused(400, error.reason) from None
