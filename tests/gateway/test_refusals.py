"""Every bad input, sent to the blueprint with real signatures: its status, an empty body, one log line, no effect."""

from __future__ import annotations

import io
from typing import Any

import pytest
from werkzeug.test import EnvironBuilder, TestResponse
from werkzeug.wrappers import Request

from bot.dialogue import messages as m
from bot.gateway.envelope import Mode
from bot.gateway.webhook import MAX_BODY_BYTES
from tests.gateway.account import MODES, Account, Desk, Lines, assert_refused
from tests.gateway.samples import EXAMPLE, EXAMPLE_XML
from tests.gateway.signing import NOW, encrypt, encrypted_query, envelope_xml, query

# ---------------------------------------------------------------- bad signatures


@pytest.mark.parametrize("name", ["signature", "timestamp", "nonce"])
@pytest.mark.parametrize("method", ["get", "post"])
class TestSignatureParameters:
    def ask(self, account: Account, method: str, changes: dict[str, Any]) -> TestResponse:
        if method == "post":
            return account.sends(EXAMPLE_XML, **changes)
        arguments = {name: value for name, value in {**query(echostr="1"), **changes}.items() if value is not None}
        return account.client.get("/wechat", query_string=arguments)

    def test_missing(self, account: Account, desk: Desk, lines: Lines, method: str, name: str) -> None:
        assert_refused(self.ask(account, method, {name: None}), 403, f"missing_{name}", desk, lines)

    def test_repeated(self, account: Account, desk: Desk, lines: Lines, method: str, name: str) -> None:
        assert_refused(self.ask(account, method, {name: [query()[name]] * 2}), 403, f"repeated_{name}", desk, lines)

    def test_bad(self, account: Account, desk: Desk, lines: Lines, method: str, name: str) -> None:
        other = {"signature": "0" * 40, "timestamp": str(NOW - 1), "nonce": "1"}[name]
        assert_refused(self.ask(account, method, {name: other}), 403, "signature", desk, lines)

    def test_malformed(self, account: Account, desk: Desk, lines: Lines, method: str, name: str) -> None:
        assert_refused(self.ask(account, method, {name: "\x00 é"}), 403, f"malformed_{name}", desk, lines)


@pytest.mark.parametrize("timestamp", [NOW - 301, NOW + 301])
def test_timestamp_out_of_tolerance(account: Account, desk: Desk, lines: Lines, timestamp: int) -> None:
    response = account.posts(EXAMPLE_XML.encode(), query(timestamp=timestamp))
    assert_refused(response, 403, "timestamp", desk, lines)


def test_no_query_at_all(account: Account, desk: Desk, lines: Lines) -> None:
    assert_refused(account.client.get("/wechat"), 403, "missing_timestamp", desk, lines)
    assert_refused(account.client.post("/wechat"), 403, "missing_timestamp", desk, lines)


def test_verification_without_echostr(account: Account, desk: Desk, lines: Lines) -> None:
    assert_refused(account.client.get("/wechat", query_string=query()), 400, "echostr", desk, lines)


@pytest.mark.parametrize("mode", MODES[1:])
class TestEncrypted:
    def test_bad_message_signature(self, mode: Mode, desk: Desk, lines: Lines) -> None:
        assert_refused(Account(mode, desk).sends(EXAMPLE_XML, msg_signature="0" * 40), 403, "msg_signature", desk, lines)

    def test_missing_message_signature(self, mode: Mode, desk: Desk, lines: Lines) -> None:
        assert_refused(Account(mode, desk).sends(EXAMPLE_XML, msg_signature=None), 403, "missing_msg_signature", desk, lines)

    def test_another_appid(self, mode: Mode, desk: Desk, lines: Lines) -> None:
        assert_refused(Account(mode, desk).sends(EXAMPLE_XML, appid="wxfedcba9876543210"), 403, "appid", desk, lines)

    def test_plaintext(self, mode: Mode, desk: Desk, lines: Lines) -> None:
        assert_refused(Account(mode, desk).posts(EXAMPLE_XML.encode(), query()), 403, "plaintext", desk, lines)

    def test_damaged_cipher(self, mode: Mode, desk: Desk, lines: Lines) -> None:
        cipher = "A" * 44
        assert_refused(Account(mode, desk).posts(envelope_xml(cipher), encrypted_query(cipher)), 400, "cipher", desk, lines)


