"""Streams of messages both ways that Python answers: one answer a message, in their order.

The rules are those of own_methods.py; the first message's context counts for the stream. Each message is recorded by
the answering function before it takes effect. A client that falls silent is ended, and soon when the server drains.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import grpc
from google.protobuf.message import Message

from core.access.caller import Caller
from ronda.v1 import error_pb2
from server.calls.own_methods import Asked, OwnPlaces, first_message, permitted_call, refuse_call
from server.calls.unary import Context, Service, too_large
from server.errors import Refusal
from server.metrics.counts import MethodMetrics
from server.part import Method

_RETRY_AFTER_MS = 100

Conversation = Callable[[bytes], Awaitable[Message]]
"""Answers the next message of a stream, the first one too. Raises Refusal, which ends the stream."""
Begin = Callable[[Asked], Awaitable[Conversation]]
"""Begins a stream. Raises Refusal."""


@dataclass(frozen=True)
class StreamBounds:
    """Bounds of one method's streams."""

    message_bytes: int
    idle_s: float


def own_duplex_handler(
    service: Service, method: Method, begin: Begin, places: OwnPlaces, bounds: StreamBounds
) -> grpc.RpcMethodHandler[bytes, bytes]:
    """Handler of a method with a stream each way."""
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
                await _converse(service, context, caller, method.number, request, begin, bounds, started)
        except Exception as error:
            # What is kept of a refused call is its question: of a message as large as these nothing.
            kept = request if len(request) <= service.max_message_bytes else b""
            await refuse_call(service, context, name, metrics, started, error, kept, caller)
        metrics.ended("OK", time.perf_counter() - started)

    return grpc.stream_stream_rpc_method_handler(handle)


async def _converse(
    service: Service,
    context: Context,
    caller: Caller,
    method: int,
    first: bytes,
    begin: Begin,
    bounds: StreamBounds,
    started: float,
) -> None:
    asked = permitted_call(service, context, caller, method, first, started, bounds.message_bytes)
    answer = await begin(asked)
    message: bytes | None = first
    while message is not None:
        asked.still_permitted()
        response = await answer(message)
        await context.write(response.SerializeToString())
        message = await _next(service, context, bounds)


async def _next(service: Service, context: Context, bounds: StreamBounds) -> bytes | None:
    """The next message; None at the client's end. Raises Refusal for silence, a drain, a message too large."""
    gate = service.gate
    if gate.leaving:
        raise Refusal(error_pb2.ERROR_REASON_DRAINING, retry_after_ms=_RETRY_AFTER_MS)
    try:
        async with asyncio.timeout(bounds.idle_s) as clock:
            with gate.silence(clock):
                message = await context.read()
    except TimeoutError:
        if gate.leaving:
            raise Refusal(error_pb2.ERROR_REASON_DRAINING, retry_after_ms=_RETRY_AFTER_MS) from None
        rule = f"no message came for {bounds.idle_s:.0f} seconds"
        raise Refusal(error_pb2.ERROR_REASON_DEADLINE_EXCEEDED, rule=rule) from None
    if message is grpc.aio.EOF:  # type: ignore[attr-defined]
        return None
    if len(message) > bounds.message_bytes:
        raise too_large(bounds.message_bytes)
    return message
