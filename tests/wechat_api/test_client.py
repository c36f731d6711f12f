"""Calls over real HTTP: what is sent, what comes back, and every way in which a call can fail."""

from __future__ import annotations

import io
import socket
import time
from collections.abc import Callable
from typing import Any

import pytest
import requests

from bot.simulator import Platform
from bot.store.redis import connect
from bot.wechat_api.client import PlatformClient
from bot.wechat_api.client import make_client as client_of
from bot.wechat_api.errors import (
    Busy,
    ConfigurationError,
    InvalidRequest,
    IpNotAllowed,
    Missing,
    NotPermitted,
    QuotaUsed,
    TokenRejected,
    Unreachable,
    UserUnreachable,
    WeChatError,
)
from config.settings import Settings
from tests.wechat_api.foreign_server import Foreign, foreign_server

MENU = {"button": [{"type": "click", "name": "秸秆禁烧", "key": "topic:straw_burning"}]}
PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)

MakeClient = Callable[..., PlatformClient]


class TestCalls:
    def test_wechatpys_api_classes_work(self, client: PlatformClient, platform: Platform) -> None:
        client.menu.create(MENU)
        assert platform.menu.buttons[0]["name"] == "秸秆禁烧"
        assert client.menu.get()["menu"]["button"][0]["key"] == "topic:straw_burning"
        client.menu.delete()
        assert platform.menu.buttons == []

    def test_post_reaches_what_wechatpy_lacks(self, client: PlatformClient, platform: Platform) -> None:
        platform.resident("o1").windows.opened_by("")
        assert client.post("message/custom/typing", data={"touser": "o1", "command": "Typing"})["errcode"] == 0

    def test_json_is_raw_utf8(self, make_client: MakeClient) -> None:
        with foreign_server() as server:
            make_client(server.address).post("draft/add", data={"title": "通知\ud800"})
        assert server.bodies == ['{"title": "通知?"}'.encode()]

    def test_an_upload_that_is_tried_again_still_has_its_file(self, client: PlatformClient, platform: Platform) -> None:
        """wechatpy sends the file object a second time, from where the first time has left it."""
        client.access_token  # noqa: B018 - fetched before it expires
        platform.faults.expire_tokens()
        answer = client.media.upload("image", ("a.png", io.BytesIO(PNG)))
        assert platform.media.get(answer["media_id"]).content == PNG

    def test_a_token_that_an_api_class_adds_itself_is_not_sent_twice(self, make_client: MakeClient) -> None:
        with foreign_server() as server:
            make_client(server.address).material.add("image", ("a.png", io.BytesIO(PNG)))
        assert server.paths[0].count("access_token=") == 1

    def test_a_file_comes_back_as_a_response(self, client: PlatformClient, platform: Platform) -> None:
        media_id = platform.media.add("image", PNG).media_id
        answer = client.media.download(media_id)
        assert isinstance(answer, requests.Response)
        assert answer.content == PNG
        with pytest.raises(Missing):
            client.media.download("gone")

    def test_other_apis_of_the_platform_are_found_under_the_same_address(self, make_client: MakeClient) -> None:
        with foreign_server(Foreign(answer=lambda _: b'{"list": []}')) as server:
            make_client(server.address).datacube.get_user_summary("2026-11-01", "2026-11-02")
            make_client(server.address).customservice.get_session("o1")
        assert [path.partition("?")[0] for path in server.paths] == [
            "/datacube/getusersummary",
            "/customservice/kfsession/getsession",
        ]

    def test_the_token_goes_nowhere_else(self, client: PlatformClient) -> None:
        with pytest.raises(ValueError, match="alone"):
            client.get("https://mp.weixin.qq.com.example/cgi-bin/menu/get")
        with pytest.raises(NotImplementedError):
            client.fetch_access_token()  # wechatpy's own, with the secret in the address


