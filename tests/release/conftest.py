"""The server in production mode of the client's tests, and environments with ronda-client's wheel alone."""

from __future__ import annotations

import subprocess
import sys
import venv
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.client.conftest import trusted

ROOT = Path(__file__).parents[2]
__all__ = ["trusted"]

MakeEnvironment = Callable[..., Path]


@pytest.fixture(scope="module")
def with_wheel(tmp_path_factory: pytest.TempPathFactory) -> MakeEnvironment:
    """Makes an environment with the wheel and gives its Python. lock: what stands in it before; none: the newest.

    extra: of the wheel, without a lock.
    """

    def make(lock: Path | None = None, extra: str = "") -> Path:
        directory = tmp_path_factory.mktemp("environment")
        venv.create(directory, with_pip=True)
        python = directory / "bin" / "python"
        pip: list[str | Path] = [
            python,
            "-m",
            "pip",
            "install",
            "-q",
            "--disable-pip-version-check",
            "--only-binary",
            ":all:",
        ]
        (wheel,) = (ROOT / "dist").glob("ronda_client-*.whl")
        if lock is not None:
            subprocess.run([*pip, "--require-hashes", "-r", lock], check=True)
        subprocess.run([*pip, *(["--no-deps"] if lock is not None else []), f"{wheel}{extra}"], check=True)
        if lock is not None:
            subprocess.run([python, "-m", "pip", "check"], check=True)
        return python

    return make


def run(*words: str | Path, status: int = 0) -> str:
    """Returns what a command prints; it must end with `status`, within ten minutes."""
    told = [str(word) for word in words]
    done = subprocess.run(told, cwd="/", capture_output=True, text=True, check=False, timeout=600)
    sys.stderr.write(done.stderr)
    assert done.returncode == status, done.stderr
    return done.stdout
