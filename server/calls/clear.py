"""ClearanceService.Clear: batches of columns in, columns of results out, one generation pinned while the stream lives.

A batch of more than a few rows is answered in a thread without the GIL, so a huge one blocks no other call. Batches of
one stream are answered one after another, in input order. A silent client's stream ends after `clear_idle_s`, so that
it cannot pin a generation for ever; it ends soon when the server drains.
"""

from __future__ import annotations

import asyncio
import time

import grpc

from core.access.caller import Caller
from core.audit.reader import Flag
from core.engine.entry import Clearance
from core.errors import Needed
from ronda.v1 import clearance_service_pb2, error_pb2
from server.calls.generations import ServedGeneration
from server.calls.needs import Attempt
from server.calls.part import CLEARANCE
from server.calls.unary import Context, Service, clock_ms, refuse, too_large
from server.errors import Refusal
from server.logs import INFO, log
from server.metrics import counts as call_metrics
from server.metrics.counts import MethodMetrics

SERVICE = CLEARANCE.service
METHOD = "Clear"

# Some 30 rows of 13 digits, 0.1 ms: below that a thread costs more than it spares.
_AT_ONCE_BYTES = 600
_RETRY_AFTER_MS = 100
_SAMPLE = clearance_service_pb2.ClearResponse(sample=True).SerializeToString()


class ClearStream:
    """Handler of Clear."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._metrics = MethodMetrics(METHOD, with_levels=False)

    async def handle(self, _requests: object, context: Context) -> None:
        """Serves one stream from its first message to its end."""
        started = time.perf_counter()
        service, caller, first = self._service, None, None
        try:
            service.gate.refuse()
            caller = service.callers.of(context)
            with service.gate.counted(caller, context.peer()):
                first = await self._first(context, caller)
                await self._serve(context, caller, first)
        except Exception as error:
            seconds = time.perf_counter() - started
            await refuse(service, context, METHOD, self._metrics, seconds, error, first or b"", caller)
        self._metrics.ended("OK", time.perf_counter() - started)

    async def _serve(self, context: Context, caller: Caller, first: bytes | None) -> None:
        if first is None:
            raise Refusal(error_pb2.ERROR_REASON_QUESTION_EMPTY, field="standard", rule="the first message names it")
        keeper, gate = self._service.keeper, self._service.gate
        attempt = Attempt(caller)
        async with keeper.current() as served:
            clearance = self._open(context, served, attempt, first)
            if clearance is not None:  # without the right it ended, without a place
                with gate.hold(caller):
                    await self._answer_all(context, served, clearance, attempt, first)
                return
        with gate.hold(caller):
            async with keeper.pinned(attempt.generation_id) as served:
                pinned = self._open(context, served, attempt, first)
                if pinned is not None:
                    await self._answer_all(context, served, pinned, attempt, first)

    def _open(self, context: Context, served: ServedGeneration, attempt: Attempt, first: bytes) -> Clearance | None:
        """Opens the clearance; None if another generation has to answer: the attempt's."""
        audit, wanted = self._service.audit.log, attempt.generation_id
        while attempt.generation_id == wanted:
            try:
                return served.engine.clearance(first, attempt.caller, clock_ms(), audit)
            except Needed as needed:
                attempt.supply(needed, context, self._service.callers)
        return None

    async def _answer_all(
        self, context: Context, served: ServedGeneration, clearance: Clearance, opened: Attempt, first: bytes
    ) -> None:
        log("clear_started", level=INFO, generation=served.id, standard=int(clearance.standard), peer=context.peer())
        batches = 0
        batch = first if clearance.first_has_rows else await self._next(context)
        while batch is not None:
            clearance.follow(served.engine)  # live changes count from the next batch on
            await context.write(await self._answer(context, served, clearance, opened, batch))
            call_metrics.CLEARED.inc()
            batches += 1
            batch = await self._next(context)
        log("clear_ended", level=INFO, generation=served.id, batches=batches, peer=context.peer())

    async def _answer(
        self, context: Context, served: ServedGeneration, clearance: Clearance, opened: Attempt, batch: bytes
    ) -> bytes:
        try:
            response = await self._answer_one(clearance, batch, None)
        except Needed as needed:  # policy changed, or somebody was revoked, while the stream lives
            attempt = Attempt(opened.caller)
            attempt.supply(needed, context, self._service.callers)
            response = await self._answer_one(clearance, batch, attempt.caller)
        if self._service.audit.waits:
            await self._service.audit.durable()
        # Messages of protobuf add up: these are fields behind those of the core.
        return response + _SAMPLE if served.invented or opened.caller.flags & Flag.DEVELOPMENT else response

    async def _answer_one(self, clearance: Clearance, batch: bytes, caller: Caller | None) -> bytes:
        if len(batch) <= _AT_ONCE_BYTES:
            return clearance.answer(batch, clock_ms(), caller)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._service.threads, clearance.answer, batch, clock_ms(), caller)

    async def _first(self, context: Context, caller: Caller) -> bytes | None:
        """The message that says purpose and standard: who does not send it soon holds nothing."""
        service = self._service
        seconds = min(service.half_open.seconds, service.clear_idle_s)
        try:
            return await self._next(context, seconds)
        except Refusal as refusal:
            if refusal.reason == error_pb2.ERROR_REASON_DEADLINE_EXCEEDED:
                service.gate.shed.count("half_open", caller)
            raise

    async def _next(self, context: Context, seconds: float = 0.0) -> bytes | None:
        """The next message; None at the client's end. Raises Refusal for silence, a drain, a message too large.

        seconds: of silence; 0 = `clear_idle_s`.
        """
        gate = self._service.gate
        patience_s = seconds or self._service.clear_idle_s
        if gate.leaving:
            raise _draining()
        try:
            async with asyncio.timeout(patience_s) as clock:
                with gate.silence(clock):
                    message = await context.read()
        except TimeoutError:
            if gate.leaving:
                raise _draining() from None
            raise Refusal(
                error_pb2.ERROR_REASON_DEADLINE_EXCEEDED,
                rule=f"no message came for {patience_s:.0f} seconds",
            ) from None
        if message is grpc.aio.EOF:  # type: ignore[attr-defined]
            return None
        if len(message) > self._service.max_clear_message_bytes:
            raise too_large(self._service.max_clear_message_bytes)
        return message


def _draining() -> Refusal:
    return Refusal(error_pb2.ERROR_REASON_DRAINING, retry_after_ms=_RETRY_AFTER_MS)
