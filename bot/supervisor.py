"""Runs the whole desk on one machine – Redis, web, worker and, in the demo, the simulated platform – and ends it as a whole."""

from __future__ import annotations

import argparse
import http.client
import os
import signal
import socket
import time
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from types import FrameType
from typing import NoReturn

from bot.demo import demo_environment, is_demo
from bot.embedded_redis import EmbeddedRedis, EmbeddedRedisError, lock_directory
from bot.processes import Child
from config.settings import Settings

HOST = "127.0.0.1"

# Seconds.
READY_PATIENCE = 60.0
SUPERVISOR_PATIENCE = 0.5  # with one that is about to end
PREDECESSOR_PATIENCE = 4.0  # the children of one that was killed need this long at most
STOP_PATIENCE = 3.5
REDIS_PAUSE = 5.0  # after a restart that failed
TICK = 0.2


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs until SIGINT, SIGTERM or SIGHUP; whatever ends it, nothing that it started stays behind."""
    parser = argparse.ArgumentParser(prog="run.py", description="启动微言的全部服务")
    parser.add_argument("--port", type=port_number, default=5000, metavar="N", help="端口，演示还用到 N+1")
    port = parser.parse_args(arguments).port
    end_on_signals()
    with ExitStack() as stack:
        try:
            supervisor = Supervisor(port, stack)
            supervisor.start()
            while True:
                supervisor.tend()
                time.sleep(TICK)
        except EmbeddedRedisError as error:
            raise SystemExit(str(error)) from None


class Supervisor:
    """Holds all that runs: ``stack`` ends it, the newest first and Redis last."""

    def __init__(self, port: int, stack: ExitStack) -> None:
        self._port = port
        self._stack = stack
        self._data = Settings.from_env(serving=False).data_dir
        self._lock = take(self._data)
        self._demo = is_demo(os.environ)
        if self._demo:
            for name, value in demo_environment(self._data, f"http://{HOST}:{port + 1}").items():
                os.environ[name] = os.environ.get(name) or value
        os.environ["DATA_DIR"] = str(self._data)
        self._settings = Settings.from_env()
        self._redis: EmbeddedRedis | None = None
        self._children: list[Child] = []

    def start(self) -> None:
        """Returns when residents can be answered. Raises SystemExit with the reason when that can't be."""
        for port in (self._port, self._port + 1) if self._demo else (self._port,):
            check_free(port)
        say("微言正在启动 …")
        if not self._settings.redis_url:
            self._redis = self._stack.enter_context(EmbeddedRedis(self._data / "redis", self._settings.redis_socket))
        self._stack.callback(self._stop)
        if self._demo:
            webhook = f"http://{HOST}:{self._port}/wechat"
            self._run("simulator", "-m", "bot.simulator", "--port", str(self._port + 1), "--webhook", webhook)
        self._wait_until_ready(self._run("web", "-m", "bot.web", "--port", str(self._port)))
        self._run("worker", "-m", "flask", "--app", "wsgi", "worker")  # no resident waits for it
        if self._demo:
            self._run("menu", "-m", "flask", "--app", "wsgi", "menu-publish", again=False)
        self._say_where()

    def tend(self) -> None:
        """Starts again what has died."""
        for child in self._children:
            if news := child.tend():
                say(news)
        if self._redis and self._redis.pid is None:
            say("Redis 意外退出，正在重新启动")
            try:
                self._redis.start()
            except (EmbeddedRedisError, OSError) as error:
                say(str(error))
                time.sleep(REDIS_PAUSE)

    def _run(self, name: str, *arguments: str, again: bool = True) -> Child:
        self._children.append(Child(name, arguments, self._data / "log", self._lock, again=again))
        return self._children[-1]

    def _wait_until_ready(self, web: Child) -> None:
        deadline = time.monotonic() + READY_PATIENCE
        while not (answers(self._port, "/readyz") and (not self._demo or answers(self._port + 1, "/"))):
            for child in self._children:
                if child.exit_code is not None:
                    fail(child)
            if time.monotonic() > deadline:
                fail(web)
            time.sleep(0.05)

    def _say_where(self) -> None:
        where = f"接收消息  http://{HOST}:{self._port}/wechat"
        if self._demo:
            say(f"微言已就绪（演示：微信由模拟平台代替）\n  手机页面  http://{HOST}:{self._port + 1}/\n  {where}")
        else:
            say(f"微言已就绪\n  {where}")
        say(f"  数据日志  {self._data}\n按 Ctrl-C 停止")

    def _stop(self) -> None:
        say("正在停止 …")
        deadline = time.monotonic() + STOP_PATIENCE
        for child in self._children:
            child.terminate()
        for child in self._children:
            child.end(deadline)


def port_number(text: str) -> int:
    """One that leaves room for another above it."""
    if text.isdecimal() and 0 < int(text) < 65535:
        return int(text)
    raise argparse.ArgumentTypeError(f"端口要在 1 和 65534 之间，不能是 {text}")


def end_on_signals() -> None:
    """Ctrl-C, kill and a closed terminal raise SystemExit, once; under nohup a closed terminal does nothing."""
    signals = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
        signals.append(signal.SIGHUP)

    def end(_number: int, _frame: FrameType | None) -> None:
        for each in signals:
            signal.signal(each, signal.SIG_IGN)
        raise SystemExit(0)

    for each in signals:
        signal.signal(each, end)


def take(directory: Path) -> int:
    """Makes the data directory if need be, and sees to it that no other supervisor uses it, nor what a killed one has left.

    Returns the lock that is for the children to keep, each as long as it lives.
    """
    logs = directory / "log"
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)  # what residents wrote is in it
        logs.mkdir(exist_ok=True)
        lock_directory(directory, SUPERVISOR_PATIENCE)  # ours alone, until we end
        return lock_directory(logs, PREDECESSOR_PATIENCE)
    except OSError as error:
        raise SystemExit(f"不能使用数据目录 {directory}：{error.strerror}。请用 DATA_DIR 指定一个可写的目录") from None


def check_free(port: int) -> None:
    """Raises SystemExit when somebody listens on ``port``: the web server would share it without a word."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise SystemExit(f"端口 {port} 不能用：{error.strerror}。请用 --port 换一个") from None


def answers(port: int, path: str) -> bool:
    """Whether GET brings a page or the way to one."""
    connection = http.client.HTTPConnection(HOST, port, timeout=2)
    try:
        connection.request("GET", path)
        return connection.getresponse().status < http.HTTPStatus.BAD_REQUEST
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def fail(child: Child) -> NoReturn:
    """Ends the start with what ``child`` said last."""
    state = "没有应答" if child.exit_code is None else f"退出了，代码 {child.exit_code}"
    raise SystemExit(f"启动失败：{child.name} {state}。日志的末尾：\n{child.last_words()}\n全文：{child.log}")


def say(text: str) -> None:
    """For the operator, whose terminal may be gone."""
    with suppress(OSError):
        print(text, flush=True)


if __name__ == "__main__":
    main()
