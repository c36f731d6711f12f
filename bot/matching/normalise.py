"""Brings what residents type and what admins wrote to one form, so that the two can be compared."""

from __future__ import annotations

import unicodedata

from opencc import OpenCC

# A message longer than this is a pasted article; its beginning decides. Counted in characters.
MAX_CHARACTERS = 600

_TO_SIMPLIFIED = OpenCC("t2s")


class _Dropped(dict[int, int | None]):
    """A ``str.translate`` table, filled as characters are met: None for all that is no letter, digit or mark."""

    def __missing__(self, codepoint: int) -> int | None:
        keep = unicodedata.category(chr(codepoint))[0] in "LN"
        self[codepoint] = codepoint if keep else None
        return self[codepoint]


_DROPPED = _Dropped()


def normalise(text: str) -> str:
    """NFKC, Traditional → Simplified, lower case; punctuation, spaces, emoji and control characters removed.

    >>> normalise("烧 秸稈，罰多少？？")
    '烧秸秆罚多少'
    """
    text = unicodedata.normalize("NFKC", text[:MAX_CHARACTERS])[:MAX_CHARACTERS]
    text = text.casefold().translate(_DROPPED)
    return text if text.isascii() else _TO_SIMPLIFIED.convert(text)
