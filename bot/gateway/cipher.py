"""The platform's AES: 16 random bytes, the XML's length, the XML and the AppID, in AES-256-CBC and base64."""

from __future__ import annotations

import binascii
import hmac
import os
from collections.abc import Callable
from typing import Final

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

KEY_BYTES: Final = 32
PREFIX_BYTES: Final = 16
# Of PKCS#7, which the platform pads to twice the block of AES.
BLOCK_BYTES: Final = 32

_XML_START: Final = PREFIX_BYTES + 4
_PADDING: Final = tuple(bytes([size]) * size for size in range(BLOCK_BYTES + 1))


class BadCipher(Exception):
    """Not what the platform encrypts. There is but one such error, so that answers tell nobody about the padding."""


class WrongAppid(Exception):
    """Well encrypted, for another account."""


class MessageCipher:
    """One account's key. Used by all threads of a process."""

    def __init__(self, key: bytes, appid: str, random: Callable[[int], bytes] = os.urandom) -> None:
        if len(key) != KEY_BYTES:
            raise ValueError(f"the AES key has {KEY_BYTES} bytes")
        # Kept, because setting up the algorithm costs as much as encrypting a message. The platform's IV is the key's half.
        self._cipher = Cipher(algorithms.AES(key), modes.CBC(key[:16]))
        self._appid = appid.encode()
        self._random = random

    def encrypt(self, xml: bytes) -> str:
        plain = b"".join((self._random(PREFIX_BYTES), len(xml).to_bytes(4, "big"), xml, self._appid))
        encryptor = self._cipher.encryptor()
        encrypted = encryptor.update(plain + _PADDING[BLOCK_BYTES - len(plain) % BLOCK_BYTES]) + encryptor.finalize()
        return binascii.b2a_base64(encrypted, newline=False).decode()

    def decrypt(self, text: str) -> bytes:
        """The XML in base64 ``text``. Raises BadCipher, WrongAppid."""
        try:
            encrypted = binascii.a2b_base64(text, strict_mode=True)
            decryptor = self._cipher.decryptor()
            plain = decryptor.update(encrypted) + decryptor.finalize()
        except ValueError:
            raise BadCipher from None
        padding = plain[-1] if plain else 0
        stop = len(plain) - padding
        end = _XML_START + int.from_bytes(plain[PREFIX_BYTES:_XML_START], "big")
        if len(plain) % BLOCK_BYTES or not 0 < padding <= BLOCK_BYTES or plain[stop:] != _PADDING[padding] or end > stop:
            raise BadCipher
        if not hmac.compare_digest(plain[end:stop], self._appid):
            raise WrongAppid
        return plain[_XML_START:end]
