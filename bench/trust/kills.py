"""kill -9 of a serving worker at random moments: every answer received over gRPC must have a record in the log."""

from __future__ import annotations

import random
import shutil
import threading
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
import numpy as np

from bench.trust.worker_process import WorkerUnderTest
from core.audit.rows import QUESTION_ROW, query_rows
from ronda.settings import Settings
from ronda.v1 import check_service_pb2 as contract
from ronda.v1.check_service_pb2_grpc import CheckServiceStub
from ronda.v1.context_pb2 import PURPOSE_TRAFFIC_STOP, RequestContext
from server.audit.checkpointer import Checkpointer
from server.audit.keys import load_signing_private
from server.audit.set_up import prepare_audit, signing_key
from server.audit.verifying import Problem, verify

_CLIENTS = 4
_LONGEST_S = 0.15  # from the first answers to the kill


@dataclass
class Kills:
    """The answers that clients received, and those missing in the log."""

    kills: int = 0
    answers: int = 0
    unrecorded: int = 0
    torn: int = 0
    records: int = 0
    problems: list[Problem] = field(default_factory=list)


def recorded_answers(audit: Path) -> set[bytes]:
    """The answer_id of each record in a log's segments."""
    recorded = set()
    for path in audit.rglob("*.seg"):
        rows, _ = query_rows(path.read_bytes(), path.stat().st_size, set())
        recorded |= {bytes(answer_id) for answer_id in np.frombuffer(rows, np.dtype(QUESTION_ROW))["answer_id"]}
    return recorded


def _ask(target: str, cuis: list[str], received: list[bytes], begun: threading.Event, seed: int) -> None:
    chosen = random.Random(seed)
    context = RequestContext(purpose=PURPOSE_TRAFFIC_STOP)
    options = [("grpc.enable_retries", 0), ("grpc.use_local_subchannel_pool", 1)]
    with grpc.insecure_channel(target, options=options) as channel:
        stub = CheckServiceStub(channel)  # type: ignore[no-untyped-call]
        while True:
            try:
                answer = stub.CheckPerson(
                    contract.CheckPersonRequest(context=context, cui=chosen.choice(cuis)), timeout=5
                )
            except grpc.RpcError:
                return  # it was killed
            received.append(uuid.UUID(answer.answer.answer_id).bytes)
            begun.set()


def run_kills(data: Path, audit: Path, cuis: list[str], kills: int, log: Path, seed: int = 0) -> Kills:
    """Starts a worker on `data` again and again, loads it, kills it; then holds the log against what clients got."""
    shutil.rmtree(audit, ignore_errors=True)
    settings: dict[str, Any] = {"data": data, "audit": audit, "audit_segment_mib": 16, "audit_reserve_mib": 0}
    prepare_audit(Settings(**settings), development=True)
    key = load_signing_private(signing_key(Settings(**settings)))
    checkpointer = Checkpointer(audit, key)
    chosen = random.Random(seed)
    found = Kills()
    received: list[bytes] = []
    for number in range(kills):
        worker = WorkerUnderTest(settings, log).wait_ready()
        begun = threading.Event()
        clients = [
            threading.Thread(target=_ask, args=(worker.target, cuis, received, begun, number * _CLIENTS + client))
            for client in range(_CLIENTS)
        ]
        for client in clients:
            client.start()
        begun.wait(20)
        time.sleep(chosen.uniform(0, _LONGEST_S))
        worker.kill()
        for client in clients:
            client.join()
        checkpointer.tick()
        found.kills += 1
    checkpointer.close()
    recorded = recorded_answers(audit)
    verdict = verify(audit, key.public_key())
    found.answers = len(received)
    found.unrecorded = len(set(received) - recorded)
    found.records = verdict.records
    found.problems = verdict.problems
    found.torn = sum(1 for _ in audit.rglob("*.cut"))
    return found
