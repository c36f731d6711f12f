"""Cutting a long answer: at a sentence, never inside a link, never over the limit, nothing lost."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from bot.dialogue.text import MAX_BYTES, link, split, tap

MORE = "\n" + tap("继续")


def test_what_fits_is_left_alone() -> None:
    assert split("短。", MORE) == ("短。", "")
    exactly = "啊" * (MAX_BYTES // 3) + "ab"
    assert len(exactly.encode()) == MAX_BYTES
    assert split(exactly, MORE) == (exactly, "")


def test_it_is_cut_behind_a_sentence_and_the_rest_follows() -> None:
    text = "".join(f"第{number}句话，说的是一件不长不短的事。" for number in range(200))
    pages = []
    rest = text
    while rest:
        page, rest = split(rest, MORE)
        assert len(page.encode()) <= MAX_BYTES
        pages.append(page.removesuffix(MORE))
    assert len(pages) > 2
    assert "".join(pages) == text
    assert all(page.endswith("。") for page in pages)


def test_a_link_is_never_cut() -> None:
    text = "字" * 640 + tap("烧秸秆罚多少钱", "1 烧秸秆罚多少钱", "entry:A03") + "尾巴。"
    page, rest = split(text, MORE)
    assert page.count("<a ") == page.count("</a>")
    assert rest.count("<a ") == rest.count("</a>")


PIECES = ["秸秆。", "abc", tap("标题", "1 标题"), "\n", "没有句号的一长串" * 20, "😀", "\ud800"]


@given(st.lists(st.sampled_from(PIECES), max_size=150))
def test_nothing_is_lost_whatever_the_text(parts: list[str]) -> None:
    text = "".join(parts)
    collected, rest = "", text
    for _ in range(100):
        page, rest = split(rest, MORE)
        assert len(page.encode(errors="replace")) <= MAX_BYTES
        collected += page.removesuffix(MORE) if rest else page
        if not rest:
            break
    assert re.sub(r"\s", "", collected) == re.sub(r"\s", "", text)


def test_labels_and_addresses_can_not_break_out_of_a_link() -> None:
    assert tap('"><b>', menu_id='x"y') == (
        '<a href="weixin://bizmsgmenu?msgmenucontent=&quot;&gt;&lt;b&gt;&msgmenuid=x&quot;y">&quot;&gt;&lt;b&gt;</a>'
    )
    assert link("标题<i>", 'https://example.com/?a="1') == '<a href="https://example.com/?a=&quot;1">标题&lt;i&gt;</a>'
    assert link("标题", "") == "标题"
