"""A worker as the supervisor sees it: a process started by exec, its reports, its end."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from pydantic import ValidationError

from server.logs import ERROR, log
from server.metrics.files import forget_live
from server.processes.messages import BEAT_S, DamagedFiles, Leave, WorkerOrders, WorkerReport

# An event loop that is silent for so long hangs: no call blocks it for more than some milliseconds.
_SILENT_S = 15 * BEAT_S

SILENT = WorkerReport(ready=False, generation="", refused="", why="")


class WorkerProcess:
    """One process. `report` is its last word, `SILENT` before the first."""

    def __init__(
        self, orders: WorkerOrders, metrics_directory: Path, on_report: Callable[[WorkerReport], None]
    ) -> None:
        self.number = orders.number
        self.alone = orders.alone
        self.report = SILENT
        self._orders = orders
        self._metrics_directory = metrics_directory
        self._on_report = on_report
        self._process: asyncio.subprocess.Process | None = None
        self._asked_to_end: signal.Signals | None = None
        self._untold: list[DamagedFiles] = []  # said once it is started

    @property
    def pid(self) -> int:
        """Its process id; 0 before the start."""
        return self._process.pid if self._process is not None else 0

    async def run(self) -> int:
        """Starts it and waits for its end; returns its exit status (negative: the signal that ended it)."""
        # gRPC's own lines (a failed handshake, say) are no JSON; GRPC_VERBOSITY=error brings them back.
        quiet = {"GRPC_VERBOSITY": "none"}
        environment = {**quiet, **os.environ, "PROMETHEUS_MULTIPROC_DIR": str(self._metrics_directory)}
        # A session of its own: Ctrl-C in a terminal reaches the supervisor alone, which then drains.
        self._process = process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "server.processes.lone_worker" if self.alone else "server.processes.worker",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env=environment,
            start_new_session=True,
        )
        if self._asked_to_end is not None:
            self._signal(self._asked_to_end)
        self._say(self._orders.line())
        for damaged in self._untold:
            self._say(damaged.line())
        try:
            await self._read_reports(process)
            return await process.wait()
        except BaseException:
            self.kill()
            raise
        finally:
            forget_live(self._metrics_directory, process.pid)
            self.report = SILENT
            self._on_report(self.report)

    async def _read_reports(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        while True:
            try:
                async with asyncio.timeout(_SILENT_S):
                    line = await process.stdout.readline()
            except TimeoutError:
                log("worker_hangs", level=ERROR, worker=self.number, worker_pid=process.pid, silent_s=_SILENT_S)
                self.kill()
                return
            if not line:
                return
            try:
                self.report = WorkerReport.model_validate_json(line)
            except ValidationError:
                log("worker_report_unreadable", level=ERROR, worker=self.number)
                continue
            self._on_report(self.report)

    def tell(self, damaged: DamagedFiles) -> None:
        """Tells it which files of a generation are damaged; one that is still starting reads it after its orders."""
        if self._process is None:
            self._untold.append(damaged)
        else:
            self._say(damaged.line())

    def _say(self, line: bytes) -> None:
        if self._process is not None and self._process.stdin is not None:
            with contextlib.suppress(ConnectionError, RuntimeError):  # it just ended; `run` sees that
                self._process.stdin.write(line)

    def leave(self) -> None:
        """Asks it to let its connections go, then to drain and end."""
        self._say(Leave(leave=True).line())

    def drain(self) -> None:
        """Asks it to drain and end."""
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """Ends it at once."""
        self._signal(signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> None:
        """One that is still being started gets it then: it would serve on in a server that ends."""
        self._asked_to_end = number
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(number)
