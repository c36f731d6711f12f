"""The platform's half of the callback, built on wechatpy: an implementation that is not ours signs and encrypts."""

from __future__ import annotations

import base64
from typing import Any

from wechatpy.crypto import PrpCrypto, WeChatCrypto
from wechatpy.utils import WeChatSigner

TOKEN = "Tok3nOfTests"
APPID = "wx0123456789abcdef"
KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
AES_KEY = base64.b64decode(KEY + "=")
NOW = 1_410_685_589
NONCE = "1320562132"


def sign(*parts: str) -> str:
    signer = WeChatSigner()
    signer.add_data(*parts)
    return str(signer.signature)


def query(*, token: str = TOKEN, timestamp: object = NOW, nonce: str = NONCE, **more: str) -> dict[str, Any]:
    """A signed query; ``more`` adds parameters or replaces those that it has."""
    return {"signature": sign(token, str(timestamp), nonce), "timestamp": str(timestamp), "nonce": nonce, **more}


def encrypt(xml: str, *, appid: str = APPID) -> str:
    return str(PrpCrypto(AES_KEY).encrypt(xml, appid).decode())


def encrypted_query(cipher: str, *, timestamp: object = NOW, nonce: str = NONCE, **more: str) -> dict[str, Any]:
    signature = sign(TOKEN, str(timestamp), nonce, cipher)
    return query(timestamp=timestamp, nonce=nonce, **{"encrypt_type": "aes", "msg_signature": signature, **more})


def envelope_xml(cipher: str, beside: str = "") -> bytes:
    """The body of safe mode; with the message's fields ``beside``, of compatible mode."""
    own = beside or "<ToUserName><![CDATA[gh_123456789012]]></ToUserName>"
    return f"<xml>{own}<Encrypt><![CDATA[{cipher}]]></Encrypt></xml>".encode()


def decrypt_reply(body: bytes, *, key: str = KEY, appid: str = APPID, token: str = TOKEN) -> str:
    """What wechatpy reads in a sealed reply; raises what it raises where the signature or the cipher is wrong."""
    fields = {
        name: body.decode().split(f"<{name}>")[1].split(f"</{name}>")[0] for name in ("MsgSignature", "TimeStamp", "Nonce")
    }
    bare = {name: value.removeprefix("<![CDATA[").removesuffix("]]>") for name, value in fields.items()}
    crypto = WeChatCrypto(token, key, appid)
    return str(crypto.decrypt_message(body.decode(), bare["MsgSignature"], bare["TimeStamp"], bare["Nonce"]))


class _FixedPrefix(PrpCrypto):  # type: ignore[misc]
    prefix = b""

    def get_random_string(self) -> bytes:
        return self.prefix


def encrypt_with(prefix: bytes, xml: str) -> str:
    """wechatpy's cipher with 16 bytes of our choice where it has random ones."""
    crypto = _FixedPrefix(AES_KEY)
    crypto.prefix = prefix
    return str(crypto.encrypt(xml, APPID).decode())
