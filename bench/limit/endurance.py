"""Calls while generations are switched, workers killed, servers restarted, officers revoked."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import psutil

from bench.limit.load import Load, Scenario, Target
from bench.limit.servers import Keys, Ronda, secure, start_secure
from bench.switch_bench import set_current, twin_generation
from bench.trust import revocation_bench
from ronda.demo.postgres_cluster import free_port
from tests.server.running_server import until

SWITCHES = KILLS = RESTARTS = 20
_LOADED_S = 0.3  # between two kills, or restarts, calls are answered
_FOR_EVER_S = 3600.0
_SWITCHED_10X10 = Scenario("switches", "CheckPerson", 10, 10)
# Half of what two grpcio workers give on one core, whatever the server: one that starts anew finds time on it.
_KILLED = Scenario("kills", "CheckPerson", 10, 10, rate=2000)
# Closed: while nobody listens nothing is due.
_RESTARTED = Scenario("restarts", "CheckPerson", 8, 4)
_METHOD = "/ronda.v1.CheckService/CheckPerson"


@dataclass(frozen=True)
class Endured:
    """times: how often it was done to the server. failed: calls without a right answer, retries counted apart."""

    times: int
    calls: int
    failed: int
    retried: int
    refused: int
    note: str


def _endured(times: int, said: dict[str, Any], more: str = "") -> Endured:
    note = (
        f"{said['calls']:,} calls, {said['retried']} tried again, {said['refused']} refused unseen, "
        f"{said['goaways']} told to go, {said['lost_connections']} connections lost"
    )
    if said["failed"]:
        note += f"; by status {said['by_status']}: {said['said']}"
    return Endured(times, said["calls"], said["failed"] + said["wrong"], said["retried"], said["refused"], note + more)


def _under_load(
    target: Target, questions: Path, scenario: Scenario, retries: int, happen: Callable[[], None]
) -> dict[str, Any]:
    load = Load(target, questions, scenario, _FOR_EVER_S, retries=retries)
    try:
        load.begun()
        happen()
        return load.stop().said
    except BaseException:
        load.kill()
        raise


def switches(ronda: Ronda, target: Target, data: Path, questions: Path, times: int = SWITCHES) -> Endured:
    """CURRENT to and fro between two generations, full load, no retry."""
    current, twin = twin_generation(data)
    served = len(ronda.server.events("generation_serves"))

    def happen() -> None:
        for number in range(times):
            set_current(data, twin if number % 2 == 0 else current)
            before = served + number
            until(lambda before=before: len(ronda.server.events("generation_serves")) > before)
            time.sleep(_LOADED_S)

    try:
        said = _under_load(target, questions, _SWITCHED_10X10, 0, happen)
    finally:
        set_current(data, current)
    seen = len(ronda.server.events("generation_serves")) - served
    return _endured(min(times, seen), said)


def kills(data: Path, keys: Keys, work: Path, questions: Path, *, lane: bool, times: int = KILLS) -> Endured:
    """SIGKILL of one of two workers, again and again, each after the other is back; one retry."""
    with secure(data, keys, work, workers=2) as ronda:
        target = ronda.lane if lane else ronda.grpcio
        assert target is not None

        def happen() -> None:
            for number in range(times):
                ready = len(ronda.server.events("worker_ready"))
                time.sleep(_LOADED_S)
                os.kill(ronda.server.worker_pids()[number % 2], signal.SIGKILL)
                until(lambda ready=ready: len(ronda.server.events("worker_ready")) > ready, 60)

        return _endured(times, _under_load(target, questions, _KILLED, 1, happen))


def restarts(data: Path, keys: Keys, work: Path, questions: Path, *, lane: bool, times: int = RESTARTS) -> Endured:
    """SIGTERM, drain, start anew at the same address; one retry. Clients that find nobody there come back."""
    work.mkdir(parents=True, exist_ok=True)
    address, lane_address = f"127.0.0.1:{free_port()}", f"127.0.0.1:{free_port()}"
    more: dict[str, Any] = {"lane_listen": lane_address} if lane else {}
    running = [start_secure(data, keys, work, listen=address, **more)]
    target = running[0].lane if lane else running[0].grpcio
    assert target is not None

    def happen() -> None:
        for _ in range(times):
            time.sleep(_LOADED_S)
            status = running[0].server.stop()
            if status:
                raise AssertionError(f"a graceful stop ended with status {status}")
            running[0] = start_secure(data, keys, work, listen=address, **more)

    try:
        return _endured(times, _under_load(target, questions, _RESTARTED, 1, happen))
    finally:
        with suppress(psutil.Error):
            running[0].server.stop()


def revocation(target: Target, keys: Keys, cui: str, rounds: int = revocation_bench.ROUNDS) -> list[float]:
    """Seconds from the written list to the first refused call of one open connection, a round each."""
    prefix = str(keys.prefix)
    credentials = grpc.ssl_channel_credentials(
        keys.server_ca.read_bytes(), Path(f"{prefix}-0.key").read_bytes(), Path(f"{prefix}-0.pem").read_bytes()
    )
    token = Path(f"{prefix}-0.token").read_text(encoding="ascii")
    address = f"localhost:{target.address.rpartition(':')[2]}"
    with grpc.secure_channel(address, credentials, options=[("grpc.enable_retries", 0)]) as channel:
        ask: Any = channel.unary_unary(_METHOD)  # type: ignore[call-arg]
        metadata = (("authorization", f"Bearer {token}"),)
        return revocation_bench.measure(
            lambda request: bytes(ask(request, timeout=5, metadata=metadata)),
            keys.kit.trust,
            f"pnc/{keys.nip(0)}",
            cui,
            rounds,
        )
