"""The unary methods: bytes in, bytes out, straight to the engine; no message is decoded here.

A look-up takes microseconds and is answered in the event loop's thread: a thread switch would cost ten times as much.
So would a tenth of a millisecond for a search by name, so most names are searched there too. The engine puts off a name
search that would take more than about a millisecond; a few threads answer it (the engine works without the GIL). They
also answer searches of vehicles, and pages of a list that pin an older generation, which may have to be opened first.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import NoReturn

import grpc

from core.access.caller import Caller
from core.engine.entry import METHODS
from core.errors import AuditUnavailable, DossierDamaged, Needed
from ronda.v1 import error_pb2
from server.audit.writer import AuditWriter
from server.calls.gate import Gate
from server.calls.generations import GenerationKeeper, ServedGeneration
from server.calls.needs import Attempt
from server.calls.part import CHECK, REGISTERS
from server.calls.refused import RefusalRecords
from server.calls.waiting import HalfOpenCalls
from server.errors import Refusal, abort, is_our_fault, reason_name, refusal_of, status_of
from server.logs import ERROR, log
from server.metrics import counts as call_metrics
from server.metrics.counts import MethodMetrics
from server.trust.callers import Callers

Context = grpc.aio.ServicerContext[bytes, bytes]
Handler = Callable[[bytes, Context], Awaitable[bytes]]

# service -> its unary methods
UNARY_METHODS: dict[str, tuple[str, ...]] = {
    part.service: tuple(method.rpc_name for method in part.methods) for part in (CHECK, REGISTERS)
}
SEARCHES = frozenset({"SearchVehicles"})  # always in a thread
NAME_SEARCHES = frozenset({"SearchPersons"})  # in a thread where the engine puts them off
SINGLE_CHECKS = ("Check", "CheckPerson", "CheckVehicle")
LANE_TOLD_BY = "ronda-lane"  # trailing metadata by which a client hears of the lane (docs/client.md)
LEVELLESS = frozenset({"ListRegisters", "GetGeneration"})  # their responses hold no Answer


@dataclass(frozen=True)
class Service:
    """The state that all handlers of a worker share."""

    keeper: GenerationKeeper
    gate: Gate
    callers: Callers
    audit: AuditWriter
    refusals: RefusalRecords
    threads: ThreadPoolExecutor
    max_message_bytes: int
    max_clear_message_bytes: int
    half_open: HalfOpenCalls
    default_deadline_s: float
    clear_idle_s: float
    lane_port: int = 0  # of the express lane, which answers of single checks tell; 0 = there is none


def clock_ms() -> int:
    """Now, UTC, in milliseconds."""
    return time.time_ns() // 1_000_000


def too_large(limit: int) -> Refusal:
    """MESSAGE_TOO_LARGE, with the limit in bytes."""
    return Refusal(
        error_pb2.ERROR_REASON_MESSAGE_TOO_LARGE,
        rule=f"a message may have at most {limit} bytes",
        metadata={"limit_bytes": str(limit)},
    )


def look_up_handler(service: Service, method: str) -> Handler:
    """Handler of a method that is answered at once, in the event loop's thread, unless the engine puts it off."""
    number = METHODS[method]
    metrics = MethodMetrics(method, with_levels=method not in LEVELLESS)
    keeper, gate, limit = service.keeper, service.gate, service.max_message_bytes
    callers, audit = service.callers, service.audit
    may_be_long = method in NAME_SEARCHES  # shed before limits are taken: its retry must not cost again
    now = time.perf_counter
    told = ((LANE_TOLD_BY, str(service.lane_port)),) if service.lane_port and method in SINGLE_CHECKS else ()

    async def handle(request: bytes, context: Context) -> bytes:
        started = now()
        caller = None
        try:
            if gate.closed:
                gate.refuse()
            if may_be_long:
                gate.refuse_when_full()
            caller = callers.of(context)
            if len(request) > limit:
                raise too_large(limit)
            remaining = context.time_remaining()
            if remaining is not None and remaining <= 0:
                raise Refusal(error_pb2.ERROR_REASON_DEADLINE_EXCEEDED)
            engine = keeper.engine
            if engine is None:
                raise keeper.no_generation()
            attempt = Attempt(caller)
            while attempt.at_once:
                try:
                    response, level = engine.answered(number, request, attempt.caller, clock_ms(), audit.log, True)
                    break
                except Needed as needed:
                    attempt.supply(needed, context, callers)
            if attempt.at_once and audit.waits:
                await audit.durable()
        except Exception as error:
            await refuse(service, context, method, metrics, now() - started, error, request, caller)
        if not attempt.at_once:
            return await answer_in_thread(service, method, metrics, started, request, context, attempt)
        if told:
            context.set_trailing_metadata(told)
        metrics.answered(now() - started, level)
        return response

    return handle


