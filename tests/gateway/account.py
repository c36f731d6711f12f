"""The platform of one account in front of the webhook: a real Flask app, a desk that does as it is told, the log's lines."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from bot import logs
from bot.dialogue import messages as m
from bot.gateway.envelope import Envelope, Mode
from bot.gateway.webhook import create_blueprint
from tests.gateway.samples import EXAMPLE_XML
from tests.gateway.signing import AES_KEY, APPID, NOW, TOKEN, decrypt_reply, encrypt, encrypted_query, envelope_xml, query

MODES: list[Mode] = ["plain", "compatible", "safe"]


class Desk:
    """Answers as it is told and remembers what it was asked. A reply that is an exception is raised."""

    def __init__(self) -> None:
        self.asked: list[m.Message] = []
        self.reply: Any = m.TextReply("带户口簿。]]>\x00")

    def answer(self, message: m.Message) -> m.Reply:
        self.asked.append(message)
        if isinstance(self.reply, Exception):
            raise self.reply
        return self.reply  # type: ignore[no-any-return]


class Account:
    """The platform of one account in one mode, in front of the webhook."""

    def __init__(self, mode: Mode, desk: Desk) -> None:
        self.mode = mode
        app = Flask("gateway")
        app.register_blueprint(create_blueprint(Envelope(TOKEN, APPID, mode, AES_KEY, clock=lambda: NOW), desk.answer))
        logs.init_app(app)
        self.client: FlaskClient = app.test_client()

    def sends(self, xml: str, *, appid: str = APPID, **changes: Any) -> TestResponse:
        """``xml`` as this mode has it; ``changes`` of the query, where None takes a parameter away."""
        if self.mode == "plain":
            return self.posts(xml.encode("utf-8", "surrogatepass"), {**query(), **changes})
        cipher = encrypt(xml, appid=appid)
        beside = EXAMPLE_XML[5:-6] if self.mode == "compatible" else ""
        return self.posts(envelope_xml(cipher, beside), {**encrypted_query(cipher), **changes})

    def posts(self, body: bytes, arguments: dict[str, Any], **more: Any) -> TestResponse:
        present = {name: value for name, value in arguments.items() if value is not None}
        return self.client.post("/wechat", query_string=present, data=body, content_type="text/xml", **more)

    def reads(self, response: TestResponse) -> str:
        return response.text if self.mode == "plain" else decrypt_reply(response.data)


class Lines:
    """The log lines since the last time that they were read."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def read(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self._capsys.readouterr().err.splitlines()]

    def one(self) -> dict[str, Any]:
        [line] = self.read()
        return line


def assert_refused(response: TestResponse, status: int, reason: str, desk: Desk, lines: Lines) -> None:
    """The whole of it: status, an empty body of plain text, one log line with the reason, and nobody was asked."""
    assert (response.status_code, response.data, response.mimetype) == (status, b"", "text/plain")
    line = lines.one()
    assert (line["event"], line["status"], line["reason"], line["level"]) == ("refused", status, reason, "warning")
    assert len(line["request_id"]) == 16
    assert desk.asked == []


def assert_success(response: TestResponse) -> None:
    assert (response.status_code, response.data, response.mimetype) == (200, b"success", "text/plain")
