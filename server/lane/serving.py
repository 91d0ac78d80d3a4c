"""The express lane of one worker: its loop's thread, what the loop tells, and its share of trust, health and metrics.

The loop (core/lane/express.pyx) answers Check, CheckPerson, CheckVehicle and health by itself on an address of its own.
It never waits for Python: what it leaves to Python comes here through an eventfd.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import grpc

from core.engine.entry import METHODS
from core.lane.express import Ended, Loop, LoopSettings
from core.lane.waiting import Kind, Told
from server.calls.health import Health
from server.calls.settings import AnsweringSettings
from server.calls.unary import SINGLE_CHECKS, Service
from server.lane.answering import LaneAnswers
from server.lane.parked_call import LaneConnection
from server.lane.statuses import fixed_refusals, status_table
from server.logs import ERROR, log
from server.metrics import counts as call_metrics
from server.metrics.counts import BUCKETS, MethodMetrics
from server.settings import Address, SettingsError
from server.transport.channel_options import MAX_TRANSPORT_METADATA
from server.transport.connections import Connections, place_of
from server.transport.tls import Configured, ServerTls
from server.trust.callers import CertifiedCallers

# Bytes of a message that the lane takes in; what is above max_message_bytes is refused with a reason either way.
_TRANSPORT_MESSAGE = 64 * 1024
_LOOK_S = 1.0
_JOIN_S = 2.0  # beyond a drain's patience
_BACKLOG = 4096
# As server/transport/connections.py sets it on grpcio's: who says nothing does not come so far.
_SILENT_S = 7
_LOOKED_AT = 32  # connections, between two turns of the event loop: a certificate is read in 0.2 ms

# Of its counters: what goes up and down, and what is counted by method.
_OTHERWISE = re.compile(r"\A(?:turn|status_\d+)\Z|_now\Z")
_CODES = {code.value[0]: code.name for code in grpc.StatusCode}
_CUT = Ended(grpc.StatusCode.CANCELLED.value[0], b"", b"")  # of a call that has ended: nobody reads it
_NOTHING: Configured = (b"", b"", None)


@dataclass(frozen=True)
class LaneParts:
    """The parts that the lane shares with grpcio's side of the worker."""

    service: Service
    health: Health
    connections: Connections
    certified: CertifiedCallers | None
    tls: ServerTls | None
    ticket_secret: bytes


