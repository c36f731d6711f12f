"""The page that looks like a phone with the account's chat open, and the long poll that keeps it fresh."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, Response, abort, get_template_attribute, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from bot.simulator.control import new_openid
from bot.simulator.errors import ApiError
from bot.simulator.here import the_platform
from bot.simulator.resident import Line, Resident, Sent
from config.settings import TIMEZONE

phone = Blueprint("phone", __name__, template_folder="templates", static_folder="static", static_url_path="/simulator/static")

_POLL_SECONDS = 20.0
_QUIET_SECONDS = 300  # a pause after which the chat shows the time again
_INVISIBLE = {"event", "nothing", "transfer"}


@dataclass(frozen=True, slots=True)
class Row:
    """A line with what the page needs beside it; ``timed`` when the time stands above it."""

    number: int
    line: Line
    mine: bool
    visible: bool
    timed: bool
    when: datetime
    days_ago: int


@phone.get("/")
def page() -> ResponseReturnValue:
    """The chat of ``?openid=``; without it, of the first resident."""
    platform = the_platform()
    openid = request.args.get("openid")
    if not openid:
        residents = platform.residents()
        return redirect(url_for("phone.page", openid=residents[0].openid if residents else new_openid()))
    resident = platform.resident(openid, following=False)
    version = resident.timeline.version
    rows = list(_rows(resident))
    return render_template(
        "phone.html",
        account=platform.account,
        menu=platform.menu,
        resident=resident,
        residents=platform.residents()[:50],
        rows=rows,
        last=rows[-1].number if rows else 0,
        version=version,
        now=datetime.now(TIMEZONE),
    )


@phone.get("/simulator/lines")
def lines() -> ResponseReturnValue:
    """Waits until the chat of ``openid`` is no longer at ``version``; answers the lines ``after`` as HTML, and its state."""
    platform = the_platform()
    resident = platform.known(request.args.get("openid", ""))
    if resident is None:
        abort(410)
    resident.timeline.wait(request.args.get("version", 0, int), _POLL_SECONDS)
    version = resident.timeline.version
    rows = list(_rows(resident, request.args.get("after", 0, int)))
    return jsonify(
        version=version,
        last=rows[-1].number if rows else None,
        chat=_macro("_lines.html", "chat_lines", rows, resident),
        backstage=_macro("_backstage.html", "backstage_lines", rows),
        menu=_macro("_menu.html", "menu_bar", platform.menu),
        following=resident.following,
        busy=resident.timeline.busy(platform.clock()),
    )


@phone.get("/simulator/media/<media_id>")
def media(media_id: str) -> ResponseReturnValue:
    """A picture or recording, to anyone on this machine: PicUrl needs no token."""
    try:
        found = the_platform().media.get(media_id)
    except ApiError:
        abort(404)
    return Response(found.content, mimetype=found.mime, headers={"Cache-Control": "private, max-age=3600"})


@phone.app_template_filter()
def indented(xml: str) -> str:
    """XML with every element on a line of its own; what is in CDATA stays as it is."""
    pieces = re.split(r"(<!\[CDATA\[.*?\]\]>)", xml, flags=re.DOTALL)
    pieces[::2] = [re.sub(r"(</\w+>(?=\s*<)|<\w+>(?=\s*<\w))\s*", r"\1\n", piece) for piece in pieces[::2]]
    return "".join(pieces)


@phone.app_template_filter()
def local_media(url: str) -> str:
    """The path of a picture that this simulator has itself, else "": the page loads nothing from anywhere else."""
    address = the_platform().address + "/"
    return url.removeprefix(address.rstrip("/")) if url.startswith(address) else ""


def _macro(template: str, name: str, *values: object) -> str:
    return str(get_template_attribute(template, name)(*values))


def _rows(resident: Resident, after: int = 0) -> Iterator[Row]:
    last_at = 0.0
    today = datetime.fromtimestamp(time.time(), TIMEZONE).date()
    for number, line in resident.timeline.lines():
        visible = line.kind not in _INVISIBLE
        when = datetime.fromtimestamp(line.at, TIMEZONE)
        timed = visible and line.at - last_at > _QUIET_SECONDS
        if visible:
            last_at = line.at
        if number > after:
            yield Row(number, line, isinstance(line, Sent), visible, timed, when, (today - when.date()).days)
