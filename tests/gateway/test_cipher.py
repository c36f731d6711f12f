"""What is inside the envelope: the fact sheet's vectors, every damage, and wechatpy as the other side of the cipher."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import given, settings
from hypothesis import strategies as st
from wechatpy.exceptions import InvalidAppIdException, InvalidSignatureException

from bot.dialogue.messages import Text
from bot.gateway.cipher import BadCipher, MessageCipher, WrongAppid
from bot.gateway.envelope import Envelope, Mode, Opened
from bot.gateway.xml import parse
from tests.gateway import signing
from tests.gateway.door import ENCRYPTED, envelope, lists, refusal
from tests.gateway.samples import EXAMPLE_XML
from tests.gateway.signing import AES_KEY, APPID, NONCE, NOW, decrypt_reply, encrypt, encrypted_query, envelope_xml

# The platform's own sample.
PLATFORM_SAMPLE = (
    "hyzAe4OzmOMbd6TvGdIOO6uBmdJoD0Fk53REIHvxYtJlE2B655HuD0m8KUePWB3+LrPXo87wzQ1QLvbeUgmBM4x6F8PGHQHFVAFmOD2LdJF9FrXpbUAh0B5GIItb52sn"
    "896wVsMSHGuPE328HnRGBcrS7C41IzDWyWNlZkyyXwon8T332jisa+h6tEDYsVticbSnyU8dKOIbgU6ux5VTjg3yt+WGzjlpKn6NPhRjpA912xMezR4kw6KWwMrCVKSV"
    "CZciVGCgavjIQ6X8tCOp3yZbGpy0VxpAe+77TszTfRd5RJSVO/HTnifJpXgCSUdUue1v6h0EIBYYI1BD1DlD+C0CR8e6OewpusjZ4uBl9FyJvnhvQl+q5rv1ixrcpCum"
    "EPo5MJSgM9ehVsNPfUM669WuMyVWQLCzpu9GhglF2PE="
)


def test_decrypt_vector() -> None:
    arguments = {
        "signature": "16120ec1b8dbb870f510d87ce6bc2463eae6ca1a",
        "timestamp": "1409735669",
        "nonce": "1320562132",
        "encrypt_type": "aes",
        "msg_signature": "5d197aaffba7e9b25a30732f161a50dee96bd5fa",
    }
    door = Envelope("spamtest", "wx2c2769f8efd9abc2", "safe", AES_KEY, clock=lambda: 1409735669)
    message = parse(door.open(lists(arguments), envelope_xml(PLATFORM_SAMPLE)).xml)
    assert isinstance(message, Text)
    assert (message.content, message.msg_id) == ("abcdteT", 6054768590064713728)


def test_encrypt_vector() -> None:
    cipher = MessageCipher(AES_KEY, "wxb11529c136998cb6", lambda count: b"aaaabbbbccccdddd")
    expected = "jn1L23DB+6ELqJ+6bruv21Y6MD7KeIfP82D6gU39rmkgczbWwt5+3bnyg5K55bgVtVzd832WzZGMhkP72vVOfg=="
    assert cipher.encrypt("我是中文abcd123".encode()) == expected


# ---------------------------------------------------------------- what is wrong inside


def raw_encrypt(plain: bytes) -> str:
    """AES alone: the plaintext brings its own padding."""
    encryptor = Cipher(algorithms.AES(AES_KEY), modes.CBC(AES_KEY[:16])).encryptor()
    return base64.b64encode(encryptor.update(plain) + encryptor.finalize()).decode()


def padded(plain: bytes) -> bytes:
    size = 32 - len(plain) % 32
    return plain + bytes([size]) * size


def framed(xml: bytes, length: int | None = None, appid: str = APPID) -> bytes:
    return b"r" * 16 + (len(xml) if length is None else length).to_bytes(4, "big") + xml + appid.encode()


def wrong_last_byte(byte: int) -> bytes:
    return padded(framed(b"<xml/>"))[:-1] + bytes([byte])


BAD_CIPHERS = {
    "empty": "",
    "no base64": "!!!!",
    "not ascii": "你好",
    "base64 with a line break": encrypt(EXAMPLE_XML)[:76] + "\n" + encrypt(EXAMPLE_XML)[76:],
    "base64 cut short": encrypt(EXAMPLE_XML)[:-1],
    "no whole block": base64.b64encode(b"x" * 31).decode(),
    "half a padding block": raw_encrypt((framed(b"") + b"\x0a" * 10)[:48]),
    "noise": base64.b64encode(bytes(range(64))).decode(),
    "no padding": raw_encrypt(framed(b"x" * 10) + b"a" * (64 - len(framed(b"x" * 10)))),
    "padding 0": raw_encrypt(wrong_last_byte(0)),
    "padding 33": raw_encrypt(wrong_last_byte(33)),
    "padding 255": raw_encrypt(wrong_last_byte(255)),
    "padding uneven": raw_encrypt(wrong_last_byte(7)),
    "padding alone": raw_encrypt(b"\x20" * 32),
    "length too great": raw_encrypt(padded(framed(b"<xml/>", 1000))),
    "length into the padding": raw_encrypt(padded(framed(b"<xml/>", len(b"<xml/>" + APPID.encode()) + 1))),
    "length of 4 GB": raw_encrypt(padded(framed(b"<xml/>", 2**32 - 1))),
    "length cut off": raw_encrypt(padded(b"r" * 18)),
}


@pytest.mark.parametrize("mode", ENCRYPTED)
@pytest.mark.parametrize("cipher", BAD_CIPHERS.values(), ids=BAD_CIPHERS.keys())
def test_every_damaged_cipher_has_the_same_answer(mode: Mode, cipher: str) -> None:
    body = envelope_xml(cipher)
    assert refusal(lambda: envelope(mode).open(lists(encrypted_query(cipher)), body)) == (400, "cipher")


@pytest.mark.parametrize(
    "cipher",
    [
        encrypt(EXAMPLE_XML, appid="wxfedcba9876543210"),
        encrypt(EXAMPLE_XML, appid=""),
        encrypt(EXAMPLE_XML, appid=APPID + "0"),
        encrypt(EXAMPLE_XML, appid=APPID[:-1]),
        encrypt(EXAMPLE_XML, appid="公众号"),
        raw_encrypt(padded(framed(b"<xml/>", 3))),
    ],
    ids=["another", "none", "longer", "shorter", "not_ascii", "shifted_by_the_length"],
)
def test_another_accounts_message(cipher: str) -> None:
    assert refusal(lambda: envelope("safe").open(lists(encrypted_query(cipher)), envelope_xml(cipher))) == (403, "appid")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "malformed_xml"),
        (b"<xml>", "malformed_xml"),
        (b"\xff\xfe", "malformed_xml"),
        (b"<xml><ToUserName>gh</ToUserName></xml>", "missing_field"),
        (b"<xml><Encrypt>a</Encrypt><Encrypt>b</Encrypt></xml>", "duplicate_field"),
        (b"<xml><Encrypt><a>b</a></Encrypt></xml>", "nested_field"),
        (b"<!DOCTYPE xml><xml><Encrypt>a</Encrypt></xml>", "doctype"),
        (b"<xml>" + b"<Encrypt/>" * 1 + b"".join(b"<a%d/>" % n for n in range(99)) + b"</xml>", "too_many_elements"),
    ],
)
def test_bad_envelopes(body: bytes, reason: str) -> None:
    assert refusal(lambda: envelope("safe").open(lists(encrypted_query("a")), body)) == (400, reason)


# ---------------------------------------------------------------- sealing


def test_a_plain_reply_is_left_as_it_is() -> None:
    assert envelope("plain").seal("<xml>你</xml>", Opened(b"", NONCE)) == "<xml>你</xml>".encode()


@pytest.mark.parametrize("mode", ENCRYPTED)
def test_a_sealed_reply_carries_time_and_nonce(mode: Mode) -> None:
    sealed = envelope(mode, now=NOW + 7.9).seal("<xml>你</xml>", Opened(b"", NONCE))
    assert f"<TimeStamp>{NOW + 7}</TimeStamp><Nonce><![CDATA[{NONCE}]]></Nonce>".encode() in sealed
    assert decrypt_reply(sealed) == "<xml>你</xml>"


def test_two_replies_never_look_alike() -> None:
    door = envelope("safe")
    assert door.seal("<xml/>", Opened(b"", NONCE)) != door.seal("<xml/>", Opened(b"", NONCE))


@pytest.mark.parametrize(
    ("changed", "error"), [({"token": "0ther"}, InvalidSignatureException), ({"appid": "wx0"}, InvalidAppIdException)]
)
def test_the_other_side_notices_the_wrong_account(changed: dict[str, str], error: type[Exception]) -> None:
    sealed = envelope("safe").seal("<xml/>", Opened(b"", NONCE))
    with pytest.raises(error):
        decrypt_reply(sealed, **changed)


# wechatpy's own padding is right, so ciphers are equal both ways for every XML and every length of padding. (It decrypts an
# empty message to "" and takes any padding, so only what it encrypts is fed to ours, and only what we encrypt to it.)
CONTENT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=80)


@settings(max_examples=300, deadline=None)
@given(CONTENT)
def test_wechatpy_encrypts_what_we_open(text: str) -> None:
    cipher = encrypt(text)
    assert envelope("safe").open(lists(encrypted_query(cipher)), envelope_xml(cipher)).xml == text.encode()


@settings(max_examples=300, deadline=None)
@given(CONTENT, st.from_regex(r"[0-9A-Za-z._~-]{1,20}", fullmatch=True))
def test_wechatpy_opens_what_we_seal(text: str, nonce: str) -> None:
    assert decrypt_reply(envelope("safe").seal(text, Opened(b"", nonce))) == text


@settings(deadline=None)
@given(st.binary(min_size=16, max_size=16), CONTENT)
def test_the_same_prefix_gives_the_same_cipher_as_wechatpy(prefix: bytes, text: str) -> None:
    theirs = signing.encrypt_with(prefix, text)
    assert MessageCipher(AES_KEY, APPID, lambda count: prefix).encrypt(text.encode()) == theirs


# ---------------------------------------------------------------- fuzz


@settings(max_examples=500, deadline=None)
@given(st.binary(max_size=160).map(lambda data: base64.b64encode(data[: len(data) // 16 * 16]).decode()) | st.text(max_size=80))
def test_arbitrary_ciphers(cipher: str) -> None:
    with pytest.raises((BadCipher, WrongAppid)):
        MessageCipher(AES_KEY, APPID).decrypt(cipher)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=120).map(padded))
def test_arbitrary_plaintexts(plain: bytes) -> None:
    with pytest.raises((BadCipher, WrongAppid)):
        MessageCipher(AES_KEY, APPID).decrypt(raw_encrypt(plain))
