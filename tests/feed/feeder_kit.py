"""A feed program that runs on and on, and what it says; an institution's sources in development mode."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from core.ledger.change import Change, Kind
from core.ledger.reader import FOLDER, LedgerReader
from tests.feed.feed_kit import SOURCES
from tests.feed.test_command import DevelopmentServer
from tests.kit.field_world import built_field
from tests.kit.small_world import SmallWorld
from tests.server.running_server import ROOT, RunningServer, until


@contextmanager
def development_server(directory: Path, sources: Sequence[str]) -> Iterator[DevelopmentServer]:
    """A server with these sources of register oj."""
    data = directory / "data"
    shutil.copytree(built_field()[0], data)
    manifests = SmallWorld().write(directory / "world").manifests
    named = json.dumps(dict.fromkeys(sources, SOURCES["oj-central"]))
    server = RunningServer(
        data, directory / "log", workers=1, max_loop_lag_ms=5000, feed_sources=named, manifests=manifests
    )
    try:
        yield DevelopmentServer(server.wait_ready(), data, manifests)
    finally:
        server.stop()


class Feeder:
    """One program. Its standard output and error are in one file."""

    def __init__(self, address: str, log: Path, *words: str | Path, heartbeat: str = "0.2") -> None:
        self.log = log
        with log.open("wb") as file:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "ronda.command", "feed", *map(str, words), "--server", address,
                 "--heartbeat", heartbeat],
                cwd=ROOT, stdout=file, stderr=subprocess.STDOUT,
            )  # fmt: skip

    @property
    def said(self) -> str:
        """All that it said so far."""
        return self.log.read_text(encoding="utf-8")

    def wait_for(self, text: str, times: int = 1) -> None:
        """Fails when the program does not say it, or ends before."""
        until(lambda: self.said.count(text) >= times or self.process.poll() is not None, 60.0)
        assert self.said.count(text) >= times, self.said

    def stop(self, how: signal.Signals = signal.SIGKILL) -> int:
        """Returns the exit status."""
        if self.process.poll() is None:
            self.process.send_signal(how)
        try:
            return self.process.wait(30)
        finally:
            if self.process.poll() is None:
                self.process.kill()
                self.process.wait()


@contextmanager
def feeder(address: str, log: Path, *words: str | Path, heartbeat: str = "0.2") -> Iterator[Feeder]:
    """A program that is ended with the test."""
    running = Feeder(address, log, *words, heartbeat=heartbeat)
    try:
        yield running
    finally:
        running.stop()


def heartbeats(field: DevelopmentServer, source: str) -> list[int]:
    """Returns the numbers in a source's heartbeats."""
    return [
        each.source_sequence for each in entries(field, source) if each.kind is Kind.HEARTBEAT and not each.unsettled
    ]


def entries(field: DevelopmentServer, source: str) -> list[Change]:
    """All of a source's entries of the ledger."""
    with LedgerReader(field.data / FOLDER) as reader:
        return [each for each in reader.changes() if each.source == source]
