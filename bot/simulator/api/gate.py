"""What every call passes first: the faults that are switched on, the token, the account's rights, the day's quota."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from typing import Any

from flask import Response, request

from bot.simulator.errors import ApiError
from bot.simulator.faults import Fault
from bot.simulator.here import the_platform

_WITHOUT_TOKEN = {"token", "stable_token"}
_FOR_VERIFIED = ("menu/", "message/", "get_current_selfmenu_info")
_PAGE = "<!DOCTYPE html><html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"


def before_call() -> Response | None:
    """Raises ApiError for a call that the platform would refuse before looking at it."""
    platform = the_platform()
    path = request.path.removeprefix("/cgi-bin/")
    for fault in platform.faults.met_by(path):
        answer = _FAULTS[fault.kind](fault)
        if answer is not None:
            return answer
    if path not in _WITHOUT_TOKEN:
        platform.tokens.check(request.args.get("access_token", ""))
        if path.startswith(_FOR_VERIFIED) and not platform.account.verified:
            raise ApiError(48001)
    platform.quota.count(path)
    return None


def json_body() -> dict[str, Any]:
    """The call's JSON object, whatever Content-Type it came with. Raises ApiError 44002 (empty) or 47001."""
    if not request.get_data():
        raise ApiError(44002)
    body = request.get_json(force=True, silent=True)
    if not isinstance(body, dict):
        raise ApiError(47001)
    return body


def _errcode(fault: Fault) -> Response:
    raise ApiError(int(fault.value))


def _html(fault: Fault) -> Response:
    return Response(_PAGE, mimetype="text/html")


def _delay(fault: Fault) -> None:
    time.sleep(fault.value)


def _hang_up(fault: Fault) -> Response:
    """Closes the connection under the server, which then finds nobody to answer."""
    connection = request.environ.get("werkzeug.socket")
    if isinstance(connection, socket.socket):
        connection.shutdown(socket.SHUT_RDWR)
    return Response(status=204)


_FAULTS: dict[str, Callable[[Fault], Response | None]] = {
    "errcode": _errcode,
    "html": _html,
    "delay": _delay,
    "hang_up": _hang_up,
}
