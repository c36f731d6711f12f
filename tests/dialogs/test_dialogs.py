"""The conversations beside this file, each over HTTP in safe mode, as the platform would carry it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from redis import Redis

from bot.app import create_app
from bot.content import publish
from bot.content.pack import Pack, load_pack
from bot.embedded_redis import EmbeddedRedis
from bot.menu import load_menu
from bot.simulator.account import Account
from bot.simulator.platform import Platform
from bot.store import announcements
from bot.store.engine import make_engine, session_scope
from config.settings import Settings
from tests.dialogs.script import Conversation, conversations, play
from tests.house import seed, serving, settings_for

ALL = conversations()


@dataclass(frozen=True)
class House:
    platform: Platform
    redis: Redis


@contextmanager
def opened(url: str, data_dir: Path, *, prepared: bool) -> Iterator[House]:
    """A desk that answers on a Redis database of its own, with the menu bar of config/menu.yaml on the phones."""
    account = Account.random("safe")
    settings = settings_for(account, url, data_dir)
    redis = Redis.from_url(url, decode_responses=True)
    redis.flushdb()
    seed(settings)
    if prepared:
        prepare(settings, redis)
    with serving(create_app(settings)) as webhook:
        platform = Platform(account, webhook)
        platform.menu.create(load_menu(load_pack()).model_dump(mode="json", exclude_defaults=True)["button"])
        yield House(platform, redis)
    redis.close()


def prepare(settings: Settings, redis: Redis) -> None:
    """What a county does before it opens: fills in its own values, and sends announcements."""
    engine = make_engine(settings.database)
    publish.publish(engine, redis, filled(load_pack()), note="本县的值", author="tests")
    with session_scope(engine) as session:
        for day, title, url in (
            (18, "居民医保集中缴费开始了", "https://mp.weixin.qq.com/s/yibao"),
            (20, "集贤县秋冬季秸秆禁烧通告", "https://mp.weixin.qq.com/s/jinshao"),
        ):
            announcements.add(session, title=title, body="正文", url=url, published_at=datetime(2026, 11, day, 1, tzinfo=UTC))
        withdrawn = announcements.add(session, title="撤回的公告", body="正文")
        withdrawn.withdrawn_at = datetime(2026, 11, 21, tzinfo=UTC)
    engine.dispose()


def filled(pack: Pack) -> Pack:
    values = {
        "秸秆收储点": "、".join(f"集贤镇第{number}收储站（某某村东头粮库院里）" for number in range(1, 61)),
        "户籍窗口地址": "胜利路1号",
        "低保标准": "2026年农村每人每年6000元",
    }
    variables = {name: variable.model_copy(update={"value": values.get(name, "")}) for name, variable in pack.variables.items()}
    return pack.model_copy(update={"variables": variables})


@pytest.fixture(scope="module")
def plain(redis_server: EmbeddedRedis, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with opened(f"{redis_server.url}?db=2", tmp_path_factory.mktemp("plain"), prepared=False) as house:
        yield house


@pytest.fixture(scope="module")
def prepared(redis_server: EmbeddedRedis, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with opened(f"{redis_server.url}?db=3", tmp_path_factory.mktemp("prepared"), prepared=True) as house:
        yield house


@pytest.mark.parametrize(("file", "conversation"), ALL, ids=[f"{file}-{number}" for number, (file, _) in enumerate(ALL)])
def test_conversation(file: str, conversation: Conversation, request: pytest.FixtureRequest) -> None:
    house: House = request.getfixturevalue(conversation.house)
    play(conversation, house.platform, house.redis, openid=f"o-{file}-{conversation.name}")


def test_there_are_enough_and_each_has_a_name_of_its_own() -> None:
    assert len(ALL) >= 45
    assert len({(file, conversation.name) for file, conversation in ALL}) == len(ALL)


def test_every_button_of_the_menu_bar_is_pressed_in_some_conversation() -> None:
    pressed = {turn.clicks for _, conversation in ALL for turn in conversation.turns}
    assert {key for _, key in load_menu(load_pack()).targets()} <= pressed
