"""A command in a real terminal (tmux), and what stands on it as an SVG."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.text import Text

_ROOT = Path(__file__).parents[2]
_PATIENCE_S = 120.0


class ShownTerminal:
    """Runs `ronda WORDS`, then stays; use it as a context manager. It has no scrollback: as high as it must be."""

    def __init__(self, words: Sequence[str], columns: int, rows: int, directory: Path) -> None:
        self._columns = columns
        self._socket = Path(tempfile.mkdtemp(prefix="ronda-picture-")) / "s"
        self._tmux = ["tmux", "-S", str(self._socket), "-f", "/dev/null"]
        command = shlex.join([sys.executable, "-m", "ronda.command", *words])
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("RONDA_", "TMUX"))}
        environment = kept | {
            "TERM": "xterm-256color",
            "COLORTERM": "truecolor",
            "LC_ALL": "C.UTF-8",
            "PYTHONPATH": str(_ROOT),
        }
        size = ["-x", str(columns), "-y", str(rows)]
        subprocess.run(
            [*self._tmux, "new-session", "-d", *size, "sh", "-c", f"{command}; tput civis; exec cat >/dev/null"],
            cwd=directory,
            env=environment,
            check=True,
        )

    def __enter__(self) -> ShownTerminal:
        return self

    def __exit__(self, *_: object) -> None:
        subprocess.run([*self._tmux, "kill-server"], check=False, capture_output=True)
        self._socket.unlink(missing_ok=True)
        self._socket.parent.rmdir()

    def press(self, *keys: str) -> None:
        """By tmux's names, or texts."""
        subprocess.run([*self._tmux, "send-keys", *keys], check=True)

    def until(self, said: str) -> None:
        """Waits for a text. Raises TimeoutError with the screen."""
        end = time.monotonic() + _PATIENCE_S
        while said not in (seen := self._captured()):
            if time.monotonic() > end:
                raise TimeoutError(f"never shown: {said}\n{seen}")
            time.sleep(0.1)

    def settle(self) -> None:
        """Waits until the screen stays as it is."""
        before = ""
        while (seen := self._captured("-e")) != before:
            before = seen
            time.sleep(1.0)

    def picture(self, title: str, rows: int | None = None) -> str:
        """Returns the shown screen as SVG; without rows up to its last filled line."""
        lines = self._captured("-e", "-N").split("\n")
        drawn = [Text.from_ansi(line) for line in lines]
        while drawn and not drawn[-1].plain.strip():
            drawn.pop()
        with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
            console = Console(
                width=self._columns, record=True, file=nowhere, force_terminal=True, color_system="truecolor"
            )
            for line in drawn[:rows]:
                console.print(line, highlight=False, no_wrap=True, crop=True)
            svg = console.export_svg(title=title, unique_id="ronda")
        # No fonts from elsewhere: a picture fetches nothing.
        return re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)

    def _captured(self, *how: str) -> str:
        return subprocess.run(
            [*self._tmux, "capture-pane", "-p", *how], check=True, capture_output=True, text=True
        ).stdout
