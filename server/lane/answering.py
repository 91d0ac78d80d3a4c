"""The calls that the loop leaves to Python, answered by what answers grpcio's."""

from __future__ import annotations

import dataclasses
import time
from typing import TYPE_CHECKING, NoReturn, cast

from core.engine.entry import METHODS
from core.errors import Needed
from core.lane.express import Ended
from core.lane.waiting import Kind, Told
from ronda.v1 import error_pb2
from server.calls.needs import Attempt
from server.calls.unary import SINGLE_CHECKS, answer_in_thread, look_up_handler, refuse, too_large
from server.calls.unknown import UnknownMethods
from server.errors import Refusal
from server.lane.admission import Admit, LaneCallers
from server.lane.parked_call import CallEnded, LaneConnection, ParkedCall
from server.lane.statuses import ended_by
from server.logs import ERROR, log
from server.metrics.counts import MethodMetrics
from server.trust.callers import CertifiedCallers, metadata_too_large

if TYPE_CHECKING:
    from server.calls.unary import Context, Handler, Service

ANSWERED = Ended(0, b"", b"")

_UNKNOWN = "unknown"  # what other methods are counted as

# Told.refusal, of core/lane/lane.h
_MESSAGE_LARGE, _METADATA_LARGE, _MESSAGE_LATE = 2, 3, 6


class LaneAnswers:
    """Lives in the event loop's thread."""

    def __init__(self, service: Service, admit: Admit, max_metadata_bytes: int) -> None:
        """service: grpcio's."""
        self._certified = service.callers if isinstance(service.callers, CertifiedCallers) else None
        self._service = dataclasses.replace(service, callers=LaneCallers(service.callers, admit), lane_port=0)
        self._max_metadata = max_metadata_bytes
        self._unknown = UnknownMethods(self._service.callers)
        self._names = {METHODS[name].value: name for name in SINGLE_CHECKS}
        self._handlers: dict[str, Handler] = {name: look_up_handler(self._service, name) for name in SINGLE_CHECKS}
        self._metrics = {name: MethodMetrics(name) for name in SINGLE_CHECKS}
        self._metrics[_UNKNOWN] = MethodMetrics(_UNKNOWN, with_levels=False)

    async def answer(self, told: Told, connection: LaneConnection) -> tuple[Ended, bytes]:
        """Returns the end of the call, and its response."""
        call = ParkedCall(told, connection)
        context = cast("Context", call)  # handlers use no more of it than a ParkedCall has
        try:
            return ANSWERED, await self._answered(told, call, context)
        except CallEnded as error:
            return error.ended, b""
        except Exception as error:  # of this module: handlers end their calls themselves
            log("internal_error", level=ERROR, method=self._names.get(told.method, _UNKNOWN), error=error)
            return ended_by(Refusal(error_pb2.ERROR_REASON_INTERNAL)), b""

    async def _answered(self, told: Told, call: ParkedCall, context: Context) -> bytes:
        name = self._names.get(told.method)
        too_much = self._certified is not None and told.metadata_bytes > self._max_metadata
        if too_much or told.refusal == _METADATA_LARGE:
            await self._refuse(told, name or _UNKNOWN, context, self._too_much_metadata(call))
        if name is None:
            await self._unknown.refuse(None, context)
            raise AssertionError("unreachable")
        if told.refusal == _MESSAGE_LARGE:
            await self._refuse_large(told, name, context)
        if told.refusal == _MESSAGE_LATE:
            await self._refuse_late(told, name, context)
        if told.kind == Kind.ON_DISK:
            return await self._once_on_disk(told, name, context)
        if told.error is not None:
            return await self._go_on(told, name, context, told.error)
        return await self._handlers[name](told.request, context)

    def _too_much_metadata(self, call: ParkedCall) -> Refusal:
        if self._certified is not None:
            return self._certified.too_much_metadata(call)
        return metadata_too_large(self._max_metadata)

    async def _refuse_large(self, told: Told, name: str, context: Context) -> NoReturn:
        """Refuses a message that the lane did not take in; the refusal counts for its caller."""
        limit = too_large(self._service.max_message_bytes)
        try:
            limit.identity = self._service.callers.of(context).identity
        except Refusal as refusal:
            limit = refusal
        await self._refuse(told, name, context, limit)

    async def _refuse_late(self, told: Told, name: str, context: Context) -> NoReturn:
        """A message that did not come: first who asks, then that nothing was asked."""
        try:
            refusal = self._service.half_open.late(self._service.callers.of(context))
        except Refusal as stranger:
            refusal = stranger
        await self._refuse(told, name, context, refusal)

    async def _once_on_disk(self, told: Told, name: str, context: Context) -> bytes:
        """An answer that the loop made, with durability answer-after-fsync."""
        try:
            await self._service.audit.durable()
        except Exception as error:
            await self._refuse(told, name, context, error)
        self._metrics[name].answered(_seconds(told), told.level)
        return told.response

    async def _go_on(self, told: Told, name: str, context: Context, error: Exception) -> bytes:
        """Continues a call that the core began on the loop: it needs something, or it met a fault."""
        if not isinstance(error, Needed):
            await self._refuse(told, name, context, error)
        try:
            attempt = Attempt(self._service.callers.of(context))
            attempt.supply(error, context, self._service.callers)
        except Exception as refused:
            await self._refuse(told, name, context, refused)
        started = time.perf_counter() - _seconds(told)
        return await answer_in_thread(self._service, name, self._metrics[name], started, told.request, context, attempt)

    async def _refuse(self, told: Told, name: str, context: Context, error: Exception) -> NoReturn:
        await refuse(self._service, context, name, self._metrics[name], _seconds(told), error, told.request, None)


def _seconds(told: Told) -> float:
    """Since the call came."""
    return (time.monotonic_ns() - told.arrived_ns) / 1e9
