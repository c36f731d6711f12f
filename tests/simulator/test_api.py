"""The API side, through wechatpy's client and through plain requests: tokens, menu, media, customer messages, quotas."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import requests
from wechatpy import WeChatClient, WeChatClientException

from bot.simulator import Account, Delivery, Platform, running_simulator
from bot.simulator.media import SMALL_AMR, SMALL_MP4, SMALL_PNG
from tests.simulator.product import Product, text_reply

JPEG = b"\xff\xd8\xff\xe0" + bytes(64)


class Clock:
    """Time that only tests move."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


class Client(WeChatClient):  # type: ignore[misc]
    """wechatpy's client with its hard-coded host replaced, and stable_token, which it lacks."""

    def __init__(self, platform: Platform, address: str) -> None:
        self.API_BASE_URL = f"{address}/cgi-bin/"
        super().__init__(platform.account.appid, platform.account.appsecret, timeout=5, auto_retry=False)

    def fetch_access_token(self) -> Any:
        credentials = {"grant_type": "client_credential", "appid": self.appid, "secret": self.secret}
        return self._fetch_access_token(f"{self.API_BASE_URL}token", credentials)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def platform(account: Account, product: Product, clock: Clock) -> Platform:
    return Platform(account, product.url, clock=clock, delivery=Delivery(timeout=2))


@pytest.fixture
def client(platform: Platform, simulator: str) -> Client:
    return Client(platform, simulator)


@pytest.fixture
def api(platform: Platform, simulator: str) -> Api:
    return Api(platform, f"{simulator}/cgi-bin/")


