"""`./run bench-core [--save NAME] [--compare [NAME]]`: the core's micro-benchmarks, in CPU time.

`--save` keeps the figures under build/bench/core; `--compare` fails where a benchmark's least time is over 10 %
above the baseline's. CPU time, and the least of many rounds, for other work on the machine disturbs both little.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from bench.bars import OUTPUT, Samples, print_samples
from bench.foundation import say

BASELINE = "baseline"
STORAGE = OUTPUT / "core"
SLOWER_AT_MOST = 0.10
_HERE = Path(__file__).parent
_ROUNDS = "7"


class NoBaseline(ValueError):
    """Nothing was saved under that name."""


def run(save: str = "", compare: str = "", only: str = "") -> bool:
    """Measures, prints, compares; True when nothing is slower than it may be. only: a part of a benchmark's name."""
    before = saved(compare) if compare else {}
    report = OUTPUT / "core-pytest.json"
    OUTPUT.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--override-ini", "timeout=0"]
    command += [
        "--override-ini",
        "python_files=checked_*.py",
        str(_HERE),
        "--benchmark-only",
        f"--benchmark-json={report}",
    ]
    command += ["--benchmark-timer=time.process_time", f"--benchmark-min-rounds={_ROUNDS}", "--benchmark-disable-gc"]
    command += ["--benchmark-quiet", *(["-k", only] if only else [])]
    subprocess.run(command, check=True)
    measured = read(report)
    print_samples([Samples(name, [ns], "ns CPU") for name, ns in measured.items()])
    if save:
        STORAGE.mkdir(parents=True, exist_ok=True)
        (STORAGE / f"{save}.json").write_text(report.read_text(encoding="utf-8"), encoding="utf-8")
        say(f"saved as {save}; ./run bench-core --compare {save}")
    rows = compared(before, measured) if compare else []
    (OUTPUT / "core.json").write_text(json.dumps(rows or _plain(measured), indent=2) + "\n", encoding="utf-8")
    for row in rows:
        say(f"{'  ' if row['met'] else '! '}{row['bar']}: {row['value']:.3f} x")
    return all(row["met"] for row in rows)


def saved(name: str) -> dict[str, float]:
    """Figures of a baseline. Raises NoBaseline."""
    path = STORAGE / f"{name}.json"
    if not path.exists():
        raise NoBaseline(f"no baseline {name}: make one first, by ./run bench-core --save {name}")
    return read(path)


def read(path: Path) -> dict[str, float]:
    """Least nanoseconds of CPU of one operation, by benchmark, of a file of pytest-benchmark."""
    document = json.loads(path.read_text(encoding="utf-8"))
    return {
        each["name"].removeprefix("test_").replace("[", ", ").rstrip("]"): each["stats"]["min"]
        / each["extra_info"].get("operations", 1)
        * 1e9
        for each in document["benchmarks"]
    }


def compared(before: dict[str, float], now: dict[str, float]) -> list[dict[str, Any]]:
    """A row for each benchmark that both have: its time as a multiple of the baseline's."""
    limit = 1 + SLOWER_AT_MOST
    return [
        {
            "bar": f"core: {name}, against the baseline",
            "goal": f"<= {limit:g}",
            "value": round(ns / before[name], 4),
            "unit": "x",
            "met": ns / before[name] <= limit,
        }
        for name, ns in now.items()
        if name in before
    ]


def _plain(measured: dict[str, float]) -> list[dict[str, Any]]:
    return [
        {"bar": f"core: {name}", "goal": "", "value": round(ns, 1), "unit": "ns CPU", "met": True}
        for name, ns in measured.items()
    ]
