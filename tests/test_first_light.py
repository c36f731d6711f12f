"""A resident asks, the account answers: the whole way over HTTP, in all three modes, with every kind of message."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import requests

from bot.simulator.account import CallbackMode
from bot.simulator.platform import Platform
from tests.house import open_house


@pytest.fixture
def platform(redis_url: str, tmp_path: Path) -> Iterator[Platform]:
    with open_house(redis_url, tmp_path) as platform:
        yield platform


@pytest.mark.parametrize("mode", ["plain", "compatible", "safe"])
def test_every_mode(mode: CallbackMode, redis_url: str, tmp_path: Path) -> None:
    with open_house(redis_url, tmp_path, mode) as platform:
        assert platform.verify_webhook()
        shown = platform.resident("o1").says("秸秆能烧吗")
        assert shown.text.startswith("现在不能烧。")
        assert "依据：《生态环境法典》第246条" in shown.text
        assert shown.attempts == 1


def test_an_errand_in_parts_by_word_digit_and_tap(platform: Platform) -> None:
    resident = platform.resident("o1")
    assert "派出所" in resident.says("身份证怎么办").text
    assert "户口簿" in resident.says("要带啥").text
    assert "60天" in resident.says("3").text
    assert "40元" in resident.taps("4 费用").text
    assert resident.says("秸秆能烧吗").text.startswith("现在不能烧。"), "a new subject leaves the errand"
    assert "500元到2000元" in resident.says("2").text


def test_every_kind_of_message_gets_one_plain_answer(platform: Platform) -> None:
    resident = platform.resident("o1")
    seen = {
        "photo": resident.sends_photo(),
        "voice": resident.sends_voice(),
        "heard": resident.sends_voice(recognition="秸秆能烧吗。"),
        "video": resident.sends_video(),
        "short video": resident.sends_video(short=True),
        "location": resident.sends_location(),
        "link": resident.sends_link("标题", "说明", "https://example.com/"),
        "emoji": resident.says("[微笑]"),
    }
    for kind, shown in seen.items():
        assert shown.kind == "text", kind
        assert shown.text, kind
        assert "{" not in shown.text, kind
    assert "打成字" in seen["photo"].text
    assert "转文字" in seen["voice"].text
    assert seen["heard"].text.startswith("听您说的是：“秸秆能烧吗。”\n现在不能烧。")
    assert "表情" in seen["emoji"].text


def test_following_by_a_scene_code_and_leaving(platform: Platform) -> None:
    resident = platform.resident("o1", following=False)
    shown = resident.follows(scene="entry:A01")
    assert "集贤微言" in shown.text
    assert "现在不能烧。" in shown.text
    assert resident.unfollows().kind == "nothing"
    assert "直接打字" in platform.resident("o2", following=False).follows().text


def test_duplicates_and_copies_at_once_show_one_answer(platform: Platform) -> None:
    resident = platform.resident("o1")
    resident.says("身份证怎么办")
    platform.delivery = replace(platform.delivery, copies=3, together=True)
    shown = resident.says("2")
    assert {copy.text for copy in shown.copies} == {shown.text}
    assert "流程" in shown.text


def test_readiness(platform: Platform) -> None:
    base = platform.webhook.removesuffix("/wechat")
    assert requests.get(f"{base}/healthz", timeout=5).json() == {"status": "ok"}
    ready = requests.get(f"{base}/readyz", timeout=5)
    assert ready.status_code == 200
    assert ready.json() == {"status": "ok", "redis": True, "database": True, "ruleset": 1}
