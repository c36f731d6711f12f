"""One token for all workers: fetched once, renewed in time, forced seldom, and there even when Redis is not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from pydantic import SecretStr
from redis import Redis
from structlog.testing import capture_logs

from bot.embedded_redis import EmbeddedRedis
from bot.simulator import Account, Platform
from bot.simulator.errors import ApiError
from bot.store.redis import connect
from bot.wechat_api import token as token_module
from bot.wechat_api.errors import Busy, ConfigurationError, IpNotAllowed, QuotaUsed, WeChatError
from bot.wechat_api.token import TokenStore
from bot.wechat_api.transport import Transport
from tests.processes import PROCESSES
from tests.wechat_api.conftest import Clock

MakeStore = Callable[..., TokenStore]


def fetch_in_process(base: str, redis_url: str, appid: str, secret: str) -> str:
    store = TokenStore(connect(redis_url), Transport(base, SecretStr(secret)), appid, SecretStr(secret))
    return store.current().get_secret_value()


class TestOneForAll:
    def test_one_fetch_serves_every_store(self, make_store: MakeStore, fetches: list[bool], platform: Platform) -> None:
        tokens = {make_store().current() for _ in range(3)}
        assert len(tokens) == 1
        assert fetches == [False]
        platform.tokens.check(tokens.pop().get_secret_value())

    def test_threads_at_once_fetch_once(self, make_store: MakeStore, fetches: list[bool], platform: Platform) -> None:
        platform.faults.delay(0.2, "stable_token")
        stores, start = [make_store() for _ in range(4)], Barrier(12)

        def ask(number: int) -> SecretStr:
            start.wait()
            return stores[number % 4].current()

        with ThreadPoolExecutor(12) as pool:
            assert len(set(pool.map(ask, range(12)))) == 1
        assert fetches == [False]

    def test_processes_at_once_fetch_once(
        self, address: str, redis_url: str, account: Account, fetches: list[bool], platform: Platform
    ) -> None:
        platform.faults.delay(0.8, "stable_token")
        with PROCESSES.Pool(3) as pool:
            asked = [(address, redis_url, account.appid, account.appsecret)] * 3
            assert len(set(pool.starmap(fetch_in_process, asked, chunksize=1))) == 1
        assert fetches == [False]

    def test_a_worker_that_died_while_it_fetched_holds_up_the_others_only_for_a_while(
        self, store: TokenStore, redis_url: str, account: Account
    ) -> None:
        Redis.from_url(redis_url).set(f"weiyan:token:{account.appid}:lock", "of the dead", px=400)
        assert store.current()

    def test_waiting_for_another_worker_has_an_end(
        self, store: TokenStore, redis_url: str, account: Account, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(token_module, "PATIENCE", 0.2)
        Redis.from_url(redis_url).set(f"weiyan:token:{account.appid}:lock", "of another", px=5000)
        with pytest.raises(Busy, match="请过一会儿再试"):
            store.current()

    @pytest.mark.parametrize("junk", ["", "{", "null", "[1]", '["a", "b", "c", "d"]'])
    def test_junk_in_redis_is_as_good_as_nothing(self, store: TokenStore, redis_url: str, account: Account, junk: str) -> None:
        Redis.from_url(redis_url).set(f"weiyan:token:{account.appid}", junk)
        assert store.current()


class TestRenewal:
    def test_a_token_is_used_until_its_last_minutes(self, store: TokenStore, fetches: list[bool], clock: Clock) -> None:
        first = store.current()
        clock.ahead = 7200 - token_module.RENEW_BEFORE - 5
        assert store.current() == first
        assert fetches == [False]

    def test_in_its_last_minutes_the_next_one_is_fetched(
        self, make_store: MakeStore, fetches: list[bool], clock: Clock, platform: Platform
    ) -> None:
        first = make_store().current()
        clock.ahead = 7200 - token_module.RENEW_BEFORE + 5
        second = make_store().current()
        assert second != first
        assert make_store().current() == second
        assert fetches == [False, False]
        platform.tokens.check(first.get_secret_value())

    def test_who_comes_while_another_renews_goes_on_with_the_old_one(
        self, store: TokenStore, redis_url: str, account: Account, fetches: list[bool], clock: Clock
    ) -> None:
        first = store.current()
        clock.ahead = 7200 - 100
        Redis.from_url(redis_url).set(f"weiyan:token:{account.appid}:lock", "of another", px=5000)
        assert store.current() == first
        assert fetches == [False]

    @pytest.mark.parametrize("trouble", ["hang_up", "html"])
    def test_trouble_in_the_last_minutes_is_borne_with_the_old_one(
        self, store: TokenStore, platform: Platform, clock: Clock, trouble: str
    ) -> None:
        first = store.current()
        clock.ahead = 7200 - 100
        getattr(platform.faults, trouble)("stable_token", times=1)
        with capture_logs() as logs:
            assert store.current() == first
        assert [line["event"] for line in logs] == ["token_not_renewed"]
        assert store.current() != first

    def test_an_expired_token_is_never_given_out(self, store: TokenStore, platform: Platform, clock: Clock) -> None:
        first = store.current()
        clock.ahead = 7300
        platform.faults.answer(-1, "stable_token", times=1)
        with pytest.raises(Busy):
            store.current()
        assert store.current() != first

    def test_a_token_of_a_short_life_is_not_fetched_again_and_again(
        self, store: TokenStore, platform: Platform, fetches: list[bool]
    ) -> None:
        platform.tokens.lifetime = 60
        assert len({store.current() for _ in range(5)}) == 1
        assert fetches == [False]


class TestRejected:
    def test_the_platform_is_asked_without_force_first(
        self, store: TokenStore, platform: Platform, fetches: list[bool]
    ) -> None:
        first = store.current()
        platform.faults.expire_tokens()
        assert store.renew(first) not in (first, None)
        assert fetches == [False, False]

    def test_a_token_that_another_worker_has_renewed_is_taken_from_it(
        self, make_store: MakeStore, platform: Platform, fetches: list[bool]
    ) -> None:
        one, two = make_store(), make_store()
        first = one.current()
        platform.faults.expire_tokens()
        second = one.renew(first)
        assert two.renew(first) == second
        assert fetches == [False, False]

    def test_many_that_are_rejected_at_once_renew_once(
        self, make_store: MakeStore, platform: Platform, fetches: list[bool]
    ) -> None:
        stores = [make_store() for _ in range(8)]
        first = stores[0].current()
        platform.faults.expire_tokens()
        platform.faults.delay(0.2, "stable_token")
        with ThreadPoolExecutor(8) as pool:
            renewed = set(pool.map(lambda store: store.renew(first), stores))
        assert len(renewed) == 1
        assert fetches == [False, False]

    def test_force_comes_when_the_platform_keeps_giving_what_it_rejects(self, store: TokenStore, fetches: list[bool]) -> None:
        first = store.current()
        assert store.renew(first) != first
        assert fetches == [False, False, True]

    def test_force_waits_half_a_minute_for_all_workers(self, make_store: MakeStore, fetches: list[bool], clock: Clock) -> None:
        second = make_store().renew(make_store().current())
        assert make_store().renew(second) == second
        assert fetches.count(True) == 1
        clock.ahead = 31
        assert make_store().renew(second) != second
        assert fetches.count(True) == 2

    def test_force_ends_with_twenty_in_any_day(self, make_store: MakeStore, fetches: list[bool], clock: Clock) -> None:
        for _ in range(25):
            clock.ahead += 60
            store = make_store()
            store.renew(store.current())
        assert fetches.count(True) == 20
        clock.ahead += 86_400
        store.renew(store.current())
        assert fetches.count(True) == 21

    def test_a_forced_fetch_that_fails_counts_too(
        self, store: TokenStore, platform: Platform, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        first = store.current()
        forced: list[bool] = []

        def busy_when_forced(*, force_refresh: bool = False) -> tuple[str, int]:
            if force_refresh:
                forced.append(True)
                raise ApiError(-1)
            return first.get_secret_value(), 7000

        monkeypatch.setattr(platform.tokens, "stable", busy_when_forced)
        with pytest.raises(Busy):
            store.renew(first)
        assert store.renew(first) == first
        assert forced == [True]


class TestRefused:
    @pytest.mark.parametrize(
        ("errcode", "kind"),
        [(-1, Busy), (40013, ConfigurationError), (40164, IpNotAllowed), (45009, QuotaUsed), (89503, IpNotAllowed)],
    )
    def test_the_platforms_reason_is_told(
        self, store: TokenStore, platform: Platform, errcode: int, kind: type[WeChatError]
    ) -> None:
        platform.faults.answer(errcode, "stable_token")
        with pytest.raises(kind) as caught:
            store.current()
        assert caught.value.errcode == errcode

    @pytest.mark.parametrize("errcode", [40125, 40001])
    def test_a_wrong_secret_names_its_setting(self, store: TokenStore, platform: Platform, errcode: int) -> None:
        """40001 in answer to stable_token means the secret, not a token."""
        platform.faults.answer(errcode, "stable_token")
        with pytest.raises(ConfigurationError, match="WECHAT_APPSECRET") as caught:
            store.current()
        assert caught.value.setting == "WECHAT_APPSECRET"

    def test_nothing_is_kept_of_a_refusal(self, store: TokenStore, platform: Platform) -> None:
        platform.faults.wrong_secret = True
        with pytest.raises(ConfigurationError):
            store.current()
        platform.faults.clear()
        assert store.current()


class TestWithoutRedis:
    @pytest.fixture
    def own_redis(self, short_path: Path) -> Iterator[EmbeddedRedis]:
        with EmbeddedRedis(short_path / "data", short_path / "redis.sock") as server:
            yield server

    def test_a_process_keeps_its_token_and_says_so_once(
        self, make_store: MakeStore, own_redis: EmbeddedRedis, fetches: list[bool]
    ) -> None:
        store = make_store(redis_url=own_redis.url)
        first = store.current()
        own_redis.stop()
        with capture_logs() as logs:
            assert {store.current() for _ in range(3)} == {first}
            assert make_store(redis_url=own_redis.url).current() == first  # another process: the platform gives it the same
        assert fetches == [False, False]
        assert [line["event"] for line in logs if line["log_level"] == "error"] == ["token_without_redis"] * 2

    def test_it_renews_without_redis_and_returns_to_it(
        self, make_store: MakeStore, own_redis: EmbeddedRedis, platform: Platform
    ) -> None:
        store = make_store(redis_url=own_redis.url)
        first = store.current()
        own_redis.stop()
        platform.faults.expire_tokens()
        second = store.renew(first)
        assert second != first
        assert store.current() == second
        own_redis.start()
        with capture_logs() as logs:
            third = store.current()
        assert "token_with_redis_again" in [line["event"] for line in logs]
        assert make_store(redis_url=own_redis.url).current() == third

    def test_threads_of_one_process_still_fetch_once(
        self, make_store: MakeStore, platform: Platform, fetches: list[bool]
    ) -> None:
        platform.faults.delay(0.2, "stable_token")
        store = make_store(redis_url="unix:///nowhere/redis.sock")
        with ThreadPoolExecutor(6) as pool:
            assert len(set(pool.map(lambda _: store.current(), range(6)))) == 1
        assert fetches == [False]
