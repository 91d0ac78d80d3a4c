"""In a real terminal, tmux: what is seen, and what is left in it when the screen ends, well or by a defect."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.car.car_kit import Device
from tests.server.running_server import ROOT, until
from tests.trust.conftest import TrustedServer


class Terminal:
    """A tmux session of 80 x 24 that runs one command, and then a shell's `cat`."""

    def __init__(self, socket: Path, *command: str) -> None:
        self._tmux = ["tmux", "-S", str(socket), "-f", "/dev/null"]
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("RONDA_", "TMUX"))}
        line = f"{shlex.join(command)}; echo ended $?; cat"
        start = [*self._tmux, "new-session", "-d", "-x", "80", "-y", "24", "sh", "-c", line]
        subprocess.run(start, cwd=ROOT, env=kept | {"TERM": "xterm-256color", "LC_ALL": "C.UTF-8"}, check=True)

    def keys(self, *keys: str) -> None:
        """Presses keys by tmux's names, or types a text."""
        subprocess.run([*self._tmux, "send-keys", *keys], check=True)

    def seen(self, *more: str) -> str:
        """The screen; with "-S", "-" all that can be scrolled back to."""
        return subprocess.run(
            [*self._tmux, "capture-pane", "-p", *more], check=True, capture_output=True, text=True
        ).stdout

    def sees(self, said: str) -> str:
        """Waits for a text and returns the screen."""
        until(lambda: said in self.seen(), 30)
        return self.seen()

    def end(self) -> None:
        """Ends the session."""
        subprocess.run([*self._tmux, "kill-server"], check=False, capture_output=True)


@pytest.fixture
def terminals(tmp_path: Path) -> Iterator[list[Terminal]]:
    """Those that a test began; ended after it."""
    begun: list[Terminal] = []
    yield begun
    for each in begun:
        each.end()


def _arguments(trusted: TrustedServer, device: Device) -> list[str]:
    return ["car", "--server", trusted.address, "--identity", str(device.prefix)]


def test_seen_and_left_clean(
    trusted: TrustedServer, device: Device, cases: dict[str, Any], tmp_path: Path, terminals: list[Terminal]
) -> None:
    cui = cases["wanted"]["cui"]
    terminal = Terminal(tmp_path / "s", sys.executable, "-m", "ronda.command", *_arguments(trusted, device))
    terminals.append(terminal)
    terminal.sees("Pegue su token")
    terminal.keys("Enter")
    terminal.sees("EN LÍNEA")
    terminal.keys(cui)
    terminal.sees("CUI ─")
    terminal.keys("Enter")
    assert "PELIGRO" in terminal.sees("HAY ALERTA")
    terminal.keys("F10")
    assert "ZACHRISSON" not in terminal.sees("Bloqueado.")
    terminal.keys("C-q")
    terminal.sees("ended 0")
    left = terminal.seen("-S", "-")
    assert "ZACHRISSON" not in left
    assert cui not in left


def test_a_defect_leaves_a_sentence_without_values(
    trusted: TrustedServer, device: Device, cases: dict[str, Any], tmp_path: Path, terminals: list[Terminal]
) -> None:
    cui = cases["wanted"]["cui"]
    terminal = Terminal(tmp_path / "s", sys.executable, "-m", "tests.car.crash_driver", *_arguments(trusted, device))
    terminals.append(terminal)
    terminal.sees("Pegue su token")
    terminal.keys("Enter")
    terminal.sees("EN LÍNEA")
    terminal.keys(cui)
    terminal.keys("Enter")
    terminal.sees("ended 1")
    left = terminal.seen("-S", "-")
    assert "Ronda se cerró por una falla propia (ValueError en crash_driver.py" in left.replace("\n", "")
    for personal in (cui, "ZACHRISSON", "Traceback", "locals", str(device.prefix)):
        assert personal not in left


def test_without_a_terminal_it_says_so(trusted: TrustedServer) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "ronda.command", "car"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 2
    assert "necesita una terminal" in done.stderr
