"""The menu: the platform's limits, buttons that lead somewhere, and `flask --app wsgi menu-publish` from end to end."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from flask import Flask

from bot.app import create_app
from bot.content.document import ContentError
from bot.content.pack import Pack, load_pack
from bot.dialogue.messages import MenuClick, TextReply
from bot.dialogue.session import Session
from bot.menu import PAGES, load_menu, targets
from bot.services import EXTENSION, Services
from bot.simulator import Account, Platform
from bot.wechat_api.client import PlatformClient
from bot.wechat_api.menu import Menu, publish_menu
from config.settings import Settings
from tests.house import settings_for

CLICK = {"type": "click", "name": "怎么用", "key": "help"}
FOUR = "一二三四五"  # 15 bytes
LONG = "字" * 20  # 60 bytes

GOOD: list[Any] = [
    [CLICK],
    [{**CLICK, "name": FOUR}],
    [{**CLICK, "key": "k" * 128}],
    [{"type": "view", "name": "网站", "url": "https://example.org/" + "a" * 1004}],
    [{"type": "miniprogram", "name": "小程序", "url": "http://a.cn", "appid": "wx1", "pagepath": "index"}],
    [{"name": "更多", "sub_button": [{**CLICK, "name": LONG}] * 5}] * 3,
]
BAD: list[tuple[Any, str]] = [
    ([], "1"),
    ([CLICK] * 4, "at most 3"),
    ([{**CLICK, "name": FOUR + "六"}], "18 bytes, 16 at most"),
    ([{**CLICK, "name": " "}], "name"),
    ([{"name": "更多", "sub_button": [{**CLICK, "name": LONG + "a"}]}], "61 bytes, 60 at most"),
    ([{"name": "更多", "sub_button": [CLICK] * 6}], "at most 5"),
    ([{"name": "更多", "sub_button": []}], "either"),
    ([{"name": "更多"}], "either"),
    ([{"name": "更多", "key": "help", "sub_button": [CLICK]}], "either"),
    ([{**CLICK, "sub_button": [CLICK]}], "either"),
    ([{"name": "更多", "sub_button": [{"name": "怎么用", "key": "help"}]}], "type"),
    ([{**CLICK, "key": "k" * 129}], "129 bytes, 128 at most"),
    ([{"type": "click", "name": "怎么用"}], "needs key"),
    ([{**CLICK, "url": "https://a.cn"}], "nothing else"),
    ([{"type": "view", "name": "网站", "url": "www.a.cn"}], "url"),
    ([{"type": "view", "name": "网站", "url": "https://a.cn/" + "a" * 1012}], "1025 bytes, 1024 at most"),
    ([{"type": "miniprogram", "name": "小程序", "url": "http://a.cn"}], "appid"),
    ([{**CLICK, "type": "tap"}], "type"),
    ([{**CLICK, "keys": "help"}], "keys"),
]


@pytest.fixture(scope="module")
def pack() -> Pack:
    return load_pack()


@pytest.mark.parametrize("buttons", GOOD)
def test_what_the_limits_allow_is_taken_by_the_platform(buttons: Any, client: PlatformClient, platform: Platform) -> None:
    publish_menu(client, Menu(button=buttons))
    assert [button["name"] for button in platform.menu.buttons] == [button["name"] for button in buttons]


@pytest.mark.parametrize(("buttons", "why"), BAD)
def test_what_they_forbid_is_found_before_the_platform_is_asked(buttons: Any, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        Menu(button=buttons)


def test_the_countys_menu_arrives_as_it_is_written(client: PlatformClient, platform: Platform, pack: Pack) -> None:
    publish_menu(client, load_menu(pack))
    first = platform.menu.buttons[0]
    assert (first["name"], first["sub_button"][0]["key"]) == ("秸秆禁烧", "entry:A01")


class TestFile:
    @pytest.fixture
    def load(self, tmp_path: Path, pack: Pack) -> Callable[[str], Menu]:
        def load(text: str) -> Menu:
            path = tmp_path / "menu.yaml"
            path.write_text(text, encoding="utf-8")
            return load_menu(pack, path)

        return load

    @pytest.mark.parametrize("key", ["entry:A99", "topic:weather", "entry:", "A01", "helP", "part:B10:fee"])
    def test_a_button_that_leads_nowhere_is_named_with_its_line(self, load: Callable[[str], Menu], key: str) -> None:
        with pytest.raises(ContentError, match=f"menu.yaml:4: `{key}` leads nowhere"):
            load(f'button:\n  - name: 办事\n    sub_button:\n      - {{type: click, name: 找, key: "{key}"}}\n')

    def test_every_mistake_is_listed(self, load: Callable[[str], Menu]) -> None:
        with pytest.raises(ContentError) as caught:
            load("button:\n  - {type: click, name: 一, key: x}\n  - {type: click, name: 二, key: y}\n")
        assert [problem.line for problem in caught.value.problems] == [2, 3]

    def test_a_name_that_is_too_long_is_named_with_its_line(self, load: Callable[[str], Menu]) -> None:
        with pytest.raises(ContentError, match=r"menu.yaml:3: .*18 bytes"):
            load("button:\n  - type: click\n    name: 秸秆禁烧政策\n    key: help\n")


class TestCommand:
    @pytest.fixture
    def settings(self, account: Account, address: str, redis_url: str, tmp_path: Path) -> Settings:
        """No database: the menu is checked against the content that ships."""
        return settings_for(account, redis_url, tmp_path, wechat_api_base=address)

    @staticmethod
    def run(settings: Settings) -> Result:
        return app_for(settings).test_cli_runner().invoke(args=["menu-publish"])

    def test_it_publishes_and_says_so_in_one_line(self, settings: Settings, platform: Platform) -> None:
        result = self.run(settings)
        assert (result.exit_code, result.stdout.count("\n")) == (0, 1)
        assert "秸秆禁烧、办事政策、公告帮助" in result.stdout
        assert len(platform.menu.buttons) == 3

    def test_a_refusal_is_one_line_too(self, settings: Settings, platform: Platform) -> None:
        platform.faults.answer(48001, "menu/create")
        result = self.run(settings)
        assert result.exit_code == 1
        assert result.stdout == ""
        assert "公众号没有这个接口的权限" in result.stderr
        assert "Traceback" not in result.output

    @pytest.mark.parametrize("missing", ["wechat_appid", "wechat_appsecret"])
    def test_a_missing_setting_is_named(self, settings: Settings, missing: str) -> None:
        result = self.run(settings.model_copy(update={missing: type(getattr(settings, missing))("")}))
        assert result.exit_code == 1
        assert f"请设置 {missing.upper()}" in result.stderr

    def test_a_bad_menu_is_not_published(
        self, settings: Settings, platform: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = tmp_path / "menu.yaml"
        path.write_text("button:\n  - {type: click, name: 找, key: nowhere}\n", encoding="utf-8")
        monkeypatch.setattr(load_menu, "__defaults__", (path,))
        result = self.run(settings)
        assert result.exit_code == 1
        assert "menu.yaml:2:" in result.stderr
        assert platform.menu.buttons == []

    def test_every_key_a_button_may_have_is_answered(self, settings: Settings, pack: Pack) -> None:
        services: Services = app_for(settings).extensions[EXTENSION]
        for key in sorted(targets(pack)):
            click = MenuClick(to_user="gh", openid="o1", created_at=1, event="CLICK", event_key=key)
            reply = services.desk.reply_to(click, Session()).reply
            assert isinstance(reply, TextReply)
            assert reply.content not in ("", pack.replies.menu_gone), key
        assert set(PAGES) < targets(pack)


def app_for(settings: Settings) -> Flask:
    return create_app(settings, serving=False)
