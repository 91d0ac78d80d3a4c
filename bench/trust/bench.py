"""`./run bench-trust`: every bar of trust, in some twelve minutes.

The audit log alone (append, verify, who-asked over 20 M entries), the engine's path, a whole worker over gRPC with and
without trust, a discreet alert's timing, and a worker killed 200 times under load.
"""

from __future__ import annotations

import json
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

from rich.console import Console

from bench.bars import Bar, Samples, write_report
from bench.foundation import Report, build_nation
from bench.sampling import draw
from bench.trust import revocation_bench
from bench.trust.discreet_bench import Comparison, compare, compare_in_engine
from bench.trust.kills import run_kills
from bench.trust.server_bench import OFFICER, ask_one_by_one, run_side_by_side

PERSONS = 100_000
KILLS = 200
WORK = Path(__file__).parents[2] / "build" / "bench" / "trust-work"

BARS = {
    "unary": Bar("audit append: records of one subject", 400_000, "1/s a core", at_most=False),
    "packed": Bar("audit append: packed subjects", 2_000_000, "1/s a core", at_most=False),
    "verify": Bar("audit verify", 500_000, "records/s", at_most=False),
    "who_asked": Bar("who-asked over 20 M entries", 1, "s"),
    "engine": Bar("engine path: grant + limits + audit, CheckPerson", 2, "us CPU"),
    "ratio": Bar("over grpcio: mTLS + token + policy + limits + audit / plaintext", 0.75, "of the rate", at_most=False),
    "revocation": Bar("a revocation in force, slowest of 10", 1, "s"),
    "discreet": Bar("discreet alert over gRPC: her median among others'", 3, "standard deviations"),
    "unrecorded": Bar("killed workers: answers without a record", 0, "answers"),
    "wrong": Bar("killed workers: records that do not verify", 0, "records"),
    "kills": Bar("workers killed under load", KILLS, "kills", at_most=False),
}


def _say(text: str) -> None:
    Console(stderr=True).print(f"[bold]==> {text}", highlight=False)


def _run(module: str, *arguments: str) -> dict[str, object]:
    """Returns the output of a bench in its own process."""
    command = [sys.executable, "-m", f"bench.trust.{module}", *arguments]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE)
    found: dict[str, object] = json.loads(done.stdout)
    return found


def measure_log(report: Report) -> None:
    """The audit log alone."""
    found: dict[str, object] = _run("log_bench", str(WORK / "log"))
    append, stored = found["append"], found["stored"]
    assert isinstance(append, dict) and isinstance(stored, dict)
    for bar, scenario, runs in (
        ("unary", "audit append, one subject a record, sealed question of 60 bytes", append["unary"]),
        ("packed", "audit append, 1,000 subjects a record", append["packed"]),
        ("verify", "audit verify, indexes too", found["verify"]),
    ):
        assert isinstance(runs, list)
        report.values[bar] = statistics.median(runs)
        report.samples.append(Samples(scenario, runs, "1/s"))
    note = f"{stored['records']:,} records, {stored['entries']:,} entries, {stored['bytes'] / 1e9:.2f} GB with indexes"
    for name in ("warm", "cold"):
        runs = found[f"who_asked_{name}"]
        assert isinstance(runs, list)
        report.samples.append(Samples(f"who-asked, files {name}", runs, "s", note=note))
        report.values["who_asked"] = max(report.values.get("who_asked", 0.0), statistics.median(runs))


def measure_engine(directory: Path, report: Report) -> None:
    """Measures the engine's path; the bar is CheckPerson's. CheckVehicle shows more subjects and is reported beside
    it."""
    found = _run("engine_bench", str(directory), str(WORK / "engine"))
    for method in ("CHECK_PERSON", "CHECK_VEHICLE"):
        ways = found[method]
        assert isinstance(ways, dict)
        for way, runs in ways.items():
            note = f"wall {statistics.median(wall for wall, _ in runs):.2f} us"
            report.samples.append(Samples(f"engine {method}, {way}", [cpu for _, cpu in runs], "us CPU", note=note))
    added = found["added_cpu_us"]
    assert isinstance(added, dict)
    report.values["engine"] = added["CHECK_PERSON"]
    report.samples.append(Samples("engine CHECK_VEHICLE, added by trust", [added["CHECK_VEHICLE"]], "us CPU"))


