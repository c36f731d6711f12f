"""Every passive reply as a strict parser reads it, whatever characters it holds; never more than 2,048 bytes of text."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.dialogue import messages as m
from bot.gateway.xml import MAX_TEXT_BYTES, render
from tests.gateway.samples import EXAMPLE, FROM, TO

NOW = 1_410_685_590
HOSTILE = "a]]>b\x00\x08\x1b\x7f\ud800\udfff\ufffe\uffff]]\x01>]]>]]></Content><x>&amp;\n你"
HARMLESS = "a]]>b]]>]]>]]></Content><x>&amp;\n你"


def tree(reply: m.Reply, message: m.Message = EXAMPLE) -> dict[str, Any]:
    """The reply as nested dictionaries of what a strict parser sees."""
    xml = render(reply, message, NOW)
    assert xml is not None
    return children(ET.fromstring(xml.encode()))


def children(element: ET.Element) -> dict[str, Any]:
    names = [child.tag for child in element]
    assert len(set(names)) == len(names)
    return {child.tag: children(child) if len(child) else child.text or "" for child in element}


def common(kind: str) -> dict[str, Any]:
    return {"ToUserName": FROM, "FromUserName": TO, "CreateTime": str(NOW), "MsgType": kind}


REPLIES: list[tuple[m.Reply, dict[str, Any]]] = [
    (m.TextReply("你好"), {"Content": "你好"}),
    (m.ImageReply("M"), {"Image": {"MediaId": "M"}}),
    (m.VoiceReply("M"), {"Voice": {"MediaId": "M"}}),
    (m.VideoReply("M"), {"Video": {"MediaId": "M"}}),
    (m.VideoReply("M", "题", "述"), {"Video": {"MediaId": "M", "Title": "题", "Description": "述"}}),
    (m.MusicReply("T"), {"Music": {"ThumbMediaId": "T"}}),
    (
        m.MusicReply("T", "题", "述", "http://m?a=1&b=2", "http://h"),
        {
            "Music": {
                "Title": "题",
                "Description": "述",
                "MusicUrl": "http://m?a=1&b=2",
                "HQMusicUrl": "http://h",
                "ThumbMediaId": "T",
            }
        },
    ),
    (
        m.NewsReply("题", "述", "http://p", "http://u"),
        {
            "ArticleCount": "1",
            "Articles": {"item": {"Title": "题", "Description": "述", "PicUrl": "http://p", "Url": "http://u"}},
        },
    ),
    (m.TransferReply(), {}),
    (m.TransferReply("kf1@gh"), {"TransInfo": {"KfAccount": "kf1@gh"}}),
]


@pytest.mark.parametrize(("reply", "expected"), REPLIES, ids=[repr(reply) for reply, _ in REPLIES])
def test_every_reply(reply: m.Reply, expected: dict[str, Any]) -> None:
    assert tree(reply) == {**common(reply.kind), **expected}


def test_every_kind_of_reply_is_tried() -> None:
    assert {reply.kind for reply, _ in REPLIES} | {"none"} == set(m._REPLIES)


@pytest.mark.parametrize("reply", [m.NoReply(), m.TextReply(""), m.TextReply(" \n\u3000"), m.TextReply("\x00\ud800")])
def test_nothing_to_say_is_success(reply: m.Reply) -> None:
    assert render(reply, EXAMPLE, NOW) is None


def test_what_is_no_reply_is_an_error_of_ours() -> None:
    with pytest.raises(TypeError):
        render("a string", EXAMPLE, NOW)  # type: ignore[arg-type]


@pytest.mark.parametrize(("reply", "_"), REPLIES, ids=[repr(reply) for reply, _ in REPLIES])
def test_hostile_characters_break_no_field(reply: m.Reply, _: dict[str, Any]) -> None:
    names = [name for name in type(reply).__dataclass_fields__ if name != "kind"]
    sent = tree(type(reply)(**dict.fromkeys(names, HOSTILE)))
    assert list(leaves({name: value for name, value in sent.items() if name not in {*common(""), "ArticleCount"}})) == [
        HARMLESS
    ] * len(names)


def leaves(fields: dict[str, Any]) -> Iterator[str]:
    for value in fields.values():
        yield from leaves(value) if isinstance(value, dict) else [value]


def test_hostile_names_break_nothing() -> None:
    message = m.Text(to_user="a]]>b", openid="c]]>d", created_at=1, content="")
    assert tree(m.TextReply("x"), message)["ToUserName"] == "c]]>d"
    assert tree(m.TextReply("x"), message)["FromUserName"] == "a]]>b"


ANY_TEXT = st.text(st.characters(), max_size=40) | st.text("]>\x00<&a你😀\ud83d", max_size=40)


@settings(deadline=None)
@given(ANY_TEXT)
@example("]\x00]>")
@example("]]\ud800>")
def test_any_text_arrives_but_for_what_xml_can_not_hold(text: str) -> None:
    kept = re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]", "", text)
    if not kept.strip():
        assert render(m.TextReply(text), EXAMPLE, NOW) is None
    else:
        assert tree(m.TextReply(text))["Content"] == kept.replace("\r\n", "\n").replace("\r", "\n")


# ---------------------------------------------------------------- the limit

LINK = '<a href="weixin://bizmsgmenu?msgmenucontent=继续&msgmenuid=1">继续</a>'


def content(text: str) -> str:
    return str(tree(m.TextReply(text))["Content"])


@pytest.mark.parametrize(
    "text", ["a" * 2048, "你" * 682 + "ab", "😀" * 512, "]]>" * 682, "x" * (2048 - len(LINK.encode())) + LINK]
)
def test_2048_bytes_stay_whole(text: str) -> None:
    assert len(text.encode()) <= 2048
    assert content(text) == text


def test_a_longer_text_is_cut_at_a_character() -> None:
    assert content("a" * 2049) == "a" * 2048
    assert content("a" + "你" * 700) == "a" + "你" * 682
    assert content("abc" + "😀" * 600) == "abc" + "😀" * 511


def test_control_characters_are_gone_before_bytes_are_counted() -> None:
    assert content("\x00" * 5000 + "a" * 2048) == "a" * 2048


@pytest.mark.parametrize("room", range(1, len(LINK.encode()) + 1))
def test_a_link_that_does_not_fit_goes_whole(room: int) -> None:
    before = "x" * (2048 - room)
    assert content(before + LINK + "y" * 500) == (before + LINK if room == len(LINK.encode()) else before)


def test_links_that_fit_stay_when_text_behind_them_is_cut() -> None:
    assert content(LINK * 3 + "y" * 5000).startswith(LINK * 3 + "yyy")


def test_an_opening_that_never_closes_is_just_text() -> None:
    assert content("<a " + "y" * 5000) == ("<a " + "y" * 5000)[:2048]


@settings(deadline=None)
@given(st.lists(st.sampled_from([LINK, "你", "😀", "a", "字句。" * 60, "</a>", "<", "<a"]), min_size=20, max_size=120))
def test_no_text_is_too_long_or_cut_within_a_link(pieces: list[str]) -> None:
    text = "".join(pieces)
    sent = content(text)
    assert text.startswith(sent)
    assert len(sent.encode()) <= MAX_TEXT_BYTES
    assert len(text.encode()) > MAX_TEXT_BYTES or sent == text
    rest = text[len(sent) :]
    assert "<a " not in sent[sent.rfind("</a>") + 1 :] or "</a>" not in rest
