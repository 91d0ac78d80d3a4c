"""A real `ronda serve` for the benches: on a free port, polled until it answers a check, ended by its process id."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import grpc
import psutil
from grpc_health.v1 import health_pb2, health_pb2_grpc

from nation import cast_people
from ronda.demo.postgres_cluster import free_port
from ronda.v1 import check_service_pb2 as contract
from ronda.v1.check_service_pb2_grpc import CheckServiceStub

READY_SECONDS = 30.0
_IN_EVERY_NATION = f"{cast_people.cui_of(cast_people.PLACES['clean'], 1, 1):013d}"


@dataclass
class ServerProcess:
    """A running server. target: "host:port"."""

    process: subprocess.Popen[bytes]
    target: str
    started_at: float

    @classmethod
    def start(cls, data: Path, workers: int, log: Path, settings: Mapping[str, str] | None = None) -> ServerProcess:
        """Starts `ronda serve` on `data`; the log goes to a file. Does not wait."""
        target = f"127.0.0.1:{free_port()}"
        environment = (
            dict(os.environ)
            | dict(settings or {})
            | {
                "RONDA_LISTEN": target,
                "RONDA_METRICS": "off",
                "RONDA_DATA": str(data),
                "RONDA_WORKERS": str(workers),
                "RONDA_VERIFY_MIB_PER_S": "0",  # the background sha256 would be measured as server CPU
            }
        )
        started = time.monotonic()
        process = subprocess.Popen(
            [sys.executable, "-m", "ronda.command", "serve"],
            env=environment,
            stdout=log.open("ab"),
            stderr=subprocess.STDOUT,
        )
        return cls(process, target, started)

    def wait_ready(self) -> float:
        """Returns seconds from start until CheckPerson has answered about a person that every nation of the bench has.

        Raises TimeoutError after READY_SECONDS.
        """
        while time.monotonic() - self.started_at < READY_SECONDS:
            if self.process.poll() is not None:
                raise RuntimeError(f"the server ended with status {self.process.returncode}")
            with grpc.insecure_channel(self.target) as channel:
                try:
                    health = health_pb2_grpc.HealthStub(channel)
                    asked = health_pb2.HealthCheckRequest(service="ronda.v1.CheckService")
                    if health.Check(asked, timeout=1).status != health_pb2.HealthCheckResponse.SERVING:
                        continue
                    stub = CheckServiceStub(channel)  # type: ignore[no-untyped-call]
                    answer = stub.CheckPerson(contract.CheckPersonRequest(cui=_IN_EVERY_NATION), timeout=1)
                except grpc.RpcError:
                    time.sleep(0.01)
                    continue
                answered = time.monotonic() - self.started_at
                if _IN_EVERY_NATION not in {claim.cui for claim in answer.person.identity_claims}:
                    raise RuntimeError("the server's first answer is about nobody, or another person")
                return answered
        raise TimeoutError(f"no answer within {READY_SECONDS} s")

    def cpu_seconds(self) -> float:
        """User and system CPU of the supervisor and its workers so far, in seconds."""
        family = [psutil.Process(self.process.pid)]
        family += family[0].children(recursive=True)
        return sum(sum(member.cpu_times()[:2]) for member in family)

    def stop(self) -> None:
        """SIGTERM, then waits for the drain."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=60)
