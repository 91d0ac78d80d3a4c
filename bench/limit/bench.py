"""`./run bench-limit [--quick] [--large]`: Ronda's lane and worker beside their peers, on one machine, in one command.

Each server runs on one core, the load on another; the same real answers, the same key stream, every answer checked.
Runs that something disturbed are repeated (bench.limit.load). `--quick` is for trying it: 100,000 persons, short runs.
`--large` measures 5 M persons too; `./run bench-limit --prepare --large` builds that nation once.
"""

from __future__ import annotations

import contextlib
import shutil
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

import grpc
import psutil

from bench.bars import OUTPUT, Samples, write_report
from bench.foundation import GROWN_PERSONS, PERSONS, say
from bench.limit import bars, endurance, h2load, k6, pictures, python_caller, servers, stillness, stores, table
from bench.limit.load import (
    PERSON_1X1,
    PERSON_10X10,
    PERSON_50X1,
    VEHICLE_10X10,
    Scenario,
    Target,
    WrongAnswers,
    measure,
)
from bench.limit.payloads import QUESTIONS, Payloads, prepare
from bench.names import nations
from bench.names.bench import SEED

WORK = OUTPUT / "limit-work"
SMALL_PERSONS = 100_000
_CHECKS = (PERSON_1X1, PERSON_10X10, PERSON_50X1)
_OPEN_STREAMS = 30  # calls at once on each of 10 connections, in an open loop; a worker takes 32
_LANE, _GRPCIO = "Ronda, lane", "Ronda, grpcio worker"
_CPP, _GO = "C++ gRPC, look-up alone", "grpc-go, look-up alone"
_COMPARED = {
    "grpcio-10x10": (_GRPCIO, "person-10x10"),
    "grpcio-50x1": (_GRPCIO, "person-50x1"),
    "go": (_GO, "person-10x10"),
    "cpp": (_CPP, "person-10x10"),
}
# Of a server that does not start (its log is no JSON then), a generator that cannot run, a call that fails.
_FAULTS = (
    RuntimeError, AssertionError, OSError, ValueError, subprocess.SubprocessError, grpc.RpcError, psutil.Error,
)  # fmt: skip
_FIGURES = {"cpu": ("person-10x10", "cpu_us"), "lone": ("person-1x1", "p50_us"), "half": ("half-load", "p99_us")}
_NO_LANE = f"{_LANE}: this tree has none (no setting lane_listen)"


@dataclass(frozen=True)
class Pace:
    """Durations and repetitions. Seconds; runs that must be quiet; runs at most; repetitions of endurance."""

    seconds: float
    rounds: int
    attempts: int
    others_seconds: float
    others_rounds: int
    loads: tuple[float, ...]  # shares of the saturated rate, of the open loop
    load_seconds: float
    times: int
    questions: int


FULL = Pace(2.0, 3, 9, 1.2, 2, (0.25, 0.5, 0.9), 2.0, endurance.SWITCHES, QUESTIONS)
QUICK = Pace(0.7, 1, 1, 0.5, 1, (0.5,), 1.0, 2, 20_000)


@dataclass
class _Found:
    """The measurements so far."""

    rows: list[table.Row] = field(default_factory=list)
    absent: list[str] = field(default_factory=list)
    values: dict[str, float] = field(default_factory=lambda: {"wrong": 0.0})
    samples: list[Samples] = field(default_factory=list)
    curves: dict[str, list[tuple[float, float, float]]] = field(default_factory=dict)
    growth: dict[str, dict[int, float]] = field(default_factory=dict)

    def rate(self, server: str, scenario: str) -> float | None:
        """Answers a second; None when it was not measured."""
        return next((row.rate for row in self.rows if (row.server, row.scenario) == (server, scenario)), None)

    def noisy(self, server: str, scenario: str) -> bool:
        """Returns whether other work disturbed its runs."""
        return any(row.noisy for row in self.rows if (row.server, row.scenario) == (server, scenario))


