"""Bulk clearance through the server: one Python client, one stream, messages of 1,000 CUIs, checked results."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from dataclasses import dataclass

import grpc

from bench.server_process import ServerProcess
from ronda.v1 import clearance_service_pb2 as contract
from ronda.v1.clearance_service_pb2_grpc import ClearanceServiceStub
from ronda.v1.context_pb2 import PURPOSE_CLEARANCE, RequestContext

BATCH = 1000


@dataclass
class ClearRun:
    """One run: subjects a second end to end, and server CPU in microseconds a subject."""

    subjects_per_second: float
    server_cpu_us: float
    results: dict[int, int]


def _batches(cuis: list[str], batches: int) -> Iterator[contract.ClearRequest]:
    start = contract.ClearRequest(
        context=RequestContext(purpose=PURPOSE_CLEARANCE), standard=contract.CLEARANCE_STANDARD_WANTED
    )
    yield start
    rows = list(range(BATCH))
    for number, place in enumerate(itertools.cycle(range(0, len(cuis) - BATCH + 1, BATCH))):
        if number == batches:
            return
        yield contract.ClearRequest(row_ids=rows, cuis=cuis[place : place + BATCH])


def run_clear(server: ServerProcess, cuis: list[str], batches: int) -> ClearRun:
    """Clears `batches` x 1,000 subjects; every response must hold 1,000 stated results in input order."""
    results: dict[int, int] = {}
    rows = list(range(BATCH))
    answered = 0
    with grpc.insecure_channel(server.target) as channel:
        stub = ClearanceServiceStub(channel)  # type: ignore[no-untyped-call]
        cpu = server.cpu_seconds()
        started = time.perf_counter()
        for response in stub.Clear(_batches(cuis, batches)):
            if not response.row_ids:
                continue
            if list(response.row_ids) != rows or len(response.results) != BATCH:
                raise AssertionError("a batch came back with other rows than it was sent")
            answered += BATCH
            for result in response.results:
                results[result] = results.get(result, 0) + 1
        seconds = time.perf_counter() - started
        cpu = server.cpu_seconds() - cpu
    if answered != batches * BATCH:
        raise AssertionError(f"{answered} of {batches * BATCH} subjects were answered")
    return ClearRun(answered / seconds, cpu / answered * 1e6, results)
