"""Compares, over grpcio, mTLS, token, policy, limits and audit with the same worker bare and in plaintext.

One worker each, both running; rounds take turns. The compared rate is that at which a worker's core is full: checks a
second of the worker's CPU. Clients in Python cost more than the server, so the wall-clock rate is theirs.
"""

from __future__ import annotations

import multiprocessing
import random
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import grpc

from bench.check_load import received
from bench.trust.allowances import patrols_without_end
from bench.trust.worker_process import WorkerUnderTest
from ronda.settings import Settings
from ronda.v1 import check_service_pb2 as contract
from ronda.v1.context_pb2 import PURPOSE_TRAFFIC_STOP, RequestContext
from server.audit.set_up import prepare_audit
from server.trust.development_ca import make_development_set
from server.trust.issuing import Issuer

ROUNDS = 5
SECONDS = 3.0
CLIENTS = 2  # processes
OFFICER = "pnc/10009"  # as revocations name her
_METHOD = "/ronda.v1.CheckService/CheckPerson"


@dataclass(frozen=True)
class Way:
    """A client's way to connect. Keys in PEM; metadata goes with each call."""

    target: str
    server_ca: bytes = b""
    key: bytes = b""
    certificate: bytes = b""
    metadata: tuple[tuple[str, str], ...] = ()

    def channel(self) -> grpc.Channel:
        """A channel with a connection of its own."""
        options = [("grpc.enable_retries", 0), ("grpc.use_local_subchannel_pool", 1)]
        if not self.server_ca:
            return grpc.insecure_channel(self.target, options=options)
        credentials = grpc.ssl_channel_credentials(self.server_ca, self.key, self.certificate)
        return grpc.secure_channel(self.target, credentials, options=options)


@dataclass
class Rates:
    """One figure a round: checks a second by the clock, and of the worker's CPU."""

    wall: list[float] = field(default_factory=list)
    core: list[float] = field(default_factory=list)


def _client(way: Way, cuis: list[str], seed: int, orders: Connection) -> None:
    chosen = random.Random(seed)
    with way.channel() as channel:
        check = channel.unary_unary(_METHOD)  # type: ignore[call-arg]  # bytes in, bytes out
        number = 0
        while (seconds := orders.recv()) is not None:
            done = 0
            until = time.monotonic() + seconds
            while time.monotonic() < until:
                number += 1
                context = RequestContext(purpose=PURPOSE_TRAFFIC_STOP, request_id=f"{seed}-{number}")
                cui = chosen.choice(cuis)
                request = contract.CheckPersonRequest(context=context, cui=cui).SerializeToString()
                answer = check(request, timeout=5, metadata=way.metadata)
                if number % 100 == 0:
                    found = contract.CheckPersonResponse.FromString(answer).person
                    if cui not in [claim.cui for claim in found.identity_claims]:
                        raise AssertionError("another person came back")
                done += 1
            orders.send(done)


class _Load:
    """Client processes (spawned, never forked after gRPC) that work on request."""

    def __init__(self, way: Way, cuis: list[str]) -> None:
        spawn = multiprocessing.get_context("spawn")
        self._ends, self._processes = [], []
        for seed in range(CLIENTS):
            ours, theirs = spawn.Pipe()
            process = spawn.Process(target=_client, args=(way, cuis, seed, theirs))
            process.start()
            theirs.close()
            self._ends.append(ours)
            self._processes.append(process)

    def run(self, seconds: float) -> int:
        """Checks that were answered. Raises ClientDied."""
        for end in self._ends:
            with suppress(BrokenPipeError):  # one that died: told below
                end.send(seconds)
        return sum(received(process, end) for end, process in zip(self._ends, self._processes, strict=True))

    def end(self) -> None:
        """Ends the clients."""
        for end, process in zip(self._ends, self._processes, strict=True):
            with suppress(BrokenPipeError):
                end.send(None)
            process.join()


def _secure(directory: Path, data: Path, log: Path) -> tuple[WorkerUnderTest, Way]:
    make_development_set(directory)
    patrols_without_end(directory / "trust")
    settings: dict[str, Any] = {
        "data": data,
        "trust": directory / "trust",
        "tls_cert": directory / "server.pem",
        "tls_key": directory / "server.key",
        "limits_file": directory / "limits",
        "audit": directory / "audit",
        "audit_auditor_key": directory / "audit-keys" / "auditor.pub",
        "audit_signing_key": directory / "audit-keys" / "signing.key",
    }
    prepare_audit(Settings(**settings), development=False)
    police = Issuer(directory / "institutions" / "pnc")
    device = police.device("zona-1", "patrol-9")
    token = police.token(OFFICER.removeprefix("pnc/"), "zona-1", ["patrol"], device.thumbprint)
    worker = WorkerUnderTest(settings, log)
    metadata = (("authorization", f"Bearer {token}"),)
    return worker, Way(
        f"localhost:{worker.target.rpartition(':')[2]}",
        (directory / "server-ca.pem").read_bytes(),
        device.key,
        device.certificate,
        metadata,
    )


def ask_one_by_one(data: Path, work: Path, use: Callable[[Callable[[bytes], bytes]], Any]) -> Any:
    """Hands `use` a way to ask CheckPerson of a whole worker, as a patrol; returns what it returns."""
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True, mode=0o700)
    worker, way = _secure(work / "set", data, work / "log")
    try:
        worker.wait_ready()
        with way.channel() as channel:
            check = channel.unary_unary(_METHOD)  # type: ignore[call-arg]
            return use(lambda request: check(request, timeout=5, metadata=way.metadata))
    finally:
        worker.stop()
        shutil.rmtree(work)


def run_side_by_side(data: Path, cuis: list[str], work: Path) -> dict[str, Rates]:
    """{"bare", "secure"}: their rates."""
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True, mode=0o700)
    log = work / "log"
    plain: dict[str, Any] = {"data": data, "audit": work / "audit-bare"}
    prepare_audit(Settings(**plain), development=True)
    bare = WorkerUnderTest(plain, log, "bench.trust.bare_worker")
    secure, way = _secure(work / "set", data, log)
    workers = {"bare": bare, "secure": secure}
    ways = {"bare": Way(bare.target), "secure": way}
    rates = {name: Rates() for name in workers}
    loads: dict[str, _Load] = {}
    try:
        for name, worker in workers.items():
            worker.wait_ready()
            loads[name] = _Load(ways[name], cuis)
            loads[name].run(1.0)
        for _ in range(ROUNDS):
            for name, worker in workers.items():
                before = worker.cpu_seconds()
                answered = loads[name].run(SECONDS)
                rates[name].wall.append(answered / SECONDS)
                rates[name].core.append(answered / (worker.cpu_seconds() - before))
    finally:
        for load in loads.values():
            load.end()
        for worker in workers.values():
            worker.stop()
    shutil.rmtree(work)
    return rates
