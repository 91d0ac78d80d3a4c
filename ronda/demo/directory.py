"""The demo's directory: one start at a time in it, what of it is still good, and what its index leaves out."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from core.errors import CoreError
from core.generation.view_file import LIVE
from core.ledger.change import RECORD_KINDS
from core.ledger.reader import FOLDER as LEDGER
from core.ledger.reader import LedgerReader
from nation.limits import today_in_guatemala

POSTGRES_REGISTERS = ("renap", "sipol")
_SILENT_S = 31_536_000  # a year: no program of a court sends heartbeats to the demo
FEED_SOURCE = "oj-demo"  # the court's, for `ronda feed push`
LIVE_POLL_MS = 100
CHANGES = ("cancel.json", "reissue.json")
_EXAMPLES = Path(__file__).parents[2] / "examples"


class DirectoryRefused(Exception):
    """The directory cannot be the demo's. The text says why and what to do."""


class InUse(DirectoryRefused):
    """Another demo runs in it."""


class Addresses(NamedTuple):
    """Addresses of a demo's server, host:port each. metrics: or "off". lane: the express lane, "" = none."""

    listen: str
    metrics: str
    lane: str


@dataclass(frozen=True)
class DemoDirectory:
    """Paths below `path`, which is absolute."""

    path: Path

    @property
    def nation(self) -> Path:
        """registers/ and truth/."""
        return self.path / "nation"

    @property
    def cases(self) -> Path:
        """The nation's cast, of which the checks to try are; written last."""
        return self.nation / "truth" / "cases.json"

    @property
    def config(self) -> Path:
        """The file for RONDA_CONFIG, for a rebuild from a second shell."""
        return self.path / "ronda.toml"

    @property
    def steps_log(self) -> Path:
        """The words of the steps before the server."""
        return self.path / "steps.log"

    @property
    def server_log(self) -> Path:
        """The server's JSON lines."""
        return self.path / "server.log"

    @property
    def live_log(self) -> Path:
        """The JSON lines of `ronda live`."""
        return self.path / "live.log"

    @property
    def cluster(self) -> Path:
        """postgres/; under /var/tmp when others cannot reach it: as root the server runs as another account."""
        reachable = all(parent.stat().st_mode & stat.S_IXOTH for parent in (self.path, *self.path.parents))
        if os.geteuid() != 0 or reachable:
            return self.path / "postgres"
        name = hashlib.sha256(str(self.path).encode()).hexdigest()[:12]
        return Path("/var/tmp") / f"ronda-demo-{name}"  # noqa: S108 - mode 0700

    @contextmanager
    def held(self) -> Iterator[None]:
        """Makes the directory and keeps other demos off it. At the end its lock goes, and the directory if it is empty.

        Raises DirectoryRefused.
        """
        lock = self.path / "demo.lock"
        try:
            made = [path for path in (self.path, *self.path.parents) if not path.exists()]
            self.path.mkdir(parents=True, exist_ok=True)
            file = lock.open("a+", encoding="ascii")
        except OSError as error:
            raise DirectoryRefused(
                f"--data {self.path}: {error.strerror}: name a directory that is yours, or is not there yet"
            ) from None
        with file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                file.seek(0)
                raise InUse(
                    f"{self.path} is in use by another ./run serve (process {file.read().strip() or 'unknown'}): "
                    "stop that one, or name another directory with --data and another address with --listen"
                ) from None
            if not lock.exists() or not os.path.samestat(lock.stat(), os.fstat(file.fileno())):
                raise InUse(f"another ./run serve in {self.path} is just ending: try again")
            file.truncate(0)
            file.write(str(os.getpid()))
            file.flush()
            try:
                yield
            finally:
                lock.unlink(missing_ok=True)
                with suppress(OSError):  # what is not empty stays
                    for path in made:
                        path.rmdir()

    def holds(self, stamp: str, persons: int) -> bool:
        """Returns whether the step of this name was completed today, for so many persons."""
        path = self.path / f"{stamp}.json"
        return path.exists() and path.read_text(encoding="utf-8") == _wanted(persons)

    def done(self, stamp: str, persons: int) -> None:
        """Notes that the step was done."""
        (self.path / f"{stamp}.json").write_text(_wanted(persons), encoding="utf-8")

    @property
    def fed(self) -> bool:
        """True if changes were fed, which no rebuild undoes."""
        try:
            with LedgerReader(self.path / LEDGER) as ledger:
                return any(change.kind in RECORD_KINDS for change in ledger.changes())
        except (OSError, CoreError):
            return False

    def unfed(self) -> None:
        """Forgets what was fed: it was said of another nation."""
        for folder in (LEDGER, LIVE):
            shutil.rmtree(self.path / folder, ignore_errors=True)
        for directory in (self.path, _EXAMPLES):
            for file in directory.glob("*.json.resume"):
                file.unlink()

    def write_changes(self) -> None:
        """Copies of the examples that the page feeds: how far each was sent is kept beside it, and goes with it."""
        for name in CHANGES:
            shutil.copyfile(_EXAMPLES / name, self.path / name)

    def undone(self, *stamps: str) -> None:
        """Forgets the steps: what they made is about to be replaced."""
        for stamp in stamps:
            (self.path / f"{stamp}.json").unlink(missing_ok=True)

    def settings(self, at: Addresses) -> Mapping[str, str]:
        """Environment of the commands; the variables that are set here win over those of the shell."""
        return {
            "RONDA_CONFIG": str(self.config),
            "RONDA_DATA": str(self.path),
            "RONDA_SOURCES": str(self.nation / "registers"),
            "RONDA_LISTEN": at.listen,
            "RONDA_METRICS": at.metrics,
            "RONDA_LANE_LISTEN": at.lane,
            "RONDA_POSTGRES": "",  # empty counts as not set: the file's
            "RONDA_MANIFESTS": "",
            "RONDA_TRUST": "",
        }

    def write_config(self, dsn: str, at: Addresses) -> None:
        """The TOML for a second shell; only its owner reads it."""
        values = {"data": self.path, "sources": self.nation / "registers", "listen": at.listen, "metrics": at.metrics}
        values |= {"lane_listen": at.lane} if at.lane else {}
        lines = [f"{name} = {json.dumps(str(value))}" for name, value in values.items()]
        lines += ["index_live = true", f"live_poll_ms = {LIVE_POLL_MS}"]
        lines += [f"[feed_sources.{FEED_SOURCE}]", 'institution = "oj"', 'registers = ["oj"]']
        lines += [f"silent_s = {_SILENT_S}"]
        lines += ["[postgres]", *(f"{register} = {json.dumps(dsn)}" for register in POSTGRES_REGISTERS)]
        self.config.touch(mode=0o600)
        self.config.chmod(0o600)
        self.config.write_text("\n".join(lines) + "\n", encoding="utf-8")

    def registers(self) -> list[dict[str, Any]]:
        """Registers of the published generation as its manifest lists them; [] where there is none."""
        try:
            current = (self.path / "CURRENT").read_text(encoding="utf-8").strip()
            manifest = (self.path / "generations" / current / "MANIFEST.json").read_text(encoding="utf-8")
        except FileNotFoundError:
            return []
        found: list[dict[str, Any]] = json.loads(manifest)["registers"]
        return found

    def left_out(self) -> list[str]:
        """Ids of the registers that the published generation was built without: withdrawn in an earlier try."""
        return [register["id"] for register in self.registers() if not register["as_of_ms"]]


def _wanted(persons: int) -> str:
    return json.dumps({"persons": persons, "day": f"{today_in_guatemala():%Y-%m-%d}"})
