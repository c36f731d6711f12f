"""The supervisor with all that it starts, as `python3 run.py` starts it: real processes, ended and killed for real."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from redis import Redis

from bot.demo import demo_environment, is_demo, new_secrets
from bot.supervisor import answers, take
from config.settings import ROOT, Settings, SettingsError
from tests.watching import clean_environment, family, free_port_pair, is_alive, wait_until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent has died")

ENDS_WITHIN = 5
EVERYBODY = ("supervisor", "redis", "simulator", "web", "web's worker", "web's worker", "worker")


class Running:
    """A running supervisor."""

    def __init__(self, data_dir: Path, port: int, **settings: str) -> None:
        self.data_dir = data_dir
        self.port = port
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bot.supervisor", "--port", str(port)],
            cwd=ROOT,
            env=clean_environment(DATA_DIR=str(data_dir), **settings),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.pid = self._process.pid
        self.said = ""

    def hear(self, words: str) -> None:
        """Reads what it says until ``words`` are in it."""
        while words not in self.said:
            assert self._process.stdout
            line = self._process.stdout.readline()
            assert line, f"it ended without {words!r}: {self.said}"
            self.said += line

    def end(self, how: signal.Signals) -> int:
        """Its exit code, once it and all that it had started are gone; TimeoutError when that takes too long."""
        everybody = family(self.pid)
        self._process.send_signal(how)
        wait_until(lambda: not any(map(is_alive, everybody)), ENDS_WITHIN)
        return self._process.wait()

    def kill(self) -> None:
        """Ends the supervisor alone and waits for nobody."""
        self._process.kill()
        self._process.wait()

    def refuse(self, code: int = 1) -> str:
        """What it says when it doesn't start."""
        self.said += self._process.communicate(timeout=20)[0]
        assert self._process.returncode == code
        return self.said

    def members(self, words: str) -> set[int]:
        """The processes below the supervisor with ``words`` in their command lines."""
        return {pid for pid, command in family(self.pid).items() if words in command and pid != self.pid}

    def member(self, words: str) -> int:
        """The first such process, which the others descend from."""
        return min(self.members(words))

    @property
    def redis(self) -> Redis:
        return Redis.from_url(Settings(data_dir=self.data_dir).redis, decode_responses=True)


@contextmanager
def running(data_dir: Path, port: int, **settings: str) -> Iterator[Running]:
    """A supervisor that has said it is ready."""
    desk = Running(data_dir, port, **settings)
    try:
        desk.hear("按 Ctrl-C 停止")
        yield desk
    finally:
        desk.end(signal.SIGKILL)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_whatever_ends_it_nothing_stays_and_the_next_run_has_the_data(short_path: Path, how: signal.Signals) -> None:
    port = free_port_pair()
    with running(short_path, port) as desk:
        assert answers(port, "/readyz")
        assert f"http://127.0.0.1:{port}/wechat" in desk.said
        assert f"http://127.0.0.1:{port + 1}/" in desk.said
        desk.redis.set("kept", "是")
        account = (short_path / "demo.json").read_text()
        wait_until(lambda: len(family(desk.pid)) == len(EVERYBODY))
        assert desk.end(how) == (-how if how == signal.SIGKILL else 0)
    assert not (short_path / "redis.sock").exists()
    with running(short_path, port) as again:
        assert again.redis.get("kept") == "是"
        assert (short_path / "demo.json").read_text() == account


def test_killed_it_can_be_started_again_at_once(short_path: Path) -> None:
    port = free_port_pair()
    with running(short_path, port) as desk:
        desk.kill()
        with running(short_path, port):
            assert answers(port, "/readyz")


