"""Bars of an issue: what was to be reached, what was measured, and how it is shown.

A report is a table on the terminal, build/bench/<name>.json (a list of {bar, goal, value, unit, met}) and a picture.
A bar that was not measured in this run is listed with value null and met false: never silently left out.
"""

from __future__ import annotations

import json
import statistics
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

OUTPUT = Path(__file__).parent.parent / "build" / "bench"
_LOG_WIDTH = 160  # characters, where the output is a file and no terminal says how wide it is


def printing_console() -> Console:
    """A console as wide as the terminal; in a log file, wide enough for these tables without wrapping."""
    console = Console()
    return console if console.is_terminal else Console(width=_LOG_WIDTH)


@dataclass(frozen=True)
class Bar:
    """One bar. goal: the limit; at_most: whether the value must stay below (else above) it."""

    name: str
    goal: float
    unit: str
    at_most: bool = True

    def measured(self, value: float | None) -> dict[str, Any]:
        """The bar's row for the report."""
        met = value is not None and (value <= self.goal if self.at_most else value >= self.goal)
        sign = "<=" if self.at_most else ">="
        rounded = None if value is None else round(value, 4)
        return {"bar": self.name, "goal": f"{sign} {self.goal:g}", "value": rounded, "unit": self.unit, "met": met}


@dataclass
class Samples:
    """Measurements of one scenario: medians over runs, percentiles over single calls (microseconds)."""

    scenario: str
    runs: list[float] = field(default_factory=list)  # one figure a run
    unit: str = "us"
    calls: list[float] = field(default_factory=list)  # one latency a call, us
    note: str = ""

    def median(self) -> float:
        """Median over the runs."""
        return statistics.median(self.runs)

    def percentile(self, share: float) -> float | None:
        """Latency in microseconds below which this share of the calls lies; None without calls."""
        if not self.calls:
            return None
        ordered = sorted(self.calls)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def print_samples(samples: list[Samples]) -> None:
    """Scenarios with medians, spread and percentiles."""
    table = Table(title="Scenarios", title_justify="left")
    for heading in ("scenario", "median", "min", "max", "unit", "p50 us", "p99 us", "p999 us", "note"):
        table.add_column(heading)
    for sample in samples:
        tails = [sample.percentile(share) for share in (0.5, 0.99, 0.999)]
        table.add_row(
            sample.scenario,
            f"{sample.median():,.3f}",
            f"{min(sample.runs):,.3f}",
            f"{max(sample.runs):,.3f}",
            sample.unit,
            *("" if tail is None else f"{tail:,.0f}" for tail in tails),
            sample.note,
        )
    printing_console().print(table)


def write_report(name: str, rows: list[dict[str, Any]], samples: list[Samples]) -> Path:
    """Prints the table, writes the JSON and draws the picture; returns the JSON's path."""
    OUTPUT.mkdir(parents=True, exist_ok=True)
    samples = [each for each in samples if each.runs]  # a part that failed has some without a figure
    if samples:
        print_samples(samples)
    table = Table(title=f"Bars: {name}", title_justify="left")
    for heading in ("bar", "goal", "value", "unit", "met"):
        table.add_column(heading)
    for row in rows:
        value = "not measured" if row["value"] is None else f"{row['value']:,}"
        table.add_row(row["bar"], row["goal"], value, row["unit"], "yes" if row["met"] else "NO")
    printing_console().print(table)
    path = OUTPUT / f"{name}.json"
    path.write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")
    detail = [
        {"scenario": s.scenario, "unit": s.unit, "runs": s.runs, "median": s.median(), "note": s.note}
        | {f"p{int(share * 1000)}_us": s.percentile(share) for share in (0.5, 0.99, 0.999)}
        for s in samples
    ]
    (OUTPUT / f"{name}-scenarios.json").write_text(json.dumps(detail, indent=2) + "\n", encoding="utf-8")
    draw(OUTPUT / f"{name}.png", name, rows)
    printing_console().print(f"written: {path.relative_to(OUTPUT.parent.parent)} and {name}.png beside it")
    return path


def draw(path: Path, name: str, rows: list[dict[str, Any]]) -> None:
    """One bar a row: the value as a share of its goal; left of the line at 1 is met for limits."""
    import matplotlib as mpl  # noqa: PLC0415 - slow to import, needed once

    mpl.use("Agg")
    import matplotlib.pyplot as plt  # noqa: PLC0415

    measured = [row for row in rows if row["value"] is not None]
    shares = []
    for row in measured:
        sign, goal = row["goal"].split()
        ratio = row["value"] / float(goal) if float(goal) else float(row["value"])
        shares.append(ratio if sign == "<=" else (1 / ratio if ratio else 2.0))
    figure, axes = plt.subplots(figsize=(10, 1.2 + 0.45 * len(measured)))
    colours = ["#2e7d32" if row["met"] else "#c62828" for row in measured]
    axes.barh([row["bar"] for row in measured], shares, color=colours)
    axes.axvline(1.0, color="black", linewidth=1)
    axes.invert_yaxis()
    axes.set_xlabel("share of the allowed (at-least bars inverted): left of 1 is met")
    axes.set_title(f"Ronda: {name}")
    for place, row in enumerate(measured):
        axes.text(shares[place], place, f" {row['value']:g} {row['unit']}", va="center", fontsize=8)
    axes.margins(x=0.25)
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    plt.close(figure)
