"""The peers' virtual environment, build/bench/peers-venv: made once, and anew when requirements/peers.lock changes."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import venv
from pathlib import Path

_ROOT = Path(__file__).parent.parent.parent.parent
LOCK = _ROOT / "requirements" / "peers.lock"
DIRECTORY = _ROOT / "build" / "bench" / "peers-venv"


class PeersUnavailable(RuntimeError):
    """The environment could not be made. The text ends with what pip said."""


def python() -> Path:
    """The environment's interpreter. Raises PeersUnavailable.

    pyicu is built from source: `./run bench-names` installs g++, pkg-config and libicu-dev before.
    """
    interpreter, stamp = DIRECTORY / "bin" / "python", DIRECTORY / "installed"
    digest = hashlib.sha256(LOCK.read_bytes()).hexdigest()
    if not (stamp.exists() and stamp.read_text(encoding="utf-8") == digest):
        venv.EnvBuilder(with_pip=True, clear=True).create(DIRECTORY)
        done = subprocess.run(
            [interpreter, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--require-hashes", "-r", LOCK],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise PeersUnavailable(f"pip could not install requirements/peers.lock: {done.stderr[-2000:]}")
        stamp.write_text(digest, encoding="utf-8")
    return interpreter


def run(module: str, folder: Path) -> None:
    """Runs bench.names.peers.<module> on FOLDER in the environment. Raises CalledProcessError, PeersUnavailable."""
    subprocess.run([python(), "-m", f"bench.names.peers.{module}", folder], check=True, cwd=_ROOT, stdout=sys.stderr)
