"""The worker of those who feed, where `feed_listen` is set: FeedService alone, on an address of its own.

A message of ten changes costs its worker 2 ms, most of it the stream's own machinery (docs/live.md): in a worker that
answers checks they wait for it. Here nobody waits but who feeds, and the process steps aside for those who answer. It
has callers, policy, limits and audit log as every worker, and opens no generation.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

import grpc

from server.calls.own_methods import OwnPlaces
from server.calls.unary import Service
from server.feed.wiring import NAME
from server.host.aside import step_aside
from server.processes.beside_calls import Work
from server.processes.messages import WorkerOrders
from server.processes.settings import ServerSettings
from server.processes.worker import Worker, main

_NICE = 5  # as the process that shows what it takes (indexer/live)


class FeedWorker(Worker):
    """Ready as soon as it can be called: whether the ledger can be written is told to each call."""

    SERVICES = (NAME,)

    def __init__(self, orders: WorkerOrders, settings: ServerSettings, reports: int) -> None:
        step_aside(_NICE)
        super().__init__(orders, settings, reports)

    async def _open_registers(self) -> None:
        self._health.set(True)

    def _watches(self) -> Iterator[Work]:
        return iter(())

    def _own_handlers(self, service: Service) -> list[grpc.GenericRpcHandler]:  # type: ignore[type-arg]
        return self._feed_handlers(service, OwnPlaces(service))

    def _close_registers(self) -> None:
        pass

    def _changed(self) -> None:
        if not self._failed:
            self._report()


if __name__ == "__main__":
    sys.exit(main(FeedWorker))
