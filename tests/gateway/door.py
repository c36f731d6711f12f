"""An envelope of ours in the settings of ``signing``, and what it says when it refuses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from bot.gateway.envelope import Envelope, Mode, Refused
from tests.gateway.signing import AES_KEY, APPID, NOW, TOKEN

ENCRYPTED: list[Mode] = ["compatible", "safe"]


def envelope(mode: Mode, *, tolerance: int = 300, now: float = NOW) -> Envelope:
    return Envelope(TOKEN, APPID, mode, AES_KEY, tolerance=tolerance, clock=lambda: now)


def lists(arguments: dict[str, Any]) -> dict[str, list[str]]:
    """A query as Flask gives it; a value that is a list stands for a repeated parameter."""
    return {name: value if isinstance(value, list) else [value] for name, value in arguments.items()}


def refusal(act: Callable[[], object]) -> tuple[int, str]:
    with pytest.raises(Refused) as caught:
        act()
    return caught.value.status, caught.value.reason
