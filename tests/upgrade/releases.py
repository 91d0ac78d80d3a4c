"""Releases as checkouts of their commits, each built in a directory of its own."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.server.running_server import ROOT

EARLIER = "56077859"
"""The release that is held against: main of 1 December 2026. From the first release on, the last one."""

CHANGED = frozenset({"staging"})
"""Formats that differ from that release's on every disk: a staged person states `loose_number` since."""


@dataclass(frozen=True)
class Release:
    """A built checkout. `program` is its `ronda`."""

    name: str
    directory: Path
    program: Path

    def run(self, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Returns what a command of it said, whatever its status."""
        return subprocess.run(
            [str(self.program), *words],
            env={"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": "/tmp", **environment},
            capture_output=True,
            text=True,
            check=False,
        )


def this_release(programs: Path) -> Release:
    """Returns the checkout that this runs in."""
    return _release("new", ROOT, programs)


def earlier_release(programs: Path, commit: str = EARLIER) -> Release:
    """Returns the earlier commit, built in build/upgrade: some four minutes, once.

    Raises CalledProcessError where git has no such commit, or it cannot be built.
    """
    directory = ROOT / "build" / "upgrade" / commit
    if not directory.exists():
        subprocess.run(["git", "worktree", "prune"], cwd=ROOT, check=True)
        subprocess.run(["git", "worktree", "add", "-q", "--detach", str(directory), commit], cwd=ROOT, check=True)
    subprocess.run(["./run", "build"], cwd=directory, check=True)
    return _release("old", directory, programs)


def _release(name: str, directory: Path, programs: Path) -> Release:
    """A program that runs from any directory: `-m` looks for modules in the one that it is called in."""
    program = programs / f"ronda-{name}"
    program.write_text(
        f'#!/bin/sh\ncd "{directory}" && exec .venv/bin/python -m ronda.command "$@"\n', encoding="utf-8"
    )
    program.chmod(0o755)
    return Release(name, directory, program)
