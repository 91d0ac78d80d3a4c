"""A checkout that was moved or copied: ./run says so, and makes its environment anew instead of using another's."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MADE_ANEW = 7


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The script with an environment that notes its own place, and a Python that only says that it is to make one."""
    place = tmp_path / "first"
    packages = place / ".venv" / "lib" / "python3.13" / "site-packages"
    packages.mkdir(parents=True)
    (place / ".venv" / "bin").mkdir()
    (packages / "ronda-checkout.pth").write_text(f"{place}\n", encoding="utf-8")
    (place / "requirements").mkdir()
    (place / "requirements" / "uv.lock").touch()
    for name in ("python", "ruff", "uv"):
        _write_program(place / ".venv" / "bin" / name, 'while [ $# -gt 0 ]; do [ "$1" != -o ] || : >"$2"; shift; done')
    _write_program(tmp_path / "python", f'[ "$2" != venv ] || {{ echo "made anew: $3"; exit {MADE_ANEW}; }}')
    shutil.copy(ROOT / "run", place / "run")
    return place


def _write_program(path: Path, text: str) -> None:
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="ascii")
    path.chmod(0o755)


def _run(place: Path, *verb: str) -> tuple[int, str]:
    # No package of the system is looked for: dpkg-query says that each is there.
    tools = place.parent / "tools"
    tools.mkdir(exist_ok=True)
    _write_program(tools / "dpkg-query", "echo install ok installed")
    environment = {"PATH": f"{tools}:{os.environ['PATH']}", "PYTHON": str(place.parent / "python")}
    ended = subprocess.run([place / "run", *verb], env=environment, capture_output=True, text=True, check=False)
    return ended.returncode, ended.stdout + ended.stderr


def test_where_it_was_made_its_environment_stays(checkout: Path) -> None:
    link = checkout.parent / "link"
    link.symlink_to(checkout)
    for place in (checkout, link):
        status, text = _run(place, "fmt")
        assert (status, "moved" in text) == (0, False), text


@pytest.mark.parametrize("moved", [True, False])
def test_elsewhere_it_is_made_anew(checkout: Path, moved: bool) -> None:
    place = checkout.parent / "second place"
    if moved:
        checkout.rename(place)
    else:
        shutil.copytree(checkout, place)
    (place / "build" / "k6-venv").mkdir(parents=True)
    status, text = _run(place, "build")
    assert (status, f"was made at {checkout}, and is made anew here" in text) == (MADE_ANEW, True), text
    assert "made anew: .venv" in text
    assert not (place / ".venv").exists() and not (place / "build" / "k6-venv").exists()
    assert moved or (checkout / ".venv").exists(), "that of the other checkout is not touched"


def test_an_environment_that_was_lent_stays(checkout: Path) -> None:
    other = checkout.parent / "other"
    other.mkdir()
    shutil.copy(checkout / "run", other / "run")
    shutil.copytree(checkout / "requirements", other / "requirements")
    (other / ".venv").symlink_to(checkout / ".venv")
    assert _run(other, "fmt")[0] == 0
    assert (other / ".venv").is_symlink()


def test_help_touches_nothing(checkout: Path) -> None:
    place = checkout.parent / "second"
    checkout.rename(place)
    for verb in ((), ("help",), ("serve", "--help")):
        assert _run(place, *verb)[0] == 0
    assert (place / ".venv").exists()
