"""`ronda clear` as an agency runs it: in this process for what is quick, in its own where it is killed."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from ronda.command import app

ROOT = Path(__file__).parents[2]


@dataclass
class Cleared:
    """What a run printed and left. `status`: its exit status."""

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

    def start(self, file: Path | str, out: Path, *more: str) -> subprocess.Popen[bytes]:
        """In a process of its own."""
        command = [sys.executable, "-m", "ronda.command", *self.arguments(file, out, *more)]
        return subprocess.Popen(command, cwd=ROOT, env=os.environ, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def write(path: Path, *lines: str, encoding: str = "utf-8") -> Path:
    path.write_bytes("".join(f"{line}\n" for line in lines).encode(encoding))
    return path
