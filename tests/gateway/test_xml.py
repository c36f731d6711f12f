"""Every message and event of the fact sheet, and every way in which XML can be none of them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.dialogue import messages as m
from bot.gateway import reader
from bot.gateway.xml import BadMessage, parse
from tests.gateway.samples import ALL, EVENTS, EXAMPLE_XML, MESSAGES, event, mass_finished, message, name_of, to_xml


def reason(xml: str | bytes) -> str:
    with pytest.raises(BadMessage) as caught:
        parse(xml if isinstance(xml, bytes) else xml.encode())
    return str(caught.value)


@pytest.mark.parametrize(("fields", "expected"), ALL, ids=[name_of(fields) for fields, _ in ALL])
def test_becomes_its_dataclass(fields: dict[str, Any], expected: m.Message) -> None:
    assert parse(to_xml(fields).encode()) == expected


def test_samples_cover_every_dataclass() -> None:
    seen = {type(expected) for _, expected in ALL}
    wanted = {kind for kind in vars(m).values() if isinstance(kind, type) and issubclass(kind, m.Message)}
    assert wanted - seen == {m.Message, m.Event}


@pytest.mark.parametrize(("fields", "expected"), ALL, ids=[name_of(fields) for fields, _ in ALL])
def test_comments_declaration_and_indentation_change_nothing(fields: dict[str, Any], expected: m.Message) -> None:
    xml = '<?xml version="1.0"?>\n<!-- -->' + to_xml(fields).replace("<xml>", "\n  <xml><!-- a comment -->\n\t") + "\n"
    assert parse(xml.encode()) == expected


REQUIRED = [
    *(
        (fields, name)
        for fields, _ in MESSAGES[:1]
        for name in ("ToUserName", "FromUserName", "CreateTime", "MsgType", "MsgId")
    ),
    *((MESSAGES[0][0], name) for name in ("Content",)),
    *((MESSAGES[3][0], name) for name in ("PicUrl", "MediaId")),
    *((MESSAGES[4][0], name) for name in ("MediaId", "Format")),
    *((MESSAGES[6][0], name) for name in ("MediaId", "ThumbMediaId")),
    *((MESSAGES[8][0], name) for name in ("Location_X", "Location_Y", "Scale", "Label")),
    *((MESSAGES[9][0], name) for name in ("Title", "Description", "Url")),
    *((fields, "Event") for fields, _ in EVENTS[:1]),
    *(
        (fields, "EventKey")
        for fields, _ in EVENTS
        if name_of(fields) in {"SCAN", "CLICK", "VIEW", "pic_weixin", "location_select"}
    ),
    *(
        (fields, name)
        for fields, _ in EVENTS
        if name_of(fields) == "LOCATION"
        for name in ("Latitude", "Longitude", "Precision")
    ),
    *((fields, "ScanCodeInfo") for fields, _ in EVENTS if name_of(fields) == "scancode_push"),
    *((fields, "SendPicsInfo") for fields, _ in EVENTS if name_of(fields) == "pic_sysphoto"),
    *((fields, "SendLocationInfo") for fields, _ in EVENTS if name_of(fields) == "location_select"),
    *((fields, name) for fields, _ in EVENTS if name_of(fields) == "TEMPLATESENDJOBFINISH" for name in ("MsgID", "Status")),
    *(
        (fields, name)
        for fields, _ in EVENTS
        if name_of(fields) == "MASSSENDJOBFINISH"
        for name in ("MsgID", "Status", "SentCount")
    ),
    *((fields, "PublishEventInfo") for fields, _ in EVENTS if name_of(fields) == "PUBLISHJOBFINISH"),
    *((fields, "SubscribeMsgSentEvent") for fields, _ in EVENTS if name_of(fields) == "subscribe_msg_sent_event"),
]


@pytest.mark.parametrize(("fields", "name"), REQUIRED, ids=[f"{name_of(fields)}-{name}" for fields, name in REQUIRED])
class TestAField:
    def test_that_is_missing(self, fields: dict[str, Any], name: str) -> None:
        assert reason(to_xml({key: value for key, value in fields.items() if key != name})) == f"missing_field {name}"

    def test_that_comes_twice(self, fields: dict[str, Any], name: str) -> None:
        assert reason(to_xml({**fields, name: [fields[name], fields[name]]})) == f"duplicate_field {name}"

    def test_that_is_nested_or_flat_by_surprise(self, fields: dict[str, Any], name: str) -> None:
        if isinstance(fields[name], dict):
            assert reason(to_xml({**fields, name: "text"})) == f"text_for_fields {name}"
        else:
            assert reason(to_xml({**fields, name: {"A": "b"}})) == f"nested_field {name}"


@pytest.mark.parametrize(
    ("xml", "expected"),
    [
        ("", "malformed_xml"),
        ("success", "malformed_xml"),
        ("<xml>", "malformed_xml"),
        ("<xml></xml><xml></xml>", "malformed_xml"),
        ("<xml><A>1</B></xml>", "malformed_xml"),
        ("<xml><A>&unknown;</A></xml>", "malformed_xml"),
        ("<xml><A>&#0;</A></xml>", "malformed_xml"),
        ("<xml><A>&#xD800;</A></xml>", "malformed_xml"),
        ("<xml><A><![CDATA[a]]>b]]></A></xml>", "malformed_xml"),
        (b"<xml><A>\xff</A></xml>", "malformed_xml"),
        (b"<xml><A>\xed\xa0\x80</A></xml>", "malformed_xml"),
        (b"<xml><A>\xc0\xaf</A></xml>", "malformed_xml"),
        (EXAMPLE_XML.encode("utf-16"), "malformed_xml"),
        (EXAMPLE_XML.encode("gb18030"), "malformed_xml"),
        (b'<?xml version="1.0" encoding="gbk"?>' + EXAMPLE_XML.encode("gbk"), "malformed_xml"),
        ("<xml></xml>", "missing_field MsgType"),
        ("<xml/>", "missing_field MsgType"),
        ("<xml>text</xml>", "wrong_root"),
        ("<html><a>1</a></html>", "wrong_root"),
        ("<xml>text<A>1</A></xml>", "mixed_content A"),
        ("<xml><A>1</A>text</xml>", "mixed_content xml"),
        ("<!DOCTYPE xml>" + EXAMPLE_XML, "doctype"),
        ('<!DOCTYPE xml SYSTEM "file:///etc/passwd">' + EXAMPLE_XML, "doctype"),
        ('<!DOCTYPE xml [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><xml><A>&b;</A></xml>', "doctype"),
        ("<xml>" + "<A>" * 7 + "</A>" * 7 + "</xml>", "too_deep"),
        ("<xml>" + "<A>" * 10000 + "</A>" * 10000 + "</xml>", "too_deep"),
    ],
)
def test_malformed(xml: str | bytes, expected: str) -> None:
    assert reason(xml) == expected


def test_64_elements_are_the_most() -> None:
    """The root and the text message's 6 leave room for 57 more."""
    padding = {f"F{number}": "" for number in range(57)}
    assert isinstance(parse(to_xml(message("text", Content="x", **padding)).encode()), m.Text)
    assert reason(to_xml(message("text", Content="x", **padding, More=""))) == "too_many_elements"


