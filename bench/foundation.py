"""`./run bench`: from twelve registers to an answered check, measured at 1 M persons and 300 k vehicles.

Steps: nation, full build, bytes a subject, the engine alone, the server (start-up, unary checks, bulk clearance),
twenty generation switches, PostgreSQL as the peer in the same run. `--growth` builds 5 M persons besides.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console

from bench.bars import Bar, Samples, write_report
from bench.check_load import run_checks
from bench.clear_load import run_clear
from bench.postgres_peer import run_peer
from bench.sampling import draw
from bench.server_process import ServerProcess
from bench.switch_bench import run_switches
from core.engine.entry import Engine
from core.generation.store import Generation
from ronda.demo.postgres_cluster import PostgresCluster

PERSONS = 1_000_000
GROWN_PERSONS = 5_000_000
POSTGRES_REGISTERS = ("renap", "sipol")
WORK = Path(__file__).parent.parent / "build" / "bench" / "work"
GIB = 1024**3

BARS = {
    "nation": Bar("nation of 1 M persons", 60, "s"),
    "build": Bar("full build", 90, "s"),
    "memory": Bar("build, peak RssAnon + RssShmem", 2 * 1024, "MiB"),
    "growth_time": Bar("1 M to 5 M persons: build time", 5.5, "x"),
    "growth_memory": Bar("1 M to 5 M persons: build memory", 1.5, "x"),
    "bytes": Bar("(all files - dossiers) / (persons + vehicles)", 300, "bytes"),
    "person": Bar("engine: CheckPerson by CUI, whole dossier", 5, "us"),
    "vehicle": Bar("engine: CheckVehicle with owner chain", 8, "us"),
    "clear_cpu": Bar("Clear: server CPU a subject", 3, "us"),
    "clear_rate": Bar("Clear: subjects a second, one Python client", 300_000, "1/s", at_most=False),
    "switch_failures": Bar("20 generation switches under load: failed requests", 0, "calls"),
    "switch_tail": Bar("p99 of the 2 s after a switch / before it", 3, "x"),
    "startup": Bar("start-up to first answer", 2, "s"),
    "minutes": Bar("./run bench", 40, "min"),
}


@dataclass
class Build:
    """The indexer's summary of a build, and the time of the nation before it (seconds)."""

    nation_seconds: float
    summary: dict[str, Any]
    data: Path


@dataclass
class Report:
    """Values by bar, and the scenarios behind them."""

    values: dict[str, float] = field(default_factory=dict)
    samples: list[Samples] = field(default_factory=list)


def say(text: str) -> None:
    """A step of a bench, on the terminal."""
    Console(stderr=True).print(f"[bold]==> {text}", highlight=False)


def build_nation(persons: int, work: Path, *index: str) -> Build:
    """Makes a nation, loads it into a private PostgreSQL server (not timed), and builds its index once, cold.

    index: further words of `ronda index`.
    """
    shutil.rmtree(work, ignore_errors=True)
    nation, data = work / "nation", work / "data"
    work.mkdir(parents=True)
    started = time.monotonic()
    ronda = [sys.executable, "-m", "ronda.command"]
    subprocess.run([*ronda, "nation", "--persons", str(persons), "--out", str(nation)], check=True)
    seconds = time.monotonic() - started
    return Build(seconds, index_nation(nation, data, work / "postgres", *index), data)


def index_nation(nation: Path, data: Path, postgres: Path, *index: str) -> dict[str, Any]:
    """Builds the index of a nation's extracts; what the indexer said. postgres: directory of a private server."""
    with PostgresCluster(postgres) as cluster:
        from nation.loading import load_postgres  # noqa: PLC0415 - the bench's own room, needed here only

        load_postgres(nation, cluster.dsn)
        dsns = [word for register in POSTGRES_REGISTERS for word in ("--postgres", f"{register}={cluster.dsn}")]
        ronda = [sys.executable, "-m", "ronda.command"]
        done = subprocess.run(
            [*ronda, "index", "--data", str(data), "--sources", str(nation / "registers"), *dsns, *index, "--json"],
            check=True,
            stdout=subprocess.PIPE,
        )
    shutil.rmtree(postgres, ignore_errors=True)
    summary: dict[str, Any] = json.loads(done.stdout)
    return summary


def measure_build(build: Build, report: Report) -> None:
    """Build time and memory as the indexer reports them, nation time, bytes a subject."""
    summary = build.summary
    report.values["nation"] = build.nation_seconds
    report.values["build"] = summary["seconds"]
    report.values["memory"] = summary["peak_memory_bytes"] / 1024**2
    files = summary["files"]
    overhead = sum(size for name, size in files.items() if name != "dossiers.bin")
    report.values["bytes"] = overhead / (summary["persons"] + summary["vehicles"])
    for stage in summary["stages"]:
        report.samples.append(
            Samples(f"build: {stage['name']}", [stage["seconds"]], "s", note=f"{stage['rows']:,} rows")
        )


