"""`ronda serve`: one worker process a core behind one address, restarted when they die, drained when asked.

The supervisor serves no call and never loads gRPC; it holds the address (server/host/port_guard.py), the metrics
(server/processes/scrape.py) and the background check of the files (server/processes/file_check.py).
"""

from __future__ import annotations

import asyncio
import itertools
import os
import secrets
import signal
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, wait_exponential

from core.call.clock_doubt import clock_reference_ms, hold_clock_against, is_doubtful
from server.audit.process import AuditProcess
from server.audit.set_up import audit_process
from server.host import service_manager
from server.host.kept_process import KeptProcess
from server.host.memory import grown
from server.host.supervised import GivenProcess, Program, kept_for
from server.logs import ERROR, WARNING, log
from server.parts import PARTS
from server.processes.file_check import FileCheck
from server.processes.handover import Estate, Predecessor, Successor
from server.processes.messages import EXIT_SETTINGS, EXIT_UNSERVED, WorkerOrders, WorkerReport
from server.processes.page_key import load_or_make_key
from server.processes.served_parts import ServedParts
from server.processes.settings import ServerSettings
from server.processes.watched_worker import WorkerProcess
from server.settings import Address

# A worker that lived so long did not crash at start: the pauses begin anew.
_STEADY_S = 60.0
_LONGEST_PAUSE_S = 1.6  # the others have its load meanwhile
_LOOP_AFTER = 3  # quick deaths in a row that make a crash loop
_KILL_AFTER_S = 5.0  # beyond drain_s
_LEAVE_S = 15.0  # a worker that another replaces begins to drain by itself before
_SCRAPED_S = 1.0  # that both servers answer scrapes, so that no balancer finds the address closed
_ENDING = (signal.SIGTERM, signal.SIGINT)


@dataclass(frozen=True)
class Ready:
    """The state of the server once every worker answered a health check."""

    address: Address
    workers: int
    generation: str  # "" = nothing published yet, or it was refused: calls get UNAVAILABLE
    refused: str  # "" or why the published generation is refused
    development: bool
    lane: Address | None = None  # the express lane's; None = off
    own: Mapping[str, Address] = field(default_factory=dict)  # of each service that has one of its own, by its name


class _WorkerDied(Exception):
    pass


