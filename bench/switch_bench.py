"""Twenty generation switches under load: every call must be answered, and the tail must not stretch.

The second generation is the first under another id (hard links), so that only the switch is measured.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import time
from dataclasses import dataclass
from pathlib import Path

from bench.check_load import LoadResult, run_checks
from bench.server_process import ServerProcess
from core.generation.manifest import sealed

SWITCHES = 20
WINDOW_SECONDS = 2.0  # the tail is judged over this long after a switch, against as long before it
BETWEEN_SECONDS = 4.5
WARM_UP_SECONDS = 6.0


@dataclass
class SwitchReport:
    """failures: calls without a right answer; tail_ratio: median over switches of p99 after / p99 before."""

    failures: int
    tail_ratio: float
    worst_ratio: float
    calls: int
    latencies: list[float]


def twin_generation(data: Path, twin: str = "") -> tuple[str, str]:
    """Makes a copy of the current generation under another id, `twin` if given; returns (current id, twin id)."""
    current = (data / "CURRENT").read_text(encoding="utf-8").strip()
    twin = twin or f"{current[:-1]}{'0' if current[-1] != '0' else '1'}"
    target = data / "generations" / twin
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir()
    for file in (data / "generations" / current).iterdir():
        if file.name == "MANIFEST.json":
            manifest = json.loads(file.read_text(encoding="utf-8"))
            manifest["generation_id"] = twin
            (target / file.name).write_text(json.dumps(sealed(manifest)), encoding="utf-8")
        else:
            os.link(file, target / file.name)
    return current, twin


def set_current(data: Path, generation_id: str) -> None:
    """Publishes as the indexer does: one atomic rename of CURRENT."""
    pending = data / "CURRENT.bench"
    pending.write_text(generation_id + "\n", encoding="utf-8")
    pending.replace(data / "CURRENT")


def p99(latencies: list[float]) -> float:
    """99th percentile, microseconds."""
    ordered = sorted(latencies)
    return ordered[int(0.99 * (len(ordered) - 1))]


def run_switches(server: ServerProcess, data: Path, cuis: list[str]) -> SwitchReport:
    """Switches to and fro under two clients' load."""
    current, twin = twin_generation(data)
    moments: list[float] = []

    def switch() -> None:
        time.sleep(WARM_UP_SECONDS)
        for number in range(SWITCHES):
            set_current(data, twin if number % 2 == 0 else current)
            moments.append(time.monotonic())
            time.sleep(BETWEEN_SECONDS)

    seconds = WARM_UP_SECONDS + SWITCHES * BETWEEN_SECONDS + 2
    try:
        load: LoadResult = run_checks(server.target, cuis, seconds, clients=2, meanwhile=switch)
    finally:
        set_current(data, current)
    if load.generations != {current, twin}:
        raise AssertionError(f"answers came from {len(load.generations)} generations, not from both")
    ratios = []
    for moment in moments:
        before = load.latencies(moment - WINDOW_SECONDS, moment)
        after = load.latencies(moment, moment + WINDOW_SECONDS)
        ratios.append(p99(after) / p99(before))
    shutil.rmtree(data / "generations" / twin)
    return SwitchReport(
        len(load.failures),
        statistics.median(ratios),
        max(ratios),
        len(load.calls),
        [latency for _, latency in load.calls],
    )
