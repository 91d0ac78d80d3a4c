"""Methods that Python answers, not the engine: admitted, permitted, counted and recorded as the engine's own are.

A service gives an answering function for each. This module applies the rules that all calls keep, in their order: the
gate, the caller, the message's size and time (half open), places, the context's fields, policy for the purpose, limits;
and the audit record before the first byte of an answer leaves. A refusal at any step has its record too.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any, NoReturn, TypeVar

import grpc
from google.protobuf.message import DecodeError, Message

from core.access.caller import Caller
from core.audit.reader import Flag
from core.engine.own_methods import Entered, enter
from core.errors import GrantNeeded, LimitExceeded, QuestionError
from ronda.v1 import error_pb2
from server.audit.methods import REQUESTS
from server.calls.half_open import read_within
from server.calls.unary import Context, Handler, Service, clock_ms, refuse, too_large
from server.errors import Refusal, refusal_of
from server.metrics.counts import MethodMetrics
from server.part import Method

_PLACES = 512  # of its 4,096 calls that one worker gives to streams of one own service; and to all unary own methods
_RETRY_AFTER_MS = 1000
_RUNNING: set[asyncio.Future[Any]] = set()  # changes under way; the loop alone would let them be collected
_T = TypeVar("_T")


@dataclass
class Asked:
    """One call that may be answered. What the answering function finds out for the record it writes here."""

    service: Service
    context: Context
    caller: Caller
    method: int  # Method.number
    request: Any  # the message of REQUESTS
    raw: bytes
    entered: Entered
    asked_key: bytes = b""  # what was asked about, for the record: kind, canonical text
    shown: bytes = b""  # entries of core.audit.reader.entry_bytes
    generation: str = ""
    answer_id: bytes = bytes(16)
    started: float = field(default_factory=time.perf_counter)
    recorded: bool = False

    @property
    def who(self) -> dict[str, Any]:
        """The caller's identity: `institution`, `nip`, `unit`, `device`... (docs/audit-format.md)."""
        found: dict[str, Any] = json.loads(self.caller.identity)
        return found

    @property
    def institution(self) -> str:
        """Institution of the officer; "" in development mode alone, where everybody is of every one. Raises Refusal."""
        found = str(self.who.get("institution", ""))
        if not found and not self.development:
            raise Refusal(error_pb2.ERROR_REASON_FORBIDDEN)
        return found

    @property
    def officer(self) -> str:
        """ "institution/NIP". Raises Refusal."""
        return f"{self.institution}/{self.who.get('nip', '')}"

    @property
    def development(self) -> bool:
        """True for the built-in caller of development mode."""
        return bool(self.caller.flags & Flag.DEVELOPMENT)

    async def in_effect(self, change: Coroutine[Any, Any, _T]) -> _T:
        """Makes a change that others see, once its record is durable; a caller who goes away does not stop it half way.

        A change that fails has its record, and the refusal's behind it. Raises AuditUnavailable, and as `change`.
        """
        try:
            await self.record()
        except BaseException:
            change.close()
            raise
        running = asyncio.ensure_future(change)
        _RUNNING.add(running)
        running.add_done_callback(_RUNNING.discard)
        return await asyncio.shield(running)

    async def record(self) -> None:
        """Writes the call's record, once. Raises AuditUnavailable."""
        if self.recorded:
            return
        self.recorded = True
        log = self.service.audit
        log.log.append_record(
            clock_ms=clock_ms(),
            latency_us=int((time.perf_counter() - self.started) * 1e6),
            method=self.method,
            purpose=self.entered.purpose,
            flags=self.entered.flags,
            identity=self.caller.identity,
            case_number=self.entered.case_number,
            request_id=self.entered.request_id,
            generation=self.generation.encode(),
            answer_id=self.answer_id,
            asked_key=self.asked_key,
            asked=self.raw,
            shown=self.shown,
        )
        if log.waits:
            await log.durable()

    def still_permitted(self) -> None:
        """Admits a live stream anew after a revocation or a change of policy. Raises Refusal."""
        if self.caller.retired or clock_ms() >= self.caller.expires_ms:
            self.caller = self.service.callers.of(self.context)
            self.caller, self.entered = _enter(self.service, self.context, self.caller, self.method, self.raw, False)


Answer = Callable[[Asked], Awaitable[Message]]
"""Answers one call. Raises Refusal."""
Answers = Callable[[Asked], AsyncIterator[Message]]
"""Answers with a stream. Raises Refusal."""


class OwnPlaces:
    """Limits how many calls of some own methods a worker has at once.

    They wait for people, disks and slow networks, so they take no place that searches need. Lives in the event loop's
    thread.
    """

    def __init__(self, service: Service, most: int = _PLACES) -> None:
        self._service, self._most, self._held = service, most, 0

    @contextmanager
    def hold(self, caller: Caller, peer: str) -> Iterator[None]:
        """Raises Refusal OVERLOADED where none is left, of all or of the caller's."""
        if self._held >= self._most:
            self._service.gate.shed.count("own_methods", caller)
            raise Refusal(error_pb2.ERROR_REASON_OVERLOADED, retry_after_ms=_RETRY_AFTER_MS)
        with self._service.gate.counted(caller, peer):
            self._held += 1
            try:
                yield
            finally:
                self._held -= 1


