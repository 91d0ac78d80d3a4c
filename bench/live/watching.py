"""Finds when a fed warrant is in the answers of every worker: asks over many connections, which the workers share."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Sequence

import grpc

from ronda.v1 import check_service_pb2 as contract
from ronda.v1.check_service_pb2_grpc import CheckServiceStub
from ronda.v1.context_pb2 import PURPOSE_TRAFFIC_STOP, RequestContext
from ronda.v1.level_pb2 import LEVEL_HIT

_THREADS = 2
_CONNECTIONS = 6  # of a thread: that all twelve are one worker's happens once in 2,048 times
_BETWEEN_S = 0.04  # asking oftener takes from the server what it measures
_LATE_S = 30.0


class Watch:
    """Asks about each given person until each connection has answered HIT; seconds from the acknowledgement on."""

    def __init__(self, target: str) -> None:
        self._target = target
        self._lock = threading.Lock()
        self._acknowledged: dict[str, float] = {}
        self._seen: dict[str, int] = {}
        self.seconds: list[float] = []
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._look, daemon=True) for _ in range(_THREADS)]
        for thread in self._threads:
            thread.start()

    def await_hit(self, cui: str, acknowledged: float) -> None:
        """Waits for a warrant on this person, who had none, acknowledged at this monotonic time."""
        with self._lock:
            self._acknowledged[cui], self._seen[cui] = acknowledged, 0

    def _look(self) -> None:
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))  # another machine's: it interrupts nobody here
        channels = [
            grpc.insecure_channel(self._target, options=[("grpc.use_local_subchannel_pool", 1)])
            for _ in range(_CONNECTIONS)
        ]
        stubs = [CheckServiceStub(channel) for channel in channels]  # type: ignore[no-untyped-call]
        shown: list[set[str]] = [set() for _ in stubs]
        while not self._over.wait(_BETWEEN_S):
            with self._lock:
                asked = list(self._acknowledged)
            # The others of a thread are asked once its first connection has shown it: what the watch asks, the server
            # that is measured has to answer.
            for stub, seen in zip(stubs, shown, strict=True):
                seen |= {cui for cui in asked if cui not in seen and self._is_hit(stub, cui)}
                asked = [cui for cui in asked if cui in seen]
        for channel in channels:
            channel.close()

    def _is_hit(self, stub: CheckServiceStub, cui: str) -> bool:
        request = contract.CheckPersonRequest(context=RequestContext(purpose=PURPOSE_TRAFFIC_STOP), cui=cui)
        if stub.CheckPerson(request, timeout=5).answer.level != LEVEL_HIT:
            return False
        now = time.monotonic()
        with self._lock:
            self._seen[cui] += 1
            if self._seen[cui] == _THREADS * _CONNECTIONS:
                self.seconds.append(now - self._acknowledged.pop(cui))
        return True

    def end(self) -> list[str]:
        """Waits for those that are awaited; who was not seen everywhere by then."""
        until = time.monotonic() + _LATE_S
        while self._acknowledged and time.monotonic() < until:
            time.sleep(0.05)
        self._over.set()
        for thread in self._threads:
            thread.join()
        return sorted(self._acknowledged)


def free_of_alerts(target: str, cuis: Sequence[str], count: int) -> list[str]:
    """The first of these persons who have no alert."""
    found: list[str] = []
    with grpc.insecure_channel(target) as channel:
        stub = CheckServiceStub(channel)  # type: ignore[no-untyped-call]
        for cui in cuis:
            request = contract.CheckPersonRequest(context=RequestContext(purpose=PURPOSE_TRAFFIC_STOP), cui=cui)
            if stub.CheckPerson(request, timeout=5).answer.level != LEVEL_HIT:
                found.append(cui)
            if len(found) == count:
                break
    return found
