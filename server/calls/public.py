"""Health and reflection, which answer every client without a token: limited for each connection.

gRPC hands a call over once its message came, waits for it without end, and a health watch lasts as long as its client
likes. Without a limit one revoked device could fill all places for calls of the worker (channel_options). So a
connection has a few at once, and each message must come within seconds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import contextmanager

import grpc
from google.protobuf.message import DecodeError
from grpc_health.v1 import health_pb2
from grpc_reflection.v1alpha import reflection, reflection_pb2

from ronda.v1 import error_pb2
from server.calls import health
from server.calls.half_open import read_within
from server.calls.health import Health
from server.calls.unary import Context, Service
from server.errors import Refusal, abort, status_of

# A client library's own watch is one a connection; 64 connections of a device hold 512 of a worker's 4,096 calls.
_OF_A_CONNECTION = 8
_RETRY_AFTER_MS = 1000

Answers = Callable[[bytes, Context], AsyncIterator[bytes]]
"""Answers one message. Raises DecodeError."""


class PublicMethods(grpc.GenericRpcHandler):  # type: ignore[type-arg]  # no generic at run time
    """The methods of some services. Lives in the event loop's thread."""

    def __init__(self, methods: Mapping[str, Answers], service: Service, *, many: bool = False) -> None:
        """methods: by path. many: whether a call has many messages."""
        self._message_s, self._shed, self._many = service.half_open.seconds, service.gate.shed, many
        self._callers = service.callers
        self._held: Counter[str] = Counter()  # by the peer's address and port
        # Streams both ways, on this side: a handler of one message is called when it came, which may be never.
        self._handlers = {
            path: grpc.stream_stream_rpc_method_handler(self._handler(answers)) for path, answers in methods.items()
        }

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler[bytes, bytes] | None:
        """Called in the call's own task."""
        return self._handlers.get(handler_call_details.method)

    def _handler(self, answers: Answers) -> Callable[[object, Context], object]:
        async def handle(_requests: object, context: Context) -> None:
            try:
                with self._place(context.peer()):
                    while (message := await read_within(context, self._message_s)) is not None:
                        async for answer in answers(message, context):
                            await context.write(answer)
                        if not self._many:
                            return
            except Refusal as refusal:
                self._callers.turned_away(context)
                await abort(context, *status_of(refusal))
            except TimeoutError:
                self._shed.count("half_open")
                rule = f"no message came for {self._message_s:.0f} seconds"
                await abort(context, *status_of(Refusal(error_pb2.ERROR_REASON_DEADLINE_EXCEEDED, rule=rule)))
            except DecodeError:
                await abort(context, *status_of(Refusal(error_pb2.ERROR_REASON_MESSAGE_MALFORMED)))

        return handle

    @contextmanager
    def _place(self, peer: str) -> Iterator[None]:
        if self._held[peer] >= _OF_A_CONNECTION:
            self._shed.count("public")
            raise Refusal(error_pb2.ERROR_REASON_OVERLOADED, retry_after_ms=_RETRY_AFTER_MS)
        self._held[peer] += 1
        try:
            yield
        finally:
            self._held[peer] -= 1
            if not self._held[peer]:
                del self._held[peer]


def health_methods(healths: Health, service: Service) -> PublicMethods:
    """Check, List and Watch of grpc.health.v1."""

    async def check(message: bytes, context: Context) -> AsyncIterator[bytes]:
        answer = await healths.check(health_pb2.HealthCheckRequest.FromString(message), context)
        yield answer.SerializeToString()

    async def list_all(message: bytes, context: Context) -> AsyncIterator[bytes]:
        health_pb2.HealthListRequest.FromString(message)
        yield healths.list_all(context).SerializeToString()

    async def watch(message: bytes, _context: Context) -> AsyncIterator[bytes]:
        async for answer in healths.watch(health_pb2.HealthCheckRequest.FromString(message)):
            yield answer.SerializeToString()

    methods = {"Check": check, "List": list_all, "Watch": watch}
    return PublicMethods({f"/{health.SERVICE_NAME}/{name}": each for name, each in methods.items()}, service)


def reflection_methods(services: list[str], service: Service) -> PublicMethods:
    """grpc.reflection.v1alpha over the named services, answered by the library's servicer."""
    servicer = reflection.aio.ReflectionServicer(services)  # type: ignore[attr-defined]  # no stub names it

    async def reflect(message: bytes, context: Context) -> AsyncIterator[bytes]:
        async def one() -> AsyncIterator[reflection_pb2.ServerReflectionRequest]:
            yield reflection_pb2.ServerReflectionRequest.FromString(message)

        async for answer in servicer.ServerReflectionInfo(one(), context):
            yield answer.SerializeToString()

    path = f"/{reflection.SERVICE_NAME}/ServerReflectionInfo"
    return PublicMethods({path: reflect}, service, many=True)
