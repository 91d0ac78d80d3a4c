"""bench/clients/smsc_load.js as a process: npm smpp that delivers a file of messages by itself."""

from __future__ import annotations

import json
import os
import subprocess
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ronda.demo.sms import installed_smsc
from tests.server.running_server import until

_SCRIPT = Path(__file__).with_name("smsc_load.js")
_LOOK_S = 0.25
_QUIET_S = 5.0  # no further reply for so long: none comes


class LoadingSmsc:
    """On a free port of loopback."""

    def __init__(self, work: Path) -> None:
        self._work = work
        self._events: list[dict[str, Any]] = []
        environment = {**os.environ, "NODE_PATH": str(installed_smsc() / "node_modules")}
        self._process = subprocess.Popen(
            ["node", str(_SCRIPT)], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.port = int(self.wait("listening")["port"])
        self.pid = self._process.pid

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._events.append(json.loads(line))

    def send(self, **command: Any) -> None:
        """A command of the script."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()

    def count(self, name: str) -> int:
        """Events of that name so far."""
        return sum(event["event"] == name for event in self._events)

    def notices(self) -> list[str]:
        """Replies without a number, and those that came without a load."""
        return [str(event["text"]) for event in self._events if event["event"] == "notice"]

    def wait(self, name: str, count: int = 1, seconds: float = 60) -> dict[str, Any]:
        """The event of that name that makes so many."""
        until(lambda: self.count(name) >= count, seconds)
        return [event for event in self._events if event["event"] == name][count - 1]

    def begin(self, messages: Sequence[tuple[str, str]], rate: int, **more: Any) -> None:
        """Delivers (sender, text) at a rate, 0 = as fast as its window lets it."""
        path = self._work / "messages.tsv"
        path.write_text("".join(f"{sender}\t{text}\n" for sender, text in messages), encoding="ascii")
        self.send(load={"file": str(path), "rate": rate, **more})

    def report(self) -> dict[str, Any]:
        """Returns the results until now."""
        before = self.count("report")
        self.send(report=True)
        return self.wait("report", before + 1)

    def settled(self, expected: int, seconds: float) -> dict[str, Any]:
        """The report once so many messages were answered, or no further one is."""
        end, most, since = time.monotonic() + seconds, -1, time.monotonic()
        while True:
            found = self.report()
            now = time.monotonic()
            if found["answered"] > most:
                most, since = found["answered"], now
            if most >= expected or now > end or (now - since > _QUIET_S and found["delivered"] == found["messages"]):
                return found
            time.sleep(_LOOK_S)

    def stop(self) -> None:
        """Ends it."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(10)
        self._reader.join(10)
        self._process.stdout.close()
