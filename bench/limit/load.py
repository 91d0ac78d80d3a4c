"""The load generator from Python: a scenario against a target, judged for noise, repeated, its medians."""

from __future__ import annotations

import json
import signal
import statistics
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from bench.limit.building import generator
from bench.limit.machine import Moment, cores, foreign_share, on_core

WAITED_AT_MOST = 0.03  # of a run: the generator waited for its core
FOREIGN_AT_MOST = 0.05  # of both cores
_PATH = "/ronda.v1.CheckService/"
_seeds = iter(range(1, 1 << 30))


@dataclass(frozen=True)
class Scenario:
    """Connections x calls at once on each. rate: calls a second of an open loop, 0 = each call after the last."""

    name: str
    method: str
    connections: int
    streams: int
    rate: float = 0.0


PERSON_1X1 = Scenario("person-1x1", "CheckPerson", 1, 1)
PERSON_10X10 = Scenario("person-10x10", "CheckPerson", 10, 10)
PERSON_50X1 = Scenario("person-50x1", "CheckPerson", 50, 1)
VEHICLE_10X10 = Scenario("vehicle-10x10", "CheckVehicle", 10, 10)


@dataclass(frozen=True)
class Target:
    """A server under test: its address, its process, and its protocol.

    identity: prefix of the generator's certificates and tokens, `identities` of them; ca: None = plaintext. digest:
    answers are compared byte for byte (a peer's never change), else they must hold the asked text.
    """

    address: str
    pid: int
    identity: Path | None = None
    identities: int = 1
    ca: Path | None = None
    protocol: str = "grpc"
    digest: bool = False


@dataclass(frozen=True)
class Run:
    """One run. Latencies in microseconds; `said` is the generator's whole report."""

    rate: float
    cpu_us: float
    p50: float
    p99: float
    p999: float
    waited: float
    foreign: float
    said: dict[str, Any]

    @property
    def noisy(self) -> bool:
        """Returns whether other work had the cores."""
        return self.waited > WAITED_AT_MOST or self.foreign > FOREIGN_AT_MOST


class WrongAnswers(AssertionError):
    """A server answered wrongly, once is enough."""


class CallsFailed(RuntimeError):
    """No run of a scenario was without calls that failed."""


class Load:
    """A generator at work; `end` waits for it, `stop` ends its window now."""

    def __init__(
        self,
        target: Target,
        questions: Path,
        scenario: Scenario,
        seconds: float,
        *,
        warm_up: float = 0.5,
        retries: int = 0,
        calls: int = 0,
    ) -> None:
        """calls: so many end the window before its seconds are over; 0 = the seconds alone."""
        self._pid, self._scenario = target.pid, scenario
        words = ["--address", target.address, "--questions", questions, "--protocol", target.protocol]
        words += ["--connections", scenario.connections, "--streams", scenario.streams, "--rate", scenario.rate]
        words += ["--path", _PATH + scenario.method, "--seconds", seconds, "--warm-up", warm_up, "--retries", retries]
        words += ["--seed", next(_seeds), "--identities", target.identities, "--calls", calls]
        if target.identity is not None:
            words += ["--identity", target.identity]
        if target.ca is not None:
            words += ["--ca", target.ca]
        if target.digest:
            words.append("--digest")
        command = [*on_core(cores()[1]), generator(), *words]
        self._process = subprocess.Popen([str(word) for word in command], stdout=subprocess.PIPE, text=True)
        self._begun: Moment | None = None

    def begun(self) -> None:
        """Returns when the measured window begins."""
        if self._begun is None:
            self._line("begin")
            self._begun = Moment.now(self._pid)

    def stop(self) -> Run:
        """Ends the window, and then as `end`."""
        self.begun()
        self._process.send_signal(signal.SIGTERM)
        return self.end()

    def end(self) -> Run:
        """Waits until all is answered. Raises RuntimeError when the generator could not run."""
        self.begun()
        assert self._begun is not None
        self._line("end")
        try:
            ended = Moment.now(self._pid)
        except psutil.Error:  # the server was restarted: its CPU is nobody's question then
            ended = self._begun
        assert self._process.stdout is not None
        said = self._process.stdout.read()  # not communicate(), which leaves out what readline() has read ahead
        if self._process.wait(60):
            raise RuntimeError(f"the generator ended with status {self._process.returncode}")
        found: dict[str, Any] = json.loads(said)
        calls, seconds = max(1, found["calls"]), found["seconds"] or 1e-6  # ended before its window began: us, not none
        return Run(
            rate=found["calls"] / seconds,
            cpu_us=(ended.server - self._begun.server) / calls * 1e6,
            p50=found["p50_us"],
            p99=found["p99_us"],
            p999=found["p999_us"],
            waited=found["generator_waited_s"] / seconds,
            foreign=foreign_share(self._begun, ended, found["generator_cpu_s"]),
            said=found,
        )

    def kill(self) -> None:
        """Ends it without a word."""
        self._process.kill()
        self._process.wait()

    def _line(self, wanted: str) -> None:
        assert self._process.stdout is not None
        line = self._process.stdout.readline().strip()
        if line != wanted:
            raise RuntimeError(f"the generator ended with status {self._process.wait()}")


@dataclass
class Measured:
    """A scenario of a server: its runs that nothing disturbed, or, where there were too few, all of them."""

    server: str
    scenario: str
    runs: list[Run] = field(default_factory=list)
    noisy: bool = False
    note: str = ""

    def median(self, name: str) -> float:
        """Median over the runs of a figure of Run."""
        return float(statistics.median(getattr(run, name) for run in self.runs))


def measure(
    server: str, target: Target, questions: Path, scenario: Scenario, *, seconds: float, rounds: int, attempts: int
) -> Measured:
    """`rounds` quiet runs without a failed call, in at most `attempts`. Raises WrongAnswers, CallsFailed."""
    quiet: list[Run] = []
    every: list[Run] = []
    for _ in range(attempts):
        run = Load(target, questions, scenario, seconds).end()
        if run.said["wrong"]:
            raise WrongAnswers(f"{server}, {scenario.name}: {run.said['wrong']} answers were wrong")
        if run.said["failed"] or not run.said["calls"]:
            lost = run.said
            continue
        every.append(run)
        if not run.noisy:
            quiet.append(run)
        if len(quiet) == rounds:
            break
    if not every:
        raise CallsFailed(f"{server}, {scenario.name}: calls failed, by status {lost['by_status']} {lost['said']}")
    enough = len(quiet) >= rounds
    return Measured(server, scenario.name, quiet if enough else every, noisy=not enough)
