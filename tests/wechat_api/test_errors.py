"""Errcodes and what they are turned into: a type by what to do, a Chinese sentence, and nothing that is secret."""

from __future__ import annotations

import pickle
import re

import pytest

from bot.simulator.errors import _MESSAGES as SIMULATED
from bot.wechat_api import errors
from bot.wechat_api.errors import (
    AlreadySent,
    Busy,
    ConfigurationError,
    InvalidRequest,
    IpNotAllowed,
    Missing,
    NeedsPerson,
    NotPermitted,
    QuotaUsed,
    TokenRejected,
    TooFast,
    UserUnreachable,
    WeChatError,
    error_for,
)

# The table of the fact sheet.
EXPECTED: dict[type[WeChatError], tuple[int, ...]] = {
    Busy: (-1,),
    TokenRejected: (40001, 40014, 42001),
    ConfigurationError: (40013, 40125, 41001, 40152),
    IpNotAllowed: (40164,),
    UserUnreachable: (40003, 43004, 50005, 45015, 45047),
    Missing: (40007,),
    InvalidRequest: (40018, 45002, 45003, 45008, 45067, 47001),
    QuotaUsed: (45009, 45028),
    TooFast: (45011, 45066),
    AlreadySent: (45065,),
    NotPermitted: (45106, 48001, 48004, 48008, 50002),
    NeedsPerson: (53503, 53504, 53505),
}


@pytest.mark.parametrize(("kind", "errcode"), [(kind, errcode) for kind, codes in EXPECTED.items() for errcode in codes])
def test_every_errcode_of_the_fact_sheet_says_what_to_do(kind: type[WeChatError], errcode: int) -> None:
    error = error_for({"errcode": errcode, "errmsg": "words of the platform"}, errcode)
    assert type(error) is kind
    assert (error.errcode, error.errmsg) == (errcode, "words of the platform")
    assert str(error) == f"{error.what_to_do}（{errcode} words of the platform）"


def test_every_errcode_of_the_simulator_is_known() -> None:
    strange = {errcode for errcode in SIMULATED if errcode not in errors._RULES}
    assert strange <= {45072, 45080, 45081}  # of `typing`, which matters to nobody


@pytest.mark.parametrize("rule", errors._RULES.values())
def test_what_to_do_is_a_chinese_sentence_without_a_gap(rule: errors._Rule) -> None:
    sentence = rule.what_to_do.format(about="1.2.3.4")
    assert re.search("[一-鿿]{3}", sentence)
    assert not re.search(r"[{}]|  |。$", sentence)


def test_an_unknown_errcode_still_names_itself() -> None:
    error = error_for({"errmsg": "who knows"}, 99999)
    assert type(error) is WeChatError
    assert "99999 who knows" in str(error)


@pytest.mark.parametrize(
    ("errcode", "setting"), [(40013, "WECHAT_APPID"), (40125, "WECHAT_APPSECRET"), (40243, "WECHAT_APPSECRET")]
)
def test_a_configuration_error_names_the_setting(errcode: int, setting: str) -> None:
    error = error_for({}, errcode)
    assert isinstance(error, ConfigurationError)
    assert error.setting == setting


@pytest.mark.parametrize(
    ("errmsg", "ip"),
    [
        ("invalid ip 223.104.3.7 ipv6 ::ffff:223.104.3.7, not in whitelist rid: 6572e2b7-0a", "223.104.3.7"),
        ("invalid ip 240e:3a1::9f, not in whitelist", "240e:3a1::9f"),
        ("not in whitelist", ""),
    ],
)
def test_the_address_to_allow_is_named(errmsg: str, ip: str) -> None:
    error = error_for({"errmsg": errmsg}, 40164)
    assert isinstance(error, IpNotAllowed)
    assert error.ip == ip
    assert ip in error.what_to_do
    assert "IP 加进" in error.what_to_do or f"IP {ip} 加进" in error.what_to_do


def test_a_repeated_mass_send_tells_the_first_msg_id() -> None:
    error = error_for({"errmsg": "clientmsgid exist", "msg_id": 1000000123}, 45065)
    assert isinstance(error, AlreadySent)
    assert error.msg_id == "1000000123"


def test_long_and_broken_words_become_one_short_line() -> None:
    error = error_for({"errmsg": "a\n b\t" + "c" * 500}, 47001)
    assert error.errmsg.startswith("a b c")
    assert len(error.errmsg) == 200


def test_errors_travel_between_processes() -> None:
    error = pickle.loads(pickle.dumps(error_for({"errmsg": "invalid ip 1.2.3.4"}, 40164)))
    assert isinstance(error, IpNotAllowed)
    assert error.ip == "1.2.3.4"
