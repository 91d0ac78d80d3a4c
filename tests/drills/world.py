"""The small world of the drills: persons wanted by extract or feed, one with a cancelled warrant, and clean ones.

It is made once, with a copy from the middle of its history; each drill begins with copies of both.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import grpc

from ronda.v1 import check_service_pb2 as checks
from ronda.v1 import level_pb2
from tests.drills.losses import Places
from tests.indexer.small_registers import SmallRegisters, cui_of
from tests.kit.asker import Asker
from tests.kit.small_world import SmallWorld
from tests.live.live_kit import RunningLive
from tests.server.running_server import ROOT, RunningServer, until

SILENT_S = 5
SETTINGS = {
    "feed_sources": json.dumps({"court": {"institution": "oj", "registers": ["oj"], "silent_s": SILENT_S}}),
    "recall_days": 30,
}
WANTED = {"wanted by the extract": 1, "wanted by an early change": 2, "wanted by a late change": 3}
FREED = {"freed by an early change": 4, "freed by a late change": 5}
CLEAN = {"clean": 6}
PEOPLE = {**WANTED, **FREED, **CLEAN}
_BORN = "1980-05-17"
_CONNECTIONS = 6  # of two workers, which gets one is chance


def name_of(number: int) -> str:
    """Nobody's alike."""
    return f"PERSONA {'ABCDEFGH'[number] * 4} XICAR {'PQRSTUVW'[number] * 5}"


def drill_world() -> SmallWorld:
    """The rows: everybody's, and the warrants of the extract."""
    world = SmallWorld()
    for number in PEOPLE.values():
        world.person(number, name_of(number), _BORN)
    for name in ("wanted by the extract", *FREED):
        number = PEOPLE[name]
        world.warrant(f"E{number}", cui_of(number), name_of(number), _BORN)
    return world


def change(kind: str, number: int, sequence: int) -> dict[str, object]:
    """One change of the court: a warrant of its own, or the end of the extract's."""
    made: dict[str, object] = {"register": "oj", "sequence": sequence, "event_time": "2026-11-20T10:00:00-06:00"}
    if kind == "CANCEL":
        return {**made, "id": f"E{number}", "kind": kind}
    row = {"ORDEN": f"F{number}", "CUI": cui_of(number), "NOMBRE": name_of(number), "NACIMIENTO": _BORN}
    return {**made, "id": f"F{number}", "row": {**row, "ESTADO": "PENDIENTE", "FECHA": "2024-02-03", "DELITO": "ROBO"}}


EARLY = [change("UPSERT", 2, 1), change("CANCEL", 4, 2)]
LATE = [change("UPSERT", 3, 3), change("CANCEL", 5, 4)]


def drop(folder: Path, name: str, changes: list[dict[str, object]]) -> None:
    """A whole file of changes into the source's folder."""
    file = folder / f".{name}"
    file.write_text("\n".join(map(json.dumps, changes)) + "\n", encoding="utf-8")
    file.rename(folder / f"{name}.jsonl")


class Source:
    """The court's program that sends what lies in its folder, and says meanwhile that nothing came."""

    def __init__(self, folder: Path, server: str, log: Path) -> None:
        self._log = log.open("ab")
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "ronda.command", "feed", "folder", str(folder), "--source", "court"),
                *("--heartbeat", "0.5", "--poll", "0.1", "--server", server),
            ],
            cwd=ROOT,
            stdout=self._log,
            stderr=self._log,
        )

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()
        self._log.close()


class Asked:
    """The workers' answers about everybody, on connections of their own."""

    def __init__(self, server: RunningServer) -> None:
        self._server = server

    def once(self) -> dict[str, set[tuple[str, bool]]]:
        """By person: levels, each with whether coverage was complete. A call that fails says nothing."""
        found: dict[str, set[tuple[str, bool]]] = {name: set() for name in PEOPLE}
        for _ in range(_CONNECTIONS):
            asker = Asker(self._server)
            for name, number in PEOPLE.items():
                with suppress(grpc.RpcError):
                    answer = asker(checks.CheckPersonRequest(cui=cui_of(number))).answer
                    level = level_pb2.Level.Name(answer.level).removeprefix("LEVEL_")
                    found[name].add((level, answer.coverage == level_pb2.COVERAGE_COMPLETE))
            asker.channel.close()
        return found


