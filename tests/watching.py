"""For tests that start and kill real processes, on Linux: who is alive, who belongs to whom, which ports are free."""

from __future__ import annotations

import os
import random
import socket
import time
from collections.abc import Callable
from pathlib import Path


def wait_until(happened: Callable[[], object], patience: float = 10) -> float:
    """Seconds until ``happened`` was true; raises TimeoutError after ``patience`` seconds."""
    began = time.monotonic()
    while not happened():
        if time.monotonic() - began > patience:
            raise TimeoutError(f"not within {patience} s")
        time.sleep(0.02)
    return time.monotonic() - began


def is_alive(pid: int) -> bool:
    """Whether the process runs; one that only waits to be collected by its parent does not."""
    return _state(pid)[0] not in ("", "Z", "X")


def family(pid: int) -> dict[int, str]:
    """The process and all that descend from it, with their command lines."""
    everybody = [int(path.name) for path in Path("/proc").iterdir() if path.name.isdecimal()]
    parents = {each: _state(each)[1] for each in everybody}
    members = {pid}
    while more := {child for child, parent in parents.items() if parent in members} - members:
        members |= more
    return {member: _command(member) for member in members if is_alive(member)}


def _state(pid: int) -> tuple[str, int]:
    """Its state's letter and its parent; ("", 0) when there is no such process."""
    try:
        state, parent = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[:2]
    except (FileNotFoundError, ProcessLookupError):
        return "", 0
    return state, int(parent)


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    except (FileNotFoundError, ProcessLookupError):
        return ""


def free_port_pair() -> int:
    """A port that nobody listens on, nor on the one above it. Chosen at random: other tests look for theirs meanwhile."""
    while True:
        port = random.randrange(20_000, 32_000)
        if all(_is_free(each) for each in (port, port + 1)):
            return port


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def clean_environment(**settings: str) -> dict[str, str]:
    """This process's environment with ``settings``, for a child that must see no other settings of ours."""
    return {name: value for name, value in os.environ.items() if name != "DATA_DIR"} | settings
