"""A rebuild over a long ledger: what an officer who asks meanwhile sees of it, and what the writers hold."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import grpc
import psutil

from bench.live.feeding import REGISTER
from bench.switch_bench import set_current, twin_generation
from core.generation.view_file import LIVE, VIEW, read_view
from ronda.v1 import check_service_pb2 as contract
from ronda.v1.check_service_pb2_grpc import CheckServiceStub
from ronda.v1.context_pb2 import PURPOSE_TRAFFIC_STOP, RequestContext
from ronda.v1.register_pb2 import REGISTER_STATE_FRESH

_CONNECTIONS = 12  # that all are one worker's happens once in 2,048 times
_BETWEEN_S = 0.05
_MOST_S = 900.0
MODULE = "ronda.live.base_writer"


@dataclass
class Night:
    """What was seen between the publication of the new base and the end of the old one's process."""

    grey_s: float = 0.0  # between two looks of which an answer showed the fed register otherwise than FRESH
    looks: int = 0
    caught_up_s: float = 0.0
    most_of_one: int = 0  # bytes of its own (RssAnon) that a process over one base held
    most_of_both: int = 0
    left: int = 0  # of the one that is left, at the end


def writers(writer: int) -> list[psutil.Process]:
    """The processes over a base of a running `ronda live`."""
    found = []
    for child in psutil.Process(writer).children():
        with suppress(psutil.NoSuchProcess):
            if MODULE in child.cmdline():
                found.append(child)
    return found


class _Asked(threading.Thread):
    """Somebody is asked about on every worker, again and again."""

    def __init__(self, target: str, cui: str, night: Night) -> None:
        super().__init__(daemon=True)
        self._target, self._night = target, night
        self._request = contract.CheckPersonRequest(context=RequestContext(purpose=PURPOSE_TRAFFIC_STOP), cui=cui)
        self.over = threading.Event()

    def run(self) -> None:
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
        options = [("grpc.use_local_subchannel_pool", 1)]
        channels = [grpc.insecure_channel(self._target, options=options) for _ in range(_CONNECTIONS)]
        stubs = [CheckServiceStub(channel) for channel in channels]  # type: ignore[no-untyped-call]
        last = time.monotonic()
        while not self.over.wait(_BETWEEN_S):
            answers = [stub.CheckPerson(self._request).answer for stub in stubs]
            states = {each.state for answer in answers for each in answer.registers if each.register_id == REGISTER}
            now = time.monotonic()
            self._night.looks += 1
            self._night.grey_s += now - last if states != {REGISTER_STATE_FRESH} else 0.0
            last = now
        for channel in channels:
            channel.close()


def measure(data: Path, target: str, writer: int, cui: str, sequence: int) -> Night:
    """Publishes a copy of the base over a ledger of so many entries, and then the base again.

    writer: pid of `ronda live`; cui: of somebody.
    """
    night = Night()
    base, new = twin_generation(data)
    before = {process.pid for process in writers(writer)}
    asked = _Asked(target, cui, night)
    asked.start()
    time.sleep(1.0)
    began = time.monotonic()
    set_current(data, new)

    def is_caught_up() -> bool:
        view = data / LIVE / new / VIEW
        return view.exists() and read_view(view.parent).sequence >= sequence

    _watch(night, writer, is_caught_up)
    night.caught_up_s = time.monotonic() - began
    _watch(night, writer, lambda: not before & {process.pid for process in writers(writer)})
    time.sleep(2.0)
    asked.over.set()
    asked.join()
    set_current(data, base)
    night.left = max(_held(writers(writer)), default=0)
    return night


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
