"""A Python caller alone: how many checks a second one grpcio client gets, one after the other, over TLS."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import grpc

from bench.limit.load import Target
from bench.limit.machine import cores, on_core
from bench.limit.payloads import requests

_METHOD = "/ronda.v1.CheckService/CheckPerson"


def rate(target: Target, questions: Path, seconds: float) -> tuple[float, float]:
    """(Calls a second, p50 in microseconds) of a process of its own, on the load's core. Raises CalledProcessError."""
    assert target.identity is not None and target.ca is not None
    words = [target.address, str(questions), str(target.identity), str(target.ca), str(seconds)]
    command = [*on_core(cores()[1]), sys.executable, "-m", "bench.limit.python_caller", *words]
    found = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    return found["rate"], found["p50_us"]


def main(address: str, questions: str, identity: str, ca: str, seconds: float) -> None:
    """Prints {"rate", "p50_us"}."""
    asked = requests(Path(questions), 50_000)
    credentials = grpc.ssl_channel_credentials(
        Path(ca).read_bytes(), Path(f"{identity}-0.key").read_bytes(), Path(f"{identity}-0.pem").read_bytes()
    )
    metadata = (("authorization", f"Bearer {Path(f'{identity}-0.token').read_text(encoding='ascii')}"),)
    took: list[float] = []
    with grpc.secure_channel(f"localhost:{address.rpartition(':')[2]}", credentials) as channel:
        ask: Any = channel.unary_unary(_METHOD)  # type: ignore[call-arg]
        for request, _ in asked[:200]:
            ask(request, timeout=5, metadata=metadata)
        begun = time.perf_counter()
        for request, wanted in asked[200:]:
            before = time.perf_counter()
            if wanted not in ask(request, timeout=5, metadata=metadata):
                raise AssertionError("another person came back")
            after = time.perf_counter()
            took.append(after - before)
            if after - begun > seconds:
                break
        whole = time.perf_counter() - begun
    print(json.dumps({"rate": len(took) / whole, "p50_us": sorted(took)[len(took) // 2] * 1e6}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4], float(sys.argv[5]))
