"""Asks at a steady rate and keeps what each question took.

Questions are due at fixed moments whatever the server does; a latency counts from when its question was due. So a
server that stands still for a second is not asked less in it, which would hide the second ("coordinated omission").
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import grpc

from ronda.objectives.targets import Target
from ronda.v1 import check_service_pb2 as contract

if TYPE_CHECKING:
    from clients.client.connection import Connection
    from ronda.v1.context_pb2 import RequestContext

_AHEAD_S = 0.1  # until the first question is due: callers are there by then


@dataclass
class Asked:
    """The results of an objective's questions. milliseconds: of those answered, in no order. failures: by gRPC status.

    longest_wait_ms: the longest delay of a question, because all callers were waiting for answers.
    """

    milliseconds: list[float] = field(default_factory=list)
    failures: Counter[str] = field(default_factory=Counter)
    generations: set[str] = field(default_factory=set)
    longest_wait_ms: float = 0.0
    seconds: float = 0.0


Frame = Callable[[], "RequestContext"]


def _asker(connection: Connection, target: Target, frame: Frame) -> Callable[[str], Any]:
    timeout = target.deadline_ms / 1000
    checks = connection.checks
    if target.method == "CheckPerson":
        return lambda cui: checks.CheckPerson(contract.CheckPersonRequest(context=frame(), cui=cui), timeout=timeout)
    if target.method == "CheckVehicle":
        return lambda plate: checks.CheckVehicle(
            contract.CheckVehicleRequest(context=frame(), plate=plate), timeout=timeout
        )
    return lambda query: checks.Check(contract.CheckRequest(context=frame(), query=query), timeout=timeout)


def ask_once(connection: Connection, target: Target, question: str, frame: Frame) -> None:
    """One question, not measured: raises grpc.RpcError where the whole objective could only fail."""
    _asker(connection, target, frame)(question)


def ask(connection: Connection, target: Target, questions: Sequence[str], frame: Frame) -> Asked:
    """Asks `target.count` questions, those of the list by turns."""
    asker, asked, lock = _asker(connection, target, frame), Asked(), threading.Lock()
    numbers = iter(range(target.count))
    first = time.monotonic() + _AHEAD_S

    def work() -> None:
        while True:
            with lock:
                number = next(numbers, None)
            if number is None:
                return
            due = first + number / target.rate
            time.sleep(max(0.0, due - time.monotonic()))
            sent = time.monotonic()
            try:
                answer, failure = asker(questions[number % len(questions)]).answer, ""
            except grpc.RpcError as error:
                answer, failure = None, error.code().name
            took = (time.monotonic() - due) * 1000
            with lock:
                asked.longest_wait_ms = max(asked.longest_wait_ms, (sent - due) * 1000)
                if answer is None:
                    asked.failures[failure] += 1
                else:
                    asked.milliseconds.append(took)
                    asked.generations.add(answer.generation_id)

    callers = [threading.Thread(target=work) for _ in range(min(target.callers, target.count))]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    asked.seconds = time.monotonic() - first
    return asked
