"""A server with both transports, in production mode or in development mode, and its two addresses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import grpc

from server.audit.keys import load_auditor_private
from server.audit.reading import AuditReader, AuditRecord
from tests.kit.nation_kit import BuiltNation
from tests.kit.ports import free_port
from tests.server.published import Published
from tests.server.running_server import RunningServer
from tests.trust.conftest import TrustedServer
from tests.trust.trust_kit import Client, TrustKit

CHECK, CHECK_PERSON, CHECK_VEHICLE = (
    f"/ronda.v1.CheckService/{name}" for name in ("Check", "CheckPerson", "CheckVehicle")
)
PATHS = (CHECK, CHECK_PERSON, CHECK_VEHICLE)
HEALTH = "/grpc.health.v1.Health/Check"
WITHOUT_END = """
[patrol]
officer = { count = 1000000000, seconds = 60, burst = 1000000000 }
refuse = []
"""

BY_THE_DAY = """
[patrol]
officer = { count = 20, seconds = 86400, burst = 20 }
device = { count = 60, seconds = 86400, burst = 60 }
neighbours = { count = 10, seconds = 86400, burst = 10 }
misses = { count = 10, seconds = 86400, burst = 10 }
subjects = { count = 20, seconds = 86400, burst = 20 }
repeats = { count = 8, seconds = 86400, burst = 8 }
refuse = ["neighbours", "misses"]
"""


@dataclass(frozen=True)
class Laned(TrustedServer):
    """In production mode. `address`: grpcio's; `lane`: the express lane's; both by name, as the certificate has it."""

    lane: str
    published: Published

    @property
    def both(self) -> dict[str, str]:
        """Address by transport."""
        return {"grpcio": self.address, "lane": self.lane}

    def channel(self, address: str, client: Client) -> grpc.Channel:
        """A channel with a connection of its own."""
        return self.kit.channel(address, client)

    def records(self, count: int) -> list[AuditRecord]:
        """The newest audit records, oldest first."""
        return self.newest(count)[::-1]

    def all_records(self) -> list[AuditRecord]:
        """Every audit record of every worker."""
        key = load_auditor_private(self.kit.directory / "audit-keys" / "auditor.key")
        return AuditReader(self.data / "audit", key).newest(1_000_000)


def start_laned(
    nation: BuiltNation,
    directory: Path,
    prepare: Callable[[TrustKit], None] | None = None,
    kit: TrustKit | None = None,
    **settings: object,
) -> Laned:
    """Starts one worker, unless asked otherwise, over a copy of the nation.

    prepare: changes the trust before it. kit: of another server; its callers are this one's too.
    """
    data = directory / "data"
    (data / "generations").mkdir(parents=True)
    published = Published(data, nation.generation_directory)
    published.publish()
    kit = kit or TrustKit(directory / "keys")
    if prepare is not None:
        prepare(kit)
    port = free_port()
    given = {"workers": 1, **kit.settings, "lane_listen": f"127.0.0.1:{port}", **settings}
    server = RunningServer(data, directory / "server.log", **given).wait_ready()
    return Laned(server, kit, data, f"localhost:{port}", published)


def patrols_without_end(kit: TrustKit) -> None:
    """Allowances of patrols that refuse nobody, for whoever asks thousands of questions."""
    _give(kit, WITHOUT_END)


def patrols_by_the_day(kit: TrustKit) -> None:
    """Small ones that nothing is added to while a test runs, so that no clock decides what is refused."""
    _give(kit, BY_THE_DAY)


def _give(kit: TrustKit, allowances: str) -> None:
    path = kit.trust / "limits.toml"
    head, _, tail = path.read_text(encoding="utf-8").partition("[patrol]")
    _, separator, others = tail.partition("\n[")
    path.write_text(head + allowances + separator + others, encoding="utf-8")


@dataclass(frozen=True)
class LanedAtHome:
    """In development mode: plaintext, and everybody may do everything."""

    server: RunningServer
    lane: str

    @property
    def both(self) -> dict[str, str]:
        """Address by transport."""
        return {"grpcio": self.server.address, "lane": self.lane}


@contextmanager
def laned_at_home(data: Path, log: Path, **settings: object) -> Iterator[LanedAtHome]:
    """A server in development mode over a data directory; ends with the block, with status 0."""
    port = free_port()
    server = RunningServer(data, log, **{"workers": 1, "lane_listen": f"127.0.0.1:{port}", **settings}).wait_ready()
    try:
        yield LanedAtHome(server, f"127.0.0.1:{port}")
    finally:
        status = server.stop()
    assert status == 0
