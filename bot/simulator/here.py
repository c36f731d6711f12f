"""The platform that the current request is for; views reach it through this one function."""

from __future__ import annotations

from typing import cast

from flask import current_app

from bot.simulator.platform import Platform

EXTENSION = "wechat_simulator"


def the_platform() -> Platform:
    return cast(Platform, current_app.extensions[EXTENSION])
