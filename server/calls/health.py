"""grpc.health.v1, per service, with Check, Watch and List.

The servicer of grpcio-health-checking lacks List. Its Watch writes to clients under the lock that setting a status
needs, so one stalled watcher would block a switch or a drain. This one shares only an event with writers. NOT_SERVING
has no field for a reason, so trailing metadata carries it (`ronda-reason`, `ronda-detail`).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence

import grpc
from grpc_health.v1 import health_pb2

SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING
_UNKNOWN = health_pb2.HealthCheckResponse.SERVICE_UNKNOWN

OVERALL = ""
SERVICE_NAME = health_pb2.DESCRIPTOR.services_by_name["Health"].full_name

Context = grpc.aio.ServicerContext[bytes, bytes]


class Health:
    """Health of the named services and of the whole ("")."""

    def __init__(self, services: Sequence[str]) -> None:
        self._status = dict.fromkeys([OVERALL, *services], NOT_SERVING)
        self._reason = "STARTING"
        self._detail = ""
        self._changed = asyncio.Event()
        self._closed = False
        self.on_change: Callable[[], None] = lambda: None  # a status, a reason or a detail is another now

    @property
    def services(self) -> list[str]:
        """Names of what it tells of, the whole ("") among them."""
        return list(self._status)

    @property
    def serving(self) -> bool:
        """True if everything is served."""
        return bool(self._status[OVERALL] == SERVING)

    @property
    def detail(self) -> str:
        """Further details; "" = none."""
        return self._detail

    @property
    def reason(self) -> str:
        """The reason why nothing is served; "" while it is."""
        return self._reason

    def set(self, serving: bool, reason: str = "", detail: str = "") -> None:
        """Sets every service at once. After `close` nothing changes any more."""
        if self._closed:
            return
        before = self._reason, self._detail, self.serving
        self._reason, self._detail = reason, detail
        status = SERVING if serving else NOT_SERVING
        if any(old != status for old in self._status.values()):
            self._status = dict.fromkeys(self._status, status)
            self._wake()
        if before != (reason, detail, serving):
            self.on_change()

    def close(self) -> None:
        """Sets NOT_SERVING for good. Notifies the watchers and ends their streams, so that no drain waits for them."""
        self.set(False, "DRAINING")
        self._closed = True
        self._wake()

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    def _explain(self, context: Context) -> None:
        pairs = (("ronda-reason", self._reason), ("ronda-detail", self._detail))
        context.set_trailing_metadata(tuple((key, value) for key, value in pairs if value))

    async def check(self, request: health_pb2.HealthCheckRequest, context: Context) -> health_pb2.HealthCheckResponse:
        """The health of one service, its reason in the trailing metadata; ends the call with NOT_FOUND for another."""
        status = self._status.get(request.service)
        if status is None:
            await context.abort(grpc.StatusCode.NOT_FOUND, "no such service")
        self._explain(context)
        return health_pb2.HealthCheckResponse(status=status)

    def list_all(self, context: Context) -> health_pb2.HealthListResponse:
        """The health of every service, the reason in the trailing metadata."""
        self._explain(context)
        statuses = {name: health_pb2.HealthCheckResponse(status=status) for name, status in self._status.items()}
        return health_pb2.HealthListResponse(statuses=statuses)

    async def watch(self, request: health_pb2.HealthCheckRequest) -> AsyncIterator[health_pb2.HealthCheckResponse]:
        """The health of one service, now and at each change, to the end of the worker."""
        sent = None
        while True:
            changed = self._changed
            status = self._status.get(request.service, _UNKNOWN)
            if status != sent:
                yield health_pb2.HealthCheckResponse(status=status)
                sent = status
            if self._closed:
                return
            if changed is self._changed:  # nothing happened while writing
                await changed.wait()