class ExpressLane:
    """Lives in the event loop's thread, but for the loop itself. `on_end` is called there if that ends unasked."""

    def __init__(
        self,
        address: Address,
        settings: AnsweringSettings,
        most_connections: int,
        parts: LaneParts,
        on_end: Callable[[], None],
    ) -> None:
        """Raises RuntimeError when the address cannot be bound, SettingsError when files or system do not do."""
        self._parts = parts
        self._on_end = on_end
        self._given = parts.tls.configured() if parts.tls is not None else _NOTHING
        self._wake = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        listener = _listener(address)
        try:
            self._loop = Loop(
                _loop_settings(listener.fileno(), settings, most_connections, self._given, parts.ticket_secret),
                status_table(),
                fixed_refusals(),
                parts.service.audit.log,
                self._wake,
                BUCKETS,
                parts.service.audit.waits,
            )
        except ValueError as error:
            listener.close()
            raise SettingsError(f"lane_listen: the express lane cannot start: {error}") from error
        listener.detach()
        self._answers = LaneAnswers(parts.service, self._loop.admit, settings.max_metadata_bytes)
        self._connections: dict[int, LaneConnection] = {}
        self._tasks: dict[int, asyncio.Task[tuple[Ended, bytes]]] = {}  # by ticket
        self._looking: asyncio.Task[None] | None = None
        self._metrics = {name: _LaneMetrics(name) for name in SINGLE_CHECKS}
        self._shed = 0
        self._counted: dict[str, int] = {}
        self._turns = -1
        self._draining = False
        self._thread = threading.Thread(target=self._run, name="lane", daemon=True)

    def start(self) -> None:
        """Begins to serve."""
        self._event_loop = asyncio.get_running_loop()
        self._event_loop.add_reader(self._wake, self._take)
        self.serve()
        self.show_health()
        self._thread.start()

    def _run(self) -> None:
        status = self._loop.run()
        if not self._draining or status != 0:
            log("lane_ended", level=ERROR, status=status)
            self._event_loop.call_soon_threadsafe(self._on_end)

    def serve(self) -> None:
        """Serves the present engine from the next call on, after a switch or a change of confirmations."""
        self._loop.serve(self._parts.service.keeper.engine)

    def show_health(self) -> None:
        """Shows the health after a change."""
        health = self._parts.health
        services = [name.encode() for name in health.services if name]
        self._loop.show_health(services, health.serving, _printable(health.reason), _printable(health.detail))

    def trust_changed(self) -> None:
        """Forgets all known callers, and closes the connections of revoked ones."""
        self._loop.forget_callers()
        self._reload()
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._close_revoked())

    async def watch(self) -> None:
        """Counts, follows the certificate's files and lets go of what was replaced, for ever."""
        running = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(_LOOK_S)
            self._count()
            self._reload()
            if passed := self._loop.passed():  # gigabytes are unmapped with the last reference: in a thread
                running.run_in_executor(None, passed.clear)

    def turned(self) -> bool:
        """Returns whether the loop has turned since the last call; makes it turn again. Always true in a drain."""
        if self._draining:
            return True
        before, self._turns = self._turns, self._loop.turns
        self._loop.wake()
        return self._turns != before

    async def ready(self) -> None:
        """Returns once the loop turns."""
        self.turned()
        while not self.turned():
            await asyncio.sleep(0.01)

    async def drain(self, patience_s: float) -> None:
        """Ends connections once their calls have ended, the last ones when patience has; joins the loop."""
        if not self._draining:
            self._draining = True
            self._loop.drain(round(patience_s * 1000))
        await asyncio.to_thread(self._thread.join, patience_s + _JOIN_S)
        if self._thread.is_alive():
            log("lane_not_drained", level=ERROR)
        self._take()
        for task in list(self._tasks.values()):
            task.cancel()
        self._count()

    def _take(self) -> None:
        with contextlib.suppress(BlockingIOError):
            os.eventfd_read(self._wake)
        for told in self._loop.told():
            if told.kind == Kind.CAME:
                self._came(LaneConnection(told.peer, told.authorization.decode(), told.request))
            elif told.kind == Kind.WENT:
                self._went(told.peer)
            elif told.kind == Kind.ENDED:
                if (task := self._tasks.get(told.ticket)) is not None:
                    task.cancel()
            else:
                self._answer(told)

    def _came(self, connection: LaneConnection) -> None:
        self._connections[connection.number] = connection
        self._parts.connections.elsewhere.add(place_of(connection.name))

    def _went(self, number: int) -> None:
        connection = self._connections.pop(number)
        self._parts.connections.elsewhere.discard(place_of(connection.name))

    def _answer(self, told: Told) -> None:
        connection = self._connections[told.peer]
        task = asyncio.create_task(self._answers.answer(told, connection))
        self._tasks[told.ticket] = task
        task.add_done_callback(partial(self._answered, told.ticket, connection))

    def _answered(self, ticket: int, connection: LaneConnection, task: asyncio.Task[tuple[Ended, bytes]]) -> None:
        del self._tasks[ticket]
        ended, response = (_CUT, b"") if task.cancelled() else task.result()
        self._loop.finish(ticket, ended, response)
        if ended.code and self._parts.connections.is_tired(connection.name):
            self._loop.close_peer(connection.number)

    async def _close_revoked(self) -> None:
        certified = self._parts.certified
        if certified is None:
            return
        for count, connection in enumerate(list(self._connections.values()), 1):
            if count % _LOOKED_AT == 0:
                await asyncio.sleep(0)
            if not certified.stands(connection.pem):
                self._loop.close_peer(connection.number)

    def _reload(self) -> None:
        if self._parts.tls is None:
            return
        wanted = self._parts.tls.configured()
        if wanted == self._given:
            return
        self._given = wanted
        key, chain, roots = wanted
        try:
            self._loop.reload(chain, key, roots or b"")
            call_metrics.TLS_AT_FAULT.labels("lane").set(0)
        except ValueError as error:
            call_metrics.TLS_REFUSED.labels("lane").inc()
            call_metrics.TLS_AT_FAULT.labels("lane").set(1)
            log("lane_tls_refused", level=ERROR, why=str(error))

    def _count(self) -> None:
        for name, metrics in self._metrics.items():
            metrics.add(*self._loop.counts(METHODS[name]))
        shed, self._shed = self._shed, self._loop.shed
        if self._shed > shed:
            call_metrics.SHED.labels("lane").inc(self._shed - shed)
        before, self._counted = self._counted, self._loop.counters()
        for what, number in self._counted.items():
            if number != before.get(what, -1) and not _OTHERWISE.search(what):
                call_metrics.LANE.labels(what).inc(number - before.get(what, 0))