def test_what_dies_is_started_again(short_path: Path) -> None:
    with running(short_path, free_port_pair()) as desk:
        desk.redis.set("kept", "是")
        wait_until(lambda: len(desk.members("bot.web")) == 3)
        web, *workers = sorted(desk.members("bot.web"))

        os.kill(workers[0], signal.SIGKILL)
        wait_until(lambda: len(desk.members("bot.web") - {workers[0]}) == 3)

        os.kill(desk.member("redis.sock"), signal.SIGKILL)
        desk.hear("Redis 意外退出")
        wait_until(lambda: answers(desk.port, "/readyz"))
        assert desk.redis.get("kept") == "是"

        orphans = desk.members("bot.web") - {web}
        os.kill(web, signal.SIGKILL)
        desk.hear("web 意外退出（-9）")
        wait_until(lambda: not any(map(is_alive, orphans)))
        wait_until(lambda: answers(desk.port, "/readyz"))

        worker = desk.member("wsgi worker")
        os.kill(worker, signal.SIGKILL)
        desk.hear("worker 意外退出（-9）")
        wait_until(lambda: desk.members("wsgi worker") - {worker})


def test_a_second_one_and_a_taken_port_are_refused(short_path: Path) -> None:
    with running(short_path, free_port_pair()) as desk:
        assert f"微言已经在运行：{short_path} 正被它使用" in Running(short_path, free_port_pair()).refuse()
        assert f"端口 {desk.port} 不能用" in Running(short_path / "other", desk.port).refuse()
        assert f"端口 {desk.port} 不能用" in Running(short_path / "other", desk.port - 1).refuse()


def test_what_cannot_start_says_why(short_path: Path) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        nowhere = f"postgresql://127.0.0.1:{silent.getsockname()[1]}/nothing"
        said = Running(short_path, free_port_pair(), DATABASE_URL=nowhere).refuse()
    assert "启动失败：web 退出了" in said
    assert "Connection refused" in said
    assert "web.log" in said


def test_a_port_must_be_one(short_path: Path) -> None:
    for port in (0, 65535):
        assert (
            "端口要在 1 和 65534 之间"
            in subprocess.run(
                [sys.executable, "-m", "bot.supervisor", "--port", str(port)],
                cwd=ROOT,
                check=False,
                capture_output=True,
                text=True,
            ).stderr
        )


def test_the_data_directory_is_private(short_path: Path) -> None:
    data = short_path / "deep" / "data"
    os.close(take(data))
    assert data.stat().st_mode & 0o777 == 0o700


def test_an_unusable_data_directory_is_named(short_path: Path) -> None:
    (short_path / "file").touch()
    assert f"不能使用数据目录 {short_path}/file" in Running(short_path / "file", free_port_pair()).refuse()


def test_with_a_real_account_there_is_no_simulator(short_path: Path) -> None:
    with running(short_path, free_port_pair(), **new_secrets()) as desk:
        assert not answers(desk.port + 1, "/")
        assert not desk.members("simulator")
        assert not (short_path / "demo.json").exists()
        assert "演示" not in desk.said


def test_half_a_real_account_is_refused_in_one_line(short_path: Path) -> None:
    settings = new_secrets()
    del settings["WECHAT_APPSECRET"]
    said = Running(short_path, free_port_pair(), **settings).refuse(SettingsError.EXIT_CODE)
    assert said.startswith("WECHAT_APPSECRET is missing")
    assert len(said.splitlines()) == 1


class TestDemo:
    def test_any_setting_of_a_real_account_ends_it(self) -> None:
        assert is_demo({"WECHAT_TOKEN": "", "WECHAT_CALLBACK_MODE": "plain", "PATH": "/bin"})
        assert not is_demo({"WECHAT_APPID": "wx0123456789abcdef"})

    def test_its_secrets_fit_are_private_and_stay(self, tmp_path: Path) -> None:
        made = demo_environment(tmp_path, "http://127.0.0.1:5001")
        Settings(**{name.lower(): value for name, value in made.items() if name != "no_proxy"}).check_secrets()
        assert (tmp_path / "demo.json").stat().st_mode & 0o777 == 0o600
        assert demo_environment(tmp_path, "http://127.0.0.1:5001") == made

    def test_no_two_have_the_same(self, tmp_path: Path) -> None:
        for name in ("one", "two"):
            (tmp_path / name).mkdir()
            demo_environment(tmp_path / name, "")
        one, two = (json.loads((tmp_path / name / "demo.json").read_text()) for name in ("one", "two"))
        assert not set(one.values()) & set(two.values())
        assert re.fullmatch(r"wx[0-9a-f]{16}", one["WECHAT_APPID"])
