"""`ronda clear` as an agency runs it: in this process for what is quick, in its own where it is killed."""

from __future__ import annotations

import csv
import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import sys
import termios
import threading
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import openpyxl
from typer.testing import CliRunner

from ronda.command import app

ROOT = Path(__file__).parents[2]


@dataclass
class Cleared:
    """The output and status of one run. `status`: its exit status."""

    status: int
    text: str
    out: Path

    def beside(self, what: str) -> Path:
        return self.out.with_name(f"{self.out.stem}.{what}")

    @property
    def rows(self) -> list[dict[str, str]]:
        return table(self.out)

    @property
    def codes(self) -> dict[str, str]:
        """Row's number -> code."""
        return {row["fila"]: row["codigo"] for row in self.rows}

    @property
    def rejects(self) -> dict[str, str]:
        """Row's number -> column and rule."""
        return {row["fila"]: row["codigo"] for row in table(self.beside("rechazos.csv"))}

    @property
    def summary(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.beside("resumen.json").read_text(encoding="utf-8"))
        return found


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@dataclass
class Agency:
    """Somebody who clears files at a server."""

    address: str
    options: list[str] = field(default_factory=list)

    def arguments(self, file: Path | str, out: Path, *more: str) -> list[str]:
        given = ["clear", str(file), "--out", str(out), "--server", self.address, *self.options, *more]
        return given if "--standard" in more else [*given, "--standard", "wanted"]

    def clear(self, file: Path | str, out: Path, *more: str, typed: bytes = b"") -> Cleared:
        """In this process."""
        done = CliRunner().invoke(app, self.arguments(file, out, *more), input=typed or None)
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return Cleared(done.exit_code, done.output, out)

    def start(
        self, file: Path | str, out: Path, *more: str, inside: tuple[str, ...] = (), typed: BinaryIO | None = None
    ) -> subprocess.Popen[bytes]:
        """In a process of its own. inside: a command that executes the rest of its words."""
        command = [*inside, *self._command(file, out, *more)]
        return subprocess.Popen(
            command, stdin=typed, cwd=ROOT, env=os.environ, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )

    def start_at_terminal(self, file: Path | str, out: Path, *more: str) -> Terminal:
        """In a process that has a terminal of its own, of 80 columns."""
        return Terminal(self._command(file, out, *more))

    def _command(self, file: Path | str, out: Path, *more: str) -> list[str]:
        return [sys.executable, "-m", "ronda.command", *self.arguments(file, out, *more)]


class Terminal:
    """A command and its terminal; what it writes is read as it comes."""

    def __init__(self, command: list[str]) -> None:
        self._ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self._said = bytearray()
        self.process = subprocess.Popen(
            ["setsid", "--ctty", *command],
            cwd=ROOT,
            env={**os.environ, "TERM": "xterm"},
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
        )
        os.close(theirs)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        while True:
            try:
                data = os.read(self._ours, 4096)
            except OSError:  # the last that had the terminal open is gone
                return
            if not data:
                return
            self._said += data

    @property
    def text(self) -> str:
        """All that was written so far, colours and cursor movements left out; what is written over is a line too."""
        said = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", self._said.decode("utf-8", "replace"))
        return re.sub(r"\r+\n|\r", "\n", said)

    def press(self, keys: bytes) -> None:
        """As from the keyboard: b"\\x03" is Ctrl-C."""
        os.write(self._ours, keys)

    def wait(self) -> int:
        """Its exit status."""
        status = self.process.wait(60)
        self._reader.join(10)
        os.close(self._ours)
        return status


def workbook_rows(path: Path) -> list[dict[str, Any]]:
    """Rows of all sheets by their headings; an empty cell is "", as in a CSV."""
    book = openpyxl.load_workbook(path, read_only=True)
    found = []
    for sheet in book.worksheets:
        heading, *rows = sheet.iter_rows(values_only=True)
        found += [{str(name): cell or "" for name, cell in zip(heading, row, strict=True)} for row in rows]
    return found


def rewrite(path: Path, changed: Callable[[str, str], str]) -> None:
    """A container's parts anew, as `changed` has them by name and text."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name).decode() for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, part in parts.items():
            archive.writestr(name, changed(name, part))


def write(path: Path, *lines: str, encoding: str = "utf-8") -> Path:
    path.write_bytes("".join(f"{line}\n" for line in lines).encode(encoding))
    return path
