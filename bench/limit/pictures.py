"""Pictures of a run: throughput by server, latency against load, growth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.limit.table import Row


def _plot() -> Any:
    import matplotlib as mpl  # noqa: PLC0415 - slow to import, needed once

    mpl.use("Agg")
    import matplotlib.pyplot as plt  # noqa: PLC0415

    return plt


def throughput(path: Path, rows: Sequence[Row]) -> None:
    """A group of bars for each server, one for each scenario; the scale is logarithmic."""
    plt = _plot()
    scenarios = [
        name for name in ("person-1x1", "person-10x10", "person-50x1") if any(r.scenario == name for r in rows)
    ]
    servers = list(dict.fromkeys(row.server for row in rows if row.scenario in scenarios))
    figure, axes = plt.subplots(figsize=(10, 1.5 + 0.6 * len(servers)))
    height = 0.8 / max(1, len(scenarios))
    for number, scenario in enumerate(scenarios):
        found = {row.server: row.rate for row in rows if row.scenario == scenario}
        places = [place + number * height for place, server in enumerate(servers) if server in found]
        rates = [found[server] for server in servers if server in found]
        axes.barh(places, rates, height=height, label=scenario)
        for place, rate in zip(places, rates, strict=True):
            axes.text(rate, place, f" {rate:,.0f}", va="center", fontsize=7)
    axes.set_yticks([place + 0.4 - height / 2 for place in range(len(servers))], servers)
    axes.invert_yaxis()
    axes.set_xscale("log")
    axes.set_xlabel("answers a second, one server core")
    axes.legend()
    axes.margins(x=0.15)
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    plt.close(figure)


def latency(path: Path, curves: Mapping[str, Sequence[tuple[float, float, float]]]) -> None:
    """curves: server -> (calls a second offered, p50, p99 in microseconds) of the open loop, by load."""
    plt = _plot()
    figure, axes = plt.subplots(figsize=(8, 5))
    for server, points in curves.items():
        rates = [rate for rate, _, _ in points]
        line = axes.plot(rates, [p99 for _, _, p99 in points], marker="o", label=f"{server}: p99")
        axes.plot(
            rates, [p50 for _, p50, _ in points], marker=".", linestyle=":", color=line[0].get_color(), label="p50"
        )
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel("calls a second, open loop")
    axes.set_ylabel("microseconds, from when a call was due")
    axes.legend()
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    plt.close(figure)


def growth(path: Path, rates: Mapping[str, Mapping[int, float]]) -> None:
    """rates: server -> persons -> answers a second at 10x10."""
    plt = _plot()
    figure, axes = plt.subplots(figsize=(7, 4.5))
    for server, found in rates.items():
        persons = sorted(found)
        axes.plot(persons, [found[count] for count in persons], marker="o", label=server)
    axes.set_xscale("log")
    axes.set_ylim(bottom=0)
    axes.set_xlabel("persons on file")
    axes.set_ylabel("answers a second, 10x10")
    axes.legend()
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    plt.close(figure)
