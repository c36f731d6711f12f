"""The address that the platform calls: GET and POST ``/wechat``, from bytes to a Message and from a Reply to bytes."""

from __future__ import annotations

from collections.abc import Callable

import structlog
from flask import Blueprint, Response, request
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from bot.dialogue.messages import Message, Reply, UnknownEvent, UnknownMessage
from bot.gateway.envelope import Envelope, Refused
from bot.gateway.xml import BadMessage, parse, render

PATH = "/wechat"
MAX_BODY_BYTES = 64 * 1024
_OTHER_METHODS = ("PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")

log = structlog.get_logger(__name__)


def create_blueprint(envelope: Envelope, answer: Callable[[Message], Reply]) -> Blueprint:
    """The webhook. ``answer`` is called once for each message that is genuine and known, and may take 5 s."""
    blueprint = Blueprint("wechat", __name__)

    @blueprint.get(PATH, provide_automatic_options=False)
    def verify() -> Response:
        """The platform asks whether this server knows the token."""
        return _guarded(lambda: _plain(envelope.verify(_query())))

    @blueprint.post(PATH, provide_automatic_options=False)
    def receive() -> Response:
        return _guarded(lambda: _receive(envelope, answer))

    @blueprint.route(PATH, methods=_OTHER_METHODS, provide_automatic_options=False)
    def refuse() -> Response:
        response = _refused(405, "method")
        response.headers["Allow"] = "GET, HEAD, POST"
        return response

    return blueprint


def _receive(envelope: Envelope, answer: Callable[[Message], Reply]) -> Response:
    opened = envelope.open(_query(), _body())
    message = parse(opened.xml)
    if isinstance(message, UnknownMessage):
        log.warning("unknown_message", msg_type=message.msg_type[:64])
        return _success()
    if isinstance(message, UnknownEvent):
        log.warning("unknown_event", event_type=message.event[:64])
        return _success()
    xml = render(answer(message), message, envelope.now())
    return _success() if xml is None else Response(envelope.seal(xml, opened), mimetype="application/xml")


def _guarded(respond: Callable[[], Response]) -> Response:
    """What ``respond`` gives; an empty answer with its status for bad input, `success` where we are at fault.

    The platform would show residents its own error for a 500, after asking twice more for what fails anyway.
    """
    try:
        return respond()
    except Refused as refused:
        return _refused(refused.status, refused.reason)
    except BadMessage as bad:
        return _refused(400, bad.reason, field=bad.field)
    except Exception:
        log.exception("webhook_failed")
        return _success()


def _query() -> dict[str, list[str]]:
    return request.args.to_dict(flat=False)


def _body() -> bytes:
    """The request's body, read no further than the cap, whatever its headers say of its length. Raises Refused."""
    # Werkzeug silently cuts a chunked body where its limit is: the byte beyond ours tells one that was cut.
    request.max_content_length = MAX_BODY_BYTES + 1
    try:
        body = request.get_data(cache=False)
    except RequestEntityTooLarge:
        raise Refused(413, "too_large") from None
    except (HTTPException, OSError):
        # The connection ended before the body did, or its chunks make no sense.
        raise Refused(400, "broken_body") from None
    if len(body) > MAX_BODY_BYTES:
        raise Refused(413, "too_large")
    return body


def _success() -> Response:
    return _plain("success")


def _refused(status: int, reason: str, **details: str) -> Response:
    log.warning("refused", status=status, reason=reason, method=request.method, **details)
    return _plain("", status)


def _plain(body: str, status: int = 200) -> Response:
    # The echostr is the caller's own text: nosniff keeps a browser from taking it for a page.
    return Response(body, status, mimetype="text/plain", headers={"X-Content-Type-Options": "nosniff"})
