"""./run examples: each example as its first lines say, against a real server with TLS both ways."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.release.conftest import ROOT, MakeEnvironment, run
from tests.trust.conftest import TrustedServer

EXAMPLES = ROOT / "examples"
WANTED, NOBODY, BROKEN = "8750313310502", "1234567890101", "123"


@pytest.fixture(scope="module")
def python(with_wheel: MakeEnvironment) -> Path:
    """Returns the Python of an environment with the wheel."""
    return with_wheel()


def test_python(trusted: TrustedServer, python: Path) -> None:
    asked = (python, EXAMPLES / "python" / "check.py", trusted.address, trusted.kit.directory / "patrol")
    level, *hits = run(*asked, WANTED).splitlines()
    assert level == "LEVEL_HIT not green"
    assert hits
    run(*asked, "?", status=1)


def test_python_with_asyncio(trusted: TrustedServer, python: Path) -> None:
    asked = (python, EXAMPLES / "python" / "check_many.py", trusted.address, trusted.kit.directory / "patrol")
    lines = run(*asked, WANTED, "?", NOBODY).splitlines()
    assert lines[0] == "0 LEVEL_HIT"
    assert lines[1].startswith("1 FIELD_INVALID") or lines[1].startswith("1 QUESTION_EMPTY")
    assert lines[2] == "2 LEVEL_POSSIBLE"


def test_node(trusted: TrustedServer, tmp_path: Path) -> None:
    shutil.copytree(EXAMPLES / "node", tmp_path / "node")
    subprocess.run(["npm", "ci", "--silent", "--no-audit", "--no-fund"], cwd=tmp_path / "node", check=True, timeout=240)
    asked = ("node", tmp_path / "node" / "check.js", ROOT / "proto", trusted.address, trusted.kit.directory / "patrol")
    level, *hits = run(*asked, WANTED).splitlines()
    assert level == "LEVEL_HIT not green"
    assert hits
    run(*asked, "?", status=1)


def test_buf_curl(trusted: TrustedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "BUF", str(Path(sys.executable).parent / "buf"))
    asked = (EXAMPLES / "buf" / "check.sh", ROOT / "proto", trusted.address, trusted.kit.directory / "patrol")
    assert json.loads(run(*asked, WANTED))["answer"]["level"] == "LEVEL_HIT"
