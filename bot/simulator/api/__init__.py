"""The API side of the platform, `/cgi-bin/…`: one module for each family of calls, all listed here."""

from __future__ import annotations

from flask import Blueprint, Flask, Response, jsonify, request
from werkzeug.exceptions import MethodNotAllowed, NotFound

from bot.simulator.api import account, media, menu, message, token
from bot.simulator.api.gate import before_call
from bot.simulator.errors import ApiError

PREFIX = "/cgi-bin"
FAMILIES = [token.calls, account.calls, menu.calls, message.calls, media.calls]


def register_api(app: Flask) -> None:
    """Adds every call. Errors come with HTTP 200, unknown addresses and wrong methods included."""
    api = Blueprint("api", __name__, url_prefix=PREFIX)
    api.before_request(before_call)
    for family in FAMILIES:
        api.register_blueprint(family)
    app.register_blueprint(api)
    app.register_error_handler(ApiError, _error)
    app.register_error_handler(NotFound, _no_such_call)
    app.register_error_handler(MethodNotAllowed, _wrong_method)


def _error(error: ApiError) -> Response:
    return jsonify(error.answer())


def _no_such_call(error: NotFound) -> Response | NotFound:
    return _error(ApiError(40066)) if request.path.startswith(PREFIX) else error


def _wrong_method(error: MethodNotAllowed) -> Response | MethodNotAllowed:
    if not request.path.startswith(PREFIX):
        return error
    return _error(ApiError(43001 if request.method == "POST" else 43002))
