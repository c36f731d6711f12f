"""What is remembered of one resident between two messages: small, JSON, gone after SESSION_TTL_SECONDS."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from bot.dialogue.compact import encode

# The rest of a cut answer is the only long thing in a session. Counted in characters.
MORE_CHARACTERS = 3000


@dataclass(slots=True)
class Session:
    """``offered`` are the targets of the numbers last offered: ``entry:A03``, ``part:B10:fee``, ``topic:services`` …"""

    entry: str = ""
    offered: list[str] = field(default_factory=list)
    more: str = ""

    def clear(self) -> None:
        """Forgets everything."""
        self.entry = self.more = ""
        self.offered = []

    def dump(self) -> str:
        """Compact JSON, or an empty string when there is nothing to remember."""
        kept = {"e": self.entry, "o": self.offered, "m": self.more[:MORE_CHARACTERS]}
        kept = {key: value for key, value in kept.items() if value}
        return encode(kept) if kept else ""

    @classmethod
    def load(cls, stored: str) -> Session:
        """The inverse of ``dump``; what can't be read (an older format) is a fresh session."""
        try:
            kept = json.loads(stored) if stored else {}
            offered = list(map(str, kept.get("o", ())))
            return cls(str(kept.get("e", "")), offered, str(kept.get("m", "")))
        except (ValueError, AttributeError, TypeError):
            return cls()
