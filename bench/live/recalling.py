"""From a cancellation that was acknowledged to the stream of the officer who had looked: with a long audit log."""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import grpc

from bench.live.feeding import Court, cancellation, warrant
from core.audit.reader import How, entry_bytes
from core.errors import AuditUnavailable
from core.generation.reader import DossierReader
from core.generation.store import Generation
from ronda.v1 import alert_service_pb2 as contract
from ronda.v1 import check_service_pb2 as checks
from ronda.v1.alert_service_pb2_grpc import AlertServiceStub
from ronda.v1.check_service_pb2_grpc import CheckServiceStub
from ronda.v1.context_pb2 import PURPOSE_TRAFFIC_STOP, RequestContext
from ronda.v1.level_pb2 import LEVEL_CLEAR, LEVEL_INCOMPLETE
from server.audit.set_up import open_writer, prepare_audit
from server.audit.settings import AuditSettings

_OFFICERS = 2_000
_DAYS_MS = 29 * 86_400_000
_OF_AGE = 2000  # years of birth before it
_LATE_S = 10.0
_LOG = "bench"


def log_looks(data: Path, generation: Path, count: int) -> None:
    """Writes look-ups of the last 29 days by many officers, each about a person of the generation."""
    given: dict[str, Any] = {"data": data, "recall_days": 30}
    settings = AuditSettings(**given)
    prepare_audit(settings, development=True)
    chosen, held = random.Random(11), Generation.open(generation)
    shown = [
        entry_bytes(DossierReader(held.dossier(chosen.randrange(held.entities))).subject_id, How.ASKED)
        for _ in range(min(count, 200_000))
    ]
    officers = [
        json.dumps({"device": f"d{n}", "institution": "pnc", "nip": f"{n}", "unit": "z"}).encode()
        for n in range(_OFFICERS)
    ]
    writer = open_writer(settings, _LOG)
    now_ms = int(time.time() * 1000)
    try:
        for number in range(count):
            at_ms = now_ms - _DAYS_MS + number * _DAYS_MS // count
            while True:
                try:
                    writer.log.append_record(
                        clock_ms=at_ms,
                        method=2,
                        purpose=PURPOSE_TRAFFIC_STOP,
                        identity=officers[number % _OFFICERS],
                        shown=shown[number % len(shown)],
                    )
                    break
                except AuditUnavailable:  # the next segment is being made
                    time.sleep(0.01)
    finally:
        writer.close()


def indexed(data: Path) -> bool:
    """Returns whether all of these look-ups are sealed and have their index."""
    folder = data / "audit" / "logs" / _LOG
    return all(segment.with_suffix(".idx").exists() for segment in folder.glob("*.seg"))


def adults(target: str, cuis: Sequence[str], count: int) -> list[str]:
    """Returns the first of these persons without an alert and long of age: a minor's warrant is not recalled.

    Raises RuntimeError if they are fewer.
    """
    found: list[str] = []
    with grpc.insecure_channel(target) as channel:
        stub = CheckServiceStub(channel)  # type: ignore[no-untyped-call]
        for cui in cuis:
            request = checks.CheckPersonRequest(context=RequestContext(purpose=PURPOSE_TRAFFIC_STOP), cui=cui)
            answer = stub.CheckPerson(request, timeout=5)
            born = [claim.birth_date.year for claim in answer.person.identity_claims]
            unalerted = answer.answer.level in (LEVEL_CLEAR, LEVEL_INCOMPLETE)  # who feeds has not been heard yet
            if unalerted and born and all(0 < year < _OF_AGE for year in born):
                found.append(cui)
            if len(found) == count:
                return found
    raise RuntimeError(f"only {len(found)} persons without an alert")


def measure(target: str, court: Court, cuis: Sequence[str]) -> tuple[list[float], int]:
    """Returns for each person the seconds from the cancellation's acknowledgement to the stream; and how many never
    came."""
    came: dict[tuple[str, int], float] = {}
    with grpc.insecure_channel(target) as channel:
        checking = CheckServiceStub(channel)  # type: ignore[no-untyped-call]
        frame = RequestContext(purpose=PURPOSE_TRAFFIC_STOP)
        stream = AlertServiceStub(channel).Subscribe(  # type: ignore[no-untyped-call]
            contract.SubscribeRequest(context=frame)
        )
        next(stream)

        def listen() -> None:
            try:
                for message in stream:
                    for recall in message.recalls:
                        came.setdefault((recall.record.record_id, recall.kind), time.monotonic())
            except grpc.RpcError:
                return

        threading.Thread(target=listen, daemon=True).start()
        for cui in cuis:
            checking.CheckPerson(checks.CheckPersonRequest(context=frame, cui=cui), timeout=5)
        seconds: list[float] = []
        lost = 0
        for cui in cuis:
            for change, kind in (
                (warrant(f"R-{cui}", cui), contract.RECALL_KIND_NEW),
                (cancellation(f"R-{cui}"), contract.RECALL_KIND_CANCELLED),
            ):
                acknowledged = court.send([change])
                if not _came(came, (f"R-{cui}", kind)):
                    lost += 1
                elif kind == contract.RECALL_KIND_CANCELLED:
                    seconds.append(came[f"R-{cui}", kind] - acknowledged)
        stream.cancel()
    return seconds, lost


def _came(came: dict[tuple[str, int], float], key: tuple[str, int]) -> bool:
    until = time.monotonic() + _LATE_S
    while key not in came:
        if time.monotonic() > until:
            return False
        time.sleep(0.005)
    return True
