"""The bars of the limit: one row each, and which of them a run that was shortened may not claim."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from bench.bars import Bar
from bench.limit.endurance import KILLS, RESTARTS, SWITCHES

GRPCIO_OF_REFERENCE = 4300.0  # calls a second of the grpcio worker on the machine that the rates were set on

RATES = {
    "person-10x10": Bar("lane, CheckPerson, 10 connections x 10", 115_000, "1/s", at_most=False),
    "person-50x1": Bar("lane, CheckPerson, 50 callers", 55_000, "1/s", at_most=False),
    "vehicle-10x10": Bar("lane, CheckVehicle with owner chain, 10 x 10", 70_000, "1/s", at_most=False),
}
BARS = {
    "cpu": Bar("lane, CheckPerson, 10 x 10: server CPU a request", 8.5, "us"),
    "lone": Bar("lane, CheckPerson, lone caller: p50", 95, "us"),
    "half": Bar("lane, CheckPerson, half of the saturated rate: p99", 1000, "us"),
    "grpcio-10x10": Bar("lane / grpcio worker, 10 x 10, TLS", 28, "x", at_most=False),
    "grpcio-50x1": Bar("lane / grpcio worker, 50 callers, TLS", 12, "x", at_most=False),
    "go": Bar("lane / grpc-go with the look-up alone, 10 x 10, TLS", 1.5, "x", at_most=False),
    "cpp": Bar("lane / C++ gRPC with the look-up alone, 10 x 10, TLS", 2.5, "x", at_most=False),
    "python": Bar("lane / grpcio worker, a Python caller alone, TLS", 1.8, "x", at_most=False),
    "growth": Bar("lane, 1 M to 5 M persons: the rate falls by", 20, "%"),
    "build": Bar("build of 1 M persons, twelve registers to a checked generation", 45, "s"),
    "grown_build": Bar("build of 5 M persons", 270, "s"),
    "memory": Bar("either build: peak RssAnon + RssShmem of all its processes", 2048, "MiB"),
    "switches": Bar(f"lane, {SWITCHES} generation switches under load: failed calls", 0, "calls"),
    "kills": Bar(f"lane, {KILLS} workers killed under load, one retry: failed calls", 0, "calls"),
    "restarts": Bar(f"lane, {RESTARTS} graceful restarts under load: failed calls", 0, "calls"),
    "revocation": Bar("lane, a revocation in force on open connections, slowest", 1, "s"),
    "wrong": Bar("wrong answers, all servers and scenarios", 0, "answers"),
}


def rows(
    values: dict[str, float], grpcio_rate: float | None, noisy: Collection[str] = (), grpcio_noisy: bool = False
) -> list[dict[str, Any]]:
    """Returns the report's rows. A rate below its bar is scaled by the grpcio worker of the same run; the unit says so.

    noisy: bars that depend on a row disturbed by other work: their units say so, and none of them is scaled. Nor is any
    by a worker with a disturbed row of its own.
    """
    found = []
    quiet = grpcio_rate is not None and not grpcio_noisy
    for name, bar in RATES.items():
        value = values.get(name)
        row = bar.measured(value)
        if value is not None and not row["met"] and grpcio_rate and quiet and name not in noisy:
            scaled = bar.measured(value * GRPCIO_OF_REFERENCE / grpcio_rate)
            if scaled["met"]:
                row = scaled | {"unit": f"1/s, scaled: {value:,.0f} measured, grpcio {grpcio_rate:,.0f}"}
        found.append(row)
    found += [bar.measured(values.get(name)) for name, bar in BARS.items()]
    if (own := values.get("still")) is not None:
        half = found[len(RATES) + list(BARS).index("half")]
        half["unit"] += f", {own:,.0f} of a server that does nothing"
    for name, row in zip((*RATES, *BARS), found, strict=True):
        if name in noisy and row["value"] is not None:
            row["unit"] += ", noisy"
    return found
