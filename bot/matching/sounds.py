"""Chinese characters by their sound: one private-use character for each syllable, so that sounds compare like text."""

from __future__ import annotations

import re
from collections.abc import Iterable

_FIRST = 0xE000
_LETTERS = re.compile(r"[a-zv]{2,}")
_LONGEST = 6


def merged(syllable: str) -> str:
    """``syllable`` without the differences that the north-east does not hear: zh/z, ch/c, sh/s, -ng/-n.

    >>> merged("zheng"), merged("shi"), merged("lv")
    ('zen', 'si', 'lv')
    """
    if syllable[:2] in ("zh", "ch", "sh"):
        syllable = syllable[0] + syllable[2:]
    return syllable.removesuffix("g") if syllable.endswith("ng") else syllable


class Sounds:
    """Immutable; ``of`` keeps the length of what it is given."""

    def __init__(self, groups: Iterable[tuple[str, str]]) -> None:
        """``groups``: each syllable with the characters that are read so."""
        pairs = list(groups)
        marks = {sound: chr(_FIRST + n) for n, sound in enumerate(sorted({merged(syllable) for syllable, _ in pairs}))}
        self._table = {ord(character): marks[merged(syllable)] for syllable, characters in pairs for character in characters}
        self._typed = {syllable: marks[merged(syllable)] for syllable, _ in pairs if syllable.isascii()}
        self._typed |= {sound: mark for sound, mark in marks.items() if sound not in self._typed and sound.isascii()}

    def of(self, text: str) -> str:
        """The sounds of ``text``; what has none stays as it is."""
        return text.translate(self._table)

    def read_letters(self, text: str) -> str:
        """``text`` with pinyin typed in Latin letters replaced by its sounds; other words keep their letters."""
        return _LETTERS.sub(lambda match: self._split(match[0]) or match[0], text)

    def _split(self, letters: str) -> str:
        """``letters`` as sounds with as few syllables as possible; empty when they are no pinyin."""
        best: list[str | None] = ["", *([None] * len(letters))]
        for end in range(1, len(letters) + 1):
            for start in range(max(0, end - _LONGEST), end):
                mark = self._typed.get(letters[start:end])
                before = best[start]
                if mark and before is not None:
                    found = before + mark
                    current = best[end]
                    if current is None or len(found) < len(current):
                        best[end] = found
        return best[-1] or ""


def is_sound(character: str) -> bool:
    """Whether ``character`` stands for a sound."""
    return 0xE000 <= ord(character) <= 0xF8FF
