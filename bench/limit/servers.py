"""The servers under test, each on its own core: Ronda in production and development mode, the peers, the stores."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.limit.building import cpp_peer, go_peer
from bench.limit.load import Target
from bench.limit.machine import cores, on_core
from bench.trust.allowances import patrols_without_end
from ronda.demo.postgres_cluster import free_port
from ronda.settings import Settings
from tests.server.running_server import RunningServer
from tests.trust.trust_kit import TrustKit

OFFICERS = 50  # each with a device of her own; a generator's connection shows one of them
HAS_LANE = "lane_listen" in Settings.model_fields


class Keys:
    """A trust directory with patrols that may ask without end, and the officers' certificates and tokens."""

    def __init__(self, directory: Path) -> None:
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir(parents=True, mode=0o755)
        self.kit = TrustKit(directory / "set")
        patrols_without_end(self.kit.trust)
        self.prefix = directory / "officer"
        self.server_ca = self.kit.directory / "server-ca.pem"
        self.clients_ca = self.kit.directory / "institutions" / "pnc" / "ca.pem"
        self._devices = [self.kit.police.device("zona-1", f"bench-{number}") for number in range(OFFICERS)]
        for number, device in enumerate(self._devices):
            device.write(Path(f"{self.prefix}-{number}.pem"), Path(f"{self.prefix}-{number}.key"))

    def new_tokens(self) -> None:
        """Tokens that begin now: they live for minutes, a bench lives longer."""
        for number, device in enumerate(self._devices):
            token = self.kit.police.token(self.nip(number), "zona-1", ["patrol"], device.thumbprint)
            Path(f"{self.prefix}-{number}.token").write_text(token, encoding="ascii")

    def nip(self, number: int) -> str:
        """Returns the NIP of the officer of that number."""
        return str(20_000 + number)

    def target(self, address: str, pid: int, *, digest: bool = False) -> Target:
        """A server at `address` that these officers ask over TLS."""
        return Target(address, pid, self.prefix, OFFICERS, self.server_ca, digest=digest)


class OnItsCore(RunningServer):
    """`ronda serve` on the servers' core."""

    def __init__(self, data: Path, log_path: Path, **settings: object) -> None:
        self.inside = on_core(cores()[0])
        super().__init__(data, log_path, **settings)


@dataclass
class Ronda:
    """A running Ronda. lane: None where this tree has no lane."""

    server: RunningServer
    grpcio: Target
    lane: Target | None


def _lane_setting() -> dict[str, object]:
    return {"lane_listen": f"127.0.0.1:{free_port()}"} if HAS_LANE else {}


def start_secure(
    data: Path, keys: Keys, work: Path, *, workers: int = 1, listen: str = "127.0.0.1:0", **more: object
) -> Ronda:
    """Production mode: mTLS, tokens, policy, limits, audit in its default durability, all in `work`."""
    keys.new_tokens()
    settings = {**keys.kit.settings, **_lane_setting(), "audit": work / "audit", "limits_file": work / "limits", **more}
    server = OnItsCore(
        data, work / "server.log", workers=workers, listen=listen, metrics="off", verify_mib_per_s=0, **settings
    ).wait_ready()
    lane = str(settings["lane_listen"]) if "lane_listen" in settings else ""
    pid = server.process.pid
    return Ronda(server, keys.target(server.address, pid), keys.target(lane, pid) if lane else None)


@contextlib.contextmanager
def secure(data: Path, keys: Keys, work: Path, *, workers: int = 1) -> Iterator[Ronda]:
    """The same, ended afterwards, its audit log removed."""
    with _directory(work):
        ronda = start_secure(data, keys, work, workers=workers)
        try:
            yield ronda
        finally:
            ronda.server.stop()


@contextlib.contextmanager
def development(data: Path, work: Path) -> Iterator[Ronda]:
    """Development mode: plaintext, one caller who may do everything and is not limited; the audit log is on."""
    with _directory(work):
        settings = {**_lane_setting(), "audit": work / "audit"}
        server = OnItsCore(
            data, work / "server.log", workers=1, metrics="off", verify_mib_per_s=0, **settings
        ).wait_ready()
        pid = server.process.pid
        lane = Target(str(settings["lane_listen"]), pid) if HAS_LANE else None
        try:
            yield Ronda(server, Target(server.address, pid), lane)
        finally:
            server.stop()


@contextlib.contextmanager
def grpcio_sync(generation: Path, work: Path) -> Iterator[Target]:
    """grpcio's threaded API over the same engine, in plaintext."""
    address = f"127.0.0.1:{free_port()}"
    command = [sys.executable, "-m", "bench.limit.sync_server", address, str(generation), str(work)]
    with _directory(work), _ready(command) as pid:
        yield Target(address, pid)


_PROGRAMS = {"cpp": cpp_peer, "go": go_peer}


def peer_fault(name: str) -> str:
    """Why a peer cannot be built here; "" where it is."""
    try:
        _PROGRAMS[name]()
    except (OSError, subprocess.CalledProcessError) as error:
        return f"cannot be built ({type(error).__name__}; see above)"
    return ""


@contextlib.contextmanager
def peer(name: str, answers: Path, keys: Keys) -> Iterator[Target]:
    """The look-up alone, "cpp" or "go", over TLS with client certificates."""
    address = f"127.0.0.1:{free_port()}"
    command = [
        _PROGRAMS[name](),
        address,
        answers,
        keys.kit.directory / "server.pem",
        keys.kit.directory / "server.key",
    ]
    keys.new_tokens()
    with _ready([*map(str, command), str(keys.clients_ca)]) as pid:
        yield keys.target(address, pid, digest=True)


@contextlib.contextmanager
def _ready(command: list[str]) -> Iterator[int]:
    """Runs it on the servers' core from its word "ready" to the end of the context; its process id."""
    process = subprocess.Popen([*on_core(cores()[0]), *command], stdout=subprocess.PIPE)
    assert process.stdout is not None
    try:
        if process.stdout.readline() != b"ready\n":
            raise RuntimeError(f"{Path(command[0]).name} ended with status {process.wait()}")
        yield process.pid
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


@contextlib.contextmanager
def _directory(path: Path) -> Iterator[None]:
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    try:
        yield
    finally:
        shutil.rmtree(path, ignore_errors=True)