def is_right(said: dict[str, set[tuple[str, bool]]]) -> bool:
    """Returns whether every answer is true, with complete coverage."""
    levels = {name: {level for level, _ in each} for name, each in said.items()}
    return (
        all(levels[name] == {"HIT"} for name in WANTED)
        and all(levels[name] and not levels[name] & {"HIT", "INCOMPLETE"} for name in FREED)
        and all(each == ("CLEAR", True) for each in said["clean"])
        and bool(said["clean"])
    )


class DrillWorld:
    """Made once in `directory`; `places` copies it for a drill."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._drop = directory / "drop"
        self._drop.mkdir(parents=True)
        live = RunningLive(directory / "made", drill_world(), **SETTINGS)
        self.registers: SmallRegisters = live.registers
        asked = Asked(live.server)
        source = Source(self._drop, live.server.address, directory / "source.log")
        try:
            drop(self._drop, "1-early", EARLY)
            until(lambda: self._is_known(asked, early=True), 60)
        finally:
            source.stop()
            live.stop()
        self._keep("earlier")
        again = Running(self.registers.data, self.registers.manifests, directory / "again", self._drop)
        try:
            drop(self._drop, "2-late", LATE)
            until(lambda: is_right(Asked(again.server).once()), 60)
        finally:
            again.stop()
        self._keep("ready")

    @staticmethod
    def _is_known(asked: Asked, *, early: bool) -> bool:
        said = asked.once()
        return (
            early
            and {level for level, _ in said["wanted by an early change"]} == {"HIT"}
            and not any(level == "HIT" for level, _ in said["freed by an early change"])
        )

    def _keep(self, name: str) -> None:
        data = self.registers.data
        for part in ("confirmations", "recall", "staging"):
            (data / part).mkdir(exist_ok=True)
        shutil.copytree(data, self._directory / name)

    def places(self, directory: Path) -> Places:
        """Copies for one drill."""
        directory.mkdir(parents=True)
        shutil.copytree(self._directory / "ready", directory / "data")
        shutil.copytree(self._drop, directory / "drop")
        return Places(directory / "data", self._directory / "earlier", directory / "drop")


class Running:
    """Server, live writer and source over a data directory. `server` may have ended by itself: it refuses by name."""

    def __init__(self, data: Path, manifests: Path, directory: Path, folder: Path, program: Path | None = None) -> None:
        """program: another release's `ronda`; the source is this one's."""
        directory.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "ronda.command"] if program is None else [str(program)]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("RONDA_")}
        self.live_log = directory / "live.log"
        self.writer = subprocess.Popen(
            [
                *command,
                *("live", "--every-ms", "50", "--data", str(data), "--manifests", str(manifests)),
            ],
            cwd=ROOT,
            env=environment,
            stderr=self.live_log.open("ab"),
        )
        self.server = RunningServer(
            data, directory / "log", workers=2, live_poll_ms=50, manifests=manifests, program=program, **SETTINGS
        )
        until(lambda: self.server.process.poll() is not None or self.server.events("ready"), 60)
        self.serves = self.server.process.poll() is None
        self.since = time.monotonic()
        self.source: Source | None = None
        if self.serves:
            self.server.wait_ready()
            self.source = Source(folder, self.server.address, directory / "source.log")

    def stop(self) -> None:
        """All of it."""
        if self.source is not None:
            self.source.stop()
        self.server.stop()
        if self.writer.poll() is None:
            self.writer.send_signal(signal.SIGTERM)
        try:
            self.writer.wait(30)
        except subprocess.TimeoutExpired:
            self.writer.kill()
            self.writer.wait()
