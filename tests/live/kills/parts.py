"""Everything that a change passes, each part a process that can be killed and comes back."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil
import psycopg

from ronda.demo.postgres_cluster import PostgresCluster
from tests.feed.outbox_kit import outbox_database
from tests.feed.test_jetstream import Broker
from tests.kit.ports import free_port
from tests.kit.small_world import SmallWorld
from tests.live.live_kit import RunningLive
from tests.server.running_server import ROOT, RunningServer, until

SILENT_S = 10  # of both sources
_HEARTBEAT_S = "2"
_AWAY_S = 1.5 * SILENT_S
SOURCES: dict[str, dict[str, object]] = {
    name: {"institution": "oj", "registers": ["oj"], "silent_s": SILENT_S} for name in ("by-outbox", "by-bus")
}
SOURCES["by-push"] = {"institution": "oj", "registers": ["oj"], "silent_s": 86_400}  # no program beats for it


class Parts(RunningLive):
    """Database, broker, both feeders, server with ledger and workers, live writer."""

    def __init__(self, directory: Path, world: SmallWorld) -> None:
        self.postgres = PostgresCluster(port=free_port()).start()
        self.broker = Broker(directory / "jetstream")
        self.feed_address = f"127.0.0.1:{free_port()}"
        self.settings = {
            "feed_sources": json.dumps(SOURCES),
            "feed_listen": self.feed_address,
            "recall_days": 30,
        }
        super().__init__(directory, world, **self.settings)
        self.dsn = outbox_database(self.postgres, "outbox_kills")
        with psycopg.connect(self.dsn, autocommit=True) as court:
            court.execute("CREATE TABLE made (number int PRIMARY KEY)")
        self.broker.ask(lambda js: js.add_stream(name="OJ", subjects=["oj.changes"], duplicate_window=3600))
        self.feeders = {name: self._feeder(name) for name in ("outbox", "bus")}

    @property
    def killing(self) -> dict[str, Callable[[], None]]:
        """Returns what is killed, and how; each comes back."""
        return {
            "live writer": self._kill_writer,
            "base writer": lambda: until(lambda: self._has_killed("ronda.live.base_writer", self.writer.pid), 60.0),
            "ledger writer": lambda: self._kill_child("ronda.feed.writer"),
            "feed worker": lambda: self._kill_child("server.processes.lone_worker"),
            "outbox feeder": lambda: self._kill_feeder("outbox"),
            "bus feeder": lambda: self._kill_feeder("bus"),
            "outbox feeder for long": lambda: self._kill_feeder("outbox", _AWAY_S),
            "bus feeder for long": lambda: self._kill_feeder("bus", _AWAY_S),
            "worker": lambda: self._kill_child("server.processes.worker"),
            "recall": lambda: self._kill_child("server.recall.recall_process"),
            "broker": self._kill_broker,
            "database": lambda: kill_database(self.postgres),
            "server": self._kill_server,
        }

    def stop(self) -> None:
        """All of it, whatever of it hangs."""
        with contextlib.ExitStack() as ends:
            ends.callback(self.postgres.stop)
            ends.callback(self.broker.kill)
            ends.callback(super().stop)
            for program in self.feeders.values():
                program.kill()
                program.wait()
            self.writer.kill()  # one that reads the ledger anew would be waited for

    def _feeder(self, name: str) -> subprocess.Popen[bytes]:
        words = {
            "outbox": ("outbox", "--dsn", self.dsn, "--state", str(self.directory / "outbox.state")),
            "bus": (
                *("jetstream", "--servers", self.broker.url, "--stream", "OJ", "--subject", "oj.changes"),
                *("--state", str(self.directory / "bus.state")),
            ),
        }[name]
        address = {"outbox": self.feed_address, "bus": self.server.address}[name]  # both ways in
        return subprocess.Popen(
            [
                *(sys.executable, "-m", "ronda.command", "feed", *words),
                *("--source", f"by-{name}", "--server", address, "--heartbeat", _HEARTBEAT_S),
            ],
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=(self.directory / f"{name}.log").open("ab"),
        )

    def _kill_feeder(self, name: str, away_s: float = 0.0) -> None:
        self.feeders[name].kill()
        self.feeders[name].wait()
        time.sleep(away_s)
        self.feeders[name] = self._feeder(name)

    def mend(self) -> None:
        """Feeders that ended by themselves (the server's address was gone too long) are started again."""
        for name, program in self.feeders.items():
            if program.poll() is not None:
                self.feeders[name] = self._feeder(name)

    def _kill_writer(self) -> None:
        self.writer.kill()
        self.writer.wait()
        self.writer = self.start_writer()

    def _kill_child(self, module: str) -> None:
        """One of the server's children, once it is there: it may be about to come back from the kill before."""
        until(lambda: self._has_killed(module), 60.0)

    def _has_killed(self, module: str, parent: int = 0) -> bool:
        for child in psutil.Process(parent or self.server.process.pid).children():
            with suppress(psutil.NoSuchProcess):
                if module in child.cmdline():
                    child.send_signal(signal.SIGKILL)
                    return True
        return False

    def _kill_broker(self) -> None:
        self.broker.kill()
        self.broker.start()

    def _kill_server(self) -> None:
        """The supervisor; its children end with it. The new one has the same address: feeders go on."""
        family = psutil.Process(self.server.process.pid).children()
        self.server.process.kill()
        self.server.process.wait()
        if self.server.process.stdout is not None:
            self.server.process.stdout.close()
        address, log = self.server.address, self.directory / "log"
        psutil.wait_procs(family, timeout=60)
        given = {"workers": 2, "live_poll_ms": 50, "manifests": self.registers.manifests, **self.settings}
        self.server = RunningServer(self.registers.data, log, **{**given, "listen": address}).wait_ready()

    def settled(self, condition: Callable[[], bool], seconds: float) -> None:
        """Waits, starting again what ended by itself."""

        def holds() -> bool:
            self.mend()
            return condition()

        until(holds, seconds)


def kill_database(postgres: PostgresCluster) -> None:
    """The postmaster and its children at once, and starts it again; what it acknowledged is in the kernel's memory."""
    number = int((postgres.directory / "data" / "postmaster.pid").read_text().split("\n", 1)[0])
    family = [psutil.Process(number), *psutil.Process(number).children(recursive=True)]
    for process in family:
        with suppress(psutil.NoSuchProcess):
            process.send_signal(signal.SIGKILL)
    psutil.wait_procs(family, timeout=30)
    postgres.start()
