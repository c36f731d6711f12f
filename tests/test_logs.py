"""Log lines are JSON, carry their request's id, and hold no secret and nobody's data, whoever wrote them."""

from __future__ import annotations

import io
import json
import logging
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import structlog
from flask import Flask

from bot import logs
from tests.kept_logging import kept_logging

OPENID = "oAbcdefghijklmnopqrstuvwxyz1"
PHONE = "13800138000"
SECRETS = ["s3cretT0ken", "s3cretT0kenAndMore", "a+b(c", ""]


@pytest.fixture(autouse=True)
def undone() -> Iterator[None]:
    with kept_logging():
        yield


@pytest.fixture
def err(capsys: pytest.CaptureFixture[str]) -> pytest.CaptureFixture[str]:
    logs.configure("INFO", SECRETS)
    return capsys


def line_of(captured: pytest.CaptureFixture[str]) -> dict[str, Any]:
    out, err = captured.readouterr()
    assert out == ""
    [line] = err.splitlines()
    fields = json.loads(line)
    assert isinstance(fields, dict)
    return fields


def write(writer: str, text: str) -> None:
    """One line, by structlog or by the standard library, as ours and other people's code do."""
    if writer == "structlog":
        structlog.get_logger("ours").warning(text)
    else:
        logging.getLogger("theirs").warning("%s", text)


both = pytest.mark.parametrize("writer", ["structlog", "logging"])


@both
def test_a_line(err: pytest.CaptureFixture[str], writer: str) -> None:
    write(writer, "秸秆")
    line = line_of(err)
    assert (line["event"], line["level"]) == ("秸秆", "warning")
    assert line["timestamp"].endswith("Z")


@both
@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("token s3cretT0ken!", "token [secret]!"),
        ("s3cretT0kenAndMore", "[secret]"),
        ("a+b(c", "[secret]"),
        (f"call {PHONE}", "call ***"),
        ("340621199001011234", "***"),
        (f"from {OPENID}.", "from [openid]."),
        (f"GET /wechat?signature=abc&openid={OPENID}&x=1", "GET /wechat?signature=[secret]&openid=[openid]&x=1"),
        ("GET /cgi-bin/menu?access_token=12_ab-c", "GET /cgi-bin/menu?access_token=[secret]"),
        ("a\nb", "a\nb"),
        ("12345 2026-11-23", "12345 2026-11-23"),
    ],
)
def test_what_is_written(err: pytest.CaptureFixture[str], writer: str, text: str, written: str) -> None:
    write(writer, text)
    assert line_of(err)["event"] == written


def test_a_lone_surrogate_loses_no_line(err: pytest.CaptureFixture[str]) -> None:
    structlog.get_logger().warning("a\ud800b")
    assert line_of(err)["event"] == "a\ud800b"


@both
def test_exceptions_are_scrubbed_too(err: pytest.CaptureFixture[str], writer: str) -> None:
    logger = structlog.get_logger("ours") if writer == "structlog" else logging.getLogger("theirs")
    try:
        int(f"{PHONE} s3cretT0ken")
    except ValueError:
        logger.exception("failed")
    line = line_of(err)
    assert "ValueError: invalid literal for int() with base 10: '*** [secret]'" in line["exception"]
    assert line["level"] == "error"


@dataclass
class Holder:
    phone: str


def test_all_values_are_scrubbed_however_deep(err: pytest.CaptureFixture[str]) -> None:
    structlog.get_logger().warning(
        "x",
        deep={"list": [PHONE, (PHONE, {"s3cretT0ken": PHONE})], "held": Holder(PHONE)},
        raw=PHONE.encode(),
        count=13800138000,
        share=0.5,
        none=None,
        yes=True,
    )
    line = line_of(err)
    assert line["deep"] == {"list": ["***", ["***", {"[secret]": "***"}]], "held": "Holder(phone='***')"}
    assert (line["raw"], line["count"], line["share"], line["none"], line["yes"]) == ("b'***'", 13800138000, 0.5, None, True)


@pytest.mark.parametrize("key", ["openid", "to_user", "FromUserName"])
def test_an_openid_of_any_form_is_known_by_its_key(err: pytest.CaptureFixture[str], key: str) -> None:
    structlog.get_logger().warning("x", **{key: "short"})
    assert line_of(err)[key] == "[openid]"


def test_pseudonyms_and_ids_stay_even_if_they_look_like_a_phone(err: pytest.CaptureFixture[str]) -> None:
    structlog.get_logger().warning("x", person="13800138000_abcdefghij", request_id="1380013800013800")
    line = line_of(err)
    assert (line["person"], line["request_id"]) == ("13800138000_abcdefghij", "1380013800013800")


@pytest.mark.parametrize(("level", "written"), [("DEBUG", 4), ("INFO", 3), ("WARNING", 2), ("ERROR", 1), ("warning", 2)])
def test_levels(capsys: pytest.CaptureFixture[str], level: str, written: int) -> None:
    logs.configure(level, [])
    for logger in (structlog.get_logger(), logging.getLogger("theirs")):
        for method in ("debug", "info", "warning", "error"):
            getattr(logger, method)("x")
        assert len(capsys.readouterr().err.splitlines()) == written


def test_no_secrets_is_fine(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("INFO", ["", ""])
    structlog.get_logger().warning("abc")
    assert line_of(capsys)["event"] == "abc"


def test_configuring_twice_writes_once(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("INFO", [])
    logs.configure("INFO", ["abc"])
    logging.getLogger("theirs").warning("abc")
    assert line_of(capsys)["event"] == "[secret]"


@pytest.mark.parametrize("broken", ["closed", "full"])
def test_a_broken_stderr_stops_nobody(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], broken: str) -> None:
    class Full(io.StringIO):
        def write(self, text: str) -> int:
            raise OSError(28, "No space left on device")

    logs.configure("INFO", [])
    stream = Full() if broken == "full" else io.StringIO()
    if broken == "closed":
        stream.close()
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stderr", stream)
        structlog.get_logger().error("lost")
        logging.getLogger("theirs").error("lost")
    structlog.get_logger().error("kept")
    assert line_of(capsys)["event"] == "kept"


def test_each_request_has_its_own_id(err: pytest.CaptureFixture[str]) -> None:
    app = Flask("x")
    logs.init_app(app)

    @app.get("/")
    def page() -> str:
        structlog.contextvars.bind_contextvars(left_behind=len(err.readouterr().err))
        structlog.get_logger().warning("one")
        logging.getLogger("theirs").warning("two")
        return ""

    ids = []
    for _ in range(2):
        app.test_client().get("/")
        one, two = (json.loads(line) for line in err.readouterr().err.splitlines())
        assert one["request_id"] == two["request_id"]
        ids.append(one["request_id"])
    assert len(set(ids)) == 2
    assert all(len(bytes.fromhex(id_)) == 8 for id_ in ids)


def test_nothing_of_one_request_clings_to_the_next(err: pytest.CaptureFixture[str]) -> None:
    app = Flask("x")
    logs.init_app(app)

    @app.get("/<name>")
    def page(name: str) -> str:
        structlog.contextvars.bind_contextvars(**{name: 1})
        structlog.get_logger().warning("x")
        return ""

    client = app.test_client()
    client.get("/first")
    assert line_of(err)["first"] == 1
    client.get("/second")
    assert "first" not in line_of(err)
