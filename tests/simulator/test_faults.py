"""Every fault that can be switched on, from Python and through the control API."""

from __future__ import annotations

import time
from typing import Any

import pytest
import requests

from bot.simulator import Platform
from tests.simulator.product import Product, text_reply


def call(platform: Platform, path: str = "getcallbackip", token: str | None = None) -> requests.Response:
    params = {"access_token": token or platform.tokens.stable()[0]}
    return requests.get(f"{platform.address}/cgi-bin/{path}", params=params, timeout=5)


def stable_token(platform: Platform) -> dict[str, Any]:
    body = {"grant_type": "client_credential", "appid": platform.account.appid, "secret": platform.account.appsecret}
    answer: dict[str, Any] = requests.post(f"{platform.address}/cgi-bin/stable_token", json=body, timeout=5).json()
    return answer


@pytest.mark.usefixtures("simulator")
class TestFromPython:
    def test_tokens_expire(self, platform: Platform) -> None:
        token = stable_token(platform)["access_token"]
        platform.faults.expire_tokens()
        assert call(platform, token=token).json()["errcode"] == 42001
        assert "ip_list" in call(platform, token=stable_token(platform)["access_token"]).json()

    def test_the_secret_is_wrong(self, platform: Platform) -> None:
        platform.faults.wrong_secret = True
        assert stable_token(platform)["errcode"] == 40125
        platform.faults.clear()
        assert "access_token" in stable_token(platform)

    def test_an_error_for_one_path_some_times(self, platform: Platform) -> None:
        platform.faults.answer(-1, "getcallbackip", times=2)
        assert call(platform, "menu/get").json()["errcode"] == 46003
        assert [call(platform).json().get("errcode") for _ in range(3)] == [-1, -1, None]

    def test_a_page_with_http_200(self, platform: Platform) -> None:
        platform.faults.html()
        answer = call(platform)
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
        assert answer.text.startswith("<!DOCTYPE html>")

    def test_a_dead_connection(self, platform: Platform) -> None:
        platform.faults.hang_up(times=1)
        with pytest.raises(requests.ConnectionError):
            call(platform)
        assert call(platform).ok

    def test_a_late_answer(self, platform: Platform) -> None:
        platform.faults.delay(0.3, times=1)
        started = time.monotonic()
        assert call(platform).ok
        assert time.monotonic() - started > 0.3


@pytest.mark.parametrize(
    ("fault", "seen"),
    [
        ({"kind": "errcode", "value": 45009, "path": "getcallbackip"}, 45009),
        ({"kind": "errcode", "value": 45009, "path": "menu/get"}, None),
        ({"kind": "expire_tokens"}, 42001),
    ],
)
def test_through_the_control_api(fault: dict[str, Any], seen: int | None, platform: Platform, simulator: str) -> None:
    token = stable_token(platform)["access_token"]
    assert requests.post(f"{simulator}/simulator/faults", json=fault, timeout=5).status_code == 204
    assert call(platform, token=token).json().get("errcode") == seen


def test_faults_are_listed_and_cleared(platform: Platform, simulator: str) -> None:
    url = f"{simulator}/simulator/faults"
    for fault in ({"kind": "html", "times": 3}, {"kind": "hang_up"}, {"kind": "delay", "value": 9}, {"kind": "wrong_secret"}):
        requests.post(url, json=fault, timeout=5)
    state = requests.get(url, timeout=5).json()
    assert state["wrong_secret"] is True
    assert [(fault["kind"], fault["left"]) for fault in state["active"]] == [("html", 3), ("hang_up", None), ("delay", None)]
    assert requests.delete(url, timeout=5).status_code == 204
    assert requests.get(url, timeout=5).json() == {"wrong_secret": False, "active": []}


@pytest.mark.parametrize("fault", [{"kind": "flood"}, {"kind": "errcode"}, {"kind": "html", "times": "many"}, {}])
def test_a_fault_that_makes_no_sense(fault: dict[str, Any], simulator: str) -> None:
    assert requests.post(f"{simulator}/simulator/faults", json=fault, timeout=5).status_code == 400


def test_delivery_through_the_control_api(platform: Platform, product: Product, simulator: str) -> None:
    url = f"{simulator}/simulator/delivery"
    assert requests.post(url, json={"copies": 2}, timeout=5).json()["copies"] == 2
    platform.resident("o1").says("在吗")
    assert len(product.requests) == 2
    for nonsense in ({"copies": 0}, {"timeout": "soon"}, {"speed": 1}):
        assert requests.post(url, json=nonsense, timeout=5).status_code == 400


def test_acting_for_a_resident_from_another_process(product: Product, simulator: str) -> None:
    product.answer = lambda message: text_reply(message, "现在不能烧")
    shown = requests.post(f"{simulator}/simulator/act", json={"openid": "o1", "do": "says", "text": "能烧吗"}, timeout=5).json()
    assert (shown["kind"], shown["text"], shown["attempts"]) == ("text", "现在不能烧", 1)
    history = requests.get(f"{simulator}/simulator/history", params={"openid": "o1"}, timeout=5).json()
    assert [(line["from"], line["text"]) for line in history["lines"]] == [("resident", "能烧吗"), ("account", "现在不能烧")]


@pytest.mark.parametrize(
    ("act", "status"),
    [
        ({"openid": "o1", "do": "fly"}, 400),
        ({"openid": "o1", "do": "says"}, 400),
        ({"do": "says", "text": "在吗"}, 400),
        ({"openid": "o1", "do": "sends_location", "latitude": "north", "longitude": 1}, 400),
        ({"openid": "o1", "do": "taps", "label": "没有"}, 409),
    ],
)
def test_acts_that_make_no_sense(act: dict[str, Any], status: int, simulator: str) -> None:
    assert requests.post(f"{simulator}/simulator/act", json=act, timeout=5).status_code == status
