"""An account, the small honest product that answers for it, and the platform before it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot.simulator import Account, Platform, running_simulator
from tests.simulator.product import Product, running_product


@pytest.fixture
def account() -> Account:
    return Account.random("safe")


@pytest.fixture
def product(account: Account) -> Iterator[Product]:
    with running_product(account) as product:
        yield product


@pytest.fixture
def platform(account: Account, product: Product) -> Platform:
    return Platform(account, product.url)


@pytest.fixture
def simulator(platform: Platform) -> Iterator[str]:
    """The address of the running simulator."""
    with running_simulator(platform) as address:
        yield address
