"""The blueprint with really signed requests: what is answered, what is logged, and that noise is only ever refused."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.dialogue import messages as m
from bot.gateway.envelope import Mode
from tests.gateway.account import MODES, Account, Desk, Lines, assert_success
from tests.gateway.samples import ALL, EVENTS, EXAMPLE, EXAMPLE_XML, FROM, name_of, to_xml
from tests.gateway.signing import NOW, TOKEN, query


def test_verification(account: Account) -> None:
    response = account.client.get("/wechat", query_string=query(echostr="<script>5&"))
    assert (response.status_code, response.text, response.mimetype) == (200, "<script>5&", "text/plain")
    assert response.headers["X-Content-Type-Options"] == "nosniff"


def test_a_message_is_answered_the_way_it_came(account: Account, desk: Desk) -> None:
    response = account.sends(EXAMPLE_XML)
    root = ET.fromstring(account.reads(response))
    assert (response.status_code, response.mimetype) == (200, "application/xml")
    assert (root.findtext("ToUserName"), root.findtext("CreateTime"), root.findtext("Content")) == (
        FROM,
        str(NOW),
        "带户口簿。]]>",
    )
    assert desk.asked == [EXAMPLE]


@pytest.mark.parametrize(("fields", "expected"), ALL, ids=[name_of(fields) for fields, _ in ALL])
def test_every_message_and_event_comes_through(
    account: Account, desk: Desk, fields: dict[str, Any], expected: m.Message
) -> None:
    response = account.sends(to_xml(fields))
    if isinstance(expected, m.UnknownMessage | m.UnknownEvent):
        assert_success(response)
        assert desk.asked == []
    else:
        assert "<Content>" in account.reads(response)
        assert desk.asked == [expected]


def test_no_reply_is_success(account: Account, desk: Desk) -> None:
    desk.reply = m.NoReply()
    assert_success(account.sends(EXAMPLE_XML))
    assert desk.asked == [EXAMPLE]


def test_unknown_types_are_logged(account: Account, lines: Lines) -> None:
    account.sends(to_xml({**EVENTS[-1][0], "Event": "brand_new" + "x" * 200}))
    line = lines.one()
    assert (line["event"], line["event_type"]) == ("unknown_event", "brand_new" + "x" * 55)
    account.sends(to_xml(ALL[10][0]))
    line = lines.one()
    assert (line["event"], line["msg_type"]) == ("unknown_message", "sticker")


@pytest.mark.parametrize("fault", [RuntimeError(f"13800138000 {FROM} {TOKEN}"), None, "a string", object()])
def test_our_own_fault_is_logged_once_and_answered_success(account: Account, desk: Desk, lines: Lines, fault: object) -> None:
    desk.reply = fault
    assert_success(account.sends(EXAMPLE_XML))
    line = lines.one()
    assert (line["event"], line["level"]) == ("webhook_failed", "error")
    assert "Traceback" in line["exception"]
    assert not {"13800138000", FROM, TOKEN} & set(line["exception"].replace(":", " ").split())


def test_log_lines_name_neither_resident_nor_secret(account: Account, lines: Lines) -> None:
    account.sends(EXAMPLE_XML, openid=FROM)
    account.sends(EXAMPLE_XML, openid=FROM, signature="0" * 40)
    account.sends(EXAMPLE_XML.replace("<MsgId>", f"<{FROM}/><{FROM}/><MsgId>x"))
    logged = lines.read()
    assert [line["reason"] for line in logged] == ["signature", "duplicate_field"]
    assert FROM not in str(logged)
    assert TOKEN not in str(logged)


FUZZED_DESK = Desk()
FUZZED = {mode: Account(mode, FUZZED_DESK) for mode in MODES}
PARAMETERS = st.sampled_from(["signature", "timestamp", "nonce", "echostr", "encrypt_type", "msg_signature"])


@settings(max_examples=400, deadline=None)
@given(
    st.sampled_from(MODES),
    st.sampled_from(["GET", "POST", "PUT"]),
    st.booleans(),
    st.dictionaries(PARAMETERS, st.text(max_size=9), max_size=2),
    st.binary(max_size=200),
)
def test_whatever_comes_is_refused(mode: Mode, method: str, signed: bool, changes: dict[str, str], body: bytes) -> None:
    arguments = {**(query() if signed else {}), **changes}
    response = FUZZED[mode].client.open("/wechat", method=method, query_string=arguments, data=body)
    if signed and method == "GET" and set(changes) & {"signature", "timestamp", "nonce", "echostr"} == {"echostr"}:
        assert (response.status_code, response.text) == (200, changes["echostr"])
    else:
        assert response.status_code in (400, 403, 405)
        assert response.data == b""
    assert FUZZED_DESK.asked == []
