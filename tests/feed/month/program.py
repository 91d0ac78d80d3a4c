"""A feed program that nobody touches from the first day to the last one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import psutil

from clients.feed.refused_list import list_of, read_refused
from tests.server.running_server import ROOT

HEARTBEAT_S = 2


class Held(NamedTuple):
    """The files and memory that a process holds."""

    memory: int  # resident bytes
    descriptors: int


class Program:
    """`ronda feed WORDS` as deploy/ronda-feed@.service runs it."""

    def __init__(
        self, source: str, words: list[str], server: str, identity: Path, state: Path, environment: Mapping[str, str]
    ) -> None:
        """state: its --state, or the folder that it sends from."""
        self.source, self._state = source, state
        kept = {name: value for name, value in os.environ.items() if not name.startswith("RONDA_")}
        self._log = identity.with_suffix(".log").open("ab")
        self._process = subprocess.Popen(
            [
                *(sys.executable, "-m", "ronda.command", "feed", *words, "--source", source, "--server", server),
                *("--identity", str(identity), "--heartbeat", str(HEARTBEAT_S)),
            ],
            cwd=ROOT,
            env={**kept, **environment},
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
        )

    @property
    def number(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def status(self) -> int | None:
        """Its exit status; None while it runs."""
        return self._process.poll()

    def held(self) -> Held:
        """Raises psutil.NoSuchProcess where it has ended."""
        process = psutil.Process(self.number)
        return Held(process.memory_info().rss, process.num_fds())

    def dead_letters(self) -> int:
        """Changes that it keeps as refused, and what it received and sent nowhere."""
        refused = len(read_refused(list_of(self._state)))
        if self._state.is_dir():
            aside = self._state / "refused"
            return refused + (len(list(aside.iterdir())) if aside.exists() else 0)
        if not self._state.exists():
            return refused
        return refused + len(json.loads(self._state.read_bytes()).get("unread", ()))

    def kill(self) -> None:
        """At the end, whether it runs or not."""
        if self.status is None:
            self._process.kill()
        self._process.wait()
        self._log.close()
