"""`./run serve`: a nation of 100,000, a private PostgreSQL server, an index, a server, and checks to try.

Everything lives in data/. What is already there and fresh is used again: a nation older than a day is made anew,
because its registers would be stale. Ends on SIGTERM or Ctrl-C, and stops what it started.
"""

from __future__ import annotations

import argparse
import datetime
import hashlib
import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc
from rich.console import Console

from bench.demo_checks import checks_to_try
from bench.postgres_cluster import PostgresCluster

PERSONS = 100_000
POSTGRES_REGISTERS = ("renap", "sipol")
READY_SECONDS = 60.0

console = Console(stderr=True, highlight=False)


def _ronda(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "ronda.command", *arguments]


def _today() -> str:
    return f"{datetime.datetime.now(datetime.UTC):%Y-%m-%d}"


def _cluster_directory(data: Path) -> Path:
    """data/postgres; under /var/tmp when other accounts cannot reach it: as root the server runs as another account."""
    reachable = all(parent.stat().st_mode & stat.S_IXOTH for parent in data.parents)
    if os.geteuid() != 0 or (reachable and data.stat().st_mode & stat.S_IXOTH):
        return data / "postgres"
    return Path("/var/tmp") / f"ronda-demo-{hashlib.sha256(str(data).encode()).hexdigest()[:12]}"  # noqa: S108 - mode 0700


def _make_nation(nation: Path, persons: int, cluster: PostgresCluster) -> bool:
    """Makes and loads the nation, unless today's is there; returns whether it was made."""
    stamp = nation / "demo.json"
    wanted = {"persons": persons, "day": _today()}
    if stamp.exists() and json.loads(stamp.read_text(encoding="utf-8")) == wanted:
        return False
    shutil.rmtree(nation, ignore_errors=True)
    subprocess.run(
        _ronda("nation", "--persons", str(persons), "--out", str(nation), "--postgres", cluster.dsn), check=True
    )
    stamp.write_text(json.dumps(wanted), encoding="utf-8")
    return True


def _write_config(path: Path, data: Path, nation: Path, cluster: PostgresCluster, listen: str) -> None:
    """The TOML that `RONDA_CONFIG` names: a second shell rebuilds with it."""
    lines = [f'data = "{data}"', f'sources = "{nation / "registers"}"', f'listen = "{listen}"', "[postgres]"]
    lines += [f'{register} = "{cluster.dsn}"' for register in POSTGRES_REGISTERS]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    path.chmod(0o600)


def _wait_serving(listen: str, server: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + READY_SECONDS
    request = health_pb2.HealthCheckRequest(service="ronda.v1.CheckService")
    while time.monotonic() < until and server.poll() is None:
        with grpc.insecure_channel(listen) as channel:
            try:
                answer = health_pb2_grpc.HealthStub(channel).Check(request, timeout=1)
            except grpc.RpcError:
                answer = None
        if answer is not None and answer.status == health_pb2.HealthCheckResponse.SERVING:
            return
        time.sleep(0.1)
    raise SystemExit("the server did not come up; its log lines above say why")


def main() -> int:
    """Returns the server's exit status."""
    parser = argparse.ArgumentParser(prog="./run serve", description=__doc__)
    parser.add_argument("--persons", type=int, default=PERSONS)
    parser.add_argument("--listen", default="127.0.0.1:50051")
    parser.add_argument("--data", type=Path, default=Path("data"))
    options = parser.parse_args()
    data: Path = options.data.resolve()
    nation = data / "nation"
    config = data / "ronda.toml"
    data.mkdir(parents=True, exist_ok=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    environment: dict[str, Any] = {"RONDA_CONFIG": str(config)}
    with PostgresCluster(_cluster_directory(data)) as cluster:
        made = _make_nation(nation, options.persons, cluster)
        _write_config(config, data, nation, cluster, options.listen)
        if made or not (data / "CURRENT").exists():
            accept = [word for register in _loaded_registers(data) for word in ("--accept-shrink", register)]
            subprocess.run(_ronda("index", *accept), env=_with(environment), check=True)
        server = subprocess.Popen(_ronda("serve"), env=_with(environment))
        try:
            _wait_serving(options.listen, server)
            console.print(
                checks_to_try(nation, config, options.listen), soft_wrap=True
            )  # lines stay whole to be pasted
            return server.wait()
        except (KeyboardInterrupt, SystemExit):
            server.terminate()
            return server.wait(timeout=60)


def _loaded_registers(data: Path) -> list[str]:
    """Registers of the generation on disk: a new demo nation may be smaller than the last one, on purpose."""
    current = data / "CURRENT"
    if not current.exists():
        return []
    manifest = data / "generations" / current.read_text(encoding="utf-8").strip() / "MANIFEST.json"
    return [register["id"] for register in json.loads(manifest.read_text(encoding="utf-8"))["registers"]]


def _with(extra: dict[str, Any]) -> dict[str, str]:
    return dict(os.environ) | extra


if __name__ == "__main__":
    sys.exit(main())
