"""In a real terminal, tmux: what is seen, and what is left in it when the screen ends, well or by a defect."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.car.car_kit import Device
from tests.car.tmux import Terminal
from tests.server.running_server import ROOT
from tests.trust.conftest import TrustedServer


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
    clean = cases["clean"]["cui"]
    terminal.keys("F2", clean, "Enter", "F4", cui, "Enter")  # in one burst, as a scanner types
    terminal.sees(f"Conductor: {cui}")
    terminal.keys("F6")
    history = terminal.sees("Últimas consultas")
    assert [history.count(each) for each in (clean, cui)] == [1, 2], "each was asked once"
    terminal.keys("Escape")
    terminal.sees("HAY ALERTA")
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
