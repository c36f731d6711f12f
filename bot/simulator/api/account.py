"""What the platform tells about the account and itself: addresses, the rules of its own editor, quotas."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify

from bot.simulator.api.gate import json_body
from bot.simulator.errors import ApiError
from bot.simulator.here import the_platform

calls = Blueprint("account", __name__)

OK = {"errcode": 0, "errmsg": "ok"}


@calls.get("/getcallbackip")
@calls.get("/get_api_domain_ip")
def addresses() -> Response:
    """The simulator calls from, and is called at, this machine."""
    return jsonify(ip_list=["127.0.0.1"])


@calls.get("/get_current_autoreply_info")
def native_rules() -> Response:
    """The rules kept in the platform's own editor: `Platform.native_rules`."""
    return jsonify(the_platform().native_rules)


@calls.post("/clear_quota")
def clear_quota() -> Response:
    platform = the_platform()
    if json_body().get("appid") != platform.account.appid:
        raise ApiError(40013)
    platform.quota.clear()
    return jsonify(OK)