class TestTokens:
    @pytest.mark.parametrize("errcode", [40001, 40014, 42001])
    def test_a_rejected_token_is_renewed_once_and_the_call_made_again(
        self, client: PlatformClient, platform: Platform, fetches: list[bool], errcode: int
    ) -> None:
        platform.faults.answer(errcode, "menu/create", times=1)
        client.menu.create(MENU)
        assert platform.menu.buttons
        assert len(fetches) <= 3

    def test_an_expired_token_costs_one_fetch(self, client: PlatformClient, platform: Platform, fetches: list[bool]) -> None:
        client.menu.create(MENU)
        platform.faults.expire_tokens()
        client.menu.create(MENU)
        assert fetches == [False, False]

    def test_a_platform_that_rejects_every_token_is_asked_twice_and_no_more(
        self, client: PlatformClient, platform: Platform, fetches: list[bool]
    ) -> None:
        """wechatpy recurses until Python's limit: 488 token fetches."""
        platform.faults.answer(40001, "menu/create")
        with pytest.raises(TokenRejected):
            client.menu.create(MENU)
        assert fetches == [False, False, True]
        for _ in range(10):
            with pytest.raises(TokenRejected):
                client.menu.create(MENU)
        assert fetches.count(True) == 1

    def test_without_another_token_the_call_is_not_made_again(self, make_client: MakeClient) -> None:
        rejecting = Foreign(answer=lambda _: b'{"errcode": 40001, "errmsg": "invalid credential"}')
        with foreign_server(rejecting) as server:
            client = make_client(server.address)
            for calls in (2, 3, 4):  # the second token could be forced, a third can't yet
                with pytest.raises(TokenRejected):
                    client.menu.create(MENU)
                assert len(server.paths) == calls

    def test_a_call_without_a_token_to_be_had_says_why(self, client: PlatformClient, platform: Platform) -> None:
        platform.faults.wrong_secret = True
        with pytest.raises(ConfigurationError, match="WECHAT_APPSECRET"):
            client.menu.create(MENU)


