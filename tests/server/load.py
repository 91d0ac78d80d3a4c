"""Callers that ask without pause, each over a connection of its own, and keep what came back."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field

import grpc

from ronda.v1 import check_service_pb2
from tests.server.running_server import Failure, RunningServer, call


@dataclass
class Caller:
    """One caller's log. `generations` in the order in which they first answered."""

    answers: int = 0
    failures: list[Failure] = field(default_factory=list)
    generations: list[str] = field(default_factory=list)
    answered_at: float = 0.0  # monotonic, of the last answer


class Load:
    """`with Load(server, request, 4) as load:` asks CheckPerson from four callers until the block ends."""

    def __init__(self, server: RunningServer, request: bytes, callers: int, *, wait_for_ready: bool = True) -> None:
        self.callers = [Caller() for _ in range(callers)]
        self._server = server
        self._request = request
        self._wait_for_ready = wait_for_ready
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._ask, args=(caller,)) for caller in self.callers]

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Asks no more."""
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _ask(self, caller: Caller) -> None:
        with self._server.channel() as channel:
            while not self._stop.is_set():
                try:
                    answer = call(
                        channel, "CheckService/CheckPerson", self._request, wait_for_ready=self._wait_for_ready
                    )
                except grpc.RpcError as error:
                    caller.failures.append(Failure(error))
                    time.sleep(0.01)
                    continue
                generation = check_service_pb2.CheckPersonResponse.FromString(answer).answer.generation_id
                if generation not in caller.generations:
                    caller.generations.append(generation)
                caller.answers += 1
                caller.answered_at = time.monotonic()

    @property
    def failures(self) -> list[Failure]:
        """Every failed call."""
        return [failed for caller in self.callers for failed in caller.failures]