def measure_server(data: Path, cuis: list[str], report: Report) -> None:
    """A whole worker, bare and with trust."""
    rates = run_side_by_side(data, cuis, WORK / "server")
    for name, found in rates.items():
        report.samples.append(Samples(f"grpcio CheckPerson, {name}: by the worker's CPU", found.core, "1/s a core"))
        report.samples.append(Samples(f"grpcio CheckPerson, {name}: by the clock, 2 clients", found.wall, "1/s"))
    report.values["ratio"] = statistics.median(
        secure / bare for bare, secure in zip(rates["bare"].core, rates["secure"].core, strict=True)
    )


def measure_discreet(data: Path, directory: Path, cui: str, report: Report) -> None:
    """A discreet alert's time, in the engine and over gRPC."""
    alone, others = compare_in_engine(directory, cui)
    over_grpc: Comparison = ask_one_by_one(data, WORK / "discreet", lambda ask: compare(ask, cui, others, rounds=300))
    for name, found in (("engine", alone), ("gRPC", over_grpc)):
        note = f"hers {found.hers:.2f} us, {found.deviations:.1f} standard deviations from their mean"
        report.samples.append(Samples(f"discreet alert, {name}: medians of 24 others", found.others, "us", note=note))
    report.values["discreet"] = over_grpc.deviations


def measure_revocation(data: Path, cui: str, report: Report) -> None:
    """From the written file to the first refused call."""
    work = WORK / "revocation"
    trust = work / "set" / "trust"
    found = ask_one_by_one(data, work, lambda ask: revocation_bench.measure(ask, trust, OFFICER, cui))
    report.values["revocation"] = max(found)
    report.samples.append(Samples("a revocation in force after", found, "s"))


def measure_kills(data: Path, cuis: list[str], kills: int, report: Report) -> None:
    """kill -9."""
    found = run_kills(data, WORK / "kills" / "audit", cuis, kills, WORK / "kills.log", seed=7)
    report.values["unrecorded"] = float(found.unrecorded)
    report.values["wrong"] = float(len(found.problems))
    report.values["kills"] = float(found.kills)
    note = f"{found.answers:,} answers, {found.records:,} records, {found.torn} torn records cut"
    report.samples.append(Samples("kills: answers received", [float(found.answers)], "answers", note=note))


def run(persons: int = PERSONS, kills: int = KILLS) -> bool:
    """Measures, prints, writes; True when every measured bar is met."""
    started = time.monotonic()
    report = Report()
    shutil.rmtree(WORK, ignore_errors=True)
    _say(f"nation and build, {persons:,} persons")
    build = build_nation(persons, WORK / "nation")
    directory = build.data / "generations" / build.summary["generation_id"]
    cases = json.loads((WORK / "nation" / "nation" / "truth" / "cases.json").read_text(encoding="utf-8"))
    cuis, _ = draw(directory, 20_000, seed=3)
    _say("audit log")
    measure_log(report)
    _say("engine")
    measure_engine(directory, report)
    _say("server, bare and with trust")
    measure_server(build.data, cuis, report)
    _say("discreet alert")
    measure_discreet(build.data, directory, cases["persons"]["discreet"], report)
    _say("revocation")
    measure_revocation(build.data, cuis[0], report)
    _say(f"{kills} kills")
    (WORK / "kills").mkdir()
    measure_kills(build.data, cuis, kills, report)
    shutil.rmtree(WORK, ignore_errors=True)
    rows = [bar.measured(report.values.get(name)) for name, bar in BARS.items()]
    write_report("trust", rows, report.samples)
    _say(f"{(time.monotonic() - started) / 60:.1f} minutes")
    return all(row["met"] for row in rows)
