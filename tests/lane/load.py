"""Callers that ask the lane without a pause, under request ids of their own by which each can be looked up."""

from __future__ import annotations

import itertools
import threading
import time
from dataclasses import dataclass, field
from types import TracebackType

import grpc

from ronda.v1 import check_service_pb2
from tests.lane.laned import CHECK_PERSON, Laned
from tests.trust.trust_kit import Client, question

_ids = itertools.count(1)


@dataclass
class Caller:
    """One caller's log. answered, refused: request ids; generations: as they first answered."""

    answered: set[str] = field(default_factory=set)
    refused: dict[str, str] = field(default_factory=dict)  # id -> gRPC status
    generations: list[str] = field(default_factory=list)
    answered_at: float = 0.0  # monotonic


class Load:
    """`with Load(laned, client, 6) as load:` asks from so many connections until the block ends.

    again: a call that was refused is sent once more, with its id, as clients do; then only what is refused twice is.
    """

    def __init__(self, laned: Laned, client: Client, callers: int, *, again: bool = False) -> None:
        self.callers = [Caller() for _ in range(callers)]
        self.retries = 0
        self._laned, self._client, self._again = laned, client, again
        self._ended = threading.Event()
        self._threads = [threading.Thread(target=self._ask, args=(caller,)) for caller in self.callers]

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join()

    @property
    def warm(self) -> bool:
        """Returns whether each caller was answered a few times."""
        return all(len(caller.answered) > 20 for caller in self.callers)

    @property
    def answered(self) -> set[str]:
        """Request ids."""
        return set().union(*(caller.answered for caller in self.callers))

    @property
    def refused(self) -> dict[str, str]:
        """Request ids of calls that failed, and how."""
        return {name: code for caller in self.callers for name, code in caller.refused.items()}

    def _ask(self, caller: Caller) -> None:
        with self._laned.channel(self._laned.lane, self._client) as channel:
            stub = channel.unary_unary(CHECK_PERSON, None, check_service_pb2.CheckPersonResponse.FromString)
            while not self._ended.is_set():
                name = f"load-{next(_ids)}"
                request = question(request_id=name)
                for attempt in range(2 if self._again else 1):
                    try:
                        found = stub(request, metadata=self._client.metadata, timeout=20, wait_for_ready=attempt > 0)
                    except grpc.RpcError as failed:
                        code = failed.code().name
                        if self._again and attempt == 0 and code in ("UNAVAILABLE", "CANCELLED"):
                            self.retries += 1
                            continue
                        caller.refused[name] = code
                        time.sleep(0.01)
                    else:
                        caller.answered.add(name)
                        caller.answered_at = time.monotonic()
                        if found.answer.generation_id not in caller.generations:
                            caller.generations.append(found.answer.generation_id)
                    break
