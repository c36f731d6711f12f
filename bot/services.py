"""What the composition root has put together, for the commands and pages of the running app."""

from __future__ import annotations

from dataclasses import dataclass

from flask import current_app
from sqlalchemy import Engine

from bot.content.published import Live
from bot.dialogue.desk import Desk
from config.settings import Settings

EXTENSION = "weiyan"


@dataclass(frozen=True)
class Services:
    """One of each for a process."""

    settings: Settings
    engine: Engine
    live: Live
    desk: Desk


def services() -> Services:
    """The services of the current app."""
    found: Services = current_app.extensions[EXTENSION]
    return found
