"""h2load (nghttp2), which nobody here wrote: one request again and again, in plaintext, for it shows no certificate."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

from bench.limit.load import Scenario
from bench.limit.machine import cores, on_core

_HEADERS = ("content-type: application/grpc", "te: trailers")


def rate(address: str, request: bytes, scenario: Scenario, seconds: float, work: Path) -> float | None:
    """Answers a second; None where h2load is not installed. Raises AssertionError when some were no answers."""
    if shutil.which("h2load") is None:
        return None
    body = work / "h2load-request"
    body.write_bytes(b"\0" + len(request).to_bytes(4, "big") + request)
    headers = [word for header in _HEADERS for word in ("-H", header)]
    command = [
        *on_core(cores()[1]),
        *("h2load", "-t1", f"-c{scenario.connections}", f"-m{scenario.streams}", "--warm-up-time=1s"),
        *(f"-D{seconds:.0f}", "-d", str(body), *headers, f"http://{address}/ronda.v1.CheckService/{scenario.method}"),
    ]
    said = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    return read_rate(said)


def read_rate(said: str) -> float:
    """Returns the rate in h2load's report. Raises AssertionError when calls failed."""
    found = re.search(r"finished in [\d.]+\w+, ([\d.]+) req/s", said)
    failed = re.search(r"(\d+) failed, (\d+) errored, (\d+) timeout", said)
    statuses = re.search(r"status codes: (\d+) 2xx, (\d+) 3xx, (\d+) 4xx, (\d+) 5xx", said)
    if not found or not failed or not statuses:
        raise AssertionError(f"h2load said nothing that is known: {said[-400:]}")
    if any(int(count) for count in (*failed.groups(), *statuses.groups()[1:])):
        raise AssertionError(f"h2load: {failed[0]}; {statuses[0]}")
    return float(found[1])
