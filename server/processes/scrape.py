"""The one Prometheus scrape address: the workers' counts added up, and what the supervisor knows itself.

Of a register it tells id, age, state and refused rows; nothing of any subject.
"""

from __future__ import annotations

import asyncio
import shutil
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from socketserver import ThreadingMixIn
from types import TracebackType
from typing import Any, Protocol
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import CollectorRegistry, make_wsgi_app
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from core.errors import GenerationDamaged
from core.generation.manifest import GenerationManifest, StatedRegister, read_manifest
from core.names.tables_digest import tables_digest
from server.audit.process import AuditProcess
from server.audit.set_up import audit_directory
from server.host.kept_process import KeptProcess
from server.host.supervised import kept_for
from server.logs import ERROR, log
from server.parts import PARTS
from server.processes.certificate_ends import CertificateCollector
from server.processes.last_copy import CopyCollector
from server.processes.messages import RegisterNow, WorkerReport
from server.processes.readiness import with_readiness
from server.processes.registers_now import of_all
from server.processes.settings import ServerSettings
from server.processes.units_now import UnitCollector
from server.processes.watched_worker import WorkerProcess
from server.settings import Address

CLOCK_DOUBTFUL = "ronda_clock_doubtful"
_STATES = ("FRESH", "STALE", "MISSING")


class _ScrapeServer(ThreadingMixIn, WSGIServer):
    """A thread for each scrape, beside another server's on the same address (server/host/port_guard.py)."""

    daemon_threads = True
    # SO_REUSEADDR, which connections inherit that were closed: the next start may have the address (TIME_WAIT).
    allow_reuse_address, allow_reuse_port = True, True


class _ScrapeServer6(_ScrapeServer):
    address_family = socket.AF_INET6


