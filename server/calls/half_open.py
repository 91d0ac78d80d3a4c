"""Calls without a message: they end within seconds, and few of them wait at once.

gRPC begins a call with its headers and hands a unary one over with its message. A silent client would hold one of the
worker's 4,096 calls for ever. The headers hold the token. The call of an admitted caller goes the quick way, and ends
if no message came in time. Any other call goes the careful way: the caller is admitted or refused first. The server
waits for a few refused callers, so that the audit record holds their question.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import Any

import grpc

from server.calls.unary import Context, Handler, Service, refuse
from server.errors import Refusal
from server.metrics.counts import MethodMetrics


class UnaryMethods(grpc.GenericRpcHandler):  # type: ignore[type-arg]  # no generic at run time
    """The unary methods of one service."""

    def __init__(self, service: Service, name: str, handlers: Mapping[str, Handler]) -> None:
        self._callers, self._half_open = service.callers, service.half_open
        self._quick = {
            f"/{name}/{method}": grpc.stream_unary_rpc_method_handler(quick_handler(service, method, handler))
            for method, handler in handlers.items()
        }
        self._careful = {
            f"/{name}/{method}": grpc.stream_unary_rpc_method_handler(careful_handler(service, method, handler))
            for method, handler in handlers.items()
        }

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler[bytes, bytes] | None:
        """Called in the call's own task."""
        path = handler_call_details.method
        quick: grpc.RpcMethodHandler[bytes, bytes] | None = self._quick.get(path)
        if quick is None:
            return None
        token = ""
        for key, value in handler_call_details.invocation_metadata:
            if key == "authorization":
                token = str(value)
        if self._callers.knows(token) and self._half_open.begins(token):
            return quick
        return self._careful[path]


def quick_handler(service: Service, method: str, handler: Handler) -> Any:
    """Waits for the message, then as `handler`. A stream on this side, for gRPC waits without end for a unary one's."""
    metrics, half_open = MethodMetrics(method), service.half_open

    async def handle(_requests: object, context: Context) -> bytes:
        try:
            request = await context.read()
        except asyncio.CancelledError:
            if not half_open.was_late():
                raise
            late = half_open.late()
            await refuse(service, context, method, metrics, half_open.seconds, late, b"", None)
        half_open.arrived()
        return await handler(b"" if request is grpc.aio.EOF else request, context)  # type: ignore[attr-defined]

    return handle


def careful_handler(service: Service, method: str, handler: Handler) -> Any:
    """Admits the caller before the message is waited for; then as `handler`."""
    metrics = MethodMetrics(method)

    async def handle(_requests: object, context: Context) -> bytes:
        started = time.perf_counter()
        try:
            caller = service.callers.of(context)
        except Refusal as refusal:
            asked = await service.half_open.stranger_asks(context)
            await refuse(service, context, method, metrics, time.perf_counter() - started, refusal, asked, None)
        try:
            with service.gate.counted(caller, context.peer()):
                request = await read_within(context, service.half_open.seconds)
        except (Refusal, TimeoutError) as error:
            late = service.half_open.late(caller) if isinstance(error, TimeoutError) else error
            await refuse(service, context, method, metrics, time.perf_counter() - started, late, b"", caller)
        return await handler(request or b"", context)

    return handle


async def read_within(context: Context, seconds: float) -> bytes | None:
    """The next message, None at the client's end. Raises TimeoutError."""
    async with asyncio.timeout(seconds):
        message = await context.read()
    return None if message is grpc.aio.EOF else message  # type: ignore[attr-defined]