def test_a_list_is_no_way_around_the_limit() -> None:
    assert reason(to_xml(mass_finished(30))) == "too_many_elements"
    assert reason("<xml>" + "<item></item>" * 2 + "</xml>") == "duplicate_field item"
    assert reason(f"<xml><A><item>{'<b></b><c></c>' * 40}</item></A></xml>") == "duplicate_field b"


@pytest.mark.parametrize(
    "value", ["", "-1", "+1", "1.0", "1e3", "0x10", "1_000", "٣", "NaN", "9223372036854775808", "1" * 5000]
)
@pytest.mark.parametrize("name", ["CreateTime", "MsgId"])
def test_bad_integers(name: str, value: str) -> None:
    assert reason(to_xml({**message("text", Content="x"), name: value})) == f"bad_number {name}"


def test_the_greatest_integer() -> None:
    assert parse(to_xml({**message("text", Content="x"), "MsgId": 2**63 - 1}).encode()).msg_id == 2**63 - 1


@pytest.mark.parametrize("value", ["", "nan", "inf", "-inf", "Infinity", "1e999", "1_0.5", "0x1p3", "٣.٥", "1" * 400, "1,5"])
def test_bad_decimals(value: str) -> None:
    assert reason(to_xml(event("LOCATION", Latitude=value, Longitude="1", Precision="1"))) == "bad_number Latitude"


@pytest.mark.parametrize("value", ["0", " 1.5 ", "-0.5", "1.", "1e2", "1E-2"])
def test_good_decimals(value: str) -> None:
    parsed = parse(to_xml(event("LOCATION", Latitude=value, Longitude="1", Precision="1")).encode())
    assert isinstance(parsed, m.ReportedLocation)
    assert parsed.latitude == float(value)


