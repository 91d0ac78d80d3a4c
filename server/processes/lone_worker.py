"""The worker of one service alone, at an address of its own (`Part.own_address`), if its setting is given.

A message of ten changes costs its worker 2 ms, most of it the stream's own machinery (docs/live.md). In a worker that
answers checks, they would wait for it. Here only callers of that service wait, and the process has a lower priority
than the answering ones. It has callers, policy, limits and audit log like every worker, and opens no generation.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

from server.host.aside import step_aside
from server.processes.beside_calls import Work
from server.processes.messages import WorkerOrders
from server.processes.settings import ServerSettings
from server.processes.worker import Worker, main

_NICE = 5  # as the process that shows what it takes (indexer/live)


class LoneWorker(Worker):
    """Ready as soon as it accepts calls: each call learns whether the service's process works."""

    def __init__(self, orders: WorkerOrders, settings: ServerSettings, reports: int) -> None:
        step_aside(_NICE)
        super().__init__(orders, settings, reports)

    async def _open_registers(self) -> None:
        self._health.set(True)

    def _watches(self) -> Iterator[Work]:
        return iter(self._watched_by_parts)

    def _close_registers(self) -> None:
        pass

    def _changed(self) -> None:
        if not self._failed:
            self._report()


if __name__ == "__main__":
    sys.exit(main(LoneWorker))