class _Bench:
    def __init__(self, pace: Pace, persons: int) -> None:
        self.pace, self.persons, self.nation, self.found = pace, persons, prepared(persons), _Found()
        self.keys = servers.Keys(WORK / "keys")
        self.payloads: Payloads = prepare(
            self.nation.generation, self.keys.kit.trust, OUTPUT / "limit-payloads", pace.questions
        )

    def measure(
        self, server: str, target: Target, scenarios: Sequence[Scenario], *, main: bool = True, note: str = ""
    ) -> None:
        """Adds a row for each."""
        pace = self.pace
        seconds, rounds = (pace.seconds, pace.rounds) if main else (pace.others_seconds, pace.others_rounds)
        for scenario in scenarios:
            self._row(server, target, scenario, seconds, rounds, note)

    def _row(
        self, server: str, target: Target, scenario: Scenario, seconds: float, rounds: int, note: str = ""
    ) -> table.Row | None:
        """Measures one; None, and a reason in `absent`, where it cannot be."""
        questions = self.payloads.vehicles if scenario.method == "CheckVehicle" else self.payloads.persons
        attempts = max(rounds, self.pace.attempts)
        with self.excused(f"{server}, {scenario.name}"):
            found = measure(server, target, questions, scenario, seconds=seconds, rounds=rounds, attempts=attempts)
            found.note = note
            self.found.rows.append(table.row_of(found))
            return self.found.rows[-1]
        return None

    @contextlib.contextmanager
    def excused(self, name: str) -> Iterator[None]:
        """Reports a failure; the rest of an unattended bench is measured all the same."""
        try:
            yield
        except WrongAnswers as error:
            self.found.values["wrong"] += 1
            self.found.absent.append(str(error))
        except (
            RuntimeError,
            AssertionError,
            OSError,
            subprocess.SubprocessError,
            grpc.RpcError,
            psutil.Error,
        ) as error:
            say(f"{name}: {type(error).__name__}: {error}")
            self.found.absent.append(f"{name}: {type(error).__name__}: {' '.join(str(error).split())[:200]}")

    def offered(self, server: str, target: Target) -> None:
        """Open loops at shares of the rate that saturates the server: latency from when each call was due."""
        saturated = self.found.rate(server, PERSON_10X10.name)
        if saturated is None:
            return
        for share in self.pace.loads:
            if share == 0.5:
                self._look_how_still(server)
            name = "half-load" if share == 0.5 else f"load {share:.0%}"
            scenario = Scenario(name, "CheckPerson", 10, _OPEN_STREAMS, rate=share * saturated)
            row = self._row(server, target, scenario, self.pace.load_seconds * (2 if share == 0.5 else 1), 1)
            if row is not None:
                self.found.curves.setdefault(server, []).append((scenario.rate, row.p50_us, row.p99_us))

    def _look_how_still(self, server: str) -> None:
        """Measures the core's own share of the tail of latencies, beside the row that it is compared with."""
        own = [stillness.own_p99_us() for _ in range(self.pace.rounds)]
        name = f"p99 of a server that does nothing, before half load of {server}"
        self.found.samples.append(Samples(name, own, "us"))
        if server == _LANE:
            self.found.values["still"] = statistics.median(own)

    def ronda(self) -> None:
        """Production mode: the worker and its lane, by turns of the same process."""
        with servers.secure(self.nation.data, self.keys, WORK / "secure") as ronda:
            for server, target in ((_GRPCIO, ronda.grpcio), (_LANE, ronda.lane)):
                if target is None:
                    self.found.absent.append(_NO_LANE)
                    continue
                say(server)
                self.measure(server, target, (*_CHECKS, VEHICLE_10X10))
                self.offered(server, target)
                self.alone(server, target)
                with self.excused(f"k6, {server}"):
                    self._k6(server, target)
            target = ronda.lane or ronda.grpcio
            self.endured("switches", target is ronda.lane, lambda: endurance.switches(
                ronda, target, self.nation.data, self.payloads.persons, self.pace.times))  # fmt: skip
            with self.excused("revocation"):
                cui = self.payloads.held()[0][0]
                took = endurance.revocation(target, self.keys, cui, min(10, self.pace.times * 2))
                self.found.samples.append(Samples(f"revocation in force, {_name(target is ronda.lane)}", took, "s"))
                if target is ronda.lane:
                    self.found.values["revocation"] = max(took)

    def alone(self, server: str, target: Target) -> None:
        """A grpcio client in Python, one call after the other."""
        self.keys.new_tokens()
        with self.excused(f"a Python caller alone, {server}"):
            self._alone(server, target)

    def _alone(self, server: str, target: Target) -> None:
        runs = [
            python_caller.rate(target, self.payloads.persons, 2 * self.pace.others_seconds)
            for _ in range(self.pace.rounds)
        ]
        p50 = statistics.median(each for _, each in runs)
        self.found.samples.append(
            Samples(f"a Python caller alone, {server}", [rate for rate, _ in runs], "1/s", note=f"p50 {p50:.0f} us")
        )

    def _k6(self, server: str, target: Target) -> None:
        identifiers = [cui for cui, _ in self.payloads.held()]
        rate = k6.rate(target, identifiers, max(1.0, self.pace.seconds), WORK)
        if rate is not None:
            self.found.samples.append(Samples(f"k6, {k6.CALLERS} callers, mTLS: {server}", [rate], "1/s"))

    def endured(self, name: str, lane: bool, endure: Callable[[], endurance.Endured]) -> None:
        """A row of the report; the bar only for the lane, and for as many times as it says."""
        say(f"{name}, {_name(lane)}")
        with self.excused(f"{name}, {_name(lane)}"):
            self._endured(name, lane, endure())

    def _endured(self, name: str, lane: bool, endured: endurance.Endured) -> None:
        note = f"{endured.times} times; {endured.note}"
        self.found.samples.append(
            Samples(f"{name}, {_name(lane)}: failed", [float(endured.failed)], "calls", note=note)
        )
        if lane and endured.times >= endurance.SWITCHES:
            self.found.values[name] = float(endured.failed)

    def worn(self) -> None:
        """Kills and restarts, each with servers of its own."""
        data, questions, times = self.nation.data, self.payloads.persons, self.pace.times
        lane = servers.HAS_LANE
        for name, endure in (("kills", endurance.kills), ("restarts", endurance.restarts)):
            self.endured(name, lane, lambda name=name, endure=endure: endure(  # type: ignore[misc]
                data, self.keys, WORK / name, questions, lane=lane, times=times))  # fmt: skip

    def peers(self) -> None:
        """The look-up alone behind C++ gRPC and grpc-go, over TLS; the stores in plaintext."""
        for kind, server in (("cpp", _CPP), ("go", _GO)):
            say(server)
            if reason := servers.peer_fault(kind):
                self.found.absent.append(f"{server}: {reason}")
                continue
            with servers.peer(kind, self.payloads.answers, self.keys) as target:
                self.measure(server, target, _CHECKS)
                if self.pace is FULL:
                    self.offered(server, target)
        pairs = self.payloads.held()
        held: tuple[tuple[str, Callable[..., AbstractContextManager[Target]]], ...] = (
            ("Redis GET (plaintext)", stores.redis),
            ("PostgreSQL SELECT (plaintext)", stores.postgres),
        )
        for server, store in held:
            say(server)
            with store(pairs) as target:
                self.measure(server, target, _CHECKS, main=False)

    def development(self) -> None:
        """Plaintext: the aio worker, its lane, and grpcio's threaded API over the same engine; h2load beside ours."""
        with servers.development(self.nation.data, WORK / "development") as ronda:
            for server, target in (("aio worker", ronda.grpcio), ("lane", ronda.lane)):
                if target is not None:
                    self._plain(f"development mode (plaintext), {server}", target)
        with servers.grpcio_sync(self.nation.generation, WORK / "sync") as target:
            self._plain("development mode (plaintext), grpcio threads", target)

    def _plain(self, server: str, target: Target) -> None:
        say(server)
        self.measure(server, target, _CHECKS, main=False)
        request = self.payloads.one_request()
        rate = h2load.rate(target.address, request, PERSON_10X10, max(1.0, self.pace.others_seconds), WORK)
        if rate is not None:
            self.found.samples.append(Samples(f"h2load 10x10, one request: {server}", [rate], "1/s"))

    def grown(self, persons: Sequence[int]) -> None:
        """10x10 over nations of other sizes."""
        name = _LANE if servers.HAS_LANE else _GRPCIO
        for count in persons:
            say(f"growth: {count:,} persons")
            nation = self.nation if count == self.persons else prepared(count)
            self._built(count, nation)
            payloads = prepare(nation.generation, self.keys.kit.trust, OUTPUT / "limit-payloads", self.pace.questions)
            with servers.secure(nation.data, self.keys, WORK / "grown") as ronda:
                found = measure(
                    name, ronda.lane or ronda.grpcio, payloads.persons, PERSON_10X10,
                    seconds=self.pace.seconds, rounds=self.pace.rounds, attempts=self.pace.attempts,
                )  # fmt: skip
            self.found.growth.setdefault(name, {})[count] = found.median("rate")
            self.found.samples.append(
                Samples(
                    f"growth, {name}, {count:,} persons",
                    [run.rate for run in found.runs],
                    "1/s",
                    note=f"server CPU {found.median('cpu_us'):.2f} us",
                )
            )

    def _built(self, persons: int, nation: nations.Nation) -> None:
        """Adds the cost of its build at the time it was made (`--prepare` may have been of another hour)."""
        found, summary = self.found, nation.summary
        mib = summary["peak_memory_bytes"] / 1024**2
        stages = ", ".join(f"{stage['name']} {stage['seconds']:.1f}" for stage in summary["stages"])
        note = f"{mib:,.0f} MiB; {stages}"
        found.samples.append(Samples(f"build, {persons:,} persons", [summary["seconds"]], "s", note=note))
        if bar := {PERSONS: "build", GROWN_PERSONS: "grown_build"}.get(persons):
            found.values[bar] = summary["seconds"]
            found.values["memory"] = max(mib, found.values.get("memory", 0.0))

    def judge(self) -> None:
        """The bars that are ratios and medians of rows."""
        found, values = self.found, self.found.values
        for scenario in bars.RATES:
            if (rate := found.rate(_LANE, scenario)) is not None:
                values[scenario] = rate
        of = {row.scenario: row for row in found.rows if row.server == _LANE}
        if of:
            for bar, (scenario, figure) in _FIGURES.items():
                if scenario in of:
                    values[bar] = getattr(of[scenario], figure)
            for bar, (server, scenario) in _COMPARED.items():
                if scenario in of and (rate := found.rate(server, scenario)):
                    values[bar] = of[scenario].rate / rate
        alone = {sample.scenario: sample.median() for sample in found.samples if sample.scenario.startswith("a Python")}
        if len(alone) == 2:
            values["python"] = alone[f"a Python caller alone, {_LANE}"] / alone[f"a Python caller alone, {_GRPCIO}"]
        rates = found.growth.get(_LANE, {})
        if PERSONS in rates and GROWN_PERSONS in rates:
            values["growth"] = 100 * (1 - rates[GROWN_PERSONS] / rates[PERSONS])


