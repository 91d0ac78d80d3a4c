"""An executor's process at work: its generation open, its caller admitted, a log of its own for each task.

A task's rows are held back until its segments are closed and on disk; then they leave together, the segments with them.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa

from clients.client.connection import request_context
from core.access.caller import METHOD_OF_CLEAR
from core.audit.reader import SegmentReader
from core.engine.entry import Clearance, Engine
from core.errors import CoreError, GenerationDamaged, GrantNeeded
from core.generation.manifest import MANIFEST
from core.generation.store import Generation
from ronda.spark.admission import Admission, refused
from ronda.spark.columns import check_batch
from ronda.spark.orders import NO_GENERATION, SETTINGS, Orders, Refused
from ronda.v1 import clearance_service_pb2 as contract
from ronda.v1 import context_pb2
from server.audit.keys import KeyFileError, load_auditors
from server.audit.segments import mapped
from server.audit.writer import AuditWriter, WriterOptions, clock_ms
from server.errors import Refusal, refusal_of
from server.notifications import FOLDER, Notifications

LOG = re.compile(r"\Aspark-[0-9a-f]{16}\Z")  # one log an attempt: no two write to one
_ASKED_BYTES = 4096  # of a refused request, as server/calls/refused.py keeps them


class Seat:
    """Opened once a process and orders. Raises Refused."""

    def __init__(self, orders: Orders) -> None:
        self.orders = orders
        self._spool = Path(orders.spool)
        self._engine = Engine(_generation(orders))
        try:
            self._auditors = load_auditors(Path(orders.auditor_key))
            self._spool.mkdir(mode=0o700, parents=True, exist_ok=True)
        except KeyFileError as error:
            raise Refused(SETTINGS, str(error)) from None
        except OSError as error:
            raise Refused("AUDIT_UNAVAILABLE", error.strerror or "") from None
        self._admission = Admission(orders)
        self._notifications = Notifications(Path(orders.data) / FOLDER)

    @contextmanager
    def at_work(self) -> Iterator[Work]:
        """One task: behind it every record is on disk. Raises Refused."""
        log = f"spark-{secrets.token_hex(8)}"
        try:
            writer = AuditWriter(WriterOptions(self._spool, self._auditors), log)
        except (OSError, KeyFileError):
            raise Refused("AUDIT_UNAVAILABLE", "no segment could be made") from None
        try:
            yield Work(self._engine, self._admission, writer, self._spool / "logs" / log, self.orders)
        except (Refusal, CoreError) as error:
            raise refused(refusal_of(error)) from None
        finally:
            try:
                writer.close()
            except OSError:
                raise Refused("AUDIT_UNAVAILABLE", "the records could not be put on disk") from None
            self._notifications.close(self._engine)  # to owners of discreet alerts, as a worker's: on this machine


class Work:
    """One task's: `check_batch`, and the segments that its look-ups left."""

    def __init__(
        self, engine: Engine, admission: Admission, writer: AuditWriter, directory: Path, orders: Orders
    ) -> None:
        self._engine = engine
        self._admission = admission
        self._writer = writer
        self._orders = orders
        self._clearance: Clearance | None = None
        self._directory = directory
        context = request_context(context_pb2.PURPOSE_CLEARANCE, orders.case)
        context.request_id = orders.request_id or context.request_id
        self._first = contract.ClearRequest(
            context=context,
            standard=orders.standard,  # type: ignore[arg-type]
            generation_id=orders.generation,
        ).SerializeToString()

    def check_batch(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """ASKED -> JUDGED (ronda/spark/columns.py). Raises Refused, Refusal, CoreError."""
        return check_batch(batch, self._answer, self._orders.generation)

    def _answer(self, message: bytes) -> bytes:
        try:
            admitted, other = self._admission.look()
        except Refusal as refusal:
            self._record(refusal, message)
            raise
        for decided in (False, True):
            try:
                if self._clearance is None:
                    self._clearance = self._engine.clearance(self._first, admitted.caller, clock_ms(), self._writer.log)
                return self._clearance.answer(message, clock_ms(), admitted.caller if other else None)
            except GrantNeeded as needed:
                if decided:
                    raise
                self._admission.decide(needed.purpose)
        raise AssertionError("unreachable")

    def _record(self, refusal: Refusal, message: bytes) -> None:
        """Records a refusal from before the engine; the engine records its own."""
        self._writer.log.append_record(
            clock_ms=clock_ms(),
            method=METHOD_OF_CLEAR,
            purpose=context_pb2.PURPOSE_CLEARANCE,
            status=refusal.reason,
            identity=refusal.identity,
            case_number=self._orders.case.encode(),
            asked=message[:_ASKED_BYTES],
        )

    def segments(self) -> list[bytes]:
        """The records, once the task is over."""
        return [segment_bytes(path) for path in sorted(self._directory.glob("*.seg"))]


def segment_bytes(path: Path) -> bytes:
    """A segment without the zeros of the space that was set aside; what a kill left half written goes with it."""
    with mapped(path) as data:
        reader = SegmentReader()
        reader.walk(data)
        return bytes(data[: reader.offset]) + bytes(data[reader.offset :]).rstrip(b"\0")


def _generation(orders: Orders) -> Generation:
    """The one that is named, and no other. Raises Refused."""
    directory = Path(orders.data) / "generations" / orders.generation
    if not directory.is_dir():
        raise Refused(NO_GENERATION, "it is not on this machine")
    try:
        manifest = hashlib.sha256((directory / MANIFEST).read_bytes()).hexdigest()
        generation = Generation.open(directory)
    except GenerationDamaged as error:
        raise Refused(NO_GENERATION, str(error)) from None
    except OSError as error:
        raise Refused(NO_GENERATION, f"{MANIFEST}: {os.strerror(error.errno or 0)}") from None
    if manifest != orders.manifest or generation.generation_id != orders.generation:
        raise Refused(NO_GENERATION, "what lies under its name here is not what the driver has")
    return generation
