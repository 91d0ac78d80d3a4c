"""One worker process: its own event loop, gRPC server and generations. Started by the supervisor with exec only.

`python -m server.processes.worker` reads its orders from standard input (server/processes/messages.py).
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import uvloop
from grpc_health.v1 import health_pb2, health_pb2_grpc

from core.call.clock_doubt import hold_clock_against
from server import logs
from server.audit.set_up import open_writer
from server.calls.answered import Given, answered
from server.calls.gate import Gate
from server.calls.generations import GenerationKeeper
from server.calls.health import Health
from server.calls.own_methods import OwnPlaces
from server.calls.refused import RefusalRecords
from server.calls.unary import Service
from server.calls.waiting import HalfOpenCalls
from server.calls.wiring import SERVICES, build_server
from server.host.core_dumps import forbid_core_dumps
from server.host.descriptors import connections_of, raise_descriptor_limit
from server.host.memory import allocate_compactly, give_back
from server.host.parent_pipe import later_lines, read_orders
from server.host.socket_line import SocketLine
from server.lane.serving import ExpressLane, LaneParts
from server.logs import ERROR, log
from server.metrics import counts as call_metrics
from server.metrics import files as metrics_files
from server.notifications import FOLDER, Notifications
from server.part import Part
from server.parts import PARTS
from server.processes.beside_calls import Work, keep_going
from server.processes.messages import BEAT_S, EXIT_SETTINGS, TOLD, Leave, WorkerOrders, WorkerReport
from server.processes.registers_now import registers_now
from server.processes.settings import ServerSettings
from server.settings import SettingsError, parse_address
from server.transport.connections import Connections
from server.transport.tls import ServerTls, server_tls
from server.trust.set_up import TrustSetUp

# A silent Clear stream is ended this long after the drain began.
_DRAIN_PATIENCE_S = 1.0
_LANE_LEAVES_S = 3.0  # that the lane's calls have to end, and their answers to reach the far end of a bad link
_ALONE_S = 10  # beyond drain_s, without a supervisor
_YOUNG_OBJECTS = 20_000  # garbage collector: made and not freed since the last look


class Worker:
    """Serves until SIGTERM, or until the supervisor is gone."""

    def __init__(self, orders: WorkerOrders, settings: ServerSettings, reports: int) -> None:
        self._orders = orders
        self._settings = settings
        self._reports = reports
        self._ready = False
        self._damaged = {damaged.generation: damaged.files for damaged in orders.damaged}
        self._stop = asyncio.Event()
        self._keeper = GenerationKeeper(
            settings.data,
            settings.generations_poll_ms / 1000,
            page_key=bytes.fromhex(orders.page_key),
            named_s=settings.page_generation_s,
            live_poll_s=settings.live_poll_ms / 1000,
            fed=settings.fed_registers,
        )
        self._gate = Gate(
            settings.max_concurrent_calls,
            settings.max_loop_lag_ms,
            of_a_device=settings.max_calls_per_device,
            of_an_officer=settings.max_calls_per_officer,
        )
        self._half_open = HalfOpenCalls(settings.half_open_s, self._gate.shed, limited=not settings.development)
        self._parts = [part for part in PARTS if orders.alone in ("", part.name)]
        self._health = Health(tuple(part.service for part in self._parts) if orders.alone else SERVICES)
        self._notifications = Notifications(settings.data / FOLDER)
        # Of grpcio's address, and of the express lane's.
        ports = 1 + bool(orders.lane_address)
        most = settings.max_connections * ports
        self._most_connections = connections_of(raise_descriptor_limit(), most) // ports
        self._connections = Connections(
            parse_address(orders.address).port, self._most_connections, settings.max_connections_per_device
        )
        self._trust = TrustSetUp(settings, self._connections.admitted, self._connections.refused)
        self._audit = open_writer(settings, f"worker-{orders.number}", waits_for_room=True)
        self._refusals = RefusalRecords(self._audit)
        self._leaving: asyncio.Task[None] | None = None
        self._failed = False  # it cannot go on, and is to be replaced
        kept = orders.probe_socket.with_name("tls.last-good.json")  # of all workers of this server, gone with it
        self._tls: ServerTls | None = server_tls(settings, self._trust.bundle, kept)
        self._watched_by_parts: list[Work] = []
        self._lane: ExpressLane | None = None
        self._stuck = False  # the lane's loop is

    async def run(self) -> int:
        """Starts, serves, drains; returns the exit status, 1 = replace me.

        Raises SettingsError, RuntimeError when the address cannot be bound.
        """
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(_log_loop_error)
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop.set)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)  # what it means is the supervisor's to say
        self._audit.on_stop = lambda: loop.call_soon_threadsafe(self._audit_stopped)
        self._audit.on_room = lambda: loop.call_soon_threadsafe(self._changed)
        self._keeper.on_change = self._changed
        await self._open_registers()
        threads = ThreadPoolExecutor(self._settings.search_threads, "search")
        service = self._make_service(threads)
        own = self._own_handlers(service)
        lane = self._lane = self._make_lane(service)  # before a server that an error would leave half started
        server = build_server(self._settings, service, self._health, self._most_connections, own)
        self._bind(server)
        await server.start()
        if lane is not None:
            lane.start()
        await self._check_itself()
        tasks = [asyncio.create_task(keep_going(work)) for work in self._beside_calls()]
        if metrics_files.failure:
            log("metrics_lost", level=ERROR, why=metrics_files.failure)
        log("worker_ready", generation=self._keeper.current_id)
        await self._stop.wait()
        await self._drain(server)
        for task in tasks:
            task.cancel()
        threads.shutdown(wait=False, cancel_futures=True)
        return int(self._failed)

    def _make_service(self, threads: ThreadPoolExecutor) -> Service:
        """Returns the parts that the handlers of both addresses share."""
        settings, lane = self._settings, self._orders.lane_address
        return Service(
            keeper=self._keeper,
            callers=self._trust.callers,
            audit=self._audit,
            refusals=self._refusals,
            gate=self._gate,
            threads=threads,
            max_message_bytes=settings.max_message_bytes,
            max_clear_message_bytes=settings.max_clear_message_bytes,
            half_open=self._half_open,
            default_deadline_s=settings.default_deadline_ms / 1000,
            clear_idle_s=settings.clear_idle_s,
            lane_port=parse_address(lane).port if lane else 0,
        )

    def _beside_calls(self) -> Iterator[Work]:
        """Yields the background work of a serving worker."""
        if self._lane is not None:
            yield self._lane.watch
        yield from self._watches()
        yield self._trust.watch
        yield self._gate.watch_lag
        yield self._gate.shed.watch
        yield self._half_open.watch
        yield self._connections.watch
        yield self._beat
        yield self._refusals.run
        yield self._listen
        yield give_back

    async def _open_registers(self) -> None:
        """Opens the data that callers are answered from."""
        await self._keeper.start(self._orders.last_good)
        self._changed()

    def _watches(self) -> Iterator[Work]:
        """Yields the work that watches the registers and the statements about them."""
        yield from (self._keeper.watch, self._keeper.watch_live)
        yield self._notify
        yield from self._watched_by_parts

    async def _notify(self) -> None:
        await self._notifications.run(lambda: self._keeper.engine)

    def _own_handlers(self, service: Service) -> list[grpc.GenericRpcHandler]:  # type: ignore[type-arg]
        """The services that Python answers."""
        places = OwnPlaces(service)
        named = (part for part in self._parts if part.handlers)
        return [handler for part in named for handler in self._answered_by(part, service, places)]

    def _answered_by(self, part: Part, service: Service, places: OwnPlaces) -> Sequence[grpc.GenericRpcHandler]:  # type: ignore[type-arg]
        """Returns the handlers of one service; what goes on beside its calls begins with the others' work."""
        socket = self._orders.probe_socket.with_name(part.socket)
        secret = bytes.fromhex(self._orders.secrets.get(part.name, ""))
        made = answered(Given(part, self._settings, service, places, socket, secret, self._engine_changed))
        self._watched_by_parts += made.watches
        return made.handlers

    def _make_lane(self, service: Service) -> ExpressLane | None:
        """The express lane, where one is wanted, its address bound. Raises RuntimeError, SettingsError."""
        if not self._orders.lane_address:
            return None
        secret = bytes.fromhex(self._orders.lane_ticket_secret)
        parts = LaneParts(service, self._health, self._connections, self._trust.certified, self._tls, secret)
        address = parse_address(self._orders.lane_address)
        lane = ExpressLane(address, self._settings, self._most_connections, parts, self._give_up)
        self._health.on_change = lane.show_health
        self._trust.on_change = lane.trust_changed
        return lane

    def _engine_changed(self) -> None:
        """Has the lane answer by the engine as it is now."""
        if self._lane is not None:
            self._lane.serve()

    def _bind(self, server: grpc.aio.Server) -> None:
        if self._tls is None:
            server.add_insecure_port(self._orders.address)
        else:
            server.add_secure_port(self._orders.address, self._tls.credentials)
        server.add_insecure_port(f"unix:{self._orders.probe_socket}")

    async def _check_itself(self) -> None:
        """Asks its own health over gRPC, and the lane's loop to turn: only what answers counts as ready."""
        async with grpc.aio.insecure_channel(f"unix:{self._orders.probe_socket}") as channel:
            stub = health_pb2_grpc.HealthStub(channel)
            await stub.Check(health_pb2.HealthCheckRequest(), timeout=5.0)
        if self._lane is not None:
            # Its turns: for a call over TLS a worker has no client certificate, and another worker might answer it.
            async with asyncio.timeout(5.0):
                await self._lane.ready()
        # What start-up made stays for good: full collections need not walk it again and again. What a call
        # makes is freed by its reference counts: young objects are looked through less often.
        gc.collect()
        gc.freeze()
        gc.set_threshold(_YOUNG_OBJECTS)
        self._ready = True
        self._report()

    async def _drain(self, server: grpc.aio.Server) -> None:
        log("worker_draining", held=self._gate.held)
        self._health.close()
        patience_s = min(_DRAIN_PATIENCE_S, self._settings.drain_s)
        lane = self._lane
        if lane is not None:  # its calls may need the gate; who has a bad link reads on while that closes
            leaving = asyncio.create_task(lane.drain(min(_LANE_LEAVES_S, self._settings.drain_s)))
            await asyncio.wait({leaving}, timeout=patience_s)
        await self._gate.drain(patience_s)
        if lane is not None:
            await leaving
        await server.stop(patience_s if self._failed else self._settings.drain_s)
        self._close_registers()
        self._refusals.sum_up(time.time_ns() // 1_000_000, all_of_them=True)
        try:
            self._audit.close()
        except OSError as error:
            self._failed = True
            log("audit_not_closed", level=ERROR, error=error)
        log("worker_drained", answered=call_metrics.answered_calls())

    def _close_registers(self) -> None:
        self._notifications.close(self._keeper.engine)

    def _audit_stopped(self) -> None:
        """Ends this process's answers: another process begins a log of its own."""
        self._health.set(False, "AUDIT_STOPPED")
        self._give_up()

    def _give_up(self) -> None:
        """Drains, to be replaced."""
        self._failed = True
        self._stop.set()

    def _changed(self) -> None:
        if self._failed:
            return
        keeper = self._keeper
        reason = "NO_GENERATION" if keeper.engine is None else "AUDIT_UNAVAILABLE" if self._audit.lacks_room else ""
        details = []
        if keeper.refused:
            details.append(f"refused generation {keeper.refused}: {keeper.refused_why}")
        if files := self._damaged.get(keeper.current_id):
            details.append(f"damaged files: {' '.join(files)}")
        if self._lane is not None:
            self._lane.serve()
        self._health.set(not reason, reason, "; ".join(details))
        self._report()

    def _report(self) -> None:
        if self._stuck:
            return
        keeper = self._keeper
        report = WorkerReport(
            ready=self._ready,
            generation=keeper.current_id,
            refused=keeper.refused,
            why=keeper.refused_why,
            serving=self._health.serving,
            unserving=self._health.reason,
            sequence=keeper.engine.sequence if keeper.engine is not None else 0,
            registers=registers_now(keeper.engine, time.time_ns() // 1_000_000),
        )
        # A line is far below PIPE_BUF, so it is written whole; a supervisor that is gone is noticed by `_listen`.
        with contextlib.suppress(BrokenPipeError, BlockingIOError):
            os.write(self._reports, report.line())

    async def _beat(self) -> None:
        while True:
            self._look_at_lane()
            self._report()
            await asyncio.sleep(BEAT_S)

    def _look_at_lane(self) -> None:
        """Silences a worker with a stuck lane: the supervisor then replaces it."""
        lane = self._lane
        if lane is None or self._stop.is_set():
            return
        stuck = not lane.turned()
        if stuck and not self._stuck:
            log("lane_hangs", level=ERROR)
        self._stuck = stuck

    async def _leave(self) -> None:
        began = time.monotonic()
        self._gate.let_go()
        SocketLine.leaving = True
        if self._lane is not None:
            await self._lane.drain(_LANE_LEAVES_S)
        stayed = await self._connections.leave(self._gate.in_use)
        log("worker_left", waited_ms=round((time.monotonic() - began) * 1000), stayed=stayed)
        self._stop.set()

    async def _listen(self) -> None:
        """Reads what the supervisor says; its end is the supervisor's end."""
        reader = await later_lines()
        while line := await reader.readline():
            told = TOLD.validate_json(line)
            if isinstance(told, Leave):
                self._leaving = asyncio.create_task(self._leave())
                continue
            self._damaged[told.generation] = told.files
            self._changed()
        if not self._stop.is_set():
            log("supervisor_gone", level=ERROR)
            signal.alarm(self._settings.drain_s + _ALONE_S)  # the kernel ends what does not drain: nobody else will
            self._stop.set()


def _log_loop_error(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    # asyncio's own message may quote a task with its arguments
    log("loop_error", level=ERROR, error=context.get("exception"))


def main(make: Callable[[WorkerOrders, ServerSettings, int], Worker] = Worker) -> int:
    """Runs a worker; returns its exit status."""
    forbid_core_dumps()
    allocate_compactly()
    orders = WorkerOrders.model_validate_json(read_orders())
    settings = ServerSettings(**orders.settings)
    logs.set_up(settings.log_level, process="worker", worker=orders.number, pid=os.getpid())
    hold_clock_against(orders.clock_reference_ms)
    # Standard output is the line to the supervisor: nothing else may write there.
    reports = os.dup(1)
    os.set_blocking(reports, False)  # a supervisor that hangs may not hang its workers
    os.dup2(2, 1)
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(make(orders, settings, reports).run())
    except (SettingsError, RuntimeError) as error:
        log("worker_cannot_start", level=ERROR, why=str(error) if isinstance(error, SettingsError) else "", error=error)
        return EXIT_SETTINGS if isinstance(error, SettingsError) else 1


if __name__ == "__main__":
    sys.exit(main())
