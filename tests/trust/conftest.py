"""One server in production mode for a module's tests, over the small nation."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from server.audit.keys import load_auditor_private
from server.audit.reading import AuditReader, AuditRecord
from tests.kit.nation_kit import BuiltNation
from tests.server.published import Published
from tests.server.running_server import RunningServer
from tests.trust.trust_kit import TrustKit


@dataclass(frozen=True)
class TrustedServer:
    """A running server and the keys to every door of it."""

    server: RunningServer
    kit: TrustKit
    data: Path

    @property
    def address(self) -> str:
        """By name, as the certificate has it."""
        return "localhost:" + self.server.address.rpartition(":")[2]

    def newest(self, count: int = 1) -> list[AuditRecord]:
        """The newest audit records, newest first, read with the auditor's key."""
        key = load_auditor_private(self.kit.directory / "audit-keys" / "auditor.key")
        return AuditReader(self.data / "audit", key).newest(count)[::-1]


def start_trusted(nation: BuiltNation, directory: Path, **settings: object) -> TrustedServer:
    """Starts one worker over a copy of the nation; two bind one port, and a test wants to know which answers."""
    data = directory / "data"
    (data / "generations").mkdir(parents=True)
    Published(data, nation.generation_directory).publish()
    kit = TrustKit(directory / "keys")
    server = RunningServer(data, directory / "server.log", **{"workers": 1, **kit.settings, **settings})
    return TrustedServer(server.wait_ready(), kit, data)


@pytest.fixture(scope="module")
def trusted(small_nation: BuiltNation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TrustedServer]:
    """A server in production mode, with the example policy."""
    directory = Path(tmp_path_factory.mktemp("trusted"))
    running = start_trusted(small_nation, directory)
    yield running
    running.server.stop()
    shutil.rmtree(running.data)
