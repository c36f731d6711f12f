"""Keeps the simulator on this machine: only loopback peers and Host names, no form of a foreign page, a strict CSP."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from flask import Flask, Response, abort, request

_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # with "no-referrer" the browser would send our own forms with Origin: null
    "Cache-Control": "no-store",
}


def guard(app: Flask) -> None:
    app.before_request(_only_from_here)
    app.after_request(_with_headers)


def _only_from_here() -> None:
    """The Host header is checked against DNS rebinding: a page of a name that has come to mean 127.0.0.1 stays outside."""
    if not is_loopback(request.remote_addr or "") or not is_loopback(_host_of("//" + request.headers.get("Host", ""))):
        abort(403)
    origin = request.headers.get("Origin")
    if request.method not in ("GET", "HEAD") and origin is not None and origin != f"http://{request.host}":
        abort(403)


def _with_headers(response: Response) -> Response:
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    return response


def is_loopback(host: str) -> bool:
    """Whether a name or an address (without a port) is this machine's own."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _host_of(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
