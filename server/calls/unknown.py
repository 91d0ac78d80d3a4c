"""UNIMPLEMENTED with ErrorInfo for methods that the contract lacks; gRPC's own answer has no details."""

from __future__ import annotations

import grpc

from server.errors import abort, method_unknown_status
from server.metrics import counts as call_metrics
from server.metrics.series import begin
from server.trust.callers import Callers, Context


class UnknownMethods(grpc.GenericRpcHandler):  # type: ignore[type-arg]  # no generic at run time
    """Takes whatever no handler before it took; to be registered last."""

    def __init__(self, callers: Callers) -> None:
        self._callers = callers
        begin(call_metrics.CALLS, ["unknown"], [method_unknown_status()[0].name])
        # Streams both ways: fits callers of every kind, and no request is read.
        self._handler = grpc.stream_stream_rpc_method_handler(self.refuse)

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler[bytes, bytes]:
        return self._handler

    async def refuse(self, _requests: object, context: Context) -> None:
        """Ends the call."""
        code, status = method_unknown_status()
        call_metrics.CALLS.labels("unknown", code.name).inc()
        self._callers.turned_away(context)
        await abort(context, code, status)
