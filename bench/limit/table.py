"""The table of servers: on the terminal, as JSON, and as the Markdown that README shows.

`python -m bench.limit.table` (or `./run bench-limit --markdown`) prints the Markdown of the last run.
"""

from __future__ import annotations

import datetime
import json
import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.table import Table

from bench.bars import OUTPUT, printing_console
from bench.limit.building import version_of
from bench.limit.load import Measured

FILE = OUTPUT / "limit-servers.json"
COMMAND = "./run bench-limit"
_SHOWN = ("person-1x1", "person-10x10", "person-50x1", "vehicle-10x10")


@dataclass
class Row:
    """One server in one scenario. noisy: other work disturbed the runs, and there were no others."""

    server: str
    scenario: str
    rate: float
    p50_us: float
    p99_us: float
    p999_us: float
    cpu_us: float
    answer_bytes: float
    runs: int
    noisy: bool
    note: str = ""


def row_of(measured: Measured) -> Row:
    """Medians of the runs."""
    return Row(
        server=measured.server,
        scenario=measured.scenario,
        rate=round(measured.median("rate"), 2),
        p50_us=round(measured.median("p50"), 2),
        p99_us=round(measured.median("p99"), 2),
        p999_us=round(measured.median("p999"), 2),
        cpu_us=round(measured.median("cpu_us"), 2),
        answer_bytes=measured.runs[0].said["answer_bytes"],
        runs=len(measured.runs),
        noisy=measured.noisy,
        note=measured.note,
    )


def circumstances(persons: int) -> dict[str, Any]:
    """Returns the facts that the figures depend on."""
    cpu = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if "model name" in line
        ),
        platform.machine(),
    )
    return {
        "date": f"{datetime.datetime.now(datetime.UTC):%Y-%m-%d}",
        "persons": persons,
        "processor": cpu,
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "go": version_of(["go", "version"]),
        "grpc++": version_of(["pkg-config", "--modversion", "grpc++"]),
        "command": COMMAND,
    }


def write(rows: Sequence[Row], absent: Sequence[str], persons: int) -> None:
    """Prints the table and writes the JSON. absent: servers that could not be measured, each with the reason."""
    document = {"of": circumstances(persons), "rows": [vars(row) for row in rows], "absent": list(absent)}
    OUTPUT.mkdir(parents=True, exist_ok=True)
    FILE.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    table = Table(title="Servers, each on one core", title_justify="left")
    for heading in (
        "server",
        "scenario",
        "rate 1/s",
        "p50 us",
        "p99 us",
        "p999 us",
        "server CPU us",
        "bytes",
        "runs",
        "note",
    ):
        table.add_column(heading, justify="left" if heading in ("server", "scenario", "note") else "right")
    for row in rows:
        figures = (f"{value:,.0f}" for value in (row.rate, row.p50_us, row.p99_us, row.p999_us))
        note = "; ".join(filter(None, ("noisy" if row.noisy else "", row.note)))
        cpu, size = f"{row.cpu_us:.1f}", f"{row.answer_bytes:,.0f}"
        table.add_row(row.server, row.scenario, *figures, cpu, size, str(row.runs), note)
    console = printing_console()
    console.print(table)
    for reason in absent:
        console.print(f"not measured: {reason}")


def _thousands(rate: float) -> str:
    return f"{rate / 1000:,.1f} k" if rate < 100_000 else f"{rate / 1000:,.0f} k"


def markdown(document: dict[str, Any], bars: Sequence[dict[str, Any]]) -> str:
    """The table of servers, then the bars."""
    of = document["of"]
    by_server: dict[str, dict[str, dict[str, Any]]] = {}
    for row in document["rows"]:
        by_server.setdefault(row["server"], {})[row["scenario"]] = row
    lines = [
        "| server on one core | 1x1: req/s, p50/p99 us | 10x10 | 50x1 | vehicle 10x10 | CPU/request at 10x10 |",
        "|---|---|---|---|---|---|",
    ]
    for server, found in by_server.items():
        cells = []
        for scenario in _SHOWN:
            row = found.get(scenario)
            if row is None:
                cells.append("")
                continue
            mark = "~" if row["noisy"] else ""
            tail = f", {row['p50_us']:,.0f}/{row['p99_us']:,.0f}" if scenario == "person-1x1" else ""
            cells.append(f"{mark}{_thousands(row['rate'])}{tail}")
        cpu = found.get("person-10x10")
        spent = f"{cpu['cpu_us']:.1f} us" if cpu is not None and cpu["cpu_us"] else ""
        if any(cells):
            lines.append(f"| {server} | " + " | ".join([*cells, spent]) + " |")
    mean = max((row["answer_bytes"] for row in document["rows"] if row["scenario"] == "person-10x10"), default=0)
    lines += [
        "",
        f"Measured {of['date']} by `{of['command']}`: {of['persons']:,} persons, whole answers ({mean:,.0f} bytes in "
        f"the mean), random keys, every answer checked; {of['processor']}, one core a server, one for the load.",
    ]
    lines += [f"Not measured: {reason}." for reason in document["absent"]]
    if bars:
        lines += ["", "| bar | goal | measured | met |", "|---|---|---|---|"]
        for bar in bars:
            value = "not measured" if bar["value"] is None else f"{bar['value']:,} {bar['unit']}"
            lines.append(f"| {bar['bar']} | {bar['goal']} | {value} | {'yes' if bar['met'] else 'no'} |")
    return "\n".join(lines)


def main() -> None:
    """Prints the Markdown of the last run."""
    bars = OUTPUT / "limit.json"
    if not FILE.exists():
        raise SystemExit(f"nothing was measured yet: {COMMAND}")
    rows = json.loads(bars.read_text(encoding="utf-8")) if bars.exists() else []
    print(markdown(json.loads(FILE.read_text(encoding="utf-8")), rows))


if __name__ == "__main__":
    main()
