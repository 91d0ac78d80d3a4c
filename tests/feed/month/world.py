"""An installation in production mode, its institution's database, bus and folder, and the programs between them."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from core.ledger.change import RECORD_KINDS, Change
from core.ledger.reader import FOLDER, LedgerReader
from ronda.demo.postgres_cluster import PostgresCluster
from ronda.v1 import check_service_pb2 as checks
from ronda.v1 import context_pb2, level_pb2
from tests.feed.month.courts import BORN, PEOPLE, BusCourt, Court, FolderCourt, OutboxCourt, name_of
from tests.feed.month.program import Program
from tests.feed.outbox_kit import outbox_database
from tests.feed.test_jetstream import Broker
from tests.indexer.small_registers import cui_of
from tests.kit.ports import free_port
from tests.kit.small_world import SmallWorld
from tests.kit.stepped_clock import SteppedClock, fixed_clock
from tests.live.kills.parts import kill_database
from tests.server.running_server import ROOT, RunningServer, until
from tests.trust.trust_kit import TrustKit

SILENT_S = 10
_LONG_LIFE_DAYS = 90
_READY_S = 180.0  # on a machine that does much else


class MonthWorld:
    """The running parts. `restart_by_night` is the one thing that anybody does to them, and never to a program."""

    def __init__(self, directory: Path, short_life_days: float) -> None:
        """short_life_days: of the certificate that by-bus begins with."""
        self._directory, self._days = directory, 0
        self._ends = contextlib.ExitStack()
        try:
            self._begin(short_life_days)
        except BaseException:
            self.stop()
            raise

    def _begin(self, short_life_days: float) -> None:
        self._clock = SteppedClock(self._directory / "clock", kept_s=1)
        self._kit = TrustKit(self._directory / "keys")
        self._registers = _world().write(self._directory)
        self._listen, self._feed = (f"127.0.0.1:{free_port()}" for _ in range(2))
        self.postgres = PostgresCluster(port=free_port()).start()
        self._ends.callback(self.postgres.stop)
        self.broker = Broker(self._directory / "jetstream")
        self._ends.callback(self.broker.kill)
        self.broker.ask(lambda js: js.add_stream(name="OJ", subjects=["oj.changes"]))
        folder = self._directory / "changes"
        folder.mkdir()
        dsn = outbox_database(self.postgres, "outbox_month")
        self.courts: list[Court] = [OutboxCourt(dsn, 1), BusCourt(self.broker, 2), FolderCourt(folder, 3)]
        self.build()
        self._start()
        self._ends.callback(self._stop)
        states = {name: self._directory / f"{name}.state" for name in ("outbox", "bus")}
        words = {
            "by-outbox": ["outbox", "--dsn", dsn, "--state", str(states["outbox"])],
            "by-bus": [
                *("jetstream", "--servers", self.broker.url, "--stream", "OJ", "--subject", "oj.changes"),
                *("--state", str(states["bus"])),
            ],
            "by-folder": ["folder", str(folder)],
        }
        kept = {"by-outbox": states["outbox"], "by-bus": states["bus"], "by-folder": folder}
        server = "localhost:" + self._feed.rpartition(":")[2]
        (self._identities / "server-ca.pem").write_bytes(self._kit.server_ca)
        self.programs: list[Program] = []
        for source, given in words.items():
            self.show_certificate(source, short_life_days if source == "by-bus" else _LONG_LIFE_DAYS)
            identity, environment = self._identities / source, self._clock.environment
            self.programs.append(Program(source, given, server, identity, kept[source], environment))
            self._ends.callback(self.programs[-1].kill)

    @property
    def _identities(self) -> Path:
        place = self._directory / "identities"
        place.mkdir(exist_ok=True)
        return place

    @property
    def now(self) -> datetime:
        """By the stepped clock."""
        return datetime.now(UTC) + timedelta(days=self._days)

    @property
    def _offset(self) -> str:
        return f"+{self._days}d"

    def show_certificate(self, source: str, days: float = _LONG_LIFE_DAYS) -> None:
        """Puts a machine's certificate where the source's program reads it; days: from the machine's own time."""
        pair = self._kit.issuer("oj").machine(source, days=days)
        for end, content in ((".key", pair.key), (".pem", pair.certificate)):
            draft = self._identities / f".{source}{end}"
            draft.write_bytes(content)
            draft.rename(self._identities / f"{source}{end}")

    def build(self) -> None:
        """`ronda index`, over extracts of the day."""
        for file in self._registers.sources.glob("*.csv"):
            os.utime(file, times=(self.now.timestamp(),) * 2)  # faketime sets times of files, and reads the true ones
        places = {"data": self._registers.data, "sources": self._registers.sources, "manifests": self._manifests}
        words = [word for name, place in places.items() for word in (f"--{name}", str(place))]
        done = subprocess.run(
            self._command(("index", "--live", "--json", *words)),
            cwd=ROOT,
            env=self._environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"ronda index ended with {done.returncode}: {done.stderr}{done.stdout}")

    @property
    def _manifests(self) -> Path:
        return self._registers.manifests

    @staticmethod
    def _command(words: Iterable[str]) -> list[str]:
        return [sys.executable, "-m", "ronda.command", *words]

    def _environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("RONDA_")}
        return {**kept, **fixed_clock(self._offset)}

    def restart_by_night(self) -> None:
        """A build, then server and `ronda live` end, the day ends under everything that runs on, and both begin again.

        While nobody takes changes over the courts go on.
        """
        self.build()
        self._stop()
        self._days += 1
        self._clock.set(self._offset)
        for court in self.courts:
            court.work(2, self.now)
        self._start()

    def _start(self) -> None:
        live = ("live", "--every-ms", "50", "--data", str(self._registers.data), "--manifests", str(self._manifests))
        with (self._directory / "live.log").open("ab") as log:
            self._live = subprocess.Popen(
                self._command(live), cwd=ROOT, env=self._environment(), stderr=log, stdin=subprocess.DEVNULL
            )
        sources = {
            court.source: {"institution": "oj", "registers": ["oj"], "silent_s": SILENT_S} for court in self.courts
        }
        self._server = RunningServer(
            self._registers.data,
            self._directory / f"server-{self._days:02}.log",
            **self._kit.settings,
            listen=self._listen,
            feed_listen=self._feed,
            feed_sources=json.dumps(sources),
            manifests=self._manifests,
            workers=1,
            live_poll_ms=50,
            max_loop_lag_ms=5000,
            environment=fixed_clock(self._offset),
        )
        try:
            until(lambda: self._server.process.poll() is not None or self._server.events("ready"), _READY_S)
            self._server.wait_ready()
        except BaseException:
            self._stop()
            raise

    def _stop(self) -> None:
        self._server.stop()
        if self._live.poll() is None:
            self._live.send_signal(signal.SIGTERM)
        try:
            self._live.wait(30)
        finally:
            self._live.kill()
            self._live.wait()

    def restart_database(self) -> None:
        """As a power cut would."""
        kill_database(self.postgres)

    def restart_broker(self) -> None:
        """The same."""
        self.broker.kill()
        self.broker.start()

    def in_force(self) -> list[Change]:
        """The ledger's changes of records."""
        with LedgerReader(self._registers.data / FOLDER) as reader:
            return [each for each in reader.changes() if each.kind in RECORD_KINDS]

    def is_up_to_date(self) -> bool:
        """Returns whether every register is FRESH and every worker's answers hold all that the ledger has."""
        with LedgerReader(self._registers.data / FOLDER) as reader:
            end = reader.end
        samples: dict[str, list[Any]] = {}
        for family in text_string_to_metric_families(self._server.metrics()):
            samples[family.name] = family.samples
        states = [each for each in samples.get("ronda_register_state", []) if each.labels["state"] == "FRESH"]
        shown = samples.get("ronda_view_sequence", [])
        return bool(states and shown) and all(each.value for each in states) and shown[0].value >= end

    def levels(self, people: Iterable[int]) -> dict[int, str]:
        """Returns the levels that an officer of the day gets for each."""
        issuer, begins = self._kit.issuer("pnc"), int(self.now.timestamp()) - 5
        nip = f"{60001 + self._days}"
        pair = issuer.device("zona-1", f"device-{nip}")
        life: dict[str, Any] = {"iat": begins, "nbf": begins, "exp": begins + 600}
        client = self._kit.client(pair, issuer.token(nip, "zona-1", ["patrol"], pair.thumbprint, **life))
        channel = self._kit.channel("localhost:" + self._listen.rpartition(":")[2], client)
        ask: Any = channel.unary_unary(
            "/ronda.v1.CheckService/CheckPerson",
            checks.CheckPersonRequest.SerializeToString,
            checks.CheckPersonResponse.FromString,
        )
        frame = context_pb2.RequestContext(purpose=context_pb2.PURPOSE_TRAFFIC_STOP)
        found = {}
        for person in people:
            request = checks.CheckPersonRequest(context=frame, cui=cui_of(person))
            answer = ask(request, timeout=20, metadata=client.metadata).answer
            found[person] = level_pb2.Level.Name(answer.level).removeprefix("LEVEL_")
        channel.close()
        return found

    def stop(self) -> None:
        """All of it, whatever of it hangs."""
        self._ends.close()


def _world() -> SmallWorld:
    world = SmallWorld()
    for person in range(1, PEOPLE + 1):
        world.person(person, name_of(person), BORN)
    world.car(1, "P-123BCD")
    world.warrant("E1", cui_of(PEOPLE + 1), "OTRO NOMBRE AJENO", "1970-01-01")
    return world
