"""stable_token and the older token call."""

from __future__ import annotations

import hmac

from flask import Blueprint, Response, jsonify, request

from bot.simulator.api.gate import json_body
from bot.simulator.errors import ApiError
from bot.simulator.here import the_platform

calls = Blueprint("token", __name__)


@calls.post("/stable_token")
def stable_token() -> Response:
    body = json_body()
    _check_credentials(body.get("grant_type"), body.get("appid"), body.get("secret"))
    token, seconds = the_platform().tokens.stable(force_refresh=body.get("force_refresh") is True)
    return jsonify(access_token=token, expires_in=seconds)


@calls.get("/token")
def token() -> Response:
    _check_credentials(*(request.args.get(name) for name in ("grant_type", "appid", "secret")))
    token, seconds = the_platform().tokens.legacy()
    return jsonify(access_token=token, expires_in=seconds)


def _check_credentials(grant_type: object, appid: object, secret: object) -> None:
    platform = the_platform()
    if grant_type != "client_credential":
        raise ApiError(40002)
    if not appid:
        raise ApiError(41002)
    if appid != platform.account.appid:
        raise ApiError(40013)
    if not secret:
        raise ApiError(41004)
    if platform.faults.wrong_secret or not hmac.compare_digest(str(secret).encode(), platform.account.appsecret.encode()):
        raise ApiError(40125)
