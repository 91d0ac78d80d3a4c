"""The `ronda` command on a real terminal of a given width, or with its output in a pipe."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
from pathlib import Path

ROOT = Path(__file__).parents[2]
RONDA = [sys.executable, "-m", "ronda.command"]
UNSET = ("RONDA_", "COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR", "COLORTERM", "TERM")


def _environment(given: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(UNSET)} | given


def piped(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Runs the command with its output in a pipe, and no width known."""
    return subprocess.run(
        [*RONDA, *arguments],
        cwd=ROOT,
        env=_environment(environment),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def on_terminal(width: int, *arguments: str, height: int = 50, **environment: str) -> tuple[int, str]:
    """(Exit status, what the terminal got, escape sequences too)."""
    main, side = pty.openpty()
    fcntl.ioctl(side, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))
    process = subprocess.Popen(
        [*RONDA, *arguments],
        cwd=ROOT,
        env=_environment({"TERM": "xterm-256color"} | environment),
        stdin=side,
        stdout=side,
        stderr=side,
    )
    os.close(side)
    seen = b""
    while True:
        try:
            piece = os.read(main, 65536)
        except OSError:  # the other side is closed: the command has ended
            break
        if not piece:
            break
        seen += piece
    os.close(main)
    return process.wait(60), seen.decode().replace("\r\n", "\n")
