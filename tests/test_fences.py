"""The fences that conftest.py puts up: no test reaches the data of whoever runs it."""

from __future__ import annotations

import sqlite3

import pytest

from bot.store.engine import make_engine
from bot.store.migrate import upgrade
from config.settings import ROOT, Settings


def test_the_default_data_directory_cannot_be_used() -> None:
    with pytest.raises(NotADirectoryError):
        upgrade(make_engine(Settings().database))


def test_the_real_data_directory_cannot_be_touched() -> None:
    with pytest.raises(AssertionError, match="real data"):
        (ROOT / "var").mkdir()
    with pytest.raises(AssertionError, match="real data"):
        (ROOT / "var" / "secret").read_text()
    with pytest.raises(AssertionError, match="real data"):
        sqlite3.connect(ROOT / "var" / "weiyan.db")
