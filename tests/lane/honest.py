"""An honest client of the lane beside an attack: asks without a pause, each time within a deadline, and keeps count."""

from __future__ import annotations

import threading
from types import TracebackType

import grpc

from server.host.memory import private_bytes
from tests.lane.laned import CHECK_PERSON, Laned
from tests.trust.trust_kit import Client, question

DEADLINE_S = 5.0  # as clients have it
MIB = 1 << 20


class Honest:
    """`with Honest(laned, client) as honest:` asks until the block ends.

    answers, failures: what came; grown: bytes that the worker held at most beyond those of the beginning.
    """

    def __init__(self, laned: Laned, client: Client, address: str = "") -> None:
        self.answers = 0
        self.failures: list[str] = []
        self._laned, self._client, self._address = laned, client, address or laned.lane
        (self._worker,) = laned.server.worker_pids()
        self._before = self._most = private_bytes(self._worker)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._ask)

    def __enter__(self) -> Honest:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()

    @property
    def grown(self) -> int:
        """In bytes."""
        return self._most - self._before

    def _ask(self) -> None:
        with self._laned.channel(self._address, self._client) as channel:
            stub = channel.unary_unary(CHECK_PERSON, None, None)
            while not self._ended.is_set():
                try:
                    stub(question(), metadata=self._client.metadata, timeout=DEADLINE_S)
                    self.answers += 1
                except grpc.RpcError as failed:
                    self.failures.append(failed.code().name)
                self._most = max(self._most, private_bytes(self._worker))
                self._ended.wait(0.01)
