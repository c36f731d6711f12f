"""Fixtures of the webhook's tests: the account in every mode, the desk behind it, the lines it logs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot import logs
from tests.gateway.account import MODES, Account, Desk, Lines
from tests.gateway.signing import TOKEN
from tests.kept_logging import kept_logging


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture(params=MODES)
def account(request: pytest.FixtureRequest, desk: Desk) -> Account:
    return Account(request.param, desk)


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str]) -> Iterator[Lines]:
    with kept_logging():
        logs.configure("DEBUG", [TOKEN])
        yield Lines(capsys)
