"""A handful of wanted persons and stolen cars behind a server in production mode, and who asks it in the field."""

from __future__ import annotations

import atexit
import functools
import itertools
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc

from ronda.v1 import check_service_pb2 as checks
from ronda.v1 import context_pb2, hotlist_service_pb2
from server.audit.keys import load_auditor_private
from server.audit.reading import AuditReader, AuditRecord
from tests.kit.small_world import SmallWorld
from tests.server.running_server import RunningServer
from tests.trust.trust_kit import TrustKit

STOP = context_pb2.PURPOSE_TRAFFIC_STOP
SERVICE = context_pb2.PURPOSE_WARRANT_SERVICE
BORDER = context_pb2.PURPOSE_BORDER
INVESTIGATION = context_pb2.PURPOSE_INVESTIGATION

WANTED_PLATE, RECOVERED_PLATE = "P-111BBB", "P-222CCC"


@dataclass(frozen=True)
class Field:
    """CUIs and the VIN of those on file."""

    wanted: str
    twice_wanted: str
    cancelled: str
    child: str
    protected: str
    clean: str
    stolen_vin: str


def people(world: SmallWorld) -> Field:
    """The rows."""
    wanted = world.person(1, "JUAN JOSE PEREZ LOPEZ")
    world.warrant("O-1", wanted)
    twice = world.person(2, "MARIO CHOC CAAL")
    world.warrant("O-2", twice)
    world.warrant("O-3", twice)
    cancelled = world.person(3, "ROSA TZUL XICARA")
    world.warrant("O-4", cancelled, state="CANCELADA")
    child = world.person(4, "ANA LUCIA COJTI SIC", born="2015-02-03")
    world.warrant("O-5", child)
    protected = world.person(5, "ELENA MENDEZ POP")
    world.report("M-1", "VICTIMA", CUI=protected, NOMBRE="ELENA MENDEZ POP")
    clean = world.person(6, "OSCAR ORTIZ REYES")
    vin = world.car(1, WANTED_PLATE)
    world.report("M-2", "ROBO", PLACA=WANTED_PLATE, VIN=vin)
    world.car(2, RECOVERED_PLATE)
    world.report("M-3", "ROBO", PLACA=RECOVERED_PLATE, ESTADO="CANCELADA")
    return Field(wanted, twice, cancelled, child, protected, clean, vin)


class Asker:
    """One officer at one device, with a channel, and the answers' messages."""

    _nips = itertools.count(60001)

    def __init__(
        self, kit: TrustKit, address: str, role: str, purpose: int, *, nip: str = "", device: str = ""
    ) -> None:
        institution, name = role.split("/")
        self.nip = nip or str(next(self._nips))
        self.kit, self.purpose, self.role = kit, purpose, name
        issuer = kit.issuer(institution)
        self.pair = issuer.device("zona-1", device or f"device-{self.nip}")
        self.token = issuer.token(self.nip, "zona-1", [name], self.pair.thumbprint)
        self.client = kit.client(self.pair, self.token)
        self.channel: grpc.Channel = kit.channel(address, self.client)

    def frame(self, **changes: Any) -> context_pb2.RequestContext:
        """The context of a request."""
        return context_pb2.RequestContext(**{"purpose": self.purpose, "case_number": "MP001-2026-1", **changes})

    def ask(self, service: str, request: Any, response: Any, **options: Any) -> Any:
        """A unary call."""
        if not request.HasField("context"):
            request.context.CopyFrom(self.frame())
        method = type(request).__name__.removesuffix("Request")
        rpc: Any = self.channel.unary_unary(
            f"/ronda.v1.{service}/{method}", type(request).SerializeToString, response.FromString
        )
        return rpc(request, **{"timeout": 40, "metadata": self.client.metadata, **options})

    def stream(self, service: str, request: Any, response: Any, **options: Any) -> Any:
        """A call that is answered with a stream."""
        if not request.HasField("context"):
            request.context.CopyFrom(self.frame())
        method = type(request).__name__.removesuffix("Request")
        rpc: Any = self.channel.unary_stream(
            f"/ronda.v1.{service}/{method}", type(request).SerializeToString, response.FromString
        )
        return rpc(request, **{"timeout": 60, "metadata": self.client.metadata, **options})

    def person(self, cui: str) -> Any:
        """CheckPerson's response."""
        return self.ask("CheckService", checks.CheckPersonRequest(cui=cui), checks.CheckPersonResponse)

    def vehicle(self, plate: str) -> Any:
        """CheckVehicle's response."""
        return self.ask("CheckService", checks.CheckVehicleRequest(plate=plate), checks.CheckVehicleResponse)

    def snapshot(self, held: str = "") -> tuple[Any, list[bytes], Any]:
        """The signed header, the blocks, and the header itself."""
        request = hotlist_service_pb2.SnapshotRequest(held_list_id=held)
        parts = list(self.stream("HotlistService", request, hotlist_service_pb2.SnapshotResponse))
        signed = parts[0].header
        header = hotlist_service_pb2.HotlistHeader.FromString(signed.header)
        return signed, [part.block for part in parts[1:]], header


@dataclass
class FieldServer:
    """The server, and the keys to every door of it."""

    server: RunningServer
    kit: TrustKit
    data: Path
    field: Field

    @property
    def address(self) -> str:
        return "localhost:" + self.server.address.rpartition(":")[2]

    def asker(self, role: str, purpose: int, **options: str) -> Asker:
        return Asker(self.kit, self.address, role, purpose, **options)

    def patrol(self, **options: str) -> Asker:
        return self.asker("pnc/patrol", STOP, **options)

    def desk(self, institution: str) -> Asker:
        return self.asker(f"{institution}/desk", SERVICE)

    def records(self, count: int = 20) -> list[AuditRecord]:
        """The newest audit records, newest first."""
        key = load_auditor_private(self.kit.directory / "audit-keys" / "auditor.key")
        return AuditReader(self.data / "audit", key).newest(count)[::-1]


@functools.cache
def built_field() -> tuple[Path, Field]:
    """A data directory with the generation, built once a process, and who is on file. Read-only."""
    directory = Path(tempfile.mkdtemp(prefix="field-"))
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    world = SmallWorld()
    field = people(world)
    return world.build(directory), field


@contextmanager
def field_server(directory: Path, policy: str = "", **settings: object) -> Iterator[FieldServer]:
    """Yields a server over a copy, with one worker unless asked otherwise. policy: more rules of the example's."""
    built, field = built_field()
    data = directory / "data"
    shutil.copytree(built, data)
    kit = TrustKit(directory / "keys")
    with (kit.trust / "policy.cedar").open("a", encoding="utf-8") as file:
        file.write(policy)
    given = {"workers": 1, "max_loop_lag_ms": 5000, **kit.settings, **settings}  # other tests load the machine
    server = RunningServer(data, directory / "server.log", **given)
    try:
        yield FieldServer(server.wait_ready(), kit, data, field)
    finally:
        server.stop()
