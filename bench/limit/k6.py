"""k6, which nobody here wrote: random keys over TLS with certificate and token, every answer read (examples/k6)."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

from bench.limit.load import Target
from bench.limit.machine import cores, on_core

_ROOT = Path(__file__).parents[2]
_K6 = _ROOT / "build" / "k6-venv" / "bin" / "k6"
CALLERS = 50


def rate(target: Target, identifiers: list[str], seconds: float, work: Path) -> float | None:
    """Answers a second to CALLERS on a connection each; None where k6 is not installed.

    Raises AssertionError when an answer was none.
    """
    if not _K6.exists():
        return None
    questions, told = work / "k6-questions", work / "k6-summary.json"
    questions.write_text("\n".join(identifiers), encoding="ascii")
    told.unlink(missing_ok=True)
    identity = _one_officer(target, work / "k6-identity")
    settings = {"TARGET": target.address, "IDENTITY": identity, "PROTO": _ROOT / "proto", "QUESTIONS": questions}
    command = [
        *on_core(cores()[1]),
        *(str(_K6), "run", "--quiet", "--no-usage-report", f"--vus={CALLERS}", f"--duration={seconds:.0f}s"),
        *(f"--summary-export={told}", *(f"-e{name}={value}" for name, value in settings.items())),
        str(_ROOT / "examples" / "k6" / "check.js"),
    ]
    done = subprocess.run(command, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode or not told.exists():
        raise AssertionError(f"k6 ended with {done.returncode}: {done.stdout[-400:]}")
    return float(json.loads(told.read_bytes())["metrics"]["iterations"]["rate"])


def _one_officer(target: Target, directory: Path) -> Path:
    """The first identity, with the server's authority beside it as enrolment leaves it; the prefix of its files."""
    if target.ca is None:
        raise AssertionError("k6 asks over TLS")
    directory.mkdir(mode=0o700, exist_ok=True)
    shutil.copy(target.ca, directory / "server-ca.pem")
    for kind in ("pem", "key", "token"):
        shutil.copy(f"{target.identity}-0.{kind}", directory / f"officer.{kind}")
    return directory / "officer"