def own_unary_handler(service: Service, method: Method, answer: Answer, places: OwnPlaces) -> Handler:
    """Handler of a unary method, for server/calls/half_open.py."""
    name = method.rpc_name
    metrics = MethodMetrics(name, with_levels=False)

    async def handle(request: bytes, context: Context) -> bytes:
        started = time.perf_counter()
        caller = None
        try:
            service.gate.refuse()
            caller = service.callers.of(context)
            with places.hold(caller, context.peer()):
                async with asyncio.timeout(_remaining(service, context)):
                    asked = permitted_call(service, context, caller, method.number, request, started)
                    response = (await answer(asked)).SerializeToString()
                    await asked.record()
        except Exception as error:
            await refuse_call(service, context, name, metrics, started, error, request, caller)
        metrics.answered(time.perf_counter() - started, 0)
        return response

    return handle


def own_stream_handler(
    service: Service, method: Method, answers: Answers, places: OwnPlaces, most_s: float, *, waits: bool = False
) -> grpc.RpcMethodHandler[bytes, bytes]:
    """Handler of a method that answers with a stream within so many seconds; the first answer waits for the record.

    waits: it waits for something to happen, so that a drain ends it soon, and a worker that leaves at once.
    """
    name = method.rpc_name
    metrics = MethodMetrics(name, with_levels=False)

    async def handle(_requests: object, context: Context) -> None:
        started = time.perf_counter()
        caller, request = None, b""
        try:
            service.gate.refuse()
            try:
                caller = service.callers.of(context)
            except Refusal:
                request = await service.half_open.stranger_asks(context)
                raise
            with places.hold(caller, context.peer()):
                request = await first_message(service, context, caller)
                async with asyncio.timeout(most_s) as clock:
                    with service.gate.watch(clock) if waits else nullcontext():
                        asked = permitted_call(service, context, caller, method.number, request, started)
                        async for message in answers(asked):
                            packed = message.SerializeToString()
                            await asked.record()
                            await context.write(packed)
        except Exception as error:
            if isinstance(error, TimeoutError) and (service.gate.draining or service.gate.lets_go):
                error = Refusal(error_pb2.ERROR_REASON_DRAINING, retry_after_ms=_RETRY_AFTER_MS)
            await refuse_call(service, context, name, metrics, started, error, request, caller)
        metrics.ended("OK", time.perf_counter() - started)

    # A stream on this side too: gRPC waits without end for the message of a handler that takes one.
    return grpc.stream_stream_rpc_method_handler(handle)


async def first_message(service: Service, context: Context, caller: Caller) -> bytes:
    """The first message of a stream; empty at its end. Raises Refusal when it does not come soon."""
    try:
        request = await read_within(context, service.half_open.seconds)
    except TimeoutError:
        raise service.half_open.late(caller) from None
    return request or b""


def _remaining(service: Service, context: Context) -> float:
    """Seconds until the deadline. Raises Refusal."""
    remaining = context.time_remaining()
    if remaining is None:
        return service.default_deadline_s
    if remaining <= 0:
        raise Refusal(error_pb2.ERROR_REASON_DEADLINE_EXCEEDED)
    return remaining


def permitted_call(
    service: Service,
    context: Context,
    caller: Caller,
    method: int,
    request: bytes,
    started: float,
    most_bytes: int = 0,
) -> Asked:
    """The call, permitted. most_bytes: of its message; 0 = as every unary call's. Raises Refusal."""
    most_bytes = most_bytes or service.max_message_bytes
    if len(request) > most_bytes:
        raise too_large(most_bytes)
    caller, entered = _enter(service, context, caller, method, request, True)
    try:
        message = REQUESTS[method].FromString(request)
    except DecodeError:
        raise Refusal(error_pb2.ERROR_REASON_MESSAGE_MALFORMED) from None
    return Asked(service, context, caller, method, message, request, entered, started=started)


def _enter(
    service: Service, context: Context, caller: Caller, method: int, request: bytes, counts: bool
) -> tuple[Caller, Entered]:
    """Policy and limits. Raises Refusal: the core keeps no record of these refusals, so this side does."""
    for attempt in range(2):
        try:
            return caller, enter(caller, method, request, clock_ms(), counts)
        except GrantNeeded as needed:
            if attempt:
                break
            caller = service.callers.decide(context, needed.purpose)
        except (QuestionError, LimitExceeded) as error:
            raise refusal_of(error) from None
    raise Refusal(error_pb2.ERROR_REASON_FORBIDDEN)


async def refuse_call(
    service: Service,
    context: Context,
    name: str,
    metrics: MethodMetrics,
    started: float,
    error: Exception,
    request: bytes,
    caller: Caller | None,
) -> NoReturn:
    """Ends the call by the one table of errors, recorded and counted."""
    if isinstance(error, TimeoutError):
        error = Refusal(error_pb2.ERROR_REASON_DEADLINE_EXCEEDED)
    await refuse(service, context, name, metrics, time.perf_counter() - started, error, request, caller)