class TestFailures:
    @pytest.mark.parametrize(
        ("errcode", "kind"),
        [
            (-1, Busy),
            (40003, UserUnreachable),
            (40007, Missing),
            (40018, InvalidRequest),
            (40164, IpNotAllowed),
            (41001, ConfigurationError),
            (45009, QuotaUsed),
            (45028, QuotaUsed),
            (45047, UserUnreachable),
            (48001, NotPermitted),
            (99999, WeChatError),
        ],
    )
    def test_an_errcode_is_raised_as_its_type_after_one_try(
        self, client: PlatformClient, platform: Platform, errcode: int, kind: type[WeChatError]
    ) -> None:
        platform.faults.answer(errcode, "message/custom/send", times=1)
        with pytest.raises(kind) as caught:
            client.message.send_text("o1", "您好")
        assert (type(caught.value), caught.value.errcode) == (kind, errcode)
        assert platform.faults.active() == []

    def test_what_an_unverified_account_may_not_do(self, client: PlatformClient, platform: Platform) -> None:
        object.__setattr__(platform.account, "verified", False)
        with pytest.raises(NotPermitted, match="认证"):
            client.menu.create(MENU)

    def test_a_page_with_status_200_is_not_the_platform(self, client: PlatformClient, platform: Platform) -> None:
        platform.faults.html("menu/create")
        with pytest.raises(Unreachable, match=r"应答的不是微信接口.*HTTP 200, text/html"):
            client.menu.create(MENU)

    def test_a_connection_that_dies_is_not_tried_again(self, client: PlatformClient, platform: Platform) -> None:
        platform.faults.hang_up("menu/create", times=1)
        with pytest.raises(Unreachable, match="连不上微信接口"):
            client.menu.create(MENU)
        assert platform.menu.buttons == []
        client.menu.create(MENU)

    def test_a_late_answer_is_not_waited_for(self, client: PlatformClient, platform: Platform) -> None:
        platform.faults.delay(3.0, "menu/create")
        begin = time.monotonic()
        with pytest.raises(Unreachable, match="no answer in time"):
            client.menu.create(MENU)
        assert time.monotonic() - begin < 2.5

    def test_a_late_token_is_not_waited_for_either(self, client: PlatformClient, platform: Platform) -> None:
        """wechatpy's own fetch has no timeout at all."""
        platform.faults.delay(3.0, "stable_token")
        begin = time.monotonic()
        with pytest.raises(Unreachable):
            client.menu.create(MENU)
        assert time.monotonic() - begin < 2.5

    def test_nobody_at_the_address(self, make_client: MakeClient) -> None:
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            address = f"http://127.0.0.1:{unused.getsockname()[1]}"
            with pytest.raises(Unreachable, match="ConnectionError"):
                make_client(address).menu.create(MENU)

    @pytest.mark.parametrize(
        ("status", "kind", "body"),
        [
            (200, "application/json", b""),
            (200, "application/json", b"{}"),
            (200, "application/json", b"[1]"),
            (200, "application/json", b"null"),
            (200, "application/json", b'{"errcode": "many"}'),
            (200, "application/json", b"[" * 100_000),
            (200, "text/plain", b"ok"),
            (403, "application/json", b'{"message": "forbidden"}'),
            (502, "text/html", b"<html>"),
            (502, "image/png", PNG),
        ],
    )
    def test_answers_of_somebody_else(self, make_client: MakeClient, status: int, kind: str, body: bytes) -> None:
        with (
            foreign_server(Foreign(status, kind, lambda _: body)) as server,
            pytest.raises(Unreachable, match="应答的不是微信接口"),
        ):
            make_client(server.address).menu.create(MENU)

    def test_a_redirect_is_not_followed(self, make_client: MakeClient) -> None:
        with foreign_server() as thief:
            redirect = Foreign(302, "text/html", lambda _: b"", lambda _: {"Location": f"{thief.address}/login"})
            with foreign_server(redirect) as server, pytest.raises(Unreachable, match="HTTP 302"):
                make_client(server.address).menu.get()
        assert thief.paths == []

    def test_an_errcode_counts_whatever_the_status(self, make_client: MakeClient) -> None:
        refusal = Foreign(412, "text/plain", lambda _: b'{"errcode": 47001, "errmsg": "data\x01 format \xe6\x96"}')
        with foreign_server(refusal) as server, pytest.raises(InvalidRequest):
            make_client(server.address).menu.create(MENU)


def settings_with(**others: Any) -> Settings:
    values: dict[str, Any] = {"wechat_appid": "wx0123456789abcdef", "wechat_appsecret": "s" * 32}
    return Settings(**(values | others))


class TestSettings:
    @pytest.mark.parametrize("missing", ["wechat_appid", "wechat_appsecret"])
    def test_a_missing_setting_is_named(self, missing: str, redis_url: str) -> None:
        with pytest.raises(ConfigurationError, match=missing.upper()) as caught:
            client_of(settings_with(**{missing: ""}), connect(redis_url))
        assert caught.value.setting == missing.upper()

    @pytest.mark.parametrize(
        "base",
        ["", "api.weixin.qq.com", "ftp://api.weixin.qq.com", "https://", "http://[", "http://u:p@host", "http://h:99999"],
    )
    def test_an_address_that_is_none_is_named(self, base: str, redis_url: str) -> None:
        with pytest.raises(ConfigurationError, match="WECHAT_API_BASE"):
            client_of(settings_with(wechat_api_base=base), connect(redis_url))

    def test_calls_go_to_the_address_in_the_settings(self, platform: Platform, address: str, redis_url: str) -> None:
        account = platform.account
        settings = settings_with(wechat_appid=account.appid, wechat_appsecret=account.appsecret, wechat_api_base=f"{address}/")
        client_of(settings, connect(redis_url)).menu.create(MENU)
        assert platform.menu.buttons
