"""Temporary media (素材): what residents send and what the product uploads, kept three days, within the platform's limits."""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

from bot.simulator.errors import ApiError

MediaType = Literal["image", "voice", "video", "thumb"]

_LIFETIME_SECONDS = 3 * 24 * 3600
_KEPT_BYTES = 128 * 1024 * 1024
_LIMITS = {"image": 10 * 2**20, "voice": 2 * 2**20, "video": 10 * 2**20, "thumb": 64 * 2**10}
_ALLOWED = {
    "image": {"image/png", "image/jpeg", "image/gif", "image/bmp"},
    "voice": {"audio/amr", "audio/mpeg"},
    "video": {"video/mp4"},
    "thumb": {"image/jpeg"},
}
_SIGNATURES = [  # (offset, first bytes, type)
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"GIF8", "image/gif"),
    (0, b"BM", "image/bmp"),
    (0, b"#!AMR", "audio/amr"),
    (0, b"ID3", "audio/mpeg"),
    (0, b"\xff\xfb", "audio/mpeg"),
    (4, b"ftyp", "video/mp4"),
]

# The smallest files that pass for what they are, sent when a test does not care about the contents.
SMALL_PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108000000003a7e9b55"
    "0000000a49444154789c63d8000000b200b1550ae82a0000000049454e44ae426082"
)
SMALL_AMR = b"#!AMR\n" + bytes(32)
SMALL_MP4 = b"\x00\x00\x00\x18ftypmp42" + bytes(12)


@dataclass(frozen=True, slots=True)
class Media:
    media_id: str
    type: MediaType
    mime: str
    content: bytes
    created_at: int


def sniff(content: bytes) -> str:
    """The MIME type told by the first bytes, as a file's name proves nothing; "" when unknown."""
    return next((mime for offset, magic, mime in _SIGNATURES if content.startswith(magic, offset)), "")


class MediaStore:
    """Thread-safe; the oldest files go when more than 128 MiB are kept."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._media: OrderedDict[str, Media] = OrderedDict()
        self._bytes = 0

    def add(self, media_type: str, content: bytes) -> Media:
        """Raises ApiError 40004 (type), 41005 (no file), 40006 (size), 40005 (format)."""
        known = next((name for name in get_args(MediaType) if name == media_type), None)
        if known is None:
            raise ApiError(40004)
        if not content:
            raise ApiError(41005)
        if len(content) > _LIMITS[known]:
            raise ApiError(40006)
        mime = sniff(content)
        if mime not in _ALLOWED[known]:
            raise ApiError(40005)
        media = Media(secrets.token_urlsafe(48), known, mime, content, int(self._clock()))
        with self._lock:
            self._media[media.media_id] = media
            self._bytes += len(content)
            while self._bytes > _KEPT_BYTES:
                self._bytes -= len(self._media.popitem(last=False)[1].content)
        return media

    def get(self, media_id: str) -> Media:
        """Raises ApiError 40007 when it is unknown or older than three days."""
        with self._lock:
            media = self._media.get(media_id)
        if media is None or self._clock() - media.created_at > _LIFETIME_SECONDS:
            raise ApiError(40007)
        return media

    def has(self, media_id: str) -> bool:
        try:
            return bool(self.get(media_id))
        except ApiError:
            return False
