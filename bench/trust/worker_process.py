"""One worker of the server, started as the supervisor starts it, without a supervisor: to be measured, or killed."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import psutil

from ronda.demo.postgres_cluster import free_port
from server.processes.messages import WorkerOrders, WorkerReport
from server.processes.settings import ServerSettings


class WorkerUnderTest:
    """A running worker. target: host:port. module: what is run in place of server.processes.worker."""

    def __init__(self, settings: dict[str, Any], log: Path, module: str = "server.processes.worker") -> None:
        self._sockets = tempfile.TemporaryDirectory(prefix="ronda-")
        self.target = f"127.0.0.1:{free_port()}"
        checked = ServerSettings(**({"listen": self.target, "metrics": "off"} | settings))
        orders = WorkerOrders(
            number=0,
            settings=checked.model_dump(mode="json"),
            address=self.target,
            probe_socket=Path(self._sockets.name) / "probe",
            last_good="",
            damaged=[],
            page_key="00" * 16,
            secrets={"hotlist": "00" * 32},
        )
        environment = {name: value for name, value in os.environ.items() if not name.startswith("RONDA_")}
        environment["PROMETHEUS_MULTIPROC_DIR"] = self._sockets.name
        with log.open("ab") as stderr:
            self.process = subprocess.Popen(
                [sys.executable, "-m", module],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                env=environment,
            )
        assert self.process.stdin is not None
        self.process.stdin.write(orders.line())
        self.process.stdin.flush()

    def wait_ready(self) -> WorkerUnderTest:
        """Waits for its word; raises RuntimeError when it ends first."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if WorkerReport.model_validate_json(line).ready:
                return self
        raise RuntimeError(f"the worker ended with status {self.process.wait()}")

    def cpu_seconds(self) -> float:
        """User and system CPU so far."""
        times = psutil.Process(self.process.pid).cpu_times()
        return float(times.user + times.system)

    def kill(self) -> None:
        """SIGKILL."""
        self.process.kill()
        self._ended()

    def stop(self) -> None:
        """SIGTERM, and waits for the drain."""
        self.process.terminate()
        self._ended()

    def _ended(self) -> None:
        self.process.wait(60)
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()
        self._sockets.cleanup()
