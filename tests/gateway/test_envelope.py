"""Every mode with every kind of query: what is signed is opened, all else is refused for the right reason."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.gateway.envelope import Envelope, Mode, Opened, Refused
from bot.gateway.xml import parse
from config.settings import Settings
from tests.gateway import signing
from tests.gateway.door import ENCRYPTED, envelope, lists, refusal
from tests.gateway.samples import EXAMPLE, EXAMPLE_XML
from tests.gateway.signing import APPID, KEY, NONCE, NOW, TOKEN, encrypt, encrypted_query, envelope_xml, query


def test_signature_vector() -> None:
    arguments = {
        "timestamp": "1410685589",
        "nonce": "test",
        "echostr": "3277391",
        "signature": "f21891de399b4e33a1a93c9a7b8a8fffb5a443ff",
    }
    assert Envelope("test", APPID, "plain", tolerance=0).verify(lists(arguments)) == "3277391"


# ---------------------------------------------------------------- the verification GET


@pytest.mark.parametrize("mode", ["plain", *ENCRYPTED])
def test_verification_is_plain_in_every_mode(mode: Mode) -> None:
    assert envelope(mode).verify(lists(query(echostr="<b>5&amp;"))) == "<b>5&amp;"


@pytest.mark.parametrize("echostr", [{}, {"echostr": ["1", "2"]}])
def test_verification_without_one_echostr(echostr: dict[str, Any]) -> None:
    assert refusal(lambda: envelope("plain").verify(lists(query(**echostr)))) == (400, "echostr")


# ---------------------------------------------------------------- signature parameters

SIGNED = ["signature", "timestamp", "nonce"]


def opens(mode: Mode, **changes: Any) -> Callable[[], Opened]:
    """The opening of a good message, but for what ``changes`` of its query; None takes a parameter away."""
    cipher = encrypt(EXAMPLE_XML)
    arguments = {**(query() if mode == "plain" else encrypted_query(cipher)), **changes}
    body = EXAMPLE_XML.encode() if mode == "plain" else envelope_xml(cipher)
    return lambda: envelope(mode).open(lists({name: value for name, value in arguments.items() if value is not None}), body)


@pytest.mark.parametrize("mode", ["plain", *ENCRYPTED])
class TestParameters:
    def test_all_good(self, mode: Mode) -> None:
        assert parse(opens(mode)().xml) == EXAMPLE

    @pytest.mark.parametrize("name", [*SIGNED, "msg_signature"])
    def test_missing(self, mode: Mode, name: str) -> None:
        if mode == "plain" and name == "msg_signature":
            assert opens(mode)().xml == EXAMPLE_XML.encode()
        else:
            assert refusal(opens(mode, **{name: None})) == (403, f"missing_{name}")

    @pytest.mark.parametrize("name", [*SIGNED, "encrypt_type"])
    def test_repeated(self, mode: Mode, name: str) -> None:
        value = (query() | {"encrypt_type": "aes"})[name]
        assert refusal(opens(mode, **{name: [value, value]})) == (403, f"repeated_{name}")

    @pytest.mark.parametrize("value", ["", "0" * 39, "0" * 41, "G" * 40, "é" * 40, "０" * 40, "0" * 40 + "\n"])
    def test_malformed_signature(self, mode: Mode, value: str) -> None:
        assert refusal(opens(mode, signature=value)) == (403, "malformed_signature")

    @pytest.mark.parametrize("value", ["", "-1", "1.5", "1e9", "abc", "١٤١٠", "1" * 13, f"{NOW}\n", f" {NOW}"])
    def test_malformed_timestamp(self, mode: Mode, value: str) -> None:
        assert refusal(opens(mode, timestamp=value, signature=signing.sign(TOKEN, value, NONCE))) == (
            403,
            "malformed_timestamp",
        )

    @pytest.mark.parametrize("value", ["", "a b", "a]]>b", "é", "a\n", "n" * 129])
    def test_malformed_nonce(self, mode: Mode, value: str) -> None:
        assert refusal(opens(mode, nonce=value, signature=signing.sign(TOKEN, str(NOW), value))) == (403, "malformed_nonce")

    @pytest.mark.parametrize("change", [{"signature": "0" * 40}, {"nonce": "other"}, {"timestamp": str(NOW + 1)}])
    def test_wrong_signature(self, mode: Mode, change: dict[str, str]) -> None:
        assert refusal(opens(mode, **change)) == (403, "signature")

    def test_another_token(self, mode: Mode) -> None:
        assert refusal(opens(mode, **query(token="0therToken"))) == (403, "signature")

    def test_an_empty_token_signs_nothing(self, mode: Mode) -> None:
        assert refusal(opens(mode, **query(token=""))) == (403, "signature")


@pytest.mark.parametrize("mode", ENCRYPTED)
class TestMessageSignature:
    def test_wrong(self, mode: Mode) -> None:
        assert refusal(opens(mode, msg_signature="0" * 40)) == (403, "msg_signature")

    def test_malformed(self, mode: Mode) -> None:
        assert refusal(opens(mode, msg_signature="x")) == (403, "malformed_msg_signature")

    def test_repeated(self, mode: Mode) -> None:
        good = encrypted_query(encrypt(EXAMPLE_XML))["msg_signature"]
        assert refusal(opens(mode, msg_signature=[good, good])) == (403, "repeated_msg_signature")

    def test_of_another_cipher(self, mode: Mode) -> None:
        assert refusal(opens(mode, **encrypted_query(encrypt(EXAMPLE_XML)))) == (403, "msg_signature")

    def test_in_place_of_the_signature(self, mode: Mode) -> None:
        """Either signature has to be right by itself."""
        good = encrypted_query(encrypt(EXAMPLE_XML))
        assert refusal(opens(mode, signature=good["msg_signature"])) == (403, "signature")


@pytest.mark.parametrize(
    ("tolerance", "offset", "status"), [(300, 300, 0), (300, -300, 0), (300, 301, 403), (300, -301, 403), (0, 10**9, 0)]
)
def test_timestamp_tolerance(tolerance: int, offset: int, status: int) -> None:
    door = envelope("plain", tolerance=tolerance, now=NOW + offset)
    if status:
        assert refusal(lambda: door.open(lists(query()), b"x")) == (403, "timestamp")
        assert refusal(lambda: door.verify(lists(query(echostr="1")))) == (403, "timestamp")
    else:
        assert door.open(lists(query()), b"x").xml == b"x"
        assert door.verify(lists(query(echostr="1"))) == "1"


# ---------------------------------------------------------------- modes

FORGED = EXAMPLE_XML.removeprefix("<xml>").removesuffix("</xml>").replace("身份证怎么办", "forged")


def test_compatible_mode_believes_the_cipher_alone() -> None:
    assert "forged" in FORGED
    cipher = encrypt(EXAMPLE_XML)
    opened = envelope("compatible").open(lists(encrypted_query(cipher)), envelope_xml(cipher, FORGED))
    assert parse(opened.xml) == EXAMPLE


@pytest.mark.parametrize("mode", ENCRYPTED)
@pytest.mark.parametrize("kind", [None, "raw", "", "AES", "des"])
@pytest.mark.parametrize(
    "body", [EXAMPLE_XML.encode(), envelope_xml(encrypt(EXAMPLE_XML), FORGED)], ids=["plain", "with_cipher"]
)
def test_plaintext_is_refused_where_encryption_is_agreed(mode: Mode, kind: str | None, body: bytes) -> None:
    arguments = query() if kind is None else query(encrypt_type=kind)
    assert refusal(lambda: envelope(mode).open(lists(arguments), body)) == (403, "plaintext")


@pytest.mark.parametrize("mode", ENCRYPTED)
def test_a_plain_body_that_claims_to_be_encrypted(mode: Mode) -> None:
    assert refusal(lambda: envelope(mode).open(lists(encrypted_query("x")), EXAMPLE_XML.encode())) == (403, "plaintext")


@pytest.mark.parametrize("kind", ["aes", "", "RAW"])
def test_an_encrypted_message_in_plain_mode_is_refused(kind: str) -> None:
    cipher = encrypt(EXAMPLE_XML)
    arguments = encrypted_query(cipher, encrypt_type=kind)
    assert refusal(lambda: envelope("plain").open(lists(arguments), envelope_xml(cipher, FORGED))) == (
        403,
        "encrypted_in_plain_mode",
    )


def test_raw_is_a_plain_message_in_plain_mode() -> None:
    assert parse(envelope("plain").open(lists(query(encrypt_type="raw")), EXAMPLE_XML.encode()).xml) == EXAMPLE


@pytest.mark.parametrize("key", [None, b"", b"short", b"k" * 31, b"k" * 33])
@pytest.mark.parametrize("mode", ENCRYPTED)
def test_encrypted_modes_want_a_key(mode: Mode, key: bytes | None) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        Envelope(TOKEN, APPID, mode, key)


@pytest.mark.parametrize("mode", ["plain", *ENCRYPTED])
def test_from_settings(mode: Mode) -> None:
    chosen = Settings(
        wechat_token=TOKEN,
        wechat_appid=APPID,
        wechat_encoding_aes_key="" if mode == "plain" else KEY,
        wechat_callback_mode=mode,
        wechat_timestamp_tolerance_seconds=5,
    )
    door = Envelope.from_settings(chosen, clock=lambda: NOW + 5)
    assert door.verify(lists(query(echostr="1"))) == "1"
    late = Envelope.from_settings(chosen, clock=lambda: NOW + 6)
    assert refusal(lambda: late.verify(lists(query(echostr="1")))) == (403, "timestamp")
    if mode != "plain":
        cipher = encrypt(EXAMPLE_XML)
        assert parse(door.open(lists(encrypted_query(cipher)), envelope_xml(cipher)).xml) == EXAMPLE


# ---------------------------------------------------------------- fuzz

NAMES = st.sampled_from(["signature", "timestamp", "nonce", "echostr", "encrypt_type", "msg_signature", "x"])
VALUES = st.sampled_from([query()["signature"], str(NOW), NONCE, "aes", "raw", ""]) | st.text(max_size=12)


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(NAMES, st.lists(VALUES, max_size=2)), st.binary(max_size=60), st.sampled_from(["plain", *ENCRYPTED]))
def test_arbitrary_queries_are_refused(arguments: dict[str, list[str]], body: bytes, mode: Mode) -> None:
    """But for the one that is signed: the strategy can find it."""
    signed = all(arguments.get(name) == [value] for name, value in query().items())
    for act in (lambda: envelope(mode).open(arguments, body), lambda: envelope(mode).verify(arguments)):
        try:
            act()
        except Refused as refused:
            assert refused.status in (400, 403)  # noqa: PT017 – either outcome is right
            assert re.fullmatch(r"[a-z_]+", refused.reason)  # noqa: PT017
        else:
            assert signed