class Supervisor:
    """Runs the workers until a signal, or until one says, before all were ready, that the settings do not work."""

    def __init__(
        self,
        settings: ServerSettings,
        address: Address,
        lane_address: Address | None,
        own_addresses: Mapping[str, Address],
        runtime: Path,
        page_key: bytes,
        on_ready: Callable[[Ready], None],
        programs: Mapping[str, Program],
        predecessor: Predecessor,
        ports: dict[str, int],
    ) -> None:
        """own_addresses, programs: by the name of the service.

        ports: of the sockets that hold the addresses, for who takes this one's place (`Estate.ports`).
        """
        # Awaited when this server begins, and ends, what only one process may do.
        self.on_alone: Callable[[], Awaitable[None]] = _nothing
        self.on_left: Callable[[], Awaitable[None]] = _nothing
        self.restarts = 0
        self.last_good = ""
        self.workers: dict[int, WorkerProcess] = {}
        self._settings = settings
        self._address = address
        self._lane_address = lane_address
        self._own_addresses = own_addresses
        self._predecessor = predecessor
        self._ports = ports
        self._kept: dict[int, str] = {}  # number of each slot that is kept -> service that it answers alone; "" = all
        for alone in [""] * settings.worker_count + [*own_addresses]:
            self._kept[self._free_number()] = alone
        self._runtime = runtime
        self._page_key = page_key
        estate = predecessor.estate
        self._clock_reference_ms = estate.clock_reference_ms or clock_reference_ms(_now_ms())
        hold_clock_against(self._clock_reference_ms)
        self._on_ready = on_ready
        self._was_ready = False
        self._alone = asyncio.Event()  # what only one process may do is this server's to do
        self._all_ready = asyncio.Event()
        self._handing_over: asyncio.Task[None] | None = None
        self._stop = asyncio.Event()
        self._slots: set[asyncio.Task[None]] = set()
        self._replaced: set[int] = set()  # numbers of slots with a worker that replaced another
        self._status = 0
        self._audit = audit_process(settings)
        self._secrets = {
            part.name: load_or_make_key(settings.data / part.secret.file, part.secret.bytes, part.secret.what).hex()
            for part in PARTS
            if part.secret is not None
        }
        # In memory alone: whoever has it is any device to the lane.
        self._lane_ticket_secret = estate.lane_ticket_secret or secrets.token_hex(32)
        self._served_parts = ServedParts(settings)
        self.children = [*self._processes_of_parts(programs)]
        self._file_check = FileCheck(settings.data, settings.verify_mib_per_s)

    def _processes_of_parts(self, programs: Mapping[str, Program]) -> Iterator[KeptProcess]:
        """Makes what is kept running beside the workers, as the card of each service says."""
        for part in PARTS:
            kept = kept_for(part)
            if kept is None:
                continue
            socket, status = self._runtime / part.socket, self._runtime / part.status
            has_seen, program = self._served_parts.has_seen, programs.get(part.name)
            process = kept.process(GivenProcess(self._settings, socket, status, has_seen, program))
            if process is not None:
                yield process

    @property
    def audit(self) -> AuditProcess:
        """The process that signs the audit log."""
        return self._audit

    @property
    def damaged_files(self) -> dict[str, list[str]]:
        """Generation -> files with a wrong sha256."""
        return self._file_check.damaged

    @property
    def clock_doubtful(self) -> bool:
        """Returns whether the clock is over two minutes off its course since the start: answers are then INCOMPLETE."""
        return is_doubtful(_now_ms())

    async def run(self) -> int:
        """Returns the exit status: 0 drained, EXIT_SETTINGS when a worker could not work with the settings."""
        loop = asyncio.get_running_loop()
        for number in _ENDING:  # not the loop's own handlers: closing, it takes them away before the process ends
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(self._signalled))
        hang_up = self._signalled if _of_a_terminal() else self._pass_over
        signal.signal(signal.SIGHUP, lambda *_: loop.call_soon_threadsafe(hang_up))
        signal.signal(signal.SIGUSR2, lambda *_: loop.call_soon_threadsafe(self._asked_for_successor))
        beginning = asyncio.create_task(self._begin_alone())
        auditing = asyncio.create_task(self._once_alone(self._audit.run))
        keeping = [asyncio.create_task(self._once_alone(each.run)) for each in self.children]
        self._slots = {asyncio.create_task(self._keep(number)) for number in self._kept}
        checking = asyncio.create_task(self._check_files())
        doubting = asyncio.create_task(self._watch_clock())
        try:
            while self._slots:
                done, _ = await asyncio.wait(self._slots, return_when=asyncio.FIRST_COMPLETED)
                self._slots -= done
                for slot in done:
                    slot.result()
        finally:
            for task in (beginning, checking, doubting, *([self._handing_over] if self._handing_over else [])):
                task.cancel()
            for worker in self.workers.values():
                worker.kill()
            await asyncio.gather(*(each.end() for each in self.children))
            for each in keeping:
                each.cancel()
            await self._audit.end()  # after the workers: the last checkpoint holds their last record
            auditing.cancel()
        # Asked again now, the process would end by the signal and show no status.
        for number in (*_ENDING, signal.SIGHUP, signal.SIGUSR2):
            signal.signal(number, signal.SIG_IGN)
        log("stopped", status=self._status)
        return self._status

    async def _once_alone(self, work: Callable[[], Coroutine[None, None, None]]) -> None:
        await self._alone.wait()
        await work()

    async def _begin_alone(self) -> None:
        """Begins what only one process may do: at once, or when the server before has left that."""
        if self._predecessor.is_there:
            await self._all_ready.wait()
            if why := self._why_not_taken():
                log("place_not_taken", level=ERROR, why=why)
                self._status = EXIT_UNSERVED
                self._drain()
                return
            await self._predecessor.leaves()
            log("took_over")
        self._audit.reported = time.monotonic()
        self._alone.set()
        await self.on_alone()

    def _why_not_taken(self) -> str:
        """Returns why the server before answers better than this one would; "" = it does not."""
        served = self._predecessor.estate.generation
        if not served or served == self.last_good:
            return ""
        return self._refused() if self.last_good else "no generation to serve"

    def _asked_for_successor(self) -> None:
        why = (
            "it is ending"
            if self._stop.is_set()
            else "not all its workers are ready yet"
            if not self._alone.is_set() or not self._was_ready
            else "the server before it has not ended yet"
            if self._predecessor.is_there
            else "a successor is starting"
            if self._handing_over is not None
            else ""
        )
        if why:
            log("handover_ignored", level=WARNING, why=why)
            return
        self._handing_over = asyncio.create_task(self._hand_over())

    async def _hand_over(self) -> None:
        """Starts the server that takes this one's place, and leaves; goes on where that one does not become ready."""
        log("handover_begins")
        numbers = [*self._kept]
        estate = Estate(
            pid=os.getpid(),
            numbers=numbers,
            generation=self.last_good,
            clock_reference_ms=self._clock_reference_ms,
            lane_ticket_secret=self._lane_ticket_secret,
            ports=self._ports,
        )
        successor = Successor(estate)
        try:
            ready = await successor.is_ready()
        except asyncio.CancelledError:
            successor.end()
            raise
        if not ready:
            self._handing_over = None
            return
        # Nothing is taken away from under a worker: what it asks is away for as long as the new one takes to start it.
        await asyncio.gather(*(each.end() for each in (*self.children, self._audit)))
        service_manager.notify(f"MAINPID={successor.pid}")
        successor.take_over()
        log("handed_over", successor=successor.pid)
        self._stop.set()
        leaving = [*self.workers.values()]
        for worker in leaving:
            worker.leave()
        await asyncio.sleep(_SCRAPED_S)
        await self.on_left()
        await asyncio.sleep(_LEAVE_S - _SCRAPED_S)
        self._drain()

    def _pass_over(self) -> None:
        """SIGHUP asks for the files anew: certificates and trust are read when they change, settings by the next server
        that SIGUSR2 starts.
        """
        log(
            "hangup_ignored",
            level=WARNING,
            why="certificates and trust are read when they change; `systemctl reload` (SIGUSR2) takes other settings",
        )

    def _signalled(self) -> None:
        if self._stop.is_set():  # asked twice: no more patience
            for worker in self.workers.values():
                worker.kill()
            return
        log("draining", drain_s=self._settings.drain_s)
        service_manager.notify("STOPPING=1")
        self._drain()

    def _drain(self) -> None:
        self._stop.set()
        for worker in self.workers.values():
            worker.drain()
        loop = asyncio.get_running_loop()
        for worker in self.workers.values():
            loop.call_later(self._settings.drain_s + _KILL_AFTER_S, worker.kill)

    async def _keep(self, number: int) -> None:
        """Runs worker after worker in one slot, with growing pauses while they die young, until one is replaced."""
        while not self._stop.is_set() and number in self._kept:
            attempts = AsyncRetrying(
                retry=retry_if_exception_type(_WorkerDied),
                wait=wait_exponential(multiplier=0.1, max=_LONGEST_PAUSE_S),
                before_sleep=lambda state: self._report_death(number, state),
                sleep=self._pause,
            )
            async for attempt in attempts:
                with attempt:
                    await self._run_one(number)

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._stop.wait()
        except TimeoutError:
            return

    async def _run_one(self, number: int) -> None:
        """Runs one worker to its end; raises _WorkerDied when it ended young and unasked."""
        if self._stop.is_set():
            return
        alone = self._kept[number]
        lane_address = self._lane_address if not alone else None
        orders = WorkerOrders(
            number=number,
            alone=alone,
            settings=self._settings.model_dump(mode="json", include=set(ServerSettings.model_fields)),
            address=str(self._own_addresses[alone] if alone else self._address),
            lane_address=str(lane_address or ""),
            lane_ticket_secret=self._lane_ticket_secret if lane_address is not None else "",
            probe_socket=self._runtime / f"worker-{number}.sock",
            clock_reference_ms=self._clock_reference_ms,
            last_good=self.last_good,
            damaged=self._file_check.messages(),
            page_key=self._page_key.hex(),
            secrets=self._secrets,
        )
        orders.probe_socket.unlink(missing_ok=True)
        worker = self.workers[number] = WorkerProcess(orders, self._runtime / "metrics", self._reported)
        started = time.monotonic()
        watching = asyncio.create_task(self._replace_when_grown(number, worker))
        try:
            status = await worker.run()
        finally:
            watching.cancel()
        if self._stop.is_set():
            return
        if number in self._replaced:
            self._replaced.discard(number)
            del self.workers[number], self._kept[number]
            return
        # Once all have served it is the files that changed: the others serve on, and who mends the files ends the loop.
        if status == EXIT_SETTINGS and not self._was_ready:
            log("settings_do_not_work", level=ERROR, worker=number)
            self._status = EXIT_SETTINGS
            self._drain()
            return
        self.restarts += 1
        log("worker_died", level=ERROR, worker=number, worker_pid=worker.pid, status=status)
        if time.monotonic() - started < _STEADY_S:
            raise _WorkerDied

    async def _replace_when_grown(self, number: int, worker: WorkerProcess) -> None:
        """Starts another worker once this one holds too much memory, and lets this one leave when that one is ready.

        The other has a number, and so an audit log, of its own.
        """
        # One that starts is not looked at: on a slow machine none would ever be ready.
        held = await grown(lambda: worker.pid if worker.report.ready else 0, self._settings.max_worker_mib << 20)
        while self._handing_over is not None:  # the next server knows which numbers are taken
            await asyncio.sleep(0.1)
        other = self._free_number()
        self._kept[other] = self._kept[number]
        log("worker_grew", level=WARNING, worker=number, worker_pid=worker.pid, held_mib=held >> 20, successor=other)
        self._slots.add(asyncio.create_task(self._keep(other)))
        while other not in self.workers or not self.workers[other].report.ready:
            await asyncio.sleep(0.1)
        self._replaced.add(number)
        worker.leave()
        await asyncio.sleep(_LEAVE_S)
        worker.drain()
        await asyncio.sleep(self._settings.drain_s + _KILL_AFTER_S)
        worker.kill()

    def _free_number(self) -> int:
        """Returns the lowest number that no worker has, nor one of the server before: each has its own audit log."""
        taken = {*self._kept, *self._predecessor.estate.numbers}
        return next(number for number in itertools.count() if number not in taken)

    def _report_death(self, number: int, state: RetryCallState) -> None:
        pause = state.next_action.sleep if state.next_action is not None else 0.0
        looping = state.attempt_number >= _LOOP_AFTER
        log(
            "worker_crash_loop" if looping else "worker_restarts",
            level=ERROR if looping else WARNING,
            worker=number,
            deaths=state.attempt_number,
            pause_s=pause,
        )

    def _reported(self, report: WorkerReport) -> None:
        self.last_good = report.generation or self.last_good
        reports = [worker.report for worker in self.workers.values()]
        all_ready = len(reports) == len(self._kept) and all(each.ready for each in reports)
        if all_ready and not self._was_ready:
            self._was_ready = True
            ready = Ready(
                self._address,
                self._settings.worker_count,
                self.last_good,
                self._refused(),
                development=self._settings.development,
                lane=self._lane_address,
                own=self._own_addresses,
            )
            own: dict[str, Any] = {each.name: str(ready.own.get(each.name, "")) for each in PARTS if each.own_address}
            log(
                "ready",
                address=str(ready.address),
                lane=str(ready.lane or ""),
                **own,
                workers=ready.workers,
                generation=ready.generation,
            )
            self._all_ready.set()
            service_manager.notify("READY=1")
            self._on_ready(ready)

    def _refused(self) -> str:
        """Returns which published generation a worker refuses, and why; "" = none does."""
        reports = [worker.report for worker in self.workers.values()]
        return next((f"{each.refused}: {each.why}" for each in reports if each.refused), "")

    async def _watch_clock(self) -> None:
        """Says when the clock is in doubt, and when it is no more; and to the service manager that this loop turns."""
        was = False
        while True:
            service_manager.notify("WATCHDOG=1")
            if self._was_ready:
                self._served_parts.note()
            if self.clock_doubtful != was:
                was = not was
                log("clock_doubtful" if was else "clock_returned", level=ERROR if was else WARNING)
            await asyncio.sleep(1.0)

    async def _check_files(self) -> None:
        """Re-checks each generation's files once it is served."""
        while True:
            await asyncio.sleep(1.0)
            if self.last_good and await self._file_check.check(self.last_good):
                for message in self._file_check.messages():
                    for worker in self.workers.values():
                        worker.tell(message)


async def _nothing() -> None:
    pass


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _of_a_terminal() -> bool:
    """Returns whether somebody started it in a terminal, and closes it with that."""
    try:
        return os.isatty(0)
    except OSError:
        return False
