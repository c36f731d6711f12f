"""Does a message stand on its own, or is it about the answer before it? The dialogue keeps the session; this only measures."""

from __future__ import annotations

import re

from bot.matching.phrase import Phrase

# From this score on a message is never dragged back to the answer before it.
ALONE = 0.5
_OPENS = re.compile(r"^(那|那么|还有|要是|如果|万一|另外|然后|换成|不是|这个|那个|它|刚才|上面)")
_ABOUT = re.compile(r"(呢|的话|那种|这种|也行|也能|也算|行不|可以不|咋样)$")


def content(phrase: Phrase) -> float:
    """The weight of the content words; about 0.8 for each character that tells something."""
    return sum(weight for weight in phrase.weights if weight > 0.35)


def looks_like_follow_up(phrase: Phrase) -> bool:
    """Opens with 那、还有、要是 …, or ends with 呢, and says little: 「那贫困户呢」."""
    opened = bool(_OPENS.search(phrase.text)) or bool(_ABOUT.search(phrase.text))
    return opened and content(phrase) < 4.0


def stands_alone(phrase: Phrase, chance: float) -> float:
    """0–1: how far a message can be understood without what came before.

    ``chance``: how likely the ruleset's first entry is right (``Decision.chance``). 「要带啥」 has no content word and gets
    about 0; 「那贫困户呢」 gets less than ALONE unless a rule knows it; a whole question gets near 1.
    """
    told = min(content(phrase) / 3.2, 1.0)
    held = 0.5 if looks_like_follow_up(phrase) else 1.0
    return min(1.0, (0.55 * told + 0.45 * chance * told) * held)
