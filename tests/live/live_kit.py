"""`ronda live` beside a real `ronda serve` over a small world, asked on all its workers."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil

from core.generation.view_file import LIVE, read_view
from indexer.generations.publishing import current_generation
from indexer.pipeline import build
from ronda.v1 import level_pb2
from tests.indexer.small_registers import SmallRegisters
from tests.kit.asker import Asker
from tests.kit.small_world import SmallWorld
from tests.server.running_server import ROOT, RunningServer

_CONNECTIONS = 12  # which of two workers gets one is chance: that all go to the same happens once in 2,048 times


class RunningLive:
    """A server with two workers, and the writer beside it."""

    def __init__(self, directory: Path, world: SmallWorld, **settings: object) -> None:
        self.directory = directory
        self.registers: SmallRegisters = world.write(directory)
        self.build()
        self.writer = self.start_writer()
        given = {"workers": 2, "live_poll_ms": 50, "manifests": self.registers.manifests, **settings}
        self.server = RunningServer(self.registers.data, directory / "log", **given)
        self.ask = Asker(self.server.wait_ready())

    def build(self) -> None:
        """A generation of the registers' files as they are."""
        options = self.registers.options()
        build(type(options)(**{**options.__dict__, "live": True}))

    def start_writer(self) -> subprocess.Popen[bytes]:
        """`ronda live`."""
        return subprocess.Popen(
            [
                *(sys.executable, "-m", "ronda.command", "live", "--every-ms", "50"),
                *("--data", str(self.registers.data), "--manifests", str(self.registers.manifests)),
            ],
            cwd=ROOT,
            env={name: value for name, value in os.environ.items() if not name.startswith("RONDA_")},
            stderr=(self.directory / "live.log").open("ab"),
        )

    def base_writers(self) -> list[psutil.Process]:
        """The processes that follow a base, the one that was started first before the others."""
        found = []
        for child in psutil.Process(self.writer.pid).children():
            with contextlib.suppress(psutil.NoSuchProcess):  # it has ended, and nobody has waited for it yet
                if "ronda.live.base_writer" in child.cmdline():
                    found.append(child)
        return sorted(found, key=psutil.Process.create_time)

    def stop(self) -> None:
        """Both processes, in order."""
        self.server.stop()
        self.writer.send_signal(signal.SIGTERM)
        self.writer.wait(30)

    def fed(self) -> set[str]:
        """Registers of which the writer has published something."""
        with contextlib.suppress(FileNotFoundError):
            return set(read_view(self.registers.data / LIVE / str(current_generation(self.registers.data))).registers)
        return set()

    def levels(self, request: Any, address: str = "") -> set[str]:
        """Returns what the workers say, asked on connections of their own; `address`: instead of grpcio's."""
        found = set()
        for _ in range(_CONNECTIONS):
            asker = Asker(self.server, address)
            found.add(level_pb2.Level.Name(asker(request).answer.level).removeprefix("LEVEL_"))
            asker.channel.close()
        return found