def test_an_encrypted_message_in_plain_mode(desk: Desk, lines: Lines) -> None:
    cipher = encrypt(EXAMPLE_XML)
    response = Account("plain", desk).posts(envelope_xml(cipher, EXAMPLE_XML[5:-6]), encrypted_query(cipher))
    assert_refused(response, 403, "encrypted_in_plain_mode", desk, lines)


def test_compatible_mode_answers_the_cipher_and_not_the_forgery_beside_it(desk: Desk) -> None:
    account = Account("compatible", desk)
    account.sends(EXAMPLE_XML.replace("身份证怎么办", "秸秆能烧吗"))
    [message] = desk.asked
    assert isinstance(message, m.Text)
    assert message.content == "秸秆能烧吗\n[微笑]"


# ---------------------------------------------------------------- bad bodies


@pytest.mark.parametrize(
    ("xml", "reason"),
    [
        ("", "malformed_xml"),
        ("<xml>", "malformed_xml"),
        ("{}", "malformed_xml"),
        (EXAMPLE_XML[:-3], "malformed_xml"),
        (EXAMPLE_XML.replace("<MsgId>6054768590064713728</MsgId>", ""), "missing_field"),
        (EXAMPLE_XML.replace("<MsgId>", "<MsgId>1</MsgId><MsgId>"), "duplicate_field"),
        (EXAMPLE_XML.replace("<Content>", "<Content><b>1</b>").replace("<![CDATA[身份证怎么办\n[微笑]]]>", ""), "nested_field"),
        (EXAMPLE_XML.replace("<Content>", "<Content><b>1</b>"), "mixed_content"),
        (EXAMPLE_XML.replace("<CreateTime>", "<CreateTime>x"), "bad_number"),
        ("<!DOCTYPE xml>" + EXAMPLE_XML, "doctype"),
        ('<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]>' + EXAMPLE_XML.replace("gh_", "&e;"), "doctype"),
        (EXAMPLE_XML.replace("</xml>", "<a></a>" * 58 + "</xml>"), "duplicate_field"),
        (EXAMPLE_XML.replace("</xml>", "".join(f"<a{n}></a{n}>" for n in range(58)) + "</xml>"), "too_many_elements"),
        (EXAMPLE_XML.replace("</xml>", "<a>" * 9 + "</a>" * 9 + "</xml>"), "too_deep"),
    ],
)
def test_malformed_messages(account: Account, desk: Desk, lines: Lines, xml: str, reason: str) -> None:
    assert_refused(account.sends(xml), 400, reason, desk, lines)


@pytest.mark.parametrize("damage", [b"\xff", b"\xed\xa0\x80", b"\xc0\x80"])
def test_malformed_utf_8(account: Account, desk: Desk, lines: Lines, damage: bytes) -> None:
    body = EXAMPLE_XML.encode().replace("身".encode(), damage)
    arguments = query() if account.mode == "plain" else encrypted_query("x")
    assert_refused(account.posts(body, arguments), 400, "malformed_xml", desk, lines)


def sized(size: int) -> bytes:
    return EXAMPLE_XML.encode().replace(b"</xml>", b" " * (size - len(EXAMPLE_XML.encode())) + b"</xml>")


class Broken(io.RawIOBase):
    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        raise ConnectionResetError


