"""The plugin that makes skipped tests loud and, in CI, failures."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from config.settings import ROOT
from tests.watching import clean_environment

EXAMPLE = """
import pytest

@pytest.fixture
def browser():
    pytest.skip("no Chromium here")

def test_with_browser(browser): ...

@pytest.mark.skip(reason="no PostgreSQL here")
def test_marked(): ...

@pytest.mark.xfail(reason="known")
def test_known(): assert False

def test_fine(): ...
"""


@pytest.fixture
def example(tmp_path: Path) -> Path:
    (tmp_path / "test_example.py").write_text(EXAMPLE)
    (tmp_path / "test_module.py").write_text("import pytest\npytest.importorskip('no_such_module')\n")
    (tmp_path / "pytest.ini").touch()
    return tmp_path


def run(example: Path, *arguments: str, **settings: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "tests.forbid_skips", *arguments],
        cwd=example,
        env=clean_environment(PYTHONPATH=str(ROOT), FORBID_SKIPS="") | settings,
        check=False,
        capture_output=True,
        text=True,
    )
    return done.returncode, done.stdout


def test_every_skip_is_named_with_its_reason(example: Path) -> None:
    code, output = run(example, "-n", "1")  # in xdist's worker, told by its controller
    assert code == 0, output
    assert "SKIPPED test_example.py::test_with_browser: no Chromium here" in output
    assert "SKIPPED test_example.py::test_marked: no PostgreSQL here" in output
    assert "SKIPPED test_module.py: could not import 'no_such_module'" in output


def test_forbidden_a_skip_fails_and_says_why(example: Path) -> None:
    code, output = run(example, "--continue-on-collection-errors", FORBID_SKIPS="1")
    assert code == 1, output
    assert "1 passed, 1 xfailed, 3 errors" in output
    assert "skipped, which FORBID_SKIPS forbids: no Chromium here" in output
    assert "skipped, which FORBID_SKIPS forbids: could not import 'no_such_module'" in output
