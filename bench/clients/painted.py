"""A program in a terminal of its own (a pty of 80 x 24), and when a text stood on it."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time
from collections.abc import Sequence

_STEERING = re.compile(rb"\x1b(?:\[[0-9;:<>=?$]*[A-Za-z]|\][^\x07\x1b]*(?:\x07|\x1b\\))")
_PATIENCE_S = 60.0


class PaintedTerminal:
    """Runs a command; use it as a context manager. `began`: perf_counter at its start."""

    def __init__(self, command: Sequence[str], columns: int = 80, rows: int = 24) -> None:
        self._main, side = pty.openpty()
        fcntl.ioctl(side, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("RONDA_", "TEXTUAL"))}
        self._seen = b""
        self.began = time.perf_counter()
        self.process = subprocess.Popen(
            list(command),
            stdin=side,
            stdout=side,
            stderr=side,  # where Textual draws
            start_new_session=True,
            env={**kept, "TERM": "xterm-256color"},
        )
        os.close(side)

    def __enter__(self) -> PaintedTerminal:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._main)

    def press(self, keys: str) -> float:
        """Types; what was painted before is forgotten. perf_counter at the key."""
        self._take(0.0)
        self._seen = b""
        now = time.perf_counter()
        os.write(self._main, keys.encode())
        return now

    def until(self, said: str, seconds: float = _PATIENCE_S) -> float:
        """perf_counter when the text was painted, since the last key. Raises TimeoutError."""
        end = time.perf_counter() + seconds
        while said.encode() not in _STEERING.sub(b"", self._seen):
            if not self._take(end - time.perf_counter()):
                shown = _STEERING.sub(b"", self._seen).decode(errors="replace")[-2000:]
                raise TimeoutError(f"not painted in {seconds} s: {said}; but {shown}")
        return time.perf_counter()

    def settle(self, seconds: float = 0.15) -> None:
        """Reads until nothing was painted for so long."""
        while self._take(seconds):
            pass

    def _take(self, seconds: float) -> bool:
        if not select.select([self._main], [], [], max(0.0, seconds))[0]:
            return False
        try:
            self._seen += os.read(self._main, 65536)
        except OSError:  # the program ended
            shown = _STEERING.sub(b"", self._seen).decode(errors="replace")[-2000:]
            raise TimeoutError(f"the program ended with {self.process.wait()}: {shown}") from None
        return True