class _LaneMetrics:
    """Metrics of a method: adds the loop's counts since the last look to grpcio's counts."""

    def __init__(self, method: str) -> None:
        self._metrics = MethodMetrics(method)
        self._statuses: list[int] = []
        self._levels: list[int] = []
        self._took: list[int] = []
        self._seconds = 0.0

    def add(self, statuses: list[int], levels: list[int], took: list[int], seconds: float) -> None:
        if statuses == self._statuses:
            return
        grown = enumerate(_grown(self._statuses, statuses))
        self._metrics.add(
            {_CODES[code]: number for code, number in grown if number},
            _grown(self._levels, levels),
            _grown(self._took, took),
            seconds - self._seconds,
        )
        self._statuses, self._levels, self._took, self._seconds = statuses, levels, took, seconds


def _grown(before: list[int], now: list[int]) -> list[int]:
    return [new - old for old, new in zip(before or [0] * len(now), now, strict=True)]


def _printable(text: str) -> bytes:
    """Returns a text that a header may hold."""
    return text.encode("ascii", "replace").replace(b"\n", b" ")


def _listener(address: Address) -> socket.socket:
    family, kind, protocol, _, where = socket.getaddrinfo(
        address.host, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    listener = socket.socket(family, kind | socket.SOCK_NONBLOCK, protocol)
    try:
        # Connections have both of it: those that the lane closed first stay in TIME_WAIT for a minute, and without
        # SO_REUSEADDR the next server's port guard (server/host/port_guard.py) finds the address taken by them.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_DEFER_ACCEPT, _SILENT_S)
        listener.bind(where)
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise RuntimeError(f"lane_listen: {address}: {error.strerror}") from error
    return listener


def _loop_settings(
    listener: int, settings: AnsweringSettings, connections: int, tls: Configured, ticket_secret: bytes
) -> LoopSettings:
    key, chain, roots = tls
    return LoopSettings(
        listener=listener,
        certificate=chain,
        key=key,
        roots=roots or b"",
        ticket_secret=ticket_secret,
        max_connections=connections,
        max_connections_per_device=settings.max_connections_per_device if not settings.development else connections,
        max_streams=settings.max_concurrent_streams,
        max_transport_message=max(_TRANSPORT_MESSAGE, settings.max_message_bytes),
        max_transport_metadata=MAX_TRANSPORT_METADATA,
        max_message=settings.max_message_bytes,
        max_metadata=settings.max_metadata_bytes if not settings.development else MAX_TRANSPORT_METADATA,
        idle_ms=settings.max_connection_idle_s * 1000,
        handshake_ms=settings.handshake_s * 1000,
        stall_ms=settings.half_open_s * 1000,
        default_deadline_ms=settings.default_deadline_ms,
        age_ms=settings.max_connection_age_s * 1000,
        poll_us=settings.lane_poll_us,
    )
