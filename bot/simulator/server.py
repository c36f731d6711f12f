"""The simulator's own web server: the API side and the phone page, on this machine only."""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from flask import Flask
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from bot.simulator.api import register_api
from bot.simulator.control import control
from bot.simulator.guard import guard
from bot.simulator.here import EXTENSION
from bot.simulator.phone import phone
from bot.simulator.platform import Platform

log = logging.getLogger(__name__)

_HOST = "127.0.0.1"
_POLL_SECONDS = 0.1  # how often the server looks whether it should stop
_BODY_LIMIT = 12 * 1024 * 1024  # the largest upload, 10 MB, and its wrapping


class _QuietHandler(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Nothing for each request: a page that polls would bury what matters."""

    def connection_dropped(self, error: BaseException, environ: object = None) -> None:
        """Nothing either: a phone may hang up, and so may the hang_up fault."""


def create_simulator(platform: Platform) -> Flask:
    app = Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = _BODY_LIMIT
    app.extensions[EXTENSION] = platform
    guard(app)
    register_api(app)
    app.register_blueprint(phone)
    app.register_blueprint(control)
    return app


def _listen(platform: Platform, port: int) -> BaseWSGIServer:
    """Bound and listening on return; its threads are daemons, so that no waiting page holds up the end."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = make_server(_HOST, port, create_simulator(platform), threaded=True, request_handler=_QuietHandler)
    platform.address = f"http://{_HOST}:{server.port}"
    return server


@contextmanager
def running_simulator(platform: Platform, port: int = 0) -> Iterator[str]:
    """Serves ``platform`` from a thread while inside; gives the address, on a free port when ``port`` is 0."""
    server = _listen(platform, port)
    thread = threading.Thread(target=server.serve_forever, args=(_POLL_SECONDS,), name="simulator", daemon=True)
    thread.start()
    try:
        yield platform.address
    finally:
        server.shutdown()
        thread.join()


def serve(platform: Platform, port: int) -> None:
    """Serves until SIGTERM or SIGINT, and is gone within a second of it."""
    server = _listen(platform, port)

    def stop(signum: int, frame: FrameType | None) -> None:
        threading.Thread(target=server.shutdown, daemon=True).start()  # it waits for serve_forever, which runs right here

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    log.info("simulator at %s, webhook %s", platform.address, platform.webhook)
    server.serve_forever(_POLL_SECONDS)
