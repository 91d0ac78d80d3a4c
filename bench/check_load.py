"""Unary checks against a server from several client processes: random keys, checked replies, time-stamped latencies."""

from __future__ import annotations

import multiprocessing
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any

import grpc

from ronda.v1 import check_service_pb2 as contract
from ronda.v1.check_service_pb2_grpc import CheckServiceStub


class ClientDied(Exception):
    """A client process ended and left no result; its own words stand on standard error."""


@dataclass
class LoadResult:
    """Calls of all clients: (monotonic seconds at the end of the call, latency in microseconds), and failures."""

    calls: list[tuple[float, float]] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    generations: set[str] = field(default_factory=set)

    def latencies(self, since: float, until: float) -> list[float]:
        """Latencies of the calls that ended in [since, until), microseconds."""
        return [latency for ended, latency in self.calls if since <= ended < until]


def _client(target: str, cuis: list[str], seconds: float, seed: int, pipe: Connection) -> None:
    chosen = random.Random(seed)
    result = LoadResult()
    with grpc.insecure_channel(target, options=[("grpc.enable_retries", 0)]) as channel:
        stub = CheckServiceStub(channel)  # type: ignore[no-untyped-call]
        grpc.channel_ready_future(channel).result(timeout=10)
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            cui = cuis[chosen.randrange(len(cuis))]
            started = time.perf_counter()
            try:
                response = stub.CheckPerson(contract.CheckPersonRequest(cui=cui), timeout=5)
            except grpc.RpcError as error:
                result.failures.append(error.code().name)
                continue
            result.calls.append((time.monotonic(), (time.perf_counter() - started) * 1e6))
            if response.person.identity_claims[0].cui != cui:
                result.failures.append("WRONG_PERSON")
            result.generations.add(response.answer.generation_id)
    pipe.send(result)
    pipe.close()


def run_checks(
    target: str, cuis: list[str], seconds: float, clients: int, meanwhile: Callable[[], None] = lambda: None
) -> LoadResult:
    """Runs the clients (spawned, never forked after gRPC) for `seconds`, and `meanwhile` in this process.

    Raises ClientDied; the others are ended then.
    """
    spawn = multiprocessing.get_context("spawn")
    ends = []
    for seed in range(clients):
        ours, theirs = spawn.Pipe(duplex=False)
        process = spawn.Process(target=_client, args=(target, cuis, seconds, seed, theirs))
        process.start()
        theirs.close()  # held by the client alone: its end is seen
        ends.append((process, ours))
    total = LoadResult()
    try:
        meanwhile()
        for process, end in ends:
            part: LoadResult = received(process, end)
            process.join()
            total.calls += part.calls
            total.failures += part.failures
            total.generations |= part.generations
    finally:
        for process, _ in ends:
            process.kill()
            process.join()
    return total


def received(process: BaseProcess, end: Connection) -> Any:
    """Returns a client's next message. Raises ClientDied if it ended before: our copy of its end has to be closed."""
    try:
        return end.recv()
    except (EOFError, ConnectionResetError):
        process.join()
        raise ClientDied(f"{process.name} ended with status {process.exitcode} and without a result") from None
