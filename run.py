"""The one way in: `python3 run.py` starts everything, `run.py test` runs the tests, `run.py prepare` only installs into .venv.

It needs nothing but the standard library. Older Pythons must be able to parse it, to be told that they are too old.
"""

import sys

if sys.platform == "win32":
    sys.exit("微言在 Linux 和 macOS 上运行，Windows 请用 WSL")
if sys.version_info < (3, 11):  # noqa: UP036
    sys.exit(f"微言需要 Python 3.11 或更新的版本，这里是 {sys.version.split()[0]}。请换一个，例如：python3.11 run.py")

import contextlib
import fcntl
import functools
import hashlib
import json
import os
import subprocess
import venv
from collections.abc import Iterator
from pathlib import Path

from bot.lifeline import die_with_parent  # standard library only, too

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "run.json"  # what is installed, and for which Python; missing while that changes
# A bare Debian has no pip, not even ensurepip. This one runs out of its wheel and knows by itself where packages come from.
PIP = ROOT / "vendor" / "pip-26.3-py3-none-any.whl"
PIP_SHA256 = "f3b60b20ffaadd4415ed7957212a38ac63fa4c5fa375bd0f4a797777940fad13"
USAGE = """用法：
  python3 run.py [--port N]        启动，先装好需要的一切
  python3 run.py test [...]        测试，参数同 pytest
  python3 run.py prepare [--dev]   只准备环境 .venv；--dev 连同测试和检查的工具"""


def main(arguments: list[str]) -> None:
    """Prepares, then becomes the supervisor or pytest: signals and exit code are theirs."""
    command = arguments[0] if arguments and not arguments[0].startswith("-") else "start"
    if command not in ("start", "test", "prepare") or {"-h", "--help"} & set(arguments[:1]):
        sys.exit(USAGE)
    try:
        prepare("requirements-dev.txt" if command == "test" or arguments == ["prepare", "--dev"] else "requirements.txt")
    except (OSError, ValueError) as error:
        sys.exit(f"准备环境没有成功：{error}\n请看 {ROOT} 可不可写、磁盘满不满，再运行一次")
    except KeyboardInterrupt:
        sys.exit("已中断，再运行一次就从头准备")
    if command == "prepare":
        print(f"环境已就绪：{VENV}")
        return
    if os.environ.get("DATA_DIR"):
        os.environ["DATA_DIR"] = os.path.abspath(os.environ["DATA_DIR"])  # seen from where the caller is
    os.chdir(ROOT)
    program = ["pytest", *arguments[1:]] if command == "test" else ["bot.supervisor", *arguments]
    os.execv(PYTHON, [str(PYTHON), "-m", *program])  # noqa: S606


def prepare(requirements: str) -> None:
    """Makes .venv hold ``requirements`` just as locked; at once when it does already. Raises OSError, ValueError."""
    maker = f"{sys.version} {sys.base_prefix} {VENV}"
    wanted = hashlib.sha256((ROOT / requirements).read_bytes()).hexdigest()
    with alone():
        try:
            installed = json.loads(STAMP.read_text())
        except (FileNotFoundError, NotADirectoryError, ValueError):
            installed = {}
        if installed.get("maker") != maker:  # none, half made, moved, or another Python's
            print(f"正在新建环境 {VENV}", flush=True)
            venv.create(VENV, clear=True, symlinks=True)
            installed = {"maker": maker}
        if installed.get(requirements) != wanted:
            STAMP.unlink(missing_ok=True)
            install(requirements)
            STAMP.write_text(json.dumps({**installed, requirements: wanted}))


def install(requirements: str) -> None:
    """Runs pip and shows how far it is; ends with its last lines when it fails."""
    if hashlib.sha256(PIP.read_bytes()).hexdigest() != PIP_SHA256:
        sys.exit(f"文件 {PIP} 不完整，请重新取一份代码")
    total = sum("==" in line[:60] for line in (ROOT / requirements).read_text("utf-8").splitlines() if line[:1].isalpha())
    options = ["--require-hashes", "--no-input", "--progress-bar=off", "--disable-pip-version-check"]
    command = [str(PYTHON), str(PIP / "pip"), "install", *options, "-r", str(ROOT / requirements)]
    print(f"正在下载大约 {total} 个组件，第一次要几分钟", flush=True)
    output, done = [""], 0
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        preexec_fn=functools.partial(die_with_parent, os.getpid()),  # noqa: PLW1509 - one libc call, no lock taken
    ) as pip:
        for line in pip.stdout or ():
            output.append(line)
            found = line.startswith(("Collecting ", "Processing "))
            done += found
            if found and done % 10 == 0:
                print(f"  {done}/{total}", flush=True)
            elif line.startswith("Installing "):
                print("正在安装", flush=True)
    if pip.returncode:
        reason = "".join(output[-12:])
        sys.exit(f"{reason}安装没有成功，原因见上面几行。多半是连不上软件源：检查网络，或给 pip 设好镜像，再运行一次")


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """Only one run.py prepares at a time. The lock is on run.py itself: no file is left behind."""
    with open(__file__) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("另一个 run.py 正在准备环境，等它完成 …", flush=True)
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


if __name__ == "__main__":
    main(sys.argv[1:])
