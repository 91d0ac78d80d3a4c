"""`ronda replay` and `ronda audit` on a data directory and the audit log of a server in development mode."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from ronda.command import app

# Methods that a generation answers, as the audit names them.
ANSWERED = {
    "CHECK",
    "CHECK_PERSON",
    "CHECK_VEHICLE",
    "SEARCH_PERSONS",
    "SEARCH_VEHICLES",
    "LIST_RECORDS",
    "LIST_REGISTERS",
    "GET_GENERATION",
    "CLEAR",
}


@dataclass(frozen=True)
class Log:
    """The log that a server left."""

    data: Path
    audit: Path
    manifests: Path | None = None

    def ronda(self, *arguments: str, data: Path | None = None) -> Any:
        """The command; `data`: in place of the server's."""
        settings: dict[str, str | None] = {name: None for name in os.environ if name.startswith("RONDA_")}
        here = {"RONDA_DATA": str(data or self.data), "RONDA_AUDIT": str(self.audit), "COLUMNS": "200"}
        if self.manifests is not None:
            here["RONDA_MANIFESTS"] = str(self.manifests)
        return CliRunner().invoke(app, list(arguments), env=settings | here)

    def records(self) -> list[dict[str, Any]]:
        """The newest of what was answered or refused, oldest first."""
        done = self.ronda("audit", "tail", "-n", "10000", "--json")
        assert done.exit_code == 0, done.output
        return [record for record in json.loads(done.stdout) if record["method"] in ANSWERED]

    def answered(self, method: str = "") -> list[dict[str, Any]]:
        """Those that were answered; by one method."""
        return [each for each in self.records() if each["status"] == "OK" and method in ("", each["method"])]

    def replayed(self, name: str, status: int, data: Path | None = None) -> dict[str, Any]:
        """Returns what `ronda replay --json` says of an answer id or record; it must end with that status."""
        done = self.ronda("replay", name, "--json", data=data)
        assert done.exit_code == status, (done.output, done.exception)
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    def why(self, name: str, data: Path | None = None) -> str:
        """Why it is not reproducible."""
        return str(self.replayed(name, 41, data)["why"])
