"""The `ronda` commands that the demo runs: each in a session of its own, ended with the demo even if that is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

STOP_SECONDS = 60
_TAIL_LINES = 12


class StepFailed(Exception):
    """A command of the demo ended badly. The text says which, and ends with its last words."""


def last_words(log: Path) -> str:
    """The end of a log; "" where there is none."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines() if log.exists() else []
    return "\n".join(lines[-_TAIL_LINES:])


@contextmanager
def started(
    *arguments: str, log: Path, verbose: bool, settings: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """`ronda <arguments>`, stopped at the end. Its words go to `log`, or to the screen when verbose."""
    with log.open("ab") as file:
        process = subprocess.Popen(
            # SIGTERM reaches it too when the demo is killed without a chance to say so.
            ["setpriv", "--pdeathsig", "TERM", sys.executable, "-m", "ronda.command", *arguments],
            env=os.environ | dict(settings or {}),
            stdin=subprocess.DEVNULL,
            stdout=None if verbose else file,
            stderr=None if verbose else file,
            start_new_session=True,  # Ctrl-C in the terminal is for the demo, which stops what it started
        )
    try:
        yield process
    finally:
        _stop(process)


def finish(*arguments: str, log: Path, verbose: bool, settings: Mapping[str, str] | None = None) -> None:
    """Runs one command to its end. Raises StepFailed unless it ends with status 0."""
    with started(*arguments, log=log, verbose=verbose, settings=settings) as process:
        status = process.wait()
    if status != 0:
        said = "its words are above" if verbose else f"its last words, of {log}:\n{last_words(log)}"
        raise StepFailed(f"ronda {arguments[0]} ended with status {status}; {said}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Asks the command itself first, since it ends its own children in order; then whatever is left of its session."""
    if process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(timeout=STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