class _Handler(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """No line for each scrape."""


class Supervised(Protocol):
    """The parts of the supervisor that a scrape reads."""

    restarts: int
    last_good: str
    workers: dict[int, WorkerProcess]

    @property
    def children(self) -> Sequence[KeptProcess]: ...

    @property
    def audit(self) -> AuditProcess: ...

    @property
    def clock_doubtful(self) -> bool: ...

    @property
    def damaged_files(self) -> dict[str, list[str]]: ...


class Scrape:
    """Serves the metrics in a thread, from `start` until the context ends. `metrics = "off"` serves nothing."""

    def __init__(
        self, settings: ServerSettings, address: Address | None, supervised: Supervised, directory: Path
    ) -> None:
        """address: one that a PortGuard holds; None = no scrapes."""
        self._address = address
        self._registry = CollectorRegistry()
        MultiProcessCollector(self._registry, path=str(directory))  # type: ignore[no-untyped-call]
        self._registry.register(_StateCollector(settings.data, supervised))
        self._registry.register(_AuditCollector(audit_directory(settings), supervised))
        for part in PARTS:
            if (kept := kept_for(part)) is not None:
                self._registry.register(kept.collector(settings, directory.parent / part.status))
        self._registry.register(CertificateCollector(settings))
        self._registry.register(UnitCollector(settings))
        self._registry.register(CopyCollector(settings.data, settings.backup_within_h))
        self._supervised = supervised
        self._server: WSGIServer | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Serves from now on. Raises OSError."""
        if self._address is None:
            return
        host, port = self._address.host, self._address.port
        kind = _ScrapeServer6 if ":" in host else _ScrapeServer
        app = with_readiness(make_wsgi_app(self._registry), lambda: _reports(self._supervised))
        self._server = make_server(host, port, app, kind, handler_class=_Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        log("metrics_served", address=f"{self._address.host}:{self._address.port}")

    async def take_over(self) -> None:
        """Starts beside the server before, which ends its own a moment later. Not to be had, that is logged."""
        try:
            self.start()
        except OSError as error:
            log("metrics_not_served", level=ERROR, error=error)

    async def leave(self) -> None:
        """Gives the address up, for the server that takes this one's place."""
        await asyncio.to_thread(self._end)

    def _end(self) -> None:
        server, self._server = self._server, None
        if server is not None and self._thread is not None:
            server.shutdown()
            server.server_close()
            self._thread.join()

    def __enter__(self) -> Scrape:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()


def _reports(supervised: Supervised) -> list[WorkerReport]:
    return [worker.report for worker in list(supervised.workers.values()) if not worker.alone]


class _StateCollector(Collector):
    """Workers, generation, registers and disk, as they are at the time of the scrape."""

    def __init__(self, data: Path, supervised: Supervised) -> None:
        self._data = data
        self._supervised = supervised
        self._manifest: tuple[str, GenerationManifest | None] = ("", None)

    def collect(self) -> Iterator[Metric]:
        """Families of the scrape."""
        reports = _reports(self._supervised)
        yield InfoMetricFamily("ronda_build", "The release that serves.", value={"version": version("ronda")})
        yield GaugeMetricFamily(
            CLOCK_DOUBTFUL,
            "1 while the clock is over two minutes off what it was at the start: answers are INCOMPLETE.",
            value=int(self._supervised.clock_doubtful),
        )
        yield GaugeMetricFamily(
            "ronda_workers_ready", "Workers that answer health checks.", value=sum(r.ready for r in reports)
        )
        yield GaugeMetricFamily(
            "ronda_workers_serving",
            "Workers whose health is SERVING.",
            value=sum(r.ready and r.serving for r in reports),
        )
        yield CounterMetricFamily(
            "ronda_worker_restarts", "Workers restarted after they died.", value=self._supervised.restarts
        )
        ended = CounterMetricFamily(
            "ronda_child_restarts", "Processes beside the workers that ended and were started again.", labels=["child"]
        )
        for child in self._supervised.children:
            ended.add_metric([child.name], child.restarts)
        yield ended
        yield GaugeMetricFamily(
            "ronda_disk_free_bytes", "Bytes left in the data directory.", value=shutil.disk_usage(self._data).free
        )
        yield GaugeMetricFamily(
            "ronda_generation_refused",
            "Workers that refuse the generation that CURRENT names.",
            value=sum(bool(r.refused) for r in reports),
        )
        served = GaugeMetricFamily(
            "ronda_generation_workers", "Workers that serve a generation, by its id.", labels=["generation"]
        )
        for generation in sorted({r.generation for r in reports if r.generation}):
            served.add_metric([generation], sum(r.generation == generation for r in reports))
        yield served
        yield GaugeMetricFamily(
            "ronda_view_sequence",
            "Entries of the ledger that every worker's answers hold: behind ronda_ledger_sequence by what waits.",
            value=min((r.sequence for r in reports if r.generation), default=0),
        )
        yield from _registers(of_all(r.registers for r in reports))
        yield from self._generation(self._supervised.last_good)

    def _generation(self, generation_id: str) -> Iterator[Metric]:
        if not generation_id:
            return
        manifest = self._read(generation_id)
        damaged = self._supervised.damaged_files.get(generation_id)
        if damaged is not None:
            yield GaugeMetricFamily(
                "ronda_generation_damaged_files",
                "Files of the served generation whose sha256 does not hold.",
                value=len(damaged),
            )
        if manifest is None:
            return
        yield GaugeMetricFamily(
            "ronda_generation_built_timestamp_seconds",
            "When the served generation was built, Unix time.",
            value=manifest.built_at_ms / 1000,
        )
        yield GaugeMetricFamily(
            "ronda_generation_bytes",
            "Size of the served generation.",
            value=sum(file.bytes for file in manifest.files.values()),
        )
        yield GaugeMetricFamily(
            "ronda_generation_other_name_tables",
            "1 = the served generation was built with other tables of names: some are not found until the next build.",
            value=manifest.name_tables != tables_digest(),
        )
        yield _rows_refused(manifest.registers)

    def _read(self, generation_id: str) -> GenerationManifest | None:
        if self._manifest[0] != generation_id:
            try:
                self._manifest = (generation_id, read_manifest(self._data / "generations" / generation_id))
            except GenerationDamaged:
                return None
        return self._manifest[1]


class _AuditCollector(Collector):
    """Metrics: how far the audit log is signed and kept elsewhere, and the disk that it lies on."""

    def __init__(self, directory: Path, supervised: Supervised) -> None:
        self._directory = directory
        self._supervised = supervised

    def collect(self) -> Iterator[Metric]:
        """Families of the scrape."""
        audit = self._supervised.audit
        yield GaugeMetricFamily(
            "ronda_audit_signed_age_seconds",
            "Since the log was last read and signed; nothing is signed when it grows past a few seconds.",
            value=time.monotonic() - audit.reported,
        )
        if (report := audit.report) is not None:
            yield CounterMetricFamily("ronda_audit_records", "Records that a checkpoint binds.", value=report.records)
            yield GaugeMetricFamily(
                "ronda_audit_records_unsigned", "Records that no checkpoint binds yet.", value=report.unsigned
            )
            yield GaugeMetricFamily(
                "ronda_audit_segments_damaged", "Open segments with a record that was altered.", value=report.damaged
            )
            yield GaugeMetricFamily(
                "ronda_audit_checkpoint", "Number of the newest checkpoint.", value=report.checkpoint
            )
            yield CounterMetricFamily(
                "ronda_audit_segments_dropped", "Segments whose years of retention are over.", value=report.dropped
            )
            yield GaugeMetricFamily(
                "ronda_audit_segments_binned", "Dropped segments that can still be put back.", value=report.binned
            )
            yield CounterMetricFamily(
                "ronda_clock_steps",
                "Steps of the clock since the signing process began.",
                value=report.clock_steps,
            )
            behind = GaugeMetricFamily(
                "ronda_audit_keeper_behind", "Checkpoints that a second keeper has not taken.", labels=["keeper"]
            )
            for number, count in enumerate(report.keepers_behind, 1):
                behind.add_metric([str(number)], count)
            yield behind
            lost = GaugeMetricFamily(
                "ronda_audit_keeper_lost", "1 = a second keeper holds less than it took.", labels=["keeper"]
            )
            for number, has_lost in enumerate(report.keepers_lost, 1):
                lost.add_metric([str(number)], has_lost)
            yield lost
        try:
            disk = shutil.disk_usage(self._directory)
        except OSError:
            return
        yield GaugeMetricFamily("ronda_audit_disk_free_bytes", "Bytes left on the audit log's disk.", value=disk.free)
        yield GaugeMetricFamily("ronda_audit_disk_bytes", "Size of the audit log's disk.", value=disk.total)


def _registers(registers: dict[str, RegisterNow]) -> Iterator[Metric]:
    age = GaugeMetricFamily(
        "ronda_register_age_seconds",
        "Age of a register: now less its as-of, live changes included.",
        labels=["register"],
    )
    state = GaugeMetricFamily(
        "ronda_register_state", "1 for the state in which answers show a register.", labels=["register", "state"]
    )
    for name, register in registers.items():
        if register.as_of_s is not None:
            age.add_metric([name], time.time() - register.as_of_s)
        for each in _STATES:
            state.add_metric([name, each], float(each == register.state))
    yield from (age, state)


def _rows_refused(registers: list[StatedRegister]) -> Metric:
    refused = GaugeMetricFamily(
        "ronda_register_rows_refused", "Rows refused in the extract in use.", labels=["register"]
    )
    for register in registers:
        if register.state != "missing":
            refused.add_metric([register.id], register.rows_refused)
    return refused
