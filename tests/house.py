"""The whole house for a test: the real app on a real HTTP server, a real Redis and database, and the platform that calls it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flask import Flask
from werkzeug.serving import make_server

from bot.app import create_app
from bot.seed import seed
from bot.simulator.account import Account, CallbackMode
from bot.simulator.platform import Platform
from config.settings import Settings

SECRET_KEY = "a key of the tests, forty characters long"


def settings_for(account: Account, redis_url: str, data_dir: Path, **others: Any) -> Settings:
    """The settings of a desk that answers for ``account``."""
    values: dict[str, Any] = {
        "wechat_token": account.token,
        "wechat_appid": account.appid,
        "wechat_appsecret": account.appsecret,
        "wechat_encoding_aes_key": account.encoding_aes_key,
        "wechat_callback_mode": account.mode,
        "secret_key": SECRET_KEY,
        "redis_url": redis_url,
        "data_dir": data_dir,
        "rate_limit_messages": 1000,
    }
    settings = Settings(**(values | others))
    settings.check_secrets()
    return settings


@contextmanager
def serving(app: Flask) -> Iterator[str]:
    """``app`` on a free port of this machine; gives the address of its webhook."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/wechat"
    finally:
        server.shutdown()
        thread.join()


@contextmanager
def open_house(redis_url: str, data_dir: Path, mode: CallbackMode = "safe", **others: Any) -> Iterator[Platform]:
    """A seeded desk and the platform in front of it: ``platform.resident("o1").says("秸秆能烧吗")``."""
    account = Account.random(mode)
    settings = settings_for(account, redis_url, data_dir, **others)
    seed(settings)
    with serving(create_app(settings)) as webhook:
        yield Platform(account, webhook)
