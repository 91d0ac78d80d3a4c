"""`./run hour [--root-only] [--no-suite]`: the newcomer's first hour of the commit that is checked out here.

Needs root, for a chroot; port 50051 must be free, because the machine shares this host's network. Twice: as
root on the bare machine, then as a user without sudo on the machine that has the system packages by then. Ends with
status 1 when a phase failed; build/hour.json has every phase, build/hour/ its words.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from tests.hour.machine import USER, bare_machine
from tests.hour.newcomer import Newcomer

ROOT = Path(__file__).parents[2]
LOGS = ROOT / "build" / "hour"
REPORT = ROOT / "build" / "hour.json"
PORT = 50051  # ./run serve's
_IN_NAMESPACES = "RONDA_HOUR_IN_NAMESPACES"


def hour(
    root_only: Annotated[bool, typer.Option("--root-only", help="Leave out the user without sudo.")] = False,
    no_suite: Annotated[bool, typer.Option("--no-suite", help="Leave out ./run test and ./run check.")] = False,
) -> None:
    """A newcomer's first hour on a bare Debian 13."""
    if os.environ.get(_IN_NAMESPACES) != "1":
        _refuse_what_cannot_be()
        inside = ["--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "--propagation", "private"]
        os.environ[_IN_NAMESPACES] = "1"
        # A shell as process 1 takes in what daemons leave, as a machine's init does. All are killed when we end.
        init = ["setpriv", "--pdeathsig", "KILL", "unshare", *inside, "sh", "-c", '"$@"; exit $?', "sh"]
        done = subprocess.run([*init, sys.executable, "-m", "tests.hour", *sys.argv[1:]], check=False)
        raise typer.Exit(done.returncode)
    commit = _git("rev-parse", "HEAD")
    print(f"commit {commit}", flush=True)  # noqa: T201
    shutil.rmtree(LOGS, ignore_errors=True)
    LOGS.mkdir(parents=True)
    report: list[dict[str, object]] = []
    passed = True
    with tempfile.TemporaryDirectory() as place:
        source = Path(place) / "source"
        subprocess.run(["git", "clone", "-q", "--bare", "--no-local", str(ROOT), str(source)], check=True)
        Path(place).chmod(0o755)
        with bare_machine(source) as machine:
            for user in ("root",) if root_only else ("root", USER):
                newcomer = Newcomer(machine, user, LOGS)
                passed = newcomer.hour(commit, suite=not no_suite) and passed
                report += newcomer.report
                REPORT.write_text(json.dumps({"commit": commit, "phases": report}, indent=2) + "\n", encoding="utf-8")
    print(f"{'passed' if passed else 'FAILED'}; written: {REPORT.relative_to(ROOT)}, build/hour/")  # noqa: T201
    raise typer.Exit(0 if passed else 1)


def _refuse_what_cannot_be() -> None:
    if os.geteuid() != 0:
        _refuse("needs root, for a chroot")
    try:
        socket.create_server(("127.0.0.1", PORT)).close()
    except OSError:
        _refuse(f"port {PORT} is taken: stop what listens there (the machine shares this host's network)")
    if _git("status", "--porcelain"):
        print("note: what is not committed is not tried", flush=True)  # noqa: T201


def _refuse(text: str) -> None:
    print(f"./run hour: {text}", file=sys.stderr)  # noqa: T201
    raise typer.Exit(2)


def _git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()


if __name__ == "__main__":
    typer.run(hour)
