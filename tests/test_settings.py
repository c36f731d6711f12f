"""Settings: what is missing or malformed stops every kind of start with one line that names it, and no secret is shown."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bot.simulator.account import Account
from config.settings import ROOT, Settings, SettingsError
from tests.house import SECRET_KEY, settings_for


def complete() -> dict[str, str]:
    account = Account.random()
    return {
        "WECHAT_TOKEN": account.token,
        "WECHAT_APPID": account.appid,
        "WECHAT_APPSECRET": account.appsecret,
        "WECHAT_ENCODING_AES_KEY": account.encoding_aes_key,
        "SECRET_KEY": SECRET_KEY,
    }


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    values = complete()
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    return values


def test_a_complete_environment_is_taken(environment: dict[str, str]) -> None:
    settings = Settings.from_env()
    assert settings.token == environment["WECHAT_TOKEN"]
    assert len(settings.aes_key) == 32


@pytest.mark.parametrize("name", list(complete()))
@pytest.mark.parametrize(("value", "state"), [("", "is missing"), ("太短!", "is malformed")])
def test_the_first_fault_is_named_in_one_line(
    name: str,
    value: str,
    state: str,
    environment: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError):
        Settings.from_env()
    said = capsys.readouterr().err
    assert said.startswith(f"{name} {state}: set it to ")
    assert said.count("\n") == 1
    assert not any(secret in said for secret in environment.values())


def test_plain_mode_needs_no_aes_key(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WECHAT_CALLBACK_MODE", "plain")
    monkeypatch.delenv("WECHAT_ENCODING_AES_KEY")
    assert Settings.from_env().wechat_callback_mode == "plain"


def test_a_value_of_the_wrong_kind_is_named_too(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WECHAT_TIMESTAMP_TOLERANCE_SECONDS", "five")
    with pytest.raises(SettingsError):
        Settings.from_env()
    assert capsys.readouterr().err.startswith("WECHAT_TIMESTAMP_TOLERANCE_SECONDS: ")


def test_commands_that_serve_nobody_need_no_secrets() -> None:
    assert Settings.from_env(serving=False).token == ""


def test_secrets_do_not_show_in_the_settings_own_words(tmp_path: Path) -> None:
    account = Account.random()
    shown = repr(settings_for(account, "redis://127.0.0.1", tmp_path))
    assert not any(secret in shown for secret in (account.token, account.appsecret, account.encoding_aes_key, SECRET_KEY))


def test_the_database_address_of_a_hosting_provider_gets_our_driver() -> None:
    for address in ("postgres://u:p@h/d", "postgresql://u:p@h/d"):
        assert Settings(database_url=address).database == "postgresql+psycopg://u:p@h/d"


@pytest.mark.parametrize(
    "command",
    [
        ["-c", "import wsgi"],
        ["-m", "flask", "--app", "wsgi", "run", "--port", "0"],
        ["-m", "gunicorn", "--no-control-socket", "--bind", "127.0.0.1:0", "wsgi:app"],
        ["-m", "bot.web", "--port", "1"],
    ],
    ids=["import", "flask run", "gunicorn", "run.py's web server"],
)
def test_every_server_stops_at_once(command: list[str], tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "DATA_DIR": str(tmp_path)} | complete() | {"WECHAT_TOKEN": ""}
    done = subprocess.run(
        [sys.executable, *command], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode != 0
    assert "WECHAT_TOKEN is missing: set it to 3 to 32 letters or digits (docs/settings.md)\n" in done.stderr
    assert "Traceback" not in done.stderr
