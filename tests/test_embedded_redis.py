"""The embedded Redis, started and killed for real."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from bot.embedded_redis import EmbeddedRedis, EmbeddedRedisError, find_server
from config.settings import ROOT, Settings
from tests.watching import is_alive, wait_until


@pytest.fixture
def server(short_path: Path) -> Iterator[EmbeddedRedis]:
    """A running Redis of the test's own."""
    with EmbeddedRedis(short_path / "redis", short_path / "redis.sock") as server:
        yield server


def client(server: EmbeddedRedis) -> Redis:
    return Redis.from_url(server.url, decode_responses=True)


def test_it_listens_on_a_private_socket_only(server: EmbeddedRedis) -> None:
    assert client(server).config_get("port") == {"port": "0"}
    assert server.socket.stat().st_mode & 0o777 == 0o700


def test_it_ends_quickly_and_leaves_neither_process_nor_socket(server: EmbeddedRedis) -> None:
    pid = server.pid
    assert pid
    began = time.monotonic()
    server.stop()
    assert time.monotonic() - began < 1
    assert not is_alive(pid)
    assert not server.socket.exists()
    assert server.pid is None


def test_killed_and_started_again_it_has_its_data(server: EmbeddedRedis) -> None:
    client(server).set("kept", "是")
    assert server.pid
    os.kill(server.pid, signal.SIGKILL)
    wait_until(lambda: server.pid is None)
    server.start()
    assert client(server).get("kept") == "是"


def test_stopped_and_started_again_it_has_its_data(server: EmbeddedRedis) -> None:
    client(server).set("kept", "是")
    server.stop()
    server.start()
    assert client(server).get("kept") == "是"


def test_a_second_one_on_the_same_directory_says_so(server: EmbeddedRedis, short_path: Path) -> None:
    second = EmbeddedRedis(server.directory, short_path / "second.sock")
    with pytest.raises(EmbeddedRedisError, match="已经在运行"):
        second.start()
    assert client(server).ping()


def test_each_engine_has_its_own_directory(server: EmbeddedRedis) -> None:
    engine, _binary = find_server()
    assert [path.name for path in server.directory.iterdir()] == [engine]


@pytest.mark.parametrize("name", ["with space", "集贤微言", "100%41?#&"])
def test_any_directory_name_will_do(short_path: Path, name: str) -> None:
    with EmbeddedRedis(short_path / name / "redis", short_path / name / "redis.sock") as server:
        assert client(server).ping()


def test_a_deep_data_directory_has_its_socket_elsewhere(short_path: Path) -> None:
    settings = Settings(data_dir=short_path / "数据" / ("deep" * 25))
    with EmbeddedRedis(settings.data_dir / "redis", settings.redis_socket) as server:
        assert settings.data_dir not in server.socket.parents
        assert server.socket.parent.stat().st_mode & 0o777 == 0o700
        with Redis.from_url(settings.redis) as found:
            assert found.ping()
    assert not server.socket.parent.exists()


def test_a_socket_directory_of_somebody_else_is_refused(short_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = short_path / "planted"
    place.mkdir()
    server = EmbeddedRedis(short_path / "redis", place / "redis.sock")
    monkeypatch.setattr(os, "getuid", lambda: place.stat().st_uid + 1)
    with pytest.raises(EmbeddedRedisError, match="别的用户"):
        server.start()


def test_a_server_that_cannot_start_names_its_log(short_path: Path) -> None:
    engine, _binary = find_server()
    shutil.copytree(ROOT / "config", short_path / "redis" / engine / "redis.log")  # it can't write to a directory
    with pytest.raises(EmbeddedRedisError, match=r"redis\.log"):
        EmbeddedRedis(short_path / "redis", short_path / "redis.sock").start()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent has died")
def test_it_dies_with_its_parent_but_keeps_the_data(short_path: Path) -> None:
    code = f"""
import sys, time, redis
from pathlib import Path
from bot.embedded_redis import EmbeddedRedis
server = EmbeddedRedis(Path({str(short_path)!r}, "redis"), Path({str(short_path)!r}, "redis.sock"))
server.start()
redis.Redis.from_url(server.url).set("kept", "1")
print(server.pid, flush=True)
time.sleep(60)
"""
    with subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout
        pid = int(parent.stdout.readline())
        parent.kill()
    wait_until(lambda: not is_alive(pid))
    with EmbeddedRedis(short_path / "redis", short_path / "redis.sock") as server:
        assert client(server).get("kept") == "1"
