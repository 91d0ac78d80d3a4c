"""A real `./run serve` behind its set-up, in a terminal of its own or without one."""

from __future__ import annotations

import os
import pty
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil

from ronda.demo.directory import DemoDirectory
from tests.kit.pasted import Pasted, pasted_lines
from tests.kit.ports import free_port

ROOT = Path(__file__).parents[2]
READY_SECONDS = 240
STOP_SECONDS = 90


def demo_command(data: Path, listen: str, *more: str) -> list[str]:
    """`./run serve` without its set-up, on ports of its own."""
    ports = ["--listen", listen, "--metrics", f"127.0.0.1:{free_port()}", "--lane", f"127.0.0.1:{free_port()}"]
    return [sys.executable, "-m", "ronda.demo", "--persons", "1000", "--data", str(data), *ports, *more]


class RunningDemo:
    """Starts at once. `data` is kept when it ends, for the next; `clear_of` removes it."""

    def __init__(self, data: Path, *more: str, terminal: bool = False) -> None:
        self.directory = DemoDirectory(data)
        self.listen = f"127.0.0.1:{free_port()}"
        self.log = data.with_name(f"screen-{time.monotonic_ns()}")
        self.terminal = -1
        out: int
        if terminal:
            self.terminal, out = pty.openpty()
        else:
            out = os.open(self.log, os.O_WRONLY | os.O_CREAT, 0o600)
        command = demo_command(data, self.listen, *more)
        # setsid -c makes the terminal the session's own, so that closing it hangs up.
        taking = ["setsid", "--ctty"] if terminal else ["setsid"]
        self.process = subprocess.Popen([*taking, *command], cwd=ROOT, stdin=out, stdout=out, stderr=out)
        os.close(out)
        self._screen = ""

    def screen(self) -> str:
        """Returns what it has printed so far."""
        if self.terminal < 0:
            return self.log.read_text(encoding="utf-8", errors="replace")
        os.set_blocking(self.terminal, False)
        try:
            while piece := os.read(self.terminal, 65536):
                self._screen += piece.decode(errors="replace")
        except OSError:
            pass
        return self._screen

    def wait_for(self, words: str) -> RunningDemo:
        """Waits until the words are on the screen."""
        until = time.monotonic() + READY_SECONDS
        while words not in self.screen():
            assert self.process.poll() is None, self.screen()
            assert time.monotonic() < until, self.screen()
            time.sleep(0.1)
        return self

    def wait_ready(self) -> RunningDemo:
        """Waits for the page's last line."""
        return self.wait_for("Stop: Ctrl-C")

    def pasted(self) -> list[Pasted]:
        """The lines to paste, in order."""
        return pasted_lines(self.screen())

    def family(self) -> list[psutil.Process]:
        """The demo, all that descends from it, and its PostgreSQL server, which is nobody's child."""
        number = int((self.directory.cluster / "data" / "postmaster.pid").read_text(encoding="utf-8").split()[0])
        family = [psutil.Process(self.process.pid), psutil.Process(number)]
        return [*family, *(child for each in family for child in each.children(recursive=True))]

    def end(self, number: int = signal.SIGTERM) -> int:
        """Sends the signal; returns the exit status."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            return self.process.wait(STOP_SECONDS)
        finally:
            if self.process.poll() is None:
                self.process.kill()

    def close_terminal(self) -> int:
        """As a closed window does; returns the exit status."""
        os.close(self.terminal)
        self.terminal = -1
        return self.process.wait(STOP_SECONDS)

    @staticmethod
    def clear_of(data: Path) -> None:
        """Removes what demos made there."""
        shutil.rmtree(DemoDirectory(data).cluster, ignore_errors=True)
        shutil.rmtree(data, ignore_errors=True)
