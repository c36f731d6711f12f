"""Databases for tests: a temporary PostgreSQL server for the whole run, and a fresh database for each test."""

from __future__ import annotations

import functools
import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import psycopg

from bot.lifeline import die_with_parent

# Who runs the server when the tests run as root, which PostgreSQL refuses to be.
UNPRIVILEGED = ("postgres", "nobody")
START_SECONDS = 30


class NoPostgres(Exception):
    """This machine has no PostgreSQL server; the message says how to get one."""


class PostgresCluster:
    """A PostgreSQL server of our own on a unix socket: fast, forgetful, gone with this process."""

    def __init__(self) -> None:
        """Raises NoPostgres."""
        self._binaries = find_binaries()
        self._directory = Path(tempfile.mkdtemp(prefix="weiyan-pg-", dir="/tmp"))
        self._data = self._directory / "data"
        self._process: subprocess.Popen[bytes] | None = None
        self._numbers = itertools.count(1)
        self._user: str | None = None
        if os.geteuid() == 0:
            self._user = unprivileged_user()
            shutil.chown(self._directory, self._user)
        options = ["--auth=trust", "--username=tests", "--encoding=UTF8", "--no-locale", "--no-sync"]
        initdb = str(self._binaries / "initdb")
        subprocess.run([initdb, "-D", self._data, *options], user=self._user, cwd="/", check=True, capture_output=True)

    def start(self) -> None:
        """Returns when the server answers; does nothing while it runs."""
        if self._process:
            return
        options = {
            "listen_addresses": "",
            "unix_socket_directories": self._directory,
            "fsync": "off",  # a crash of the server still loses nothing, only one of the machine would
            "full_page_writes": "off",
        }
        with (self._directory / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._binaries / "postgres", "-D", self._data, *(f"--{name}={value}" for name, value in options.items())],
                user=self._user,
                cwd="/",
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=functools.partial(die_with_parent, os.getpid()),
            )
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"PostgreSQL did not start:\n{(self._directory / 'log').read_text()}")
            time.sleep(0.02)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Ends the server; SIGQUIT does it as a crash would, without a farewell to its clients."""
        if self._process:
            self._process.send_signal(how)
            self._process.wait()
            self._process = None

    def create_database(self) -> str:
        """The SQLAlchemy URL of a new, empty database."""
        name = f"test{next(self._numbers)}"
        with self._connect() as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return f"postgresql+psycopg://tests@/{name}?host={self._directory}"

    def drop_database(self, url: str) -> None:
        """Deletes a database of ``create_database``, whoever is still connected."""
        name = url.rpartition("/test")[2].partition("?")[0]
        with self._connect() as connection:
            connection.execute(f"DROP DATABASE test{name} WITH (FORCE)".encode())

    def remove(self) -> None:
        """Ends the server and deletes all it kept."""
        self.stop(signal.SIGQUIT)
        shutil.rmtree(self._directory)

    def _connect(self) -> psycopg.Connection:
        return psycopg.connect(host=str(self._directory), user="tests", dbname="postgres", autocommit=True, connect_timeout=3)

    def _answers(self) -> bool:
        try:
            self._connect().close()
        except psycopg.OperationalError:
            return False
        return True


def find_binaries() -> Path:
    """The directory of initdb and postgres. Raises NoPostgres."""
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name), reverse=True)
    if pg_config := shutil.which("pg_config"):
        told = subprocess.run([pg_config, "--bindir"], check=True, capture_output=True, text=True).stdout
        places.insert(0, Path(told.strip()))
    for place in places:
        if (place / "initdb").exists() and (place / "postgres").exists():
            return place
    raise NoPostgres("PostgreSQL is not installed on this machine: apt-get install postgresql")


def unprivileged_user() -> str:
    """Raises NoPostgres."""
    for name in UNPRIVILEGED:
        try:
            return pwd.getpwnam(name).pw_name
        except KeyError:
            continue
    raise NoPostgres(f"PostgreSQL does not run as root, and this machine has no user {' or '.join(UNPRIVILEGED)}")
