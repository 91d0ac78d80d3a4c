"""A rebuild over a long ledger: what an officer who asks meanwhile sees of it, and what the writers hold.

`night`: 200,000 changes since the build before. `year`: these, and a year of 20,000 a day before them.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
import psutil
from rich.console import Console
from rich.progress import track

from bench.live.feeding import REGISTER, warrant
from core.generation.view_file import LIVE, VIEW, read_view
from core.ledger.change import Change, Kind
from core.ledger.reader import FOLDER, LedgerReader
from core.ledger.writer import LedgerWriter
from ronda.v1 import check_service_pb2 as contract
from ronda.v1.check_service_pb2_grpc import CheckServiceStub
from ronda.v1.context_pb2 import PURPOSE_TRAFFIC_STOP, RequestContext
from ronda.v1.register_pb2 import REGISTER_STATE_FRESH

_CONNECTIONS = 12  # that all are one worker's happens once in 2,048 times
_BETWEEN_S = 0.05
_MOST_S = 1800.0
_A_WRITE = 2_000  # changes of one write of the ledger
_OPEN_RECORDS = 20_000  # that are in their course at a time
_RECORDS = 100_000  # of all: then they come again, else in a year each person of this nation would have nine warrants
MODULE = "ronda.live.base_writer"


@dataclass
class Night:
    """Looks at a rebuild, from its beginning to the end of the process over the base before."""

    grey_s: float = 0.0  # of Asked
    looks: int = 0
    caught_up_s: float = 0.0
    most_of_one: int = 0  # bytes of its own (RssAnon) that a process over one base held
    most_of_both: int = 0
    left: int = 0  # of the one that is left, at the end
    taken_in: int = 0  # the ledger's last entry before the build
    summary: dict[str, Any] = field(default_factory=dict)  # of the build


def writers(writer: int) -> list[psutil.Process]:
    """The processes over a base of a running `ronda live`."""
    found = []
    for child in psutil.Process(writer).children():
        with suppress(psutil.NoSuchProcess):
            if MODULE in child.cmdline():
                found.append(child)
    return found


class Asked(threading.Thread):
    """Somebody is asked about on every worker, again and again."""

    def __init__(self, target: str, cui: str) -> None:
        super().__init__(daemon=True)
        self._target = target
        self.looks, self.is_fresh = 0, True
        self.grey_s = 0.0  # between two looks of which an answer showed the fed register otherwise than FRESH
        self._request = contract.CheckPersonRequest(context=RequestContext(purpose=PURPOSE_TRAFFIC_STOP), cui=cui)
        self.over, self.fresh = threading.Event(), threading.Event()

    def run(self) -> None:
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
        options = [("grpc.use_local_subchannel_pool", 1)]
        channels = [grpc.insecure_channel(self._target, options=options) for _ in range(_CONNECTIONS)]
        stubs = [CheckServiceStub(channel) for channel in channels]  # type: ignore[no-untyped-call]
        began = time.monotonic()
        while self._states(stubs) != {REGISTER_STATE_FRESH}:  # until the night begins: who feeds has just come back
            if time.monotonic() - began > _MOST_S:
                return
        self.fresh.set()
        last = time.monotonic()
        while not self.over.wait(_BETWEEN_S):
            states = self._states(stubs)
            now = time.monotonic()
            self.looks += 1
            self.is_fresh = states == {REGISTER_STATE_FRESH}
            self.grey_s += 0.0 if self.is_fresh else now - last
            last = now
        for channel in channels:
            channel.close()

    def begin(self) -> Asked:
        """Returns once the register is FRESH on each worker. Raises RuntimeError."""
        self.start()
        if not self.fresh.wait(_MOST_S):
            raise RuntimeError("the register is not FRESH before anything was done")
        return self

    def end(self) -> None:
        """Its figures stay."""
        self.over.set()
        self.join()

    def _states(self, stubs: Sequence[CheckServiceStub]) -> set[int]:
        answers = [stub.CheckPerson(self._request).answer for stub in stubs]
        return {each.state for answer in answers for each in answer.registers if each.register_id == REGISTER}


def measure(data: Path, target: str, writer: int, cui: str, rebuild: Callable[[], dict[str, Any]]) -> Night:
    """Builds and publishes the next base while somebody asks; to the end of the process over the one before.

    writer: pid of `ronda live`; cui: of somebody. rebuild: returns the build's summary.
    """
    with LedgerReader(data / FOLDER) as ledger:
        night = Night(taken_in=ledger.end)
    before = {process.pid for process in writers(writer)}
    asked = Asked(target, cui).begin()
    with ThreadPoolExecutor(1) as pool:
        build = pool.submit(rebuild)
        _watch(night, writer, build.done)
        night.summary = build.result()
    published = time.monotonic()
    home = data / LIVE / night.summary["generation_id"]
    _watch(night, writer, lambda: (home / VIEW).exists() and read_view(home).sequence >= night.taken_in)
    night.caught_up_s = time.monotonic() - published
    _watch(night, writer, lambda: not before & {process.pid for process in writers(writer)})
    time.sleep(2.0)
    asked.end()
    night.grey_s, night.looks = asked.grey_s, asked.looks
    night.left = max(_held(writers(writer)), default=0)
    return night


def write_ledger(data: Path, source: str, cuis: Sequence[str], first: int, last: int) -> None:
    """Appends the changes of these numbers, as a feed would leave them: of four, three rows and a cancellation.

    Each record gets four: issued, corrected twice, cancelled; and four again when its turn comes again.
    """
    with closing(LedgerWriter(data / FOLDER)) as ledger:
        for start in track(
            range(first, last, _A_WRITE), description="changes of the year", console=Console(stderr=True)
        ):
            now_ms = time.time_ns() // 1_000_000
            numbers = range(start, min(start + _A_WRITE, last))
            ledger.append([_change(source, number, cuis, now_ms) for number in numbers], now_ms)


def _change(source: str, number: int, cuis: Sequence[str], now_ms: int) -> Change:
    block, turn = divmod(number, 4 * _OPEN_RECORDS)
    record = (block * _OPEN_RECORDS + turn % _OPEN_RECORDS) % _RECORDS
    kind = Kind.CANCEL if turn >= 3 * _OPEN_RECORDS else Kind.UPSERT
    cells = dict(warrant(f"Y-{record}", cuis[record % len(cuis)]).cells) if kind is Kind.UPSERT else {}
    return Change(
        *(kind, REGISTER, source),
        record_id=f"Y-{record}",
        source_sequence=number + 1,
        event_ms=now_ms,
        manifest_source="ordenes",
        record=cells,
    )


def _watch(night: Night, writer: int, until: Callable[[], bool]) -> None:
    end = time.monotonic() + _MOST_S
    while not until():
        if time.monotonic() > end:
            raise RuntimeError("the new base was not brought to the ledger's end")
        held = _held(writers(writer))
        night.most_of_one = max(night.most_of_one, *held, 0)
        night.most_of_both = max(night.most_of_both, sum(held))
        time.sleep(0.2)


def _held(processes: Sequence[psutil.Process]) -> list[int]:
    found = []
    for process in processes:
        with suppress(OSError):
            lines = Path(f"/proc/{process.pid}/status").read_text(encoding="ascii", errors="replace").splitlines()
            found += [int(line.split()[1]) << 10 for line in lines if line.startswith("RssAnon:")]
    return found
