"""The engine's path alone, one thread: the cost of grant, limits and audit for a check beyond the answer itself.

`python -m bench.trust.engine_bench GENERATION_DIRECTORY WORK_DIRECTORY` prints JSON. The two ways take turns, run by
run, over the same questions in a compiled loop; every question of every run has a request id of its own, as a
client's have. The counters are one file for all runs, as a server's are for years: the first run, not counted, touches
its pages.
"""

from __future__ import annotations

import json
import shutil
import statistics
import sys
import time
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from bench.sampling import draw
from core.access.caller import EVERY_METHOD, Caller
from core.access.grant import Grant
from core.access.limits import Limits
from core.engine.entry import Engine, Method
from core.generation.store import Generation
from ronda.v1 import check_service_pb2 as contract
from ronda.v1.context_pb2 import PURPOSE_TRAFFIC_STOP, RequestContext
from server.audit.reading import AuditReader
from server.audit.writer import MIB, AuditWriter, WriterOptions

QUESTIONS = 50_000
RUNS = 9
_MANY = (1_000_000_000, 60.0, 1_000_000_000)  # a limit that counts and never refuses
IDENTITY = (
    b'{"device":"spiffe://pnc.gob.gt/unit/zona-1/device/patrol-1","institution":"pnc","nip":"10001","unit":"zona-1"}'
)


def caller_without_end(limits: Limits) -> Caller:
    """A caller who is counted as ever, and never refused."""
    caller = Caller(IDENTITY, device=b"patrol-1", officer=b"10001", limits=limits)
    caller.give(
        PURPOSE_TRAFFIC_STOP,
        Grant.everything(),
        methods=EVERY_METHOD,
        officer=_MANY,
        officer_day=_MANY,
        device=_MANY,
        neighbours=_MANY,
        repeats=_MANY,
        misses=_MANY,
        subjects=_MANY,
    )
    return caller


def _questions(cuis: list[str], plates: list[str], method: Method, run: int) -> list[bytes]:

    def context(number: int) -> RequestContext:
        return RequestContext(purpose=PURPOSE_TRAFFIC_STOP, request_id=f"{int(method):02x}{run:06x}-{number:08x}")

    if method == Method.CHECK_PERSON:
        return [
            contract.CheckPersonRequest(context=context(i), cui=cui).SerializeToString() for i, cui in enumerate(cuis)
        ]
    return [
        contract.CheckVehicleRequest(context=context(i), plate=plate).SerializeToString()
        for i, plate in enumerate(plates)
    ]


def _run(engine: Engine, method: Method, requests: list[bytes], caller: Any, log: Any) -> tuple[float, float]:
    """Wall and CPU microseconds a check."""
    cpu = time.thread_time()
    _, nanoseconds = engine.answer_many(method, requests, caller, int(time.time() * 1000), log)
    return nanoseconds / len(requests) / 1000, (time.thread_time() - cpu) / len(requests) * 1e6


def main() -> None:
    """Prints {method: {bare, whole: [[wall_us, cpu_us]...]}} and checks that each answer has its record."""
    directory, work = Path(sys.argv[1]), Path(sys.argv[2])
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True, mode=0o700)
    cuis, plates = draw(directory, QUESTIONS, seed=1)
    engine = Engine(Generation.open(directory))
    auditor = X25519PrivateKey.generate()
    report: dict[str, Any] = {}
    asked = 0
    writer = AuditWriter(WriterOptions(work / "audit", [auditor.public_key()], 512 * MIB, 0), "worker-0")
    limits = Limits(work / "limits")
    for method in (Method.CHECK_PERSON, Method.CHECK_VEHICLE):
        runs: dict[str, list[tuple[float, float]]] = {"bare": [], "whole": []}
        for number in range(RUNS + 1):
            # New request ids each time: one that was seen counts once, and costs less.
            requests = _questions(cuis, plates, method, number)
            pair = (
                _run(engine, method, requests, Grant.everything(), None),
                _run(engine, method, requests, caller_without_end(limits), writer.log),
            )
            asked += len(requests)
            if number:  # the first is a warm-up
                runs["bare"].append(pair[0])
                runs["whole"].append(pair[1])
        report[method.name] = runs
    writer.close()
    records = len(AuditReader(work / "audit", auditor).asked_by(lambda identity: identity.get("nip") == "10001"))
    if records != asked:
        raise AssertionError(f"{asked} checks, {records} records")
    report["added_cpu_us"] = {
        name: statistics.median(whole[1] - bare[1] for bare, whole in zip(runs["bare"], runs["whole"], strict=True))
        for name, runs in report.items()
    }
    print(json.dumps(report))
    shutil.rmtree(work)


if __name__ == "__main__":
    main()
