"""A real terminal."""

from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path

import psutil

from tests.server.running_server import ROOT, until


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

    def program(self) -> psutil.Process:
        """The command's process."""
        told = subprocess.run([*self._tmux, "display-message", "-p", "#{pane_pid}"], check=True, capture_output=True)
        (found,) = psutil.Process(int(told.stdout)).children(recursive=True)
        return found

    def end(self) -> None:
        """Closes the terminal: whoever runs in it is hung up on."""
        subprocess.run([*self._tmux, "kill-server"], check=False, capture_output=True)