def _noisy(found: _Found) -> set[str]:
    """The bars that rest on rows which other work disturbed."""
    noisy = {name for name in bars.RATES if found.noisy(_LANE, name)}
    noisy |= {bar for bar, (scenario, _) in _FIGURES.items() if found.noisy(_LANE, scenario)}
    for bar, (server, scenario) in _COMPARED.items():
        if found.noisy(_LANE, scenario) or found.noisy(server, scenario):
            noisy.add(bar)
    return noisy


def _name(lane: bool) -> str:
    return "lane" if lane else "grpcio (this tree has no lane)"


def prepared(persons: int) -> nations.Nation:
    """The bench nation of that size, of whatever day: made, or found where bench-names left it."""
    return nations.prepare("main", persons, SEED, any_day=True)


def run(persons: int = PERSONS, *, quick: bool = False, large: bool = False, only_prepare: bool = False) -> bool:
    """Measures, prints, writes; True when every measured bar is met. only_prepare: builds the nations alone."""
    started = time.monotonic()
    persons = SMALL_PERSONS if quick else persons
    sizes = [SMALL_PERSONS, persons, *([GROWN_PERSONS] if large else [])]
    if only_prepare:
        for count in sizes:
            say(f"nation and index of {count:,} persons")
            prepared(count)
        return True
    shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir(parents=True)
    say(f"nation of {persons:,} persons")
    bench = _Bench(QUICK if quick else FULL, persons)
    for part in (bench.ronda, bench.worn, bench.peers, bench.development):
        with bench.excused(part.__name__):
            part()
    if not quick:
        with bench.excused("growth"):
            bench.grown(sorted(set(sizes)))
    bench.judge()
    found = bench.found
    shutil.rmtree(WORK, ignore_errors=True)
    rows = bars.rows(
        found.values, found.rate(_GRPCIO, PERSON_10X10.name), _noisy(found), found.noisy(_GRPCIO, PERSON_10X10.name)
    )
    table.write(found.rows, found.absent, persons)
    write_report("limit", rows, found.samples)
    pictures.throughput(OUTPUT / "limit-throughput.png", found.rows)
    pictures.latency(OUTPUT / "limit-latency.png", found.curves)
    if found.growth:
        pictures.growth(OUTPUT / "limit-growth.png", found.growth)
    say(f"{(time.monotonic() - started) / 60:.1f} minutes")
    return all(row["met"] for row in rows if row["value"] is not None)
