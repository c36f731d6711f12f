"""``python -m bot.simulator --port 5001 --webhook http://127.0.0.1:5000/wechat``: the platform and its page, for demos."""

from __future__ import annotations

import argparse
import logging

from bot.simulator.account import Account
from bot.simulator.platform import Platform
from bot.simulator.server import serve
from config.settings import Settings


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bot.simulator", description="A local WeChat platform with a phone page.")
    parser.add_argument("--port", type=int, default=5001, help="where the phone page and the API listen (default: 5001)")
    parser.add_argument("--webhook", default="http://127.0.0.1:5000/wechat", help="the product's callback address")
    options = parser.parse_args()
    settings = Settings.from_env()
    logging.basicConfig(level=settings.log_level, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    serve(Platform(Account.from_settings(settings), options.webhook), options.port)


if __name__ == "__main__":
    main()
