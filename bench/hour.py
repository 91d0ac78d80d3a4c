"""`./run bench-hour`: a newcomer's waiting times: the first start, the second, and one `ronda check`.

In a fresh clone of the commit that is checked out, with a virtual environment of its own. System packages are there,
and pip's are in its cache (network time is not ours). `./run hour` is the whole hour on a bare machine.
"""

from __future__ import annotations

import os
import shutil
import signal
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.bars import Bar, Samples, write_report
from nation import cast_people
from ronda.demo.directory import DemoDirectory
from ronda.demo.postgres_cluster import free_port
from ronda.demo.stopping import stop_on_signals

ROOT = Path(__file__).parent.parent
FIRST = Bar("first start, packages downloaded", 120.0, "s")
SECOND = Bar("second start", 4.0, "s")
CHECK = Bar("ronda check, wall", 0.4, "s")
CHECKS = 15
START_SECONDS = 1800
STOP_SECONDS = 120
_SERVING = "Stop: Ctrl-C"  # the page's last line
_CLEAN = f"{cast_people.cui_of(cast_people.PLACES['clean'], 1, 1):013d}"  # in every nation


def run() -> bool:
    """Measures and reports; whether every bar is met. A signal ends it and what it started: ronda.demo.stopping."""
    stop_on_signals()
    with tempfile.TemporaryDirectory(prefix="ronda-hour-", dir="/var/tmp") as place:
        clone = Path(place) / "ronda"
        subprocess.run(["git", "clone", "-q", "--no-local", str(ROOT), str(clone)], check=True)
        listen = f"127.0.0.1:{free_port()}"
        try:
            with _served(clone, listen) as first:
                pass
            with _served(clone, listen) as second:
                _check(clone, listen)  # compiles Python's own caches
                checks = [_check(clone, listen) for _ in range(CHECKS)]
        finally:
            if (clone / "data").exists():
                shutil.rmtree(DemoDirectory(clone / "data").cluster, ignore_errors=True)
    rows = [FIRST.measured(first), SECOND.measured(second), CHECK.measured(statistics.median(checks))]
    samples = [Samples(bar.name, [value], "s") for bar, value in ((FIRST, first), (SECOND, second))]
    samples.append(Samples(CHECK.name, checks, "s", note=f"load average {os.getloadavg()[0]:.1f}"))
    write_report("hour", rows, samples)
    return all(row["met"] for row in rows)


@contextmanager
def _served(clone: Path, listen: str) -> Iterator[float]:
    """Seconds until `./run serve` has printed its checks; stopped at the end."""
    page = clone.with_name("page")
    kept = {name: value for name, value in os.environ.items() if name not in {"CC", "VIRTUAL_ENV"}}
    began = time.monotonic()
    with page.open("wb") as out:
        command = ["./run", "serve", "--listen", listen, "--metrics", "off"]
        demo = subprocess.Popen(command, cwd=clone, env=kept, stdout=out, stderr=out)
    try:
        while _SERVING not in (said := page.read_text(encoding="utf-8", errors="replace")):
            if demo.poll() is not None or time.monotonic() - began > START_SECONDS:
                raise RuntimeError(f"./run serve does not serve: {said}")
            time.sleep(0.02)
        seconds = time.monotonic() - began
        print(said)
        yield seconds
    finally:
        demo.send_signal(signal.SIGTERM)
        demo.wait(timeout=STOP_SECONDS)


def _check(clone: Path, listen: str) -> float:
    """Wall seconds of one `ronda check` of a clean person."""
    began = time.monotonic()
    command = [".venv/bin/ronda", "check", _CLEAN, "--server", listen]
    done = subprocess.run(command, cwd=clone, capture_output=True, text=True, check=True)
    seconds = time.monotonic() - began
    if "VERDE" not in done.stdout:
        raise RuntimeError(f"no VERDE in the answer: {done.stdout}")
    return seconds