@pytest.mark.parametrize("name", ["ToUserName", "FromUserName"])
@pytest.mark.parametrize("value", ["", "o" * 129])
def test_bad_users(name: str, value: str) -> None:
    assert reason(to_xml({**message("text", Content="x"), name: value})) == f"bad_user {name}"


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ("a\x00b\x08c\x1fd", "abcd"),
        ("a\ufffeb\uffffc", "abc"),
        ("tab\tline\n", "tab\tline\n"),
        ("one\r\ntwo\rthree", "one\ntwo\nthree"),
        ("<!DOCTYPE html>&amp;<b>", "<!DOCTYPE html>&amp;<b>"),
        ("[微笑] a]b]]c ]] >", "[微笑] a]b]]c ]] >"),
        ("two ]]> parts", "two ]]> parts"),
        ("👨‍👩‍👧 𠮷", "👨‍👩‍👧 𠮷"),
        ("</Content></xml>", "</Content></xml>"),
        (" spaces ", " spaces "),
    ],
)
def test_what_a_resident_writes_arrives(sent: str, read: str) -> None:
    parsed = parse(to_xml(message("text", Content=sent)).encode())
    assert isinstance(parsed, m.Text)
    assert parsed.content == read


def test_entities_of_xml_itself_are_read() -> None:
    xml = to_xml(message("text", Content="PLACEHOLDER")).replace("<![CDATA[PLACEHOLDER]]>", "&lt;a&gt;&amp;&#20320;")
    assert parse(xml.encode()) == parse(to_xml(message("text", Content="<a>&你")).encode())


def test_reasons_hold_no_more_of_the_input_than_a_short_name() -> None:
    name = "A" * 5000
    assert len(reason(f"<xml><{name}>1</{name}><{name}>2</{name}></xml>")) < 64


# ---------------------------------------------------------------- the two readers agree

PIECES = st.sampled_from(
    [
        "<A>",
        "</A>",
        "<B>",
        "</B>",
        "<![CDATA[",
        "]]>",
        "]",
        "]]",
        ">",
        "<",
        "&",
        "&lt;",
        "a",
        "你",
        " ",
        "\n",
        "\r\n",
        "<!-- -->",
    ]
    + ["<A/>", "<A b='c'>", "<?p?>", "\ufeff", "\ufffe", "\x00", "<item>", "</item>", "<é>", "</é>", "\x85", "\u2028", "</xml>"]
    + ["<C>c</C>", "<D><![CDATA[d]]></D>", "<E> </E>", "<F><![CDATA[]]></F>", "<G><![CDATA[<A>]>]]></G>", "<H>&amp;</H>"] * 3
)


def both(xml: str) -> tuple[reader.Fields | None, reader.Fields | str]:
    """What the quick reader says, None for "not mine", and what expat says, or why it refuses."""
    data = reader._clean(xml.encode())
    try:
        return reader._read_flat(data), reader._read_tree(data)
    except BadMessage as bad:
        return reader._read_flat(data), str(bad)


@settings(max_examples=600, deadline=None)
@given(st.lists(PIECES, max_size=6).map(lambda pieces: "<xml>" + "".join(pieces) + "</xml>"))
@example("<xml><A><![CDATA[x]]></A><A>y</A></xml>")
@example("<xml><A>a<B>b</B></A></xml>")
@example("<xml>" + "".join(f"<A{n}></A{n}>" for n in range(64)) + "</xml>")
@example("<xml><A>a</A></xml></xml>")
@example("<xml><A>a</A></xml>\x85")
def test_the_quick_reader_says_nothing_else_than_expat(xml: str) -> None:
    flat, tree = both(xml)
    assert flat is None or flat == tree


@settings(deadline=None)
@given(
    st.dictionaries(st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True), st.text("你a] <&>\n", max_size=8), max_size=8)
)
def test_flat_messages_take_the_quick_way(fields: dict[str, str]) -> None:
    fields = {name: value.replace("]]>", "") for name, value in fields.items()}
    assert both(to_xml(fields)) == (fields, fields)


# ---------------------------------------------------------------- fuzz


@settings(max_examples=500, deadline=None)
@given(st.binary(max_size=300) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_arbitrary_bytes_are_a_bad_message(data: bytes) -> None:
    with pytest.raises(BadMessage):
        parse(data)


@settings(max_examples=500, deadline=None)
@given(st.sampled_from(ALL), st.data())
def test_damaged_messages_are_messages_or_bad(sample: tuple[dict[str, Any], m.Message], data: st.DataObject) -> None:
    xml = bytearray(to_xml(sample[0]).encode())
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(xml)))
        xml[start : start + data.draw(st.integers(0, 20))] = data.draw(st.binary(max_size=6))
    try:
        parsed = parse(bytes(xml))
    except BadMessage:
        return
    assert isinstance(parsed, m.Message)
    assert 0 <= parsed.created_at < 2**63
