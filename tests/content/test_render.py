"""Every entry as a resident sees it, whole and in parts, with none and with all of the county's variables filled in."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from bot.content.render import render
from bot.content.schema import Entry
from bot.dialogue.session import Session
from bot.dialogue.text import MAX_BYTES, split, tap
from handlers.answers import OFFERED_PARTS, part_text, show_entry, show_part
from tests.content.asking import context_for, published, told

ENTRIES = published().pack.entries
PARTS = list(type(published().pack.replies.parts).model_fields)
BOTH_WAYS = pytest.mark.parametrize("filled", [False, True], ids=["empty", "filled"])
EACH_ENTRY = pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.id)

_TAP = re.compile(r'<a href="weixin://bizmsgmenu\?msgmenucontent=([^"&]*)&msgmenuid=([^"]*)">(\d+) ([^<]*)</a>')
# What is left where a value is missing or a sentence was cut in half.
_HALF = re.compile(r"[：，、（“]$|[：，、（“](?=[。！？\n])|^[，、。；）”]|。。|（）|“”|《》", re.MULTILINE)


def whole(entry: Entry, *, filled: bool) -> str:
    return show_entry(context_for(filled=filled), entry)


def part(entry: Entry, name: str, *, filled: bool) -> str:
    return show_part(context_for(filled=filled), entry, name)


def everything(entry: Entry, *, filled: bool) -> Iterator[tuple[str, str]]:
    """Every reply that this entry can give, by name."""
    yield "whole", whole(entry, filled=filled)
    if entry.service:
        for name in PARTS:
            yield name, part(entry, name, filled=filled)


def body(reply: str, entry: Entry) -> str:
    """What stands before the source."""
    return reply.partition(entry.source_line())[0].rstrip("\n")


@BOTH_WAYS
@EACH_ENTRY
def test_no_reply_shows_a_placeholder_or_half_a_sentence(entry: Entry, filled: bool) -> None:
    for name, reply in everything(entry, filled=filled):
        assert not re.search(r"[{}]|None|\n\n\n", reply), (name, reply)
        answer, _, offered = reply.partition("\n\n")
        assert not _HALF.search(answer), (name, answer)
        assert offered.startswith(("想知道哪样", "还想问")), (name, reply)


@BOTH_WAYS
@EACH_ENTRY
def test_every_line_of_an_answer_is_a_sentence(entry: Entry, filled: bool) -> None:
    answer = body(whole(entry, filled=filled), entry)
    assert answer
    # A value of the county's (a link, an address) may stand at the end of a line without a full stop.
    endings = tuple("。！？") + tuple(published(filled=filled).local.values())
    assert [line for line in answer.splitlines() if not line.endswith(endings)] == []


@EACH_ENTRY
def test_an_answer_says_something_while_nothing_is_filled_in(entry: Entry) -> None:
    answer = body(whole(entry, filled=False), entry)
    assert len(answer) >= 30, answer
    assert answer.count("。") >= 2, "one sentence alone is no answer"


@BOTH_WAYS
@EACH_ENTRY
def test_the_source_with_its_date_ends_every_answer(entry: Entry, filled: bool) -> None:
    assert re.fullmatch(r"依据：《[^《》]+》[^《》（）]*(?:（.*）)?.*（\d{4}-\d\d-\d\d核对）", entry.source_line())
    for name, reply in everything(entry, filled=filled):
        assert reply.count(entry.source_line()) == (1 if "没有核实过" not in reply else 0), (name, reply)
        after = reply.partition(entry.source_line())[2]
        assert after == "" or after.startswith("\n\n"), "nothing but the next questions comes behind it"


@BOTH_WAYS
@EACH_ENTRY
def test_a_reply_fits_or_is_cut_with_a_tap_to_the_rest(entry: Entry, filled: bool) -> None:
    more = f"\n{tap('继续')}"
    for name, reply in everything(entry, filled=filled):
        shown, rest = split(reply, more)
        pages = [shown]
        while rest:
            assert pages[-1].endswith(more), name
            shown, rest = split(rest, more)
            pages.append(shown)
        assert all(len(page.encode()) <= MAX_BYTES for page in pages), name
        assert len(pages) <= 2, "nobody reads three pages"
        assert "".join(page.removesuffix(more) for page in pages).replace("\n", "") == reply.replace("\n", "")


@EACH_ENTRY
def test_while_nothing_is_filled_in_every_reply_is_one_message(entry: Entry) -> None:
    for name, reply in everything(entry, filled=False):
        assert len(reply.encode()) <= MAX_BYTES, name


@BOTH_WAYS
@EACH_ENTRY
def test_next_questions_by_tap_and_by_digit(entry: Entry, filled: bool) -> None:
    """One to three related questions or the five parts; a digit and a tap lead to the same place."""
    session = Session()
    context = context_for(session=session, filled=filled)
    offered = _TAP.findall(show_entry(context, entry))
    assert [int(number) for _, _, number, _ in offered] == list(range(1, len(offered) + 1))
    if offered[0][1].startswith("part:"):
        assert [menu_id for _, menu_id, _, _ in offered] == [f"part:{entry.id}:{name}" for name in OFFERED_PARTS]
    else:
        assert [menu_id for _, menu_id, _, _ in offered] == [f"entry:{related}" for related in entry.related]
        assert 1 <= len(offered) <= 3
    for sent, menu_id, number, label in offered:
        assert sent == label
        by_digit = told(number, Session(entry.id, list(session.offered)), filled=filled)
        by_tap = told(sent, filled=filled, menu_id=menu_id)
        assert by_digit == by_tap
        assert label in by_tap or menu_id.startswith("entry:")


@EACH_ENTRY
def test_an_errand_offers_its_parts_only_where_some_are_known(entry: Entry) -> None:
    known = [name for name in OFFERED_PARTS if entry.service and part_text(entry.service, name, {})]
    assert ("msgmenuid=part:" in whole(entry, filled=False)) == (len(known) >= 2)


@pytest.mark.parametrize(
    ("text", "local", "shown"),
    [
        ("一句话。", {}, "一句话。"),
        ("先说。电话{{电话}}。", {}, "先说。"),
        ("先说。电话{{电话}}。", {"电话": "12345"}, "先说。电话12345。"),
        ("先说。\n电话{{电话}}。\n后说。", {}, "先说。\n后说。"),
        ("先说。电话{{电话}}。\n后说。", {}, "先说。\n后说。"),
        ("打{{电话|12345}}问。", {}, "打12345问。"),
        ("打{{电话|12345}}问。", {"电话": "110"}, "打110问。"),
        ("打{{ 电话 | 12345 }}问。", {"电话": "110"}, "打110问。"),
        ("地址：{{地址}}", {}, ""),
        ("地址：{{地址}}", {"地址": ""}, ""),
        ("在{{甲}}、{{乙}}。", {"甲": "一"}, ""),
        ("好吗？看{{甲}}！行。", {}, "好吗？行。"),
        ("坏了的{{甲", {}, "坏了的甲"),
        ("看{{甲}}。", {"甲": "{{乙}}"}, "看乙。"),
    ],
)
def test_a_sentence_without_its_value_is_left_out_whole(text: str, local: dict[str, str], shown: str) -> None:
    assert render(text, local) == shown
