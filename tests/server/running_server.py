"""A real `ronda serve` on free ports, polled until ready, and what tests need around it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import grpc
import psutil
from google.rpc import error_details_pb2, status_pb2

from tests.kit.ports import free_address

ROOT = Path(__file__).parents[2]
READY_S = 30.0


class RunningServer:
    """`ronda serve` in its own process. `address` is the gRPC address, `metrics_address` the scrape's.

    Besides settings (None = left to the file) it takes `descriptors`, its limit of open files as prlimit has it
    ("soft:hard"), `environment`, a dictionary of more variables, and `program`, the path of another `ronda` than this
    checkout's.
    """

    inside: tuple[str, ...] = ()
    """A command that executes the rest of its words, once it made what they run in."""
    environ: Mapping[str, str] = {}
    """Variables of the process, besides its settings."""

    def __init__(self, data: Path, log_path: Path, **settings: object) -> None:
        descriptors, environment = settings.pop("descriptors", ""), settings.pop("environment", {})
        program = settings.pop("program", None)
        command = [sys.executable, "-m", "ronda.command"] if program is None else [str(program)]
        assert isinstance(environment, dict)
        self.log_path = log_path
        given = {"data": data, "listen": free_address(), "metrics": "127.0.0.1:0", "workers": 2, **settings}
        variables = {name: value for name, value in os.environ.items() if not name.startswith("RONDA_")}
        variables |= {f"RONDA_{name.upper()}": str(value) for name, value in given.items() if value is not None}
        variables |= {**self.environ, **environment}
        limited = ["prlimit", f"--nofile={descriptors}"] if descriptors else []
        with log_path.open("wb") as log:
            self.process = subprocess.Popen(
                [*self.inside, *limited, *_not_as_root(given), *command, "serve"],
                cwd=ROOT,
                env=variables,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
            )

    def wait_ready(self) -> RunningServer:
        """Waits for the ready event; fails with the log when the process ends or is too slow."""
        until(lambda: self.process.poll() is not None or self.events("ready"), READY_S)
        assert self.process.poll() is None, self.log_path.read_text(encoding="utf-8")
        self.address = str(self.events("ready")[0]["address"])
        served = self.events("metrics_served")
        self.metrics_address = str(served[0]["address"]) if served else ""
        return self

    def lines(self) -> list[dict[str, Any]]:
        """Every log line so far; each must be a JSON object."""
        text = self.log_path.read_text(encoding="utf-8")
        return [json.loads(line) for line in text[: text.rfind("\n") + 1].splitlines()]

    def events(self, name: str) -> list[dict[str, Any]]:
        """The log lines of one event."""
        return [line for line in self.lines() if line.get("event") == name]

    def worker_pids(self) -> list[int]:
        """Process ids of the live workers."""
        found = []
        for child in psutil.Process(self.process.pid).children():
            with contextlib.suppress(psutil.NoSuchProcess):  # one that ended is no worker
                if "server.processes.worker" in child.cmdline():
                    found.append(child.pid)
        return found

    def metrics(self) -> str:
        """The text of a scrape."""
        served = self.events("metrics_served")[-1]
        with urllib.request.urlopen(f"http://{served['address']}/metrics", timeout=10) as answer:
            return str(answer.read().decode())

    def ready(self) -> tuple[int, list[str]]:
        """Status and reasons that a load balancer gets."""
        try:
            with urllib.request.urlopen(f"http://{self.metrics_address}/ready", timeout=10) as answer:
                status, body = answer.status, answer.read()
        except urllib.error.HTTPError as error:
            with error:
                status, body = error.code, error.read()
        return status, json.loads(body)["reasons"]

    def channel(self, address: str = "") -> grpc.Channel:
        """A channel with a connection of its own; `address`: the express lane's, else grpcio's."""
        return grpc.insecure_channel(address or self.address, options=[("grpc.use_local_subchannel_pool", 1)])

    def stop(self) -> int:
        """SIGTERM, then the exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(60)
        finally:
            if self.process.poll() is None:
                self.process.kill()
                self.process.wait()
            if self.process.stdout is not None:
                self.process.stdout.close()


def _not_as_root(settings: Mapping[str, object]) -> list[str]:
    """Returns the words that start a server in production mode as nobody, with root's rights on files."""
    if "trust" not in settings or os.geteuid() != 0:
        return []
    return [
        *("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"),
        *("--inh-caps=+dac_override", "--ambient-caps=+dac_override"),
    ]


def until(condition: Any, seconds: float = 20.0) -> Any:
    """Polls until `condition()` is true and returns it; fails after `seconds`."""
    end = time.monotonic() + seconds
    while not (result := condition()):
        assert time.monotonic() < end, f"not true within {seconds} s"
        time.sleep(0.05)
    return result


def call(channel: grpc.Channel, method: str, request: bytes, **options: Any) -> bytes:
    """A unary call with raw bytes; `method` as "CheckService/CheckPerson". Raises grpc.RpcError."""
    options.setdefault("timeout", 20)
    ask: Any = channel.unary_unary(f"/ronda.v1.{method}", None, None)
    return bytes(ask(request, **options))


def call_later(channel: grpc.Channel, method: str, request: bytes, **options: Any) -> Any:
    """`call` as a future; without a timeout unless one is given."""
    ask: Any = channel.unary_unary(f"/ronda.v1.{method}", None, None)
    return ask.future(request, **options)


def clear(channel: grpc.Channel, batches: Iterator[bytes], method: str = "Clear") -> Any:
    """A Clear stream of raw bytes."""
    open_stream: Any = channel.stream_stream(f"/ronda.v1.ClearanceService/{method}", None, None)
    return open_stream(batches, timeout=60)


class Failure:
    """A failed call, its google.rpc details unpacked."""

    def __init__(self, error: grpc.RpcError) -> None:
        self.code: grpc.StatusCode = error.code()
        self.text: str = error.details() or ""
        self.reason = ""
        self.metadata: dict[str, str] = {}
        self.fields: dict[str, str] = {}
        self.retry_after_s: float | None = None
        self.quota = ""  # subject of a QuotaFailure
        trailers: Any = error.trailing_metadata() or ()
        packed = dict(trailers).get("grpc-status-details-bin")
        for detail in status_pb2.Status.FromString(packed).details if packed else ():
            info = error_details_pb2.ErrorInfo()
            bad = error_details_pb2.BadRequest()
            retry = error_details_pb2.RetryInfo()
            quota = error_details_pb2.QuotaFailure()
            if detail.Unpack(info):
                assert info.domain == "ronda.v1"
                self.reason, self.metadata = info.reason, dict(info.metadata)
            elif detail.Unpack(bad):
                self.fields = {violation.field: violation.description for violation in bad.field_violations}
            elif detail.Unpack(quota):
                self.quota = quota.violations[0].subject
            elif detail.Unpack(retry):
                self.retry_after_s = retry.retry_delay.ToTimedelta().total_seconds()


def failure(channel: grpc.Channel, method: str, request: bytes, **options: Any) -> Failure:
    """Makes a call that must fail."""
    try:
        call(channel, method, request, **options)
    except grpc.RpcError as error:
        return Failure(error)
    raise AssertionError(f"{method} answered")
