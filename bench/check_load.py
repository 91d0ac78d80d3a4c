"""Unary checks against a server from several client processes: random keys, checked replies, time-stamped latencies."""

from __future__ import annotations

import multiprocessing
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.connection import Connection

import grpc

from ronda.v1 import check_service_pb2 as contract
from ronda.v1.check_service_pb2_grpc import CheckServiceStub


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
    """Runs the clients (spawned, never forked after gRPC) for `seconds`, and `meanwhile` in this process."""
    spawn = multiprocessing.get_context("spawn")
    ends = []
    for seed in range(clients):
        ours, theirs = spawn.Pipe(duplex=False)
        process = spawn.Process(target=_client, args=(target, cuis, seconds, seed, theirs))
        process.start()
        ends.append((process, ours))
    meanwhile()
    total = LoadResult()
    for process, end in ends:
        part: LoadResult = end.recv()
        process.join()
        total.calls += part.calls
        total.failures += part.failures
        total.generations |= part.generations
    return total