def measure_growth(small: Build, grown: Build, report: Report) -> None:
    """Measures a build's cost at five times the persons: whole, and by stage, because a stage alone may grow faster."""
    report.values["growth_time"] = grown.summary["seconds"] / small.summary["seconds"]
    report.values["growth_memory"] = grown.summary["peak_memory_bytes"] / small.summary["peak_memory_bytes"]
    before = {stage["name"]: stage["seconds"] for stage in small.summary["stages"]}
    for stage in grown.summary["stages"]:
        growth = f", {stage['seconds'] / before[stage['name']]:.1f} x" if before.get(stage["name"]) else ""
        note = f"{stage['rows']:,} rows{growth}"
        report.samples.append(Samples(f"grown build: {stage['name']}", [stage["seconds"]], "s", note=note))


def measure_engine(directory: Path, report: Report) -> None:
    """The engine alone, in its own process."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.engine_bench", str(directory)], check=True, stdout=subprocess.PIPE
    )
    for method, bar, scenario in (
        ("CHECK_PERSON", "person", "engine CheckPerson by CUI"),
        ("CHECK_VEHICLE", "vehicle", "engine CheckVehicle by plate"),
    ):
        found = json.loads(done.stdout)[method]
        wall = [run["wall_us"] for run in found["runs"]]
        cpu = statistics.median(run["cpu_us"] for run in found["runs"])
        report.values[bar] = statistics.median(wall)
        note = f"CPU {cpu:.2f} us; {found['answer_bytes']:,.0f} bytes an answer"
        report.samples.append(Samples(scenario, wall, "us", note=note))


def measure_server(data: Path, directory: Path, report: Report) -> None:
    """Start-up, unary checks, bulk clearance and switches against a real server; PostgreSQL beside it."""
    cuis, _ = draw(directory, 100_000, seed=3)
    log = WORK / "server.log"
    startups = []
    for _ in range(3):
        server = ServerProcess.start(data, os.cpu_count() or 2, log)
        startups.append(server.wait_ready())
        server.stop()
    report.values["startup"] = statistics.median(startups)
    report.samples.append(Samples("server start-up to first answer", startups, "s"))
    server = ServerProcess.start(data, os.cpu_count() or 2, log)
    server.wait_ready()
    try:
        say("unary checks")
        before = server.cpu_seconds()
        load = run_checks(server.target, cuis, seconds=10, clients=2)
        cpu = (server.cpu_seconds() - before) / max(1, len(load.calls)) * 1e6
        if load.failures:
            raise AssertionError(f"{len(load.failures)} checks failed: {set(load.failures)}")
        rate = Samples(
            "grpcio CheckPerson, 2 clients", [len(load.calls) / 10], "1/s", note=f"server CPU {cpu:.0f} us a check"
        )
        rate.calls = [latency for _, latency in load.calls]
        report.samples.append(rate)
        say("bulk clearance")
        run_clear(server, cuis, 200)  # warm-up
        runs = [run_clear(server, cuis, 1000) for _ in range(5)]
        report.values["clear_cpu"] = statistics.median(run.server_cpu_us for run in runs)
        report.values["clear_rate"] = statistics.median(run.subjects_per_second for run in runs)
        report.samples.append(Samples("Clear: server CPU a subject", [run.server_cpu_us for run in runs]))
        report.samples.append(Samples("Clear: subjects a second", [run.subjects_per_second for run in runs], "1/s"))
        say("generation switches")
        switches = run_switches(server, data, cuis)
        report.values["switch_failures"] = float(switches.failures)
        report.values["switch_tail"] = switches.tail_ratio
        note = f"{switches.calls:,} calls, worst switch {switches.worst_ratio:.2f} x"
        report.samples.append(
            Samples("p99 after / before a switch", [switches.tail_ratio], "x", calls=switches.latencies, note=note)
        )
    finally:
        server.stop()
    say("PostgreSQL as the peer")
    peer = run_peer(Engine(Generation.open(directory)), cuis)
    mean = statistics.fmean(peer.latencies)
    report.samples.append(
        Samples(
            "peer: PostgreSQL primary key, one connection",
            [1e6 / mean],
            "1/s",
            calls=peer.latencies,
            note=f"server CPU {peer.server_cpu_us:.0f} us a query",
        )
    )


def run(persons: int = PERSONS, growth: bool = False) -> bool:
    """Measures, prints, writes; True when every measured bar is met."""
    started = time.monotonic()
    report = Report()
    say(f"nation and build, {persons:,} persons")
    build = build_nation(persons, WORK)
    measure_build(build, report)
    directory = build.data / "generations" / build.summary["generation_id"]
    say("engine")
    measure_engine(directory, report)
    measure_server(build.data, directory, report)
    report.values["minutes"] = (time.monotonic() - started) / 60
    shutil.rmtree(WORK, ignore_errors=True)
    if growth:
        say(f"growth: {GROWN_PERSONS:,} persons")
        grown = build_nation(GROWN_PERSONS, WORK)
        measure_growth(build, grown, report)
        shutil.rmtree(WORK, ignore_errors=True)
    rows = [bar.measured(report.values.get(name)) for name, bar in BARS.items()]
    write_report("foundation", rows, report.samples)
    return all(row["met"] for row in rows if row["value"] is not None)
