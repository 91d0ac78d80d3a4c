"""A court that feeds warrants at a pace: through FeedService.Push, or as fast as the server takes them."""

from __future__ import annotations

import os
import queue
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import grpc
from google.protobuf.timestamp_pb2 import Timestamp

from ronda.v1 import feed_service_pb2 as contract
from ronda.v1.context_pb2 import PURPOSE_WARRANT_SERVICE, RequestContext
from ronda.v1.feed_service_pb2_grpc import FeedServiceStub

SOURCE = "bench"
REGISTER = "oj"
A_MESSAGE = 10  # changes, at a pace
A_FULL_MESSAGE = 250
_UNSTATED = (
    "ARMADO", "FECHA_ESTADO", "PERSONA/APELLIDO1", "PERSONA/APELLIDO2", "PERSONA/CASADA", "PERSONA/DEPARTAMENTO",
    "PERSONA/DOCUMENTO", "PERSONA/DOCUMENTO/@pais", "PERSONA/EDAD", "PERSONA/MADRE", "PERSONA/NACIMIENTO",
    "PERSONA/NOMBRE1", "PERSONA/NOMBRE2", "PERSONA/NOMBRE3", "PERSONA/PADRE", "PERSONA/SEXO",
)  # fmt: skip


class Court:
    """One Push stream. Numbers go on from one call to the next."""

    def __init__(self, target: str, sequence: int = 0) -> None:
        """sequence: of the last change that the ledger has."""
        self.sequence = sequence
        self._channel = grpc.insecure_channel(target)
        self._sending: queue.SimpleQueue[contract.PushRequest | None] = queue.SimpleQueue()
        stub = FeedServiceStub(self._channel)  # type: ignore[no-untyped-call]
        self._answers: Iterator[contract.PushResponse] = stub.Push(iter(self._sending.get, None), wait_for_ready=True)
        self._said(contract.PushRequest(context=RequestContext(purpose=PURPOSE_WARRANT_SERVICE), source=SOURCE))

    def _said(self, request: contract.PushRequest) -> contract.PushResponse:
        self._sending.put(request)
        return next(self._answers)

    def send(self, changes: Sequence[contract.FeedChange]) -> float:
        """Numbers and sends them; monotonic time of their acknowledgement. Raises RuntimeError unless all are taken."""
        for change in changes:
            self.sequence += 1
            change.sequence = self.sequence
        outcomes = self._said(contract.PushRequest(changes=changes)).outcomes
        if any(outcome.kind != contract.FEED_OUTCOME_KIND_TAKEN for outcome in outcomes):
            raise RuntimeError(f"changes were not taken: {outcomes[0]}")
        return time.monotonic()

    def beat(self) -> None:
        """Says that nothing came."""
        at = Timestamp()
        at.GetCurrentTime()
        kind = contract.FEED_CHANGE_KIND_HEARTBEAT
        change = contract.FeedChange(register_id=REGISTER, kind=kind, sequence=self.sequence, event_time=at)
        self._said(contract.PushRequest(changes=[change]))

    def close(self) -> None:
        """Ends the stream."""
        self._sending.put(None)
        list(self._answers)
        self._channel.close()


def warrant(record_id: str, cui: str) -> contract.FeedChange:
    """A pending warrant on a person, as the court's register states it."""
    cells = {
        "@TIPO": "OC", "NUMERO": record_id, "CAUSA": record_id, "JUZGADO": "TURNO", "DELITO/@codigo": "CP-252",
        "DELITO": "ROBO AGRAVADO", "FECHA": "13/10/2025", "ESTADO": "PENDIENTE", "PERSONA/CUI": cui,
    }  # fmt: skip
    cells = {**dict.fromkeys(_UNSTATED, ""), **cells}
    return _change(record_id, contract.FEED_CHANGE_KIND_UPSERT, manifest_source="ordenes", cells=cells)


def cancellation(record_id: str) -> contract.FeedChange:
    """It holds no more. Without its source it might mean another's record too, and would close none for certain."""
    return _change(record_id, contract.FEED_CHANGE_KIND_CANCEL, manifest_source="ordenes")


def _change(record_id: str, kind: contract.FeedChangeKind, **more: Any) -> contract.FeedChange:
    at = Timestamp()
    at.GetCurrentTime()
    return contract.FeedChange(
        register_id=REGISTER,
        record_id=record_id,
        kind=kind,
        event_time=at,
        **more,
    )


class Pace(threading.Thread):
    """Feeds `a_second` changes from a thread until it is stopped: of four, three warrants and a cancellation."""

    def __init__(self, court: Court, cuis: Sequence[str], a_second: int, name: str) -> None:
        super().__init__(daemon=True)
        self._court, self._cuis, self._a_second, self._name_of = court, cuis, a_second, name
        self._stop_asked = threading.Event()
        self.sent = 0
        self.failure: BaseException | None = None
        self.between: Callable[[], contract.FeedChange | None] = lambda: None
        self.acknowledged: Callable[[float], None] = lambda at: None

    def run(self) -> None:
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))  # another machine's: it interrupts nobody here
        began = time.monotonic()
        try:
            while not self._stop_asked.is_set():
                changes = [self._next(self.sent + number) for number in range(A_MESSAGE)]
                marked = self.between()
                at = self._court.send([*changes, *([marked] if marked is not None else [])])
                if marked is not None:
                    self.acknowledged(at)
                self.sent += A_MESSAGE
                self._stop_asked.wait(max(0.0, began + self.sent / self._a_second - time.monotonic()))
            self.seconds = time.monotonic() - began
        except BaseException as error:  # told by `end`, in the thread that asked
            self.failure = error

    def _next(self, number: int) -> contract.FeedChange:
        if number % 4 == 3:
            return cancellation(f"{self._name_of}-{number - 3}")
        return warrant(f"{self._name_of}-{number}", self._cuis[number % len(self._cuis)])

    def end(self) -> float:
        """Stops; changes a second that were acknowledged."""
        self._stop_asked.set()
        self.join()
        if self.failure is not None:
            raise self.failure
        return self.sent / self.seconds
