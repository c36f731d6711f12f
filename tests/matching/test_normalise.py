"""Normalisation: what residents type and what admins wrote come to the same form."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.matching.normalise import MAX_CHARACTERS, normalise


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("秸稈能燒嗎？", "秸秆能烧吗"),
        ("  身份证　怎么办 ！！", "身份证怎么办"),
        ("ＡＢＣ　１２３４５", "abc12345"),
        ("Ｑ１：烧秸秆🔥罚①多少", "q1烧秸秆罚1多少"),
        ("烧\u200d秸\u202e秆\ufeff", "烧秸秆"),
        ("Shen Fen Zheng", "shenfenzheng"),
        ("", ""),
        ("？！。…🙂👨‍👩‍👧", ""),
        ("\x00\x1f\ud800烧", "烧"),
    ],
)
def test_known_forms(typed: str, expected: str) -> None:
    assert normalise(typed) == expected


@given(st.text(max_size=200))
def test_it_is_stable(typed: str) -> None:
    once = normalise(typed)
    assert normalise(once) == once


def test_a_pasted_novel_is_cut_first() -> None:
    started = time.perf_counter()
    assert len(normalise("秸稈" * 100_000)) == MAX_CHARACTERS
    # One ligature of NFKC becomes 18 characters; that may not undo the cut.
    assert len(normalise("\ufdfa" * 10_000)) <= MAX_CHARACTERS
    assert time.perf_counter() - started < 5
