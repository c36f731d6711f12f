"""The control API, /simulator/…: acts for a resident, switches faults, sets how callbacks are delivered."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

from flask import Blueprint, abort, jsonify, redirect, request, url_for
from flask.typing import ResponseReturnValue

from bot.simulator.delivery import Delivery
from bot.simulator.errors import ApiError
from bot.simulator.faults import EVERY_PATH
from bot.simulator.here import the_platform
from bot.simulator.resident import NoSuchLink, NotFollowing, Resident, Sent, Shown

control = Blueprint("control", __name__, url_prefix="/simulator")

Values = Mapping[str, Any]


def _photo(resident: Resident, values: Values) -> Shown:
    file = request.files.get("photo")
    return resident.sends_photo(file.read()) if file else resident.sends_photo()


def _location(resident: Resident, values: Values) -> Shown:
    return resident.sends_location(float(values["latitude"]), float(values["longitude"]), values.get("label", ""))


ACTS: dict[str, Callable[[Resident, Values], Shown]] = {
    "says": lambda resident, values: resident.says(values["text"]),
    "taps": lambda resident, values: resident.taps(values["label"]),
    "taps_message": lambda resident, values: resident.taps_message(values["message"], values.get("menu_id", "")),
    "sends_photo": _photo,
    "sends_voice": lambda resident, values: resident.sends_voice(values.get("recognition")),
    "sends_video": lambda resident, values: resident.sends_video(),
    "sends_location": _location,
    "sends_link": lambda resident, values: resident.sends_link(values["title"], values.get("description", ""), values["url"]),
    "follows": lambda resident, values: resident.follows(values.get("scene")),
    "scans": lambda resident, values: resident.scans(values["scene"]),
    "unfollows": lambda resident, values: resident.unfollows(),
    "clicks_menu": lambda resident, values: resident.clicks_menu(values["key"]),
    "sends_raw": lambda resident, values: resident.sends_raw(values["fields"]),
    "repeats": lambda resident, values: resident.repeats(int(values.get("copies", 1)))[0],
}


@control.post("/act")
def act() -> ResponseReturnValue:
    """``openid``, ``do`` (a method of `Resident`) and what it needs, as JSON or a form. Answers what the resident was shown."""
    values = _values()
    perform = ACTS.get(str(values.get("do")))
    openid = values.get("openid")
    if perform is None or not isinstance(openid, str) or not openid:
        abort(400)
    with _bad_request_on(KeyError, TypeError, ValueError):
        try:
            shown = perform(the_platform().resident(openid), values)
        except (NoSuchLink, NotFollowing, ApiError):
            abort(409)
    return jsonify(describe(shown))


@control.post("/residents")
def add_resident() -> ResponseReturnValue:
    """A new resident, who does not follow yet. The page's form is led to their chat; JSON gets the openid."""
    values = _values()
    openid = str(values.get("openid") or new_openid())
    the_platform().resident(openid, name=str(values.get("name", "")).strip()[:20], following=False)
    if request.is_json:
        return jsonify(openid=openid), 201
    return redirect(url_for("phone.page", openid=openid), 303)


@control.get("/history")
def history() -> ResponseReturnValue:
    """Everything that ``?openid=`` sent and was shown."""
    resident = the_platform().known(request.args.get("openid", ""))
    if resident is None:
        abort(404)
    return jsonify(following=resident.following, lines=[describe(line) for line in resident.history])


@control.get("/faults")
def faults() -> ResponseReturnValue:
    platform = the_platform()
    return jsonify(wrong_secret=platform.faults.wrong_secret, active=[asdict(fault) for fault in platform.faults.active()])


@control.post("/faults")
def switch_fault() -> ResponseReturnValue:
    """``kind`` is errcode, html, hang_up, delay (with ``value``, ``path``, ``times``), expire_tokens or wrong_secret."""
    values = _values()
    switches = the_platform().faults
    path, times = str(values.get("path", EVERY_PATH)), values.get("times")
    with _bad_request_on(KeyError, TypeError, ValueError):
        times = None if times is None else int(times)
        match values.get("kind"):
            case "errcode":
                switches.answer(int(values["value"]), path, times)
            case "html":
                switches.html(path, times)
            case "hang_up":
                switches.hang_up(path, times)
            case "delay":
                switches.delay(float(values["value"]), path, times)
            case "expire_tokens":
                switches.expire_tokens()
            case "wrong_secret":
                switches.wrong_secret = True
            case _:
                raise ValueError("no such fault")
    return "", 204


@control.delete("/faults")
def clear_faults() -> ResponseReturnValue:
    the_platform().faults.clear()
    return "", 204


@control.post("/delivery")
def deliver_so() -> ResponseReturnValue:
    """Sets fields of `Delivery`; what is not named goes back to how the platform does it."""
    with _bad_request_on(TypeError, ValueError):
        the_platform().delivery = Delivery(**_values())
    return jsonify(asdict(the_platform().delivery))


@contextmanager
def _bad_request_on(*faults: type[Exception]) -> Iterator[None]:
    """Whatever the caller's values cannot be used for is the caller's fault."""
    try:
        yield
    except faults:
        abort(400)


def _values() -> Values:
    values = request.get_json() if request.is_json else request.form.to_dict()
    if not isinstance(values, dict):
        abort(400)
    return values


def new_openid() -> str:
    """28 characters that begin with "o", as the platform's own."""
    return "o" + secrets.token_urlsafe(21)[:27]


def describe(line: Sent | Shown) -> dict[str, Any]:
    """A line as JSON."""
    fields: dict[str, Any] = {
        "kind": line.kind,
        "text": line.text,
        "title": line.title,
        "url": line.url,
        "media_id": line.media_id,
        "links": [asdict(link) for link in line.links],
    }
    if isinstance(line, Sent):
        return fields | {"from": "resident", "xml": line.xml}
    seen = {"raw": line.raw, "attempts": line.attempts, "elapsed": round(line.elapsed, 3), "reason": line.reason}
    return fields | {"from": "account"} | seen
