"""The server stays on this machine, and is gone at once when it is told to stop."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest
import requests

from bot.simulator import Account, Platform
from bot.simulator.server import create_simulator
from config.settings import ROOT, SettingsError


@pytest.mark.parametrize("path", ["/", "/cgi-bin/getcallbackip", "/simulator/faults"])
@pytest.mark.parametrize("host", ["example.org", "rebound.example.org:5001", "192.168.1.4", "127.0.0.1.example.org", ""])
def test_a_foreign_name_gets_nothing(path: str, host: str, simulator: str) -> None:
    assert requests.get(simulator + path, headers={"Host": host}, timeout=5).status_code in (400, 403)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]"])
def test_the_names_of_this_machine_are_known(host: str, simulator: str) -> None:
    port = simulator.rpartition(":")[2]
    answer = requests.get(f"{simulator}/", headers={"Host": f"{host}:{port}"}, timeout=5, allow_redirects=False)
    assert answer.status_code == 302


def test_another_machine_gets_nothing(platform: Platform) -> None:
    client = create_simulator(platform).test_client()
    assert client.get("/?openid=o1").status_code == 200
    assert client.get("/?openid=o1", environ_base={"REMOTE_ADDR": "192.168.1.4"}).status_code == 403


@pytest.mark.parametrize("origin", ["http://example.org", "null", "http://127.0.0.1:1"])
def test_the_form_of_a_foreign_page_does_nothing(origin: str, simulator: str, platform: Platform) -> None:
    act = {"openid": "o1", "do": "says", "text": "在吗"}
    assert requests.post(f"{simulator}/simulator/act", data=act, headers={"Origin": origin}, timeout=5).status_code == 403
    assert platform.known("o1") is None


def test_the_page_has_a_strict_policy(simulator: str) -> None:
    headers = requests.get(simulator, timeout=5).headers
    assert headers["Content-Security-Policy"].startswith("default-src 'self';")
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"


def test_what_residents_write_is_never_markup(simulator: str, platform: Platform) -> None:
    resident = platform.resident("o1", name="<b>王</b>")
    resident.says("<script>alert(1)</script>")
    resident.sends_link('"><img src=x>', "", "javascript:alert(1)")
    page = requests.get(f"{simulator}/?openid=o1", timeout=5).text
    assert "<script>alert" not in page
    assert "<img src=x>" not in page
    assert "<b>王" not in page
    assert 'href="javascript:' not in page


def test_a_poll_for_a_resident_of_an_earlier_simulator(simulator: str) -> None:
    assert requests.get(f"{simulator}/simulator/lines", params={"openid": "gone"}, timeout=5).status_code == 410


@pytest.fixture
def environment(account: Account) -> dict[str, str]:
    return os.environ | {
        "WECHAT_TOKEN": account.token,
        "WECHAT_APPID": account.appid,
        "WECHAT_APPSECRET": account.appsecret,
        "WECHAT_ENCODING_AES_KEY": account.encoding_aes_key,
        "SECRET_KEY": "a key of the tests, forty characters long",
    }


@pytest.fixture
def process(environment: dict[str, str]) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "bot.simulator", "--port", str(port), "--webhook", "http://127.0.0.1:9/wechat"]
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        yield process, f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.communicate()


def wait_until_up(address: str) -> None:
    deadline = time.monotonic() + 20
    port = int(address.rpartition(":")[2])
    with socket.socket() as probe:
        while probe.connect_ex(("127.0.0.1", port)):
            assert time.monotonic() < deadline, "the simulator does not come up"
            time.sleep(0.05)


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_it_starts_from_the_shell_and_stops_at_once(
    signum: signal.Signals, process: tuple[subprocess.Popen[bytes], str]
) -> None:
    simulator, address = process
    wait_until_up(address)
    openid = requests.post(f"{address}/simulator/residents", json={"name": "王大娘"}, timeout=5).json()["openid"]
    assert len(openid) == 28
    with socket.create_connection(
        ("127.0.0.1", int(address.rpartition(":")[2]))
    ) as page:  # a page that waits must not hold up the end
        page.sendall(f"GET /simulator/lines?openid={openid}&version=0 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        time.sleep(0.2)
        simulator.send_signal(signum)
        assert simulator.wait(5) == 0, "0.3 s on a quiet machine; the page would wait for 20"


def test_a_missing_setting_is_named(environment: dict[str, str]) -> None:
    del environment["WECHAT_TOKEN"]
    command = [sys.executable, "-m", "bot.simulator", "--port", "1"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == SettingsError.EXIT_CODE
    assert done.stderr.startswith("WECHAT_TOKEN is missing")
