"""Spark in the place of a server: batches are gathered to jobs, judged by executors, and come back in input order.

The driver reads the file and writes the results, as with a server; so outputs, checkpoints and summary are the same.
The rows of a job are given on only once the audit segments of its executors are joined to the log (joining.py).
"""

from __future__ import annotations

import hashlib
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa

from clients.agency.answers import Judged
from clients.agency.batches import Batch
from clients.agency.blocks import BLOCK_BYTES
from clients.agency.failures import EngineFailed, HalfAnswer
from clients.client.failures import CallFailure
from core.generation.manifest import MANIFEST
from indexer.build.errors import BuildError
from indexer.generations.listing import generation_directory
from ronda.spark.columns import JUDGED_DDL, SEGMENT_ROW, answers_of, asked_table
from ronda.spark.joining import JoinedLog, NotJoined
from ronda.spark.orders import CLOCK, FILE, NO_GENERATION, SETTINGS, Orders, Saying, said_in
from ronda.spark.session import wait_for_executors
from ronda.spark.tasks import clear_part, collect_left
from ronda.v1 import error_pb2
from server.audit.writer import clock_ms
from server.errors import STATUS

TASK_ROWS = 20_000  # of one core of an executor: its rows are held back until their records are on disk
_JOBS = 2  # at once: executors work on one while another's rows are written
_BLOCK_ROWS = BLOCK_BYTES // 25  # of a CUI and a reference; fewer of names
_SWEEPS = 2


@dataclass(frozen=True)
class SparkEngine:
    """The engine that `clients.agency.run` judges by. orders: without the generation, which each pass names."""

    session: Any  # a SparkSession
    master: str
    orders: Orders
    log: JoinedLog

    @property
    def target(self) -> str:
        """The master."""
        return f"Spark {self.master}"

    def generation(self, patience_s: float, call_s: float) -> str:
        """Returns the id in CURRENT of the driver's data directory. Raises EngineFailed."""
        try:
            return generation_directory(Path(self.orders.data), None)[0]
        except (BuildError, OSError, UnicodeDecodeError):
            raise EngineFailed(f"No hay datos publicados en {self.orders.data} de esta máquina.", "gone") from None

    def asking(
        self, standard: int, generation: str, request_id: str, *, streams: int, window: int, patience_s: float
    ) -> SparkAsking:
        """Returns a pass pinned to a generation; this machine must have a copy of its manifest. Raises EngineFailed."""
        path = Path(self.orders.data) / "generations" / generation / MANIFEST
        try:
            manifest = hashlib.sha256(path.read_bytes()).hexdigest()
        except OSError:
            raise EngineFailed(f"Esta máquina ya no tiene la generación {generation}.", "gone") from None
        wait_for_executors(self.session, self.master, patience_s)
        orders = replace(
            self.orders, generation=generation, manifest=manifest, standard=standard, request_id=request_id
        )
        return SparkAsking(self.session, orders, self.log)

    def device(self) -> str:
        """Returns the devices of the executors that judged."""
        return ", ".join(sorted(self.log.devices))

    def told(self) -> dict[str, Any]:
        """Returns the facts of the audit segments that were joined."""
        return {"auditoria": self.log.told()}


