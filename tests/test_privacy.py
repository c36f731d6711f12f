"""What is masked and what must stay, as residents write it; pseudonyms that nobody can undo."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.privacy import MASK, mask, pseudonym

KEY = b"k" * 32

HIDDEN = [
    # mobile
    "13800138000",
    "19912345678",
    "138 0013 8000",
    "138-0013-8000",
    "138 00138000",
    "1380 013 8000",
    "138.0013.8000",
    "1 3 8 0 0 1 3 8 0 0 0",
    "138 - 0013 - 8000",
    "138—0013—8000",
    "138\u30000013\u30008000",
    "138\u200b0013\u200b8000",
    "138\u00a00013\u00a08000",
    "１３８００１３８０００",
    "１３８ ００１３ ８０００",
    "138００１３8000",
    "8613800138000",
    "008613800138000",
    "013800138000",
    "86 138 0013 8000",
    "86-13800138000",
    # landline
    "0557-6012345",
    "05576012345",
    "0557 601 2345",
    "0557—6012345",
    "010-12345678",
    "01062301234",
    "021 6230 1234",
    "0557-6012345-801",
    "０５５７－６０１２３４５",
    "6012345",
    "62301234",
    "6230-1234",
    # ID cards
    "340621199001011234",
    "34062119900101123X",
    "34062119900101123x",
    "34062119900101123Ｘ",
    "３４０６２１１９９００１０１１２３Ｘ",
    "340621 19900101 1234",
    "340621 1990-01-01 1234",
    "340621-1990-0101-123X",
    "3406 2119 9001 0112 34",
    "340621900101123",
    # bank cards
    "6222021001001234567",
    "6222 0210 0100 1234 567",
    "6222-0210-0100-1234",
    "6222021001001234",
    "622 202 100 100 123 4567",
    "６２２２０２１００１００１２３４５６７",
]

KEPT = [
    "110",
    "119",
    "12345",
    "12348",
    "96365",
    "95598",
    "100860",
    "12345、12333、12348",
    "12345 12348 12333",
    "110 119 120 12345",
    "0557-12345",
    "拨0557 12345",
    "罚款500元以上2000元以下",
    "500-2000元",
    "3000-5000元",
    "补贴1234567元",
    "补贴2345678.50元",
    "赔5000000",
    "¥2345678",
    "1,234,567,890.00元",
    "10000000000元",
    "共2345678人",
    "2345678亩",
    "2026年",
    "2020-2026年",
    "2021 2022 2023 2024",
    "2026-11-23",
    "2026-11-23 2026-12-01",
    "2026.11.23",
    "2026/11/23 10:30",
    "20261123",
    "2026年11月23日8:30-11:30",
    "08:30-11:30 14:30-17:30",
    "5000 6000 7000 8000",
    "第2345678号",
    "皖政〔2026〕12号",
    "234600",
    "34.51234567",
    "400-123-4567",
    "身份证怎么办",
    "",
    MASK,
]


@pytest.mark.parametrize("around", ["{}", "我的号码{}，请联系", "({})", "张三{}李四", "a:{};b", "12345，{}", "{}\n{}"])
@pytest.mark.parametrize("number", HIDDEN)
def test_hidden(number: str, around: str) -> None:
    masked = mask(around.format(number, number))
    assert masked == around.format(MASK, MASK)


@pytest.mark.parametrize("text", KEPT)
def test_kept(text: str) -> None:
    assert mask(text) == text


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("（0557）6012345", "（***"),
        ("(0557) 601 2345", "(***"),
        ("+86 138 0013 8000", "+***"),
        ("13800138000 13900139000", "*** ***"),
        ("13800138000/13900139000", "***/***"),
        ("打12345 13800138000", "打12345 ***"),
        ("2026 13800138000", "2026 ***"),
        ("138 0013 8000 2个人", "*** 2个人"),
        ("13800138000元", "***元"),
        ("身份证340621199001011234电话13800138000卡6222021001001234567", "身份证***电话***卡***"),
        ("34062119900101123X。", "***。"),
        ("QQ 3456789 abc", "QQ *** abc"),
        ("家里电话：5000000", "家里电话：***"),
        ("tel 2345678", "tel ***"),
    ],
)
def test_among_other_things(text: str, masked: str) -> None:
    assert mask(text) == masked


@settings(deadline=None)
@given(st.text("0123456789 -０１２Xx年元.电话()\n", max_size=60))
def test_masking_twice_is_masking_once_and_leaves_no_mobile(text: str) -> None:
    masked = mask(text)
    assert mask(masked) == masked
    assert not re.search(r"(?<!\d)1[3-9]\d{9}(?!\d)", masked)
    assert not re.search(r"(?<!\d)\d{15,19}(?!\d)", masked)


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=["Nd"]), max_size=60))
def test_a_text_without_digits_stays(text: str) -> None:
    assert mask(text) == text


@pytest.mark.parametrize(
    "text", ["1 " * 32768, "1" * 65536, "1-1-1-1-1-1x" * 5000, "1" + " " * 65536, "2026-1-1" * 8000, "0557" * 16384]
)
def test_no_text_takes_long(text: str) -> None:
    started = time.process_time()
    mask(text)
    assert time.process_time() - started < 1


class TestPseudonym:
    def test_form(self) -> None:
        assert re.fullmatch(r"[A-Za-z0-9_-]{22}", pseudonym("oAbcdefghijklmnopqrstuvwxyz1", KEY))

    def test_stable_across_releases(self) -> None:
        """Stored rows are found by it: a change here orphans them."""
        assert pseudonym("oAbcdefghijklmnopqrstuvwxyz1", KEY) == "JUftug9pHi4AxMGNAw1ceQ"

    def test_depends_on_openid_and_key(self) -> None:
        assert len({pseudonym("o1", KEY), pseudonym("o2", KEY), pseudonym("o1", b"x" * 32), pseudonym("", KEY)}) == 4

    def test_any_length_of_key(self) -> None:
        keys = [b"k" * length for length in (1, 32, 64, 65, 66, 1000)]
        assert len({pseudonym("o1", key) for key in keys}) == len(keys)

    def test_no_key_is_a_mistake(self) -> None:
        with pytest.raises(ValueError, match="key"):
            pseudonym("o1", b"")

    @settings(deadline=None)
    @given(st.text())
    def test_any_openid(self, openid: str) -> None:
        assert len(pseudonym(openid, KEY)) == 22
