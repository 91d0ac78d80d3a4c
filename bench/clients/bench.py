"""Runs the benches of the clients and writes their bars to build/bench/clients.json.

A client's bench is a module with `BARS` and `measure(work, nation, report)`; it stands in PARTS.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from types import ModuleType

from bench.bars import write_report
from bench.clients import agency, car, sms
from bench.foundation import Report, build_nation, say

PERSONS = 1_000_000
WORK = Path(__file__).parents[2] / "build" / "bench" / "clients"
PARTS: dict[str, ModuleType] = {"agency": agency, "car": car, "sms": sms}


def run(persons: int = PERSONS, only: str = "") -> bool:
    """Measures, prints, writes; True when every bar is met. only: in the names of the parts that are wanted."""
    report = Report()
    parts = {name: part for name, part in PARTS.items() if only in name}
    say(f"nation and build, {persons:,} persons")
    build = build_nation(persons, WORK)
    try:
        for name, part in parts.items():
            say(name)
            part.measure(WORK / name, build.data / "generations" / build.summary["generation_id"], report)
    finally:
        shutil.rmtree(WORK, ignore_errors=True)
    rows = [bar.measured(report.values.get(name)) for part in parts.values() for name, bar in part.BARS.items()]
    write_report("-".join(["clients", *parts] if only else ["clients"]), rows, report.samples)
    return all(row["met"] for row in rows)
