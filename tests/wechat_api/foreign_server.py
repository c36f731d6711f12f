"""Somebody who answers in the platform's place: a proxy, a login page, or one that repeats every secret it is told."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Foreign:
    """How it answers, whatever the call; ``answer`` and ``headers`` get the path with its query, a space and the body."""

    status: int = 200
    kind: str = "application/json"
    answer: Callable[[str], bytes] = lambda _: b'{"errcode": 0, "errmsg": "ok"}'
    headers: Callable[[str], Mapping[str, str]] = lambda _: {}
    address: str = ""
    paths: list[str] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)


@contextmanager
def foreign_server(how: Foreign | None = None) -> Iterator[Foreign]:
    """Serves on a free port; ``paths`` and ``bodies`` are what it was asked."""
    foreign = how or Foreign()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            foreign.paths.append(self.path)
            foreign.bodies.append(body)
            asked = f"{self.path} {body.decode(errors='replace')}"
            content = foreign.answer(asked)
            self.send_response(foreign.status)
            headers = {"Content-Type": foreign.kind, "Content-Length": str(len(content))} | dict(foreign.headers(asked))
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST  # noqa: N815 - its name in http.server

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        foreign.address = f"http://127.0.0.1:{server.server_port}"
        try:
            yield foreign
        finally:
            server.shutdown()
            thread.join()