def streamed(account: Account, stream: bytes | io.IOBase, **environ: Any) -> TestResponse:
    """A request whose ``environ`` alone says how long it is; the test client would correct it."""
    made = EnvironBuilder("/wechat", method="POST", query_string=query()).get_environ()
    made.pop("CONTENT_LENGTH", None)
    made["wsgi.input"] = io.BytesIO(stream) if isinstance(stream, bytes) else stream
    return account.client.open(Request({**made, **environ}))


# What gunicorn and granian hand on when a body comes in chunks.
CHUNKED = {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True}


class TestSize:
    @pytest.fixture
    def account(self, desk: Desk) -> Account:
        return Account("plain", desk)

    def test_64_kib_are_read(self, account: Account, desk: Desk) -> None:
        body = sized(65536)
        assert len(body) == MAX_BODY_BYTES
        assert account.posts(body, query()).status_code == 200
        assert streamed(account, body, **CHUNKED).status_code == 200
        assert desk.asked == [EXAMPLE, EXAMPLE]

    def test_a_byte_more_is_not(self, account: Account, desk: Desk, lines: Lines) -> None:
        assert_refused(account.posts(sized(65537), query()), 413, "too_large", desk, lines)
        assert_refused(streamed(account, sized(65537), **CHUNKED), 413, "too_large", desk, lines)

    def test_no_more_is_read_than_the_cap(self, account: Account, desk: Desk, lines: Lines) -> None:
        stream = io.BytesIO(b"x" * 10_000_000)
        assert_refused(streamed(account, stream, **CHUNKED), 413, "too_large", desk, lines)
        assert stream.tell() <= 2 * MAX_BODY_BYTES

    def test_a_length_that_is_announced_is_enough(self, account: Account, desk: Desk, lines: Lines) -> None:
        stream = io.BytesIO(b"x" * 1000)
        assert_refused(streamed(account, stream, CONTENT_LENGTH="99999999999"), 413, "too_large", desk, lines)
        assert stream.tell() == 0

    @pytest.mark.parametrize("length", [{}, {"CONTENT_LENGTH": "abc"}, {"CONTENT_LENGTH": "-1"}, {"CONTENT_LENGTH": ""}])
    def test_neither_length_nor_end(self, account: Account, desk: Desk, lines: Lines, length: dict[str, str]) -> None:
        assert_refused(streamed(account, sized(500), **length), 400, "malformed_xml", desk, lines)

    def test_a_body_that_ends_too_early(self, account: Account, desk: Desk, lines: Lines) -> None:
        assert_refused(streamed(account, sized(500), CONTENT_LENGTH="600"), 400, "broken_body", desk, lines)

    @pytest.mark.parametrize("environ", [{"CONTENT_LENGTH": "600"}, CHUNKED])
    def test_a_connection_that_breaks(self, account: Account, desk: Desk, lines: Lines, environ: dict[str, Any]) -> None:
        assert_refused(streamed(account, Broken(), **environ), 400, "broken_body", desk, lines)

    @pytest.mark.parametrize(
        "content_type", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain", ""]
    )
    def test_the_content_type_does_not_matter(self, account: Account, desk: Desk, content_type: str) -> None:
        response = account.client.post("/wechat", query_string=query(), data=EXAMPLE_XML.encode(), content_type=content_type)
        assert response.status_code == 200
        assert desk.asked == [EXAMPLE]


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
def test_other_methods(account: Account, desk: Desk, lines: Lines, method: str) -> None:
    response = account.client.open("/wechat", method=method, query_string=query(echostr="1"))
    assert_refused(response, 405, "method", desk, lines)
    assert response.headers["Allow"] == "GET, HEAD, POST"


def test_an_unheard_of_method(account: Account, desk: Desk) -> None:
    assert account.client.open("/wechat", method="BREW").status_code == 405
    assert desk.asked == []


def test_head_is_a_get_without_its_body(account: Account) -> None:
    response = account.client.head("/wechat", query_string=query(echostr="1"))
    assert (response.status_code, response.data) == (200, b"")
    assert account.client.head("/wechat").status_code == 403
