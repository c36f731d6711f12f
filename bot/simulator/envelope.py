"""Callbacks on the wire: fields → XML → signed (and encrypted) request, and the answer back to XML.

The crypto is wechatpy's and nothing comes from bot/gateway, so that the product meets an implementation that is not its own.
"""

from __future__ import annotations

import base64
import re
import secrets
import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from wechatpy.crypto import PrpCrypto, WeChatCrypto
from wechatpy.utils import WeChatSigner

from bot.simulator.account import Account

Value: TypeAlias = "str | float | Fields | Sequence[str | float | Fields]"
Fields: TypeAlias = Mapping[str, Value]

# Everything XML 1.0 has no place for, lone surrogates included: no phone can send it.
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Malformed(Exception):
    """The product's answer is nothing the platform can show; the text says why, in English, for developers."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """One request, ready to be sent any number of times. ``xml`` is what it says before encryption."""

    query: Mapping[str, str]
    body: bytes
    xml: str


def compose(fields: Fields) -> str:
    """The platform's XML: strings in CDATA, numbers bare, a mapping nested, a sequence as repeated elements."""
    return f"<xml>{_elements(fields)}</xml>"


def _elements(fields: Fields) -> str:
    return "".join(
        f"<{name}>{_content(item)}</{name}>"
        for name, value in fields.items()
        for item in (value if isinstance(value, Sequence) and not isinstance(value, str) else [value])
    )


def _content(value: str | float | Fields) -> str:
    if isinstance(value, Mapping):
        return _elements(value)
    if isinstance(value, str):
        return "<![CDATA[" + _NOT_XML.sub("", value).replace("]]>", "]]]]><![CDATA[>") + "]]>"
    return str(value)


def sign(*parts: str) -> str:
    """sha1 of the sorted parts, in hex: ``signature`` and ``msg_signature``."""
    signer = WeChatSigner()
    signer.add_data(*parts)
    return str(signer.signature)


def signed_query(account: Account, now: float) -> dict[str, str]:
    """``signature``, ``timestamp`` and a fresh ``nonce``, as every callback has them. ``now`` in Unix seconds."""
    timestamp, nonce = str(int(now)), str(secrets.randbelow(10**10))
    return {"signature": sign(account.token, timestamp, nonce), "timestamp": timestamp, "nonce": nonce}


def seal(account: Account, xml: str, *, openid: str, now: float) -> Sealed:
    """The request that brings ``xml`` to the webhook in the account's mode; an empty ``openid`` leaves it out of the query."""
    query = signed_query(account, now)
    if openid:
        query["openid"] = openid
    if account.mode == "plain":
        return Sealed(query, xml.encode(), xml)
    encrypted = PrpCrypto(base64.b64decode(account.encoding_aes_key + "=")).encrypt(xml, account.appid).decode()
    query["encrypt_type"] = "aes"
    query["msg_signature"] = sign(account.token, query["timestamp"], query["nonce"], encrypted)
    if account.mode == "compatible":
        body = xml.removesuffix("</xml>") + _elements({"Encrypt": encrypted}) + "</xml>"
    else:
        body = compose({"ToUserName": account.original_id, "Encrypt": encrypted})
    return Sealed(query, body.encode(), xml)


def open_reply(account: Account, body: bytes) -> str:
    """The answer's XML, decrypted; "" for ``success`` or an empty body. Raises Malformed."""
    if body.strip() in (b"", b"success"):
        return ""
    text, root = _parsed(body)
    encrypted = root.findtext("Encrypt")
    if encrypted is None:
        if account.mode == "safe":
            raise Malformed("a plain answer in safe mode")
        return text
    if account.mode == "plain":
        raise Malformed("an encrypted answer in plain mode")
    signature, timestamp, nonce = (root.findtext(name) or "" for name in ("MsgSignature", "TimeStamp", "Nonce"))
    crypto = WeChatCrypto(account.token, account.encoding_aes_key, account.appid)
    try:
        return str(crypto.decrypt_message({"Encrypt": encrypted}, signature, timestamp, nonce))
    except Exception as error:  # wechatpy lets nine kinds of exceptions out of a cipher that is damaged
        raise Malformed(f"the answer does not decrypt: {type(error).__name__}") from error


def _parsed(body: bytes) -> tuple[str, ET.Element]:
    try:
        text = body.decode()
        if "<!DOCTYPE" in text:
            raise Malformed("the answer has a DOCTYPE")
        root = ET.fromstring(text)
    except (UnicodeDecodeError, ET.ParseError) as error:
        raise Malformed(f"the answer is no XML: {error}") from error
    if root.tag != "xml":
        raise Malformed(f"the answer's root is <{root.tag}>")
    return text, root
