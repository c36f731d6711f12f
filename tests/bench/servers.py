"""The servers that are measured, each a process of its own with two workers, and what they cost, from /proc."""

from __future__ import annotations

import contextlib
import functools
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from unittest import mock

from bot import web
from bot.lifeline import die_with_parent
from config.settings import ROOT, Settings
from tests.bench.client import HOST, Fault

WORKERS = 2
START_SECONDS = 30.0
STOP_SECONDS = 3.0

# As after `python`, and the port on which it will listen.
Command = tuple[list[str], int]

_TICKS = os.sysconf("SC_CLK_TCK")


class Server:
    """A running web server: a main process and its workers. As a context it ends with all of them."""

    def __init__(self, name: str, command: list[str], port: int, environment: Mapping[str, str], logs: Path) -> None:
        """``command`` as after `python`. Of this process' environment it gets nothing that is a setting of the product."""
        own = {name: value for name, value in os.environ.items() if name.lower() not in Settings.model_fields}
        self.name = name
        self.port = port
        self._log = logs / f"{name}.log"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, *command],
                cwd=ROOT,
                env={**own, **environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=functools.partial(die_with_parent, os.getpid()),
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(STOP_SECONDS)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def wait(self) -> None:
        """Returns when it answers anything. Raises Fault with its last words when it can't."""
        deadline = time.monotonic() + START_SECONDS
        while not _answers(self.port):
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise Fault(f"{self.name} does not answer:\n{self.last_words()}")
            time.sleep(0.05)

    def last_words(self) -> str:
        """The end of its log."""
        return self._log.read_text(encoding="utf-8", errors="replace")[-2000:]

    def workers(self) -> list[int]:
        """The process ids of its workers. Raises Fault unless there are WORKERS of them."""
        found = children(self._process.pid)
        if len(found) != WORKERS:
            raise Fault(f"{self.name} has {len(found)} workers:\n{self.last_words()}")
        return found

    def cpu(self) -> float:
        """Seconds of processor time, user and system, that its workers have taken since they started."""
        return sum(map(cpu_seconds, self.workers()))

    def memory(self) -> tuple[float, float]:
        """RSS of its largest worker and PSS of its largest worker, in MB."""
        memory = [(_memory(pid, "status", "VmRSS:"), _memory(pid, "smaps_rollup", "Pss:")) for pid in self.workers()]
        return max(rss for rss, _ in memory), max(pss for _, pss in memory)


def gunicorn(target: str) -> Command:
    """The command and the port of ``target`` on gunicorn with sync workers."""
    port = free_port()
    options = ["--workers", str(WORKERS), "--worker-class", "sync", "--no-control-socket", "--log-level", "warning"]
    return ["-m", "gunicorn", *options, "--bind", f"{HOST}:{port}", target], port


def granian(target: str) -> Command:
    """The command and the port of ``target`` on granian, with every option that the product has."""
    port = free_port()
    return ["-m", "tests.bench.serve", target, json.dumps({**product_options(), "port": port})], port


def product() -> Command:
    """The command and the port of the product, as run.py starts it."""
    port = free_port()
    return ["-m", "bot.web", "--port", str(port)], port


def product_options() -> dict[str, Any]:
    """The options that bot.web gives to granian."""
    with contextlib.ExitStack() as stack:
        for name in ("Settings", "logs", "seed"):
            stack.enter_context(mock.patch.object(web, name))
        stack.enter_context(mock.patch.object(sys, "argv", ["bot.web"]))
        made = stack.enter_context(mock.patch.object(web, "Granian"))
        web.main()
    return dict(made.call_args.kwargs)


def free_port() -> int:
    """A port of this machine on which nobody listens."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def children(parent: int) -> list[int]:
    """The processes that ``parent`` has started and that still run."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                state, its_parent = _stat(int(entry.name))[:2]
                if int(its_parent) == parent and state != "Z":
                    found.append(int(entry.name))
    return sorted(found)


def cpu_seconds(pid: int) -> float:
    """User and system time of a process with all its threads, in steps of 10 ms."""
    fields = _stat(pid)
    return (int(fields[11]) + int(fields[12])) / _TICKS


def busy_seconds() -> float:
    """Seconds of processor time that all programs, the kernel and the machine's host have taken since the start."""
    fields = Path("/proc/stat").read_text(encoding="utf-8").split("\n", 1)[0].split()
    user, nice, system, _idle, _waiting, *interrupts_and_stolen = map(int, fields[1:9])
    return (user + nice + system + sum(interrupts_and_stolen)) / _TICKS


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat from the state on; the name before it may hold spaces and brackets."""
    return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()


def _memory(pid: int, file: str, name: str) -> float:
    for line in Path(f"/proc/{pid}/{file}").read_text(encoding="utf-8").splitlines():
        if line.startswith(name):
            return int(line.split()[1]) / 1024
    return 0.0


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection(HOST, port, timeout=2)
    try:
        connection.request("GET", "/")
        return connection.getresponse().status > 0
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
