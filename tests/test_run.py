"""run.py, run for real in a small checkout of its own, without a network: what it prepares, repairs, refuses and passes on."""

from __future__ import annotations

import ast
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from config.settings import ROOT
from run import PIP, PIP_SHA256
from tests.watching import clean_environment, family, is_alive, wait_until

NO_NETWORK = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": "", "PIP_CONFIG_FILE": os.devnull}
# Stand-ins for what run.py becomes in the end.
ECHO = "import json, os, sys\nprint(json.dumps([os.environ.get('DATA_DIR'), os.getcwd(), *sys.argv[1:]]))\n"
FAKE_PIP = "print('Collecting nothing')"
SLOW_PIP = "import time; time.sleep(60)"
MISSING = "nothing==1.0 --hash=sha256:" + "0" * 64 + "\n"


class Checkout:
    """Just as much of the repository as run.py itself needs, with a pip that only pretends: the real one takes its time."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.stamp = root / ".venv" / "run.json"
        (root / "bot").mkdir(parents=True)
        (root / "vendor").mkdir()
        for name in ("bot/__init__.py", "bot/lifeline.py"):
            shutil.copy(ROOT / name, root / name)
        self.replace_pip(FAKE_PIP)
        (root / "bot" / "supervisor.py").write_text(ECHO)
        (root / "pytest.py").write_text(ECHO)
        self.require("# nothing\n")
        self.require("# nothing for tests\n", "requirements-dev.txt")

    def replace_pip(self, code: str) -> None:
        with zipfile.ZipFile(self.root / "vendor" / PIP.name, "w") as wheel:
            wheel.writestr("pip/__main__.py", code)
        digest = hashlib.sha256((self.root / "vendor" / PIP.name).read_bytes()).hexdigest()
        (self.root / "run.py").write_text((ROOT / "run.py").read_text("utf-8").replace(PIP_SHA256, digest), "utf-8")

    def restore_pip(self) -> None:
        shutil.copy(PIP, self.root / "vendor")
        shutil.copy(ROOT / "run.py", self.root)

    def require(self, lines: str, name: str = "requirements.txt") -> None:
        (self.root / name).write_text(lines)

    def start(self, *arguments: str, **settings: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, self.root / "run.py", *arguments],
            cwd=self.root.parent,
            env=clean_environment(**NO_NETWORK, **settings),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, *arguments: str, **settings: str) -> tuple[int, str]:
        """Exit code and output."""
        process = self.start(*arguments, **settings)
        output = process.communicate(timeout=100)[0]
        return process.returncode, output


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """Not prepared yet; its path has a space and Chinese in it."""
    return Checkout(tmp_path / "集贤 微言")


@pytest.fixture
def prepared(checkout: Checkout) -> Checkout:
    """One that `run.py prepare` has been through."""
    code, output = checkout.run("prepare")
    assert code == 0, output
    return checkout


def test_older_pythons_can_parse_it() -> None:
    ast.parse((ROOT / "run.py").read_text("utf-8"), feature_version=(3, 6))


def test_the_second_time_there_is_nothing_to_do(checkout: Checkout) -> None:
    code, output = checkout.run("prepare")
    assert code == 0
    assert "正在新建环境" in output
    assert "正在下载" in output
    assert checkout.run("prepare") == (0, f"环境已就绪：{checkout.root}/.venv\n")


def test_changed_requirements_are_installed_into_what_is_there(prepared: Checkout) -> None:
    prepared.require("# still nothing\n")
    code, output = prepared.run("prepare")
    assert code == 0
    assert "正在新建环境" not in output
    assert "正在下载" in output


def test_the_tests_need_more_and_the_rest_stays_prepared(prepared: Checkout) -> None:
    assert "正在下载" in prepared.run("prepare", "--dev")[1]
    assert "正在下载" not in prepared.run("prepare", "--dev")[1]
    assert "正在下载" not in prepared.run("prepare")[1]


@pytest.mark.parametrize("stamp", [None, "", '{"maker": "another Python"}'])
def test_a_half_made_or_foreign_environment_is_made_anew(prepared: Checkout, stamp: str | None) -> None:
    rubbish = prepared.root / ".venv" / "rubbish"
    rubbish.touch()
    if stamp is None:
        prepared.stamp.unlink()
    else:
        prepared.stamp.write_text(stamp)
    assert prepared.run("prepare")[0] == 0
    assert not rubbish.exists()


def test_a_checkout_that_was_moved_is_made_anew(prepared: Checkout) -> None:
    prepared.root = prepared.root.rename(prepared.root.with_name("moved"))
    assert "正在新建环境" in prepared.run("prepare")[1]


def test_the_real_pip_runs_out_of_its_wheel(checkout: Checkout) -> None:
    checkout.restore_pip()
    code, output = checkout.run("prepare")
    assert code == 0, output
    assert "环境已就绪" in output


def test_what_cannot_be_installed_is_explained_and_tried_again(prepared: Checkout) -> None:
    prepared.restore_pip()
    prepared.require(MISSING)
    for _ in range(2):
        code, output = prepared.run("prepare")
        assert code == 1
        assert "No matching distribution found for nothing==1.0" in output
        assert "安装没有成功" in output
        assert not prepared.stamp.exists()


def test_a_damaged_pip_is_not_run(checkout: Checkout) -> None:
    wheel = checkout.root / "vendor" / PIP.name
    wheel.write_bytes(wheel.read_bytes()[:-1])
    code, output = checkout.run("prepare")
    assert code == 1
    assert "不完整" in output


def test_where_nothing_can_be_written_it_says_so(checkout: Checkout) -> None:
    (checkout.root / ".venv").touch()  # root may write everywhere, but not below a file
    code, output = checkout.run("prepare")
    assert code == 1
    assert "准备环境没有成功" in output
    assert "Traceback" not in output


def test_of_two_at_once_one_prepares_and_the_other_waits(checkout: Checkout) -> None:
    both = [checkout.start("prepare") for _ in range(2)]
    outputs = [process.communicate(timeout=100)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert sum("正在新建环境" in output for output in outputs) == 1


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent has died")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_ended_while_it_installs_it_leaves_no_pip_behind(checkout: Checkout, how: signal.Signals) -> None:
    checkout.replace_pip(SLOW_PIP)
    process = checkout.start("prepare")
    wait_until(lambda: any("vendor" in command for command in family(process.pid).values()))
    everybody = family(process.pid)
    process.send_signal(how)
    process.communicate(timeout=20)
    wait_until(lambda: not any(map(is_alive, everybody)))
    assert not checkout.stamp.exists()


def test_it_becomes_the_supervisor(prepared: Checkout) -> None:
    code, output = prepared.run("--port", "8000", DATA_DIR="data here")
    assert code == 0
    # The data are where the caller meant, the rest where run.py is.
    assert json.loads(output) == [f"{prepared.root.parent}/data here", str(prepared.root), "--port", "8000"]


def test_it_becomes_pytest(prepared: Checkout) -> None:
    code, output = prepared.run("test", "-k", "redis and not slow")
    assert code == 0
    assert json.loads(output.splitlines()[-1])[2:] == ["-k", "redis and not slow"]


def test_what_it_does_not_understand_shows_how_to_use_it(checkout: Checkout) -> None:
    for arguments in (["tset"], ["--help"]):
        code, output = checkout.run(*arguments)
        assert code == 1
        assert "python3 run.py test" in output
    assert not (checkout.root / ".venv").exists()
