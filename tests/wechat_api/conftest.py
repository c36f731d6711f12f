"""The simulated platform over real HTTP, a real Redis, and clients as the product makes them but with short timeouts."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from pydantic import SecretStr

from bot.simulator import Account, Platform, running_simulator
from bot.store.redis import connect
from bot.wechat_api.client import PlatformClient
from bot.wechat_api.token import TokenStore
from bot.wechat_api.transport import Transport

TIMEOUT = (1.0, 1.0)  # seconds; long enough for a machine that is busy with other tests


@dataclass
class Clock:
    """The real time, and what a test adds to it."""

    ahead: float = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead


@pytest.fixture
def clock() -> Clock:
    """The platform's and the token stores' clock."""
    return Clock()


@pytest.fixture
def account() -> Account:
    return Account.random()


@pytest.fixture
def platform(account: Account, clock: Clock) -> Platform:
    return Platform(account, clock=clock)


@pytest.fixture
def address(platform: Platform) -> Iterator[str]:
    """Where the platform's API is."""
    with running_simulator(platform) as address:
        yield address


@pytest.fixture
def fetches(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """One item for each stable_token that the platform has answered: whether it was forced."""
    seen: list[bool] = []
    stable = platform.tokens.stable

    def counted(*, force_refresh: bool = False) -> tuple[str, int]:
        seen.append(force_refresh)
        return stable(force_refresh=force_refresh)

    monkeypatch.setattr(platform.tokens, "stable", counted)
    return seen


@pytest.fixture
def make_store(account: Account, address: str, redis_url: str, clock: Clock) -> Callable[..., TokenStore]:
    """Token stores as several workers have them; ``base`` and ``redis_url`` may be others."""

    def make(base: str = address, redis_url: str = redis_url) -> TokenStore:
        transport = Transport(base, SecretStr(account.appsecret), timeout=TIMEOUT)
        return TokenStore(connect(redis_url), transport, account.appid, SecretStr(account.appsecret), clock=clock)

    return make


@pytest.fixture
def store(make_store: Callable[..., TokenStore]) -> TokenStore:
    return make_store()


@pytest.fixture
def make_client(account: Account, make_store: Callable[..., TokenStore], address: str) -> Callable[..., PlatformClient]:
    """Clients; calls go to ``base``, tokens always come from the platform."""

    def make(base: str = address) -> PlatformClient:
        return PlatformClient(account.appid, make_store(), Transport(base, SecretStr(account.appsecret), timeout=TIMEOUT))

    return make


@pytest.fixture
def client(make_client: Callable[..., PlatformClient]) -> PlatformClient:
    return make_client()
