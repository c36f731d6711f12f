"""The web server: `python -m bot.web --port 5000` readies the database, then serves wsgi:app with granian's workers.

All is imported before granian forks its workers: the second one costs neither time nor memory for it.
"""

from __future__ import annotations

import argparse
from typing import Any

from granian import Granian
from granian.constants import HTTPModes, Interfaces

import bot.app  # noqa: F401 - for the workers
from bot import logs
from bot.seed import seed
from config.settings import Settings

OPTIONS: dict[str, Any] = {
    "address": "127.0.0.1",  # the world comes in through nginx, which speaks HTTPS
    "interface": Interfaces.WSGI,
    "http": HTTPModes.http1,
    "websockets": False,
    "workers": 2,
    # A connection holds a place of backpressure as long as it is open, a request holds a thread until its body is read:
    # with few of either, some slow or idle clients keep all others waiting.
    "blocking_threads": 64,
    "backpressure": 512,
    "respawn_failed_workers": True,
    "workers_kill_timeout": 3,
}


def main() -> None:
    """Serves until SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m bot.web")
    parser.add_argument("--port", type=int, default=5000)
    port = parser.parse_args().port
    settings = Settings.from_env()
    logs.configure(settings.log_level, ())
    seed(settings)
    Granian("wsgi:app", port=port, **OPTIONS).serve()


if __name__ == "__main__":
    main()