class SparkAsking:
    """One pass."""

    def __init__(self, session: Any, orders: Orders, log: JoinedLog) -> None:
        self._session = session
        self._orders = orders
        self._log = log
        self._waiting: list[tuple[Batch, Future[Judged]]] = []
        self._rows = 0
        self._cores = self._cores_now()
        self._jobs = ThreadPoolExecutor(_JOBS, "spark-job")

    def _cores_now(self) -> int:
        """Returns the cores of the executors that exist now."""
        return int(self._session.sparkContext.defaultParallelism)

    @property
    def ahead(self) -> int:
        """Blocks that keep every executor busy while one job's are written."""
        return (_JOBS + 1) * self._cores * TASK_ROWS // _BLOCK_ROWS + 1

    def __enter__(self) -> SparkAsking:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if kind is not None:
            self._session.sparkContext.cancelAllJobs()
        self._jobs.shutdown(wait=True, cancel_futures=True)
        try:
            self._collect_left()
        except Exception:
            if kind is None:  # else the run ends by what went wrong first; the next one joins what is left
                raise

    def ask(self, batch: Batch) -> Future[Judged]:
        """The answer to come, of a job that begins once it is full or somebody waits for it."""
        answer: Future[Judged] = Future()
        self._waiting.append((batch, answer))
        self._rows += len(batch.ids)
        if self._rows >= TASK_ROWS * self._cores:
            self._submit()
        return answer

    def wait(self, answer: Future[Judged]) -> Judged:
        """The answer. Raises EngineFailed, CallFailure, HalfAnswer."""
        if any(answer is waiting for _, waiting in self._waiting):
            self._submit()
        return answer.result()

    def _submit(self) -> None:
        asked, self._waiting, self._rows = self._waiting, [], 0
        self._cores = self._cores_now()
        self._jobs.submit(self._judge, asked)

    def _judge(self, asked: list[tuple[Batch, Future[Judged]]]) -> None:
        """One job, in a thread of its own."""
        try:
            batches = [batch for batch, _ in asked]
            since_ms = clock_ms()
            found = self._run(asked_table(batches), partial(clear_part, self._orders, since_ms))
            answers, segments = answers_of(found, batches)
            if self._log.join(segments, since_ms=since_ms) != sum(len(batch.ids) for batch in batches):
                raise NotJoined("not as many rows are recorded as were answered")
        except Exception as error:
            failure = failure_of(error)
            for _, answer in asked:
                answer.set_exception(failure)
            return
        for (_, answer), judged in zip(asked, answers, strict=True):
            answer.set_result(judged)

    def _run(self, rows: pa.Table, task: Any) -> pa.Table:
        found: pa.Table = self._session.createDataFrame(rows).mapInArrow(task, JUDGED_DDL).toArrow()
        return found

    def _collect_left(self) -> None:
        """Joins the segments that killed attempts left on the executors' disks: those look-ups happened.

        A task for each core, all of which are free now. Segments on a lost machine are joined by the next run that it
        takes part in.
        """
        rows = pa.table({"row": pa.array(range(self._cores))})
        for _ in range(_SWEEPS):  # the second time removes what the first has brought
            try:
                found = self._run(rows, partial(collect_left, self._orders, frozenset(self._log.logs)))
                left = [row["segment"] for row in found.to_pylist() if row["row"] == SEGMENT_ROW]
                self._log.join(left)
            except Exception as error:
                raise failure_of(error) from None
            if not left:
                return


def failure_of(error: Exception) -> Exception:
    """Returns the failure that `ronda clear` reports for no answer."""
    if isinstance(error, NotJoined):
        return EngineFailed(f"La auditoría de los ejecutores no se pudo unir, y nada se entrega: {error}.", "recorded")
    if isinstance(error, HalfAnswer | EngineFailed):
        return error
    said = said_in(str(error))
    if said is None:
        return EngineFailed(f"Spark no pudo terminar ({type(error).__name__}): vea los registros de los ejecutores.")
    return _refused(said)


def _refused(said: Saying) -> Exception:
    reason, detail = said
    if reason == FILE:
        return EngineFailed(
            f"Un ejecutor no puede leer {detail}: cada uno necesita certificado, llave y token.", "files"
        )
    if reason == SETTINGS:
        return EngineFailed(f"Un ejecutor rechaza sus archivos: {detail}.", "settings")
    if reason == NO_GENERATION:
        return EngineFailed(f"Un ejecutor no puede responder con esa generación: {detail}.", "gone")
    if reason == CLOCK:
        return EngineFailed(
            f"El reloj de un ejecutor está atrasado {detail} segundos: los resultados dependen del día."
        )
    name = f"ERROR_REASON_{reason}"
    if name not in dict(error_pb2.ErrorReason.items()):
        return EngineFailed(f"Un ejecutor rechaza la consulta: {reason}.")
    return CallFailure(STATUS[error_pb2.ErrorReason.Value(name)][0].name, detail, reason)
