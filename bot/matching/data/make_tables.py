"""Makes syllables.txt and rarity.txt from pypinyin and jieba's word list, which only this script needs.

Run it with both installed: ``python bot/matching/data/make_tables.py``. The files it writes are shipped.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from pathlib import Path

import jieba  # type: ignore[import-not-found]
from pypinyin import Style, pinyin  # type: ignore[import-not-found]

HERE = Path(__file__).parent
# Rarer characters are too many for what they bring; the reader gives them the rarest level.
KEPT = 7000


def counted() -> Counter[str]:
    """How often each Chinese character stands in running text, by jieba's word frequencies."""
    counts: Counter[str] = Counter()
    for line in Path(jieba.__file__).with_name("dict.txt").read_text(encoding="utf-8").splitlines():
        word, frequency, *_ = line.split()
        for character in word:
            if "\u4e00" <= character <= "\u9fff":
                counts[character] += int(frequency)
    return counts


def write(name: str, groups: dict[str, list[str]], what: str) -> None:
    lines = [f"# {what}", *(f"{key} {''.join(characters)}" for key, characters in sorted(groups.items()))]
    (HERE / name).write_text("\n".join(lines) + "\n", encoding="utf-8")


def main() -> None:
    counts = counted()
    total = sum(counts.values())
    rarity: dict[str, list[str]] = defaultdict(list)
    syllables: dict[str, list[str]] = defaultdict(list)
    for character, count in counts.most_common(KEPT):
        rarity[f"{round(-math.log(count / total) * 4):02d}"].append(character)
        syllables[pinyin(character, style=Style.NORMAL)[0][0].replace("ü", "v")].append(character)
    write(
        "syllables.txt", syllables, "One syllable a line with its characters, the most frequent first. Made by make_tables.py."
    )
    write(
        "rarity.txt", rarity, "-4 ln p of the characters behind it, p being the share of running text. Made by make_tables.py."
    )


if __name__ == "__main__":
    main()
