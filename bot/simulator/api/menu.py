"""menu/create, get, delete and get_current_selfmenu_info."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify

from bot.simulator.api.account import OK
from bot.simulator.api.gate import json_body
from bot.simulator.errors import ApiError
from bot.simulator.here import the_platform
from bot.simulator.menu import Button

calls = Blueprint("menu", __name__)


@calls.post("/menu/create")
def create() -> Response:
    the_platform().menu.create(json_body().get("button"))
    return jsonify(OK)


@calls.get("/menu/get")
def get() -> Response:
    menu = the_platform().menu
    if not menu.buttons:
        raise ApiError(46003)
    return jsonify(menu={"button": menu.buttons, "menuid": menu.menu_id})


@calls.get("/menu/delete")
def delete() -> Response:
    the_platform().menu.delete()
    return jsonify(OK)


@calls.get("/get_current_selfmenu_info")
def current() -> Response:
    """The menu in the shape that its own editor uses: sub-buttons wrapped in ``list``, leaves without ``sub_button``."""
    menu = the_platform().menu
    buttons = [_as_in_editor(button) for button in menu.buttons]
    return jsonify(is_menu_open=int(bool(buttons)), selfmenu_info={"button": buttons})


def _as_in_editor(button: Button) -> dict[str, Any]:
    plain = {name: value for name, value in button.items() if name != "sub_button"}
    if not button["sub_button"]:
        return plain
    return plain | {"sub_button": {"list": [_as_in_editor(sub) for sub in button["sub_button"]]}}