def search_handler(service: Service, method: str) -> Handler:
    """Handler of a method that may take milliseconds: answered in a thread, within the deadline."""
    metrics = MethodMetrics(method)

    async def handle(request: bytes, context: Context) -> bytes:
        return await answer_in_thread(service, method, metrics, time.perf_counter(), request, context)

    return handle


async def answer_in_thread(
    service: Service,
    method: str,
    metrics: MethodMetrics,
    started: float,
    request: bytes,
    context: Context,
    attempt: Attempt | None = None,
) -> bytes:
    """Answers in a thread, within the deadline. attempt: what came of an earlier one."""
    caller, gate = None, service.gate
    try:
        gate.refuse()
        caller = service.callers.of(context)
        attempt = attempt or Attempt(caller, at_once=False)
        attempt.caller = caller
        if len(request) > service.max_message_bytes:
            raise too_large(service.max_message_bytes)
        remaining = context.time_remaining()
        if remaining is None:
            remaining = service.default_deadline_s
        if remaining <= 0:
            raise Refusal(error_pb2.ERROR_REASON_DEADLINE_EXCEEDED)
        admitted = attempt.entered >= 0
        with service.gate.counted(caller, context.peer(), admitted=admitted), gate.hold(caller, admitted=admitted):
            async with asyncio.timeout(remaining):
                response, level = await _search(service, context, METHODS[method], request, attempt)
                if service.audit.waits:
                    await service.audit.durable()
    except TimeoutError:
        late = Refusal(error_pb2.ERROR_REASON_DEADLINE_EXCEEDED)
        await refuse(service, context, method, metrics, time.perf_counter() - started, late, request, caller)
    except Exception as error:
        await refuse(service, context, method, metrics, time.perf_counter() - started, error, request, caller)
    metrics.answered(time.perf_counter() - started, level)
    return response


async def _search(
    service: Service, context: Context, number: int, request: bytes, attempt: Attempt
) -> tuple[bytes, int]:
    """Answers from the generation that serves, or from the one that the request's page token pins."""
    keeper = service.keeper
    while True:
        pinned = attempt.generation_id
        try:
            async with keeper.pinned(pinned) if pinned else keeper.current() as served:
                return await _in_thread(service, served, number, request, attempt)
        except Needed as needed:
            attempt.supply(needed, context, service.callers)


async def _in_thread(
    service: Service, served: ServedGeneration, number: int, request: bytes, attempt: Attempt
) -> tuple[bytes, int]:
    loop, log_of_looks = asyncio.get_running_loop(), service.audit.log
    serving = service.keeper.engine if served.id != service.keeper.current_id else None  # the page is held against it
    answered = partial(served.engine.answered, quick=False, entered=attempt.entered, serving=serving)
    return await loop.run_in_executor(
        service.threads, answered, number, request, attempt.caller, clock_ms(), log_of_looks
    )


async def refuse(
    service: Service,
    context: Context,
    method: str,
    metrics: MethodMetrics,
    seconds: float,
    error: Exception,
    request: bytes,
    caller: Caller | None,
) -> NoReturn:
    """Ends the call with the status that `error` has in the table of server/errors.py; counts it, logs our faults.

    What the core refused it has recorded itself; what was refused before it is recorded here.
    """
    if is_our_fault(error):
        report_fault(method, metrics, error)
    refusal = refusal_of(error)
    if error is refusal or isinstance(error, Needed):
        await service.refusals.record(method, request, refusal, caller, clock_ms())
    code, status = status_of(refusal)
    metrics.ended(code.name, seconds)
    log("call_refused", level=10, method=method, reason=reason_name(refusal.reason), field=refusal.field)
    await abort(context, code, status)


def report_fault(method: str, metrics: MethodMetrics, error: Exception) -> None:
    """Logs damage or a defect, without anything that was asked."""
    if isinstance(error, DossierDamaged):
        call_metrics.DAMAGED.inc()
        log("dossier_damaged", level=ERROR, method=method, entity=error.entity, why=error.why)
    elif not isinstance(error, AuditUnavailable):  # reported once, by the writer (server/audit/writer.py)
        metrics.defect()
        log("internal_error", level=ERROR, method=method, error=error)
