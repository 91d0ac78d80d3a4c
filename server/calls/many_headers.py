"""Calls with more headers than `max_metadata_bytes` allows, judged by their number alone: refused before they are read.

gRPC turns the headers of a call into Python objects at each access, some 0.4 ms for a thousand. Its own bound holds
only for clients that acknowledged its SETTINGS. So these headers are not accessed again. For methods without a token
(health, reflection, unknown ones) no other code reads the headers, so their size is checked here too.
"""

from __future__ import annotations

from collections.abc import Iterable

import grpc

from server.calls.unary import Context, Service, refuse
from server.metrics.counts import MethodMetrics
from server.trust.callers import FIELD_BYTES, CertifiedCallers


class ManyHeaders(grpc.GenericRpcHandler):  # type: ignore[type-arg]  # no generic at run time
    """Takes such calls of any method; to be registered first."""

    def __init__(
        self, service: Service, callers: CertifiedCallers, paths: Iterable[str], max_metadata_bytes: int
    ) -> None:
        """paths: of the methods that are counted and recorded by name."""
        self._bytes, self._fields = max_metadata_bytes, max_metadata_bytes // FIELD_BYTES
        self._service, self._callers = service, callers
        self._handlers = {path: self._handler(path.rpartition("/")[2]) for path in paths}
        self._other = self._handler("unknown")

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler[bytes, bytes] | None:
        """Called in the call's own task."""
        metadata = handler_call_details.invocation_metadata
        handler = self._handlers.get(handler_call_details.method)
        if len(metadata) > self._fields:
            return handler or self._other
        if handler is None and sum(len(key) + len(value) + FIELD_BYTES for key, value in metadata) > self._bytes:
            return self._other
        return None

    def _handler(self, method: str) -> grpc.RpcMethodHandler[bytes, bytes]:
        metrics = MethodMetrics(method, with_levels=False)

        async def handle(_requests: object, context: Context) -> None:
            refusal = self._callers.too_much_metadata(context)
            await refuse(self._service, context, method, metrics, 0.0, refusal, b"", None)

        return grpc.stream_stream_rpc_method_handler(handle)
