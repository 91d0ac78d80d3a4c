"""ClearanceService.Clear: batches of columns in, columns of results out, one generation pinned while the stream lives.

A batch of more than a few rows is answered in a thread without the GIL, so a huge one holds up nobody; batches of one
stream are answered one after another, in input order. A client that falls silent is ended after `clear_idle_s`, so that
it cannot pin a generation for ever, and soon when the server drains.
"""

from __future__ import annotations

import asyncio
import time

import grpc

from core.engine import Clearance
from core.errors import QuestionError
from ronda.v1 import error_pb2
from server import call_metrics
from server.call_metrics import MethodMetrics
from server.errors import Refusal
from server.generations import ServedGeneration
from server.logs import INFO, log
from server.unary_methods import EVERYTHING, Context, Service, clock_ms, refuse, too_large

SERVICE = "ronda.v1.ClearanceService"
METHOD = "Clear"

# Some 30 rows of 13 digits, 0.1 ms: below that a thread costs more than it spares.
_AT_ONCE_BYTES = 600
_RETRY_AFTER_MS = 100


class ClearStream:
    """Handler of Clear."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._metrics = MethodMetrics(METHOD, with_levels=False)

    async def handle(self, _requests: object, context: Context) -> None:
        """Serves one stream from its first message to its end."""
        started = time.perf_counter()
        try:
            self._service.gate.refuse()
            with self._service.gate.hold():
                await self._serve(context)
        except Exception as error:
            await refuse(context, METHOD, self._metrics, time.perf_counter() - started, error)
        self._metrics.ended("OK", time.perf_counter() - started)

    async def _serve(self, context: Context) -> None:
        first = await self._next(context)
        if first is None:
            raise Refusal(error_pb2.ERROR_REASON_QUESTION_EMPTY, field="standard", rule="the first message names it")
        keeper = self._service.keeper
        try:
            async with keeper.current() as served:
                clearance = served.engine.clearance(first, EVERYTHING, clock_ms())
                await self._answer_all(context, served, clearance, first)
                return
        except QuestionError as error:
            if not error.generation_id:
                raise
            wanted = error.generation_id
        async with keeper.pinned(wanted) as served:
            clearance = served.engine.clearance(first, EVERYTHING, clock_ms())
            await self._answer_all(context, served, clearance, first)

    async def _answer_all(self, context: Context, served: ServedGeneration, clearance: Clearance, first: bytes) -> None:
        log("clear_started", level=INFO, generation=served.id, standard=int(clearance.standard), peer=context.peer())
        batches = 0
        batch = first if clearance.first_has_rows else await self._next(context)
        while batch is not None:
            await context.write(await self._answer(clearance, batch))
            call_metrics.CLEARED.inc()
            batches += 1
            batch = await self._next(context)
        log("clear_ended", level=INFO, generation=served.id, batches=batches, peer=context.peer())

    async def _answer(self, clearance: Clearance, batch: bytes) -> bytes:
        if len(batch) <= _AT_ONCE_BYTES:
            return clearance.answer(batch, clock_ms())
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._service.threads, clearance.answer, batch, clock_ms())

    async def _next(self, context: Context) -> bytes | None:
        """The next message; None at the client's end. Raises Refusal for silence, a drain, a message too large."""
        gate = self._service.gate
        if gate.draining:
            raise _draining()
        try:
            async with asyncio.timeout(self._service.clear_idle_s) as clock:
                with gate.silence(clock):
                    message = await context.read()
        except TimeoutError:
            if gate.draining:
                raise _draining() from None
            raise Refusal(
                error_pb2.ERROR_REASON_DEADLINE_EXCEEDED,
                rule=f"no message came for {self._service.clear_idle_s:.0f} seconds",
            ) from None
        if message is grpc.aio.EOF:  # type: ignore[attr-defined]
            return None
        if len(message) > self._service.max_clear_message_bytes:
            raise too_large(self._service.max_clear_message_bytes)
        return message


def _draining() -> Refusal:
    return Refusal(error_pb2.ERROR_REASON_DRAINING, retry_after_ms=_RETRY_AFTER_MS)