class Api:
    """Plain calls with a good token."""

    def __init__(self, platform: Platform, base: str) -> None:
        self.platform = platform
        self.base = base

    def stable(self, **changes: Any) -> dict[str, Any]:
        account = self.platform.account
        body = {"grant_type": "client_credential", "appid": account.appid, "secret": account.appsecret, **changes}
        return self.answer("post", "stable_token", json=body)

    def get(self, path: str, **params: Any) -> dict[str, Any]:
        return self.answer("get", path, params={"access_token": self.platform.tokens.stable()[0], **params})

    def post(self, path: str, **options: Any) -> dict[str, Any]:
        return self.answer("post", path, params={"access_token": self.platform.tokens.stable()[0]}, **options)

    def answer(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        answer = requests.request(method, self.base + path, timeout=5, **options)
        assert answer.status_code == 200
        body: dict[str, Any] = answer.json()
        return body

    def errcode(self, method: str, path: str, **options: Any) -> int:
        code: int = self.answer(method, path, **options)["errcode"]
        return code


# ---------------------------------------------------------------- tokens


def test_the_stable_token_stays_until_its_last_five_minutes(api: Api, clock: Clock) -> None:
    first = api.stable()
    assert first["expires_in"] == 7200
    assert len(first["access_token"]) <= 512
    clock.now += 6800
    assert api.stable() == {"access_token": first["access_token"], "expires_in": 400}
    clock.now += 150
    second = api.stable()
    assert second["access_token"] != first["access_token"]
    for token in (first, second):  # both work
        assert "ip_list" in api.answer("get", "getcallbackip", params={"access_token": token["access_token"]})
    clock.now += 250
    assert api.errcode("get", "getcallbackip", params={"access_token": first["access_token"]}) == 42001


def test_a_forced_refresh_ends_the_old_token_and_has_limits(api: Api, clock: Clock) -> None:
    first = api.stable()
    second = api.stable(force_refresh=True)
    assert second["access_token"] != first["access_token"]
    assert api.errcode("get", "getcallbackip", params={"access_token": first["access_token"]}) == 40001
    assert api.stable(force_refresh=True)["access_token"] == second["access_token"], "within 30 s nothing is refreshed"
    for _ in range(19):
        clock.now += 31
        assert "access_token" in api.stable(force_refresh=True)
    clock.now += 31
    assert api.stable(force_refresh=True)["errcode"] == 45009


def test_the_older_token_call_is_independent_and_kills_its_own(api: Api, platform: Platform) -> None:
    stable = api.stable()["access_token"]
    account = platform.account
    credentials = {"grant_type": "client_credential", "appid": account.appid, "secret": account.appsecret}
    first, second = (api.answer("get", "token", params=credentials)["access_token"] for _ in range(2))
    assert api.errcode("get", "getcallbackip", params={"access_token": first}) == 40001
    for token in (stable, second):
        assert "ip_list" in api.answer("get", "getcallbackip", params={"access_token": token})


@pytest.mark.parametrize(
    ("changes", "errcode"),
    [
        ({"grant_type": "password"}, 40002),
        ({"appid": "wx0000000000000000"}, 40013),
        ({"appid": ""}, 41002),
        ({"secret": "0" * 32}, 40125),
        ({"secret": ""}, 41004),
    ],
)
def test_wrong_credentials(changes: dict[str, Any], errcode: int, api: Api) -> None:
    assert api.stable(**changes)["errcode"] == errcode


@pytest.mark.parametrize(("token", "errcode"), [("", 41001), ("x y", 40014), ("sim_" + "a" * 128, 40001)])
def test_wrong_tokens(token: str, errcode: int, api: Api) -> None:
    assert api.errcode("get", "getcallbackip", params={"access_token": token}) == errcode


# ---------------------------------------------------------------- the rest through wechatpy


def test_the_menu(client: Client) -> None:
    assert client.menu.get() is None
    client.menu.create({"button": [{"name": "办事", "sub_button": [{"type": "click", "name": "身份证", "key": "k"}]}]})
    assert client.menu.get()["menu"]["button"][0]["sub_button"][0]["key"] == "k"
    info = client.menu.get_menu_info()
    assert info["selfmenu_info"]["button"] == [
        {"name": "办事", "sub_button": {"list": [{"type": "click", "name": "身份证", "key": "k"}]}}
    ]
    client.menu.delete()
    assert client.menu.get() is None


LEAF = {"type": "click", "name": "办事", "key": "k"}


@pytest.mark.parametrize(
    ("buttons", "errcode"),
    [
        ([], 40016),
        ([LEAF] * 4, 40016),
        ([{**LEAF, "name": "一二三四五"}], 0),
        ([{**LEAF, "name": "一二三四五六"}], 40018),
        ([{**LEAF, "name": ""}], 40018),
        ([{**LEAF, "type": "fly"}], 40015),
        ([{**LEAF, "key": "k" * 129}], 40019),
        ([{"type": "view", "name": "官网", "url": "https://a.org/" + "a" * 1024}], 40020),
        ([{"name": "办事", "sub_button": [LEAF] * 6}], 40023),
        ([{"name": "办事", "sub_button": [{**LEAF, "name": "字" * 20}]}], 0),
        ([{"name": "办事", "sub_button": [{**LEAF, "name": "字" * 21}]}], 40018),
    ],
)
def test_menu_limits(buttons: list[Any], errcode: int, api: Api) -> None:
    assert api.post("menu/create", json={"button": buttons})["errcode"] == errcode


def test_media_come_back_as_they_went(client: Client, clock: Clock) -> None:
    uploaded = client.media.upload("image", io.BytesIO(SMALL_PNG))
    assert client.media.download(uploaded["media_id"]).content == SMALL_PNG
    video = client.media.upload("video", io.BytesIO(SMALL_MP4))
    assert requests.get(client.media.download(video["media_id"])["video_url"], timeout=5).content == SMALL_MP4
    clock.now += 3 * 86400 + 1
    with pytest.raises(WeChatClientException) as caught:
        client.media.download(uploaded["media_id"])
    assert caught.value.errcode in (40007, 42001)


@pytest.mark.parametrize(
    ("kind", "content", "errcode"),
    [
        ("picture", SMALL_PNG, 40004),
        ("image", b"", 41005),
        ("image", b"<svg/>", 40005),
        ("thumb", SMALL_PNG, 40005),
        ("thumb", JPEG + bytes(64 * 1024), 40006),
        ("voice", SMALL_AMR + bytes(2 * 1024 * 1024), 40006),
    ],
)
def test_media_limits(kind: str, content: bytes, errcode: int, client: Client) -> None:
    with pytest.raises(WeChatClientException) as caught:
        client.media.upload(kind, io.BytesIO(content))
    assert caught.value.errcode == errcode


def test_a_customer_message_is_shown(client: Client, platform: Platform) -> None:
    resident = platform.resident("o1")
    resident.says("在吗")
    client.message.send_text("o1", "您好，刚才说的材料在这里。")
    client.message.send_articles("o1", [{"title": "公告", "description": "摘要", "url": "https://a.org", "image": ""}])
    media_id = client.media.upload("image", io.BytesIO(SMALL_PNG))["media_id"]
    client.message.send_image("o1", media_id)
    assert [line.kind for line in resident.history][2:] == ["text", "news", "image"]


def test_a_message_menu_can_be_tapped(api: Api, platform: Platform, product: Product) -> None:
    resident = platform.resident("o1")
    resident.says("在吗")
    menu = {"head_content": "满意吗", "list": [{"id": "101", "content": "满意"}], "tail_content": "谢谢"}
    assert api.post("message/custom/send", json={"touser": "o1", "msgtype": "msgmenu", "msgmenu": menu})["errcode"] == 0
    assert resident.history[-1].text == "满意吗\n满意\n谢谢"
    resident.taps("满意")
    assert (product.messages[-1]["Content"], product.messages[-1]["bizmsgmenuid"]) == ("满意", "101")


def send(api: Api, openid: str = "o1", **text: Any) -> int:
    body = {"touser": openid, "msgtype": "text", "text": {"content": "好", **text}}
    errcode: int = api.post("message/custom/send", json=body)["errcode"]
    return errcode


def test_five_customer_messages_for_each_message_within_48_hours(api: Api, platform: Platform, clock: Clock) -> None:
    resident = platform.resident("o1")
    assert send(api) == 45015
    resident.says("在吗")
    assert [send(api) for _ in range(6)] == [0] * 5 + [45047]
    resident.says("在吗")
    clock.now += 48 * 3600 + 1
    assert send(api) == 45015


def test_three_customer_messages_within_a_minute_of_a_tap(api: Api, platform: Platform, clock: Clock) -> None:
    resident = platform.resident("o1")
    resident.clicks_menu("k")
    assert [send(api) for _ in range(4)] == [0] * 3 + [45047]
    resident.clicks_menu("k")
    clock.now += 61
    assert send(api) == 45015


def test_customer_messages_that_are_refused(api: Api, platform: Platform) -> None:
    platform.resident("o1").says("在吗")
    assert send(api, "nobody") == 40003
    assert send(api, content="") == 44004
    assert send(api, content="字" * 683) == 45002
    for body, errcode in [
        ({"touser": "o1", "msgtype": "poem", "poem": {}}, 40008),
        ({"touser": "o1", "msgtype": "text", "text": "好"}, 47001),
        ({"touser": "o1", "msgtype": "image", "image": {"media_id": "nope"}}, 40007),
        ({"touser": "o1", "msgtype": "news", "news": {"articles": []}}, 44003),
        ({"touser": "o1", "msgtype": "news", "news": {"articles": [{}, {}]}}, 45008),
        ({"touser": "o1", "msgtype": "msgmenu", "msgmenu": {"list": []}}, 40097),
    ]:
        assert api.post("message/custom/send", json=body)["errcode"] == errcode
    platform.resident("o1").unfollows()
    assert send(api) == 43004


def test_typing(api: Api, platform: Platform, clock: Clock, product: Product) -> None:
    def typing(command: str = "Typing") -> int:
        errcode: int = api.post("message/custom/typing", json={"touser": "o1", "command": command})["errcode"]
        return errcode

    resident = platform.resident("o1")
    assert typing() == 45080
    resident.says("在吗")
    assert (typing("Dance"), typing(), typing()) == (45072, 0, 45081)
    assert resident.timeline.busy(clock.now)
    assert (typing("CancelTyping"), resident.timeline.busy(clock.now)) == (0, False)
    typing()
    product.answer = lambda message: text_reply(message, "好")
    resident.says("在吗")
    assert not resident.timeline.busy(clock.now), "an answer ends it"


def test_addresses_and_native_rules(client: Client, api: Api, platform: Platform) -> None:
    assert client.misc.get_wechat_ips() == ["127.0.0.1"]
    assert api.get("get_api_domain_ip") == {"ip_list": ["127.0.0.1"]}
    platform.native_rules = {"is_autoreply_open": 1, "keyword_autoreply_info": {"list": []}}
    assert api.get("get_current_autoreply_info")["is_autoreply_open"] == 1


def test_a_quota_is_used_up_cleared_and_new_each_day(api: Api, platform: Platform, clock: Clock) -> None:
    platform.quota.limits["menu/get"] = 2
    assert [api.get("menu/get")["errcode"] for _ in range(3)] == [46003, 46003, 45009]
    assert api.post("clear_quota", json={"appid": platform.account.appid})["errcode"] == 0
    assert [api.get("menu/get")["errcode"] for _ in range(3)] == [46003, 46003, 45009]
    clock.now += 86400
    assert api.get("menu/get")["errcode"] == 46003
    cleared = [api.post("clear_quota", json={"appid": platform.account.appid})["errcode"] for _ in range(10)]
    assert cleared == [0] * 9 + [48006], "with the one before, ten in a month"


@pytest.mark.parametrize(
    ("method", "path", "options", "errcode"),
    [
        ("get", "no/such/call", {}, 40066),
        ("get", "stable_token", {}, 43002),
        ("post", "token", {}, 43001),
        ("post", "stable_token", {"data": b"{"}, 47001),
        ("post", "stable_token", {"data": b"[]"}, 47001),
        ("post", "stable_token", {}, 44002),
    ],
)
def test_calls_that_are_wrong_in_form(method: str, path: str, options: dict[str, Any], errcode: int, api: Api) -> None:
    assert api.errcode(method, path, **options) == errcode


@pytest.fixture
def unverified(account: Account) -> Iterator[Api]:
    platform = Platform(replace(account, verified=False))
    with running_simulator(platform) as address:
        yield Api(platform, f"{address}/cgi-bin/")


def test_an_unverified_account_may_do_little(unverified: Api) -> None:
    assert unverified.get("menu/get")["errcode"] == 48001
    assert unverified.post("message/custom/send", json={})["errcode"] == 48001
    assert "ip_list" in unverified.get("getcallbackip")
