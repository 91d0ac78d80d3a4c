"""An operator's SMSC that nobody here wrote (npm smpp), and the gateway as `ronda sms` in a process of its own."""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ronda.demo.sms import installed_smsc
from tests.server.running_server import ROOT, until

SHORT = "1110"
READY_S = 30.0


class NpmSmsc:
    """npm smpp on a free port of loopback; `events` as they came."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self._ids = itertools.count(1)
        self.process = subprocess.Popen(
            ["node", "smsc.js"], cwd=installed_smsc(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.port = int(self.wait("listening")["port"])

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.events.append(json.loads(line))

    def send(self, **command: Any) -> None:
        """A command of ronda/demo/smsc/smsc.js."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(command) + "\n")
        self.process.stdin.flush()

    def deliver(self, source: str, text: str | dict[str, str], **fields: Any) -> int:
        """Delivers a message; the id of its event "delivered"."""
        number = next(self._ids)
        message = {"source": source, "destination": SHORT, "text": text, "source_addr_ton": 1, "id": number, **fields}
        self.send(deliver=message)
        return number

    def named(self, name: str) -> list[dict[str, Any]]:
        """The events of that name so far."""
        return [event for event in self.events if event["event"] == name]

    def texts(self, to: str = "") -> list[str]:
        """The replies so far, to one telephone."""
        return [str(event["text"]) for event in self.named("submit") if not to or event["to"] == to]

    def wait(self, name: str, count: int = 1, seconds: float = READY_S) -> dict[str, Any]:
        """The event of that name that makes so many."""
        until(lambda: len(self.named(name)) >= count, seconds)
        return self.named(name)[count - 1]

    def answer_to(self, source: str, text: str, **fields: Any) -> str:
        """Delivers, and the next reply to that telephone."""
        before = len(self.texts(source))
        self.deliver(source, text, **fields)
        until(lambda: len(self.texts(source)) > before, READY_S)
        return self.texts(source)[before]

    def stop(self) -> None:
        """Ends it."""
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.close()
        self.process.wait(10)
        self._reader.join(10)
        self.process.stdout.close()


class GatewayProcess:
    """`ronda sms`; its directory outlives it."""

    def __init__(self, directory: Path, port: int, **settings: object) -> None:
        self.directory = directory
        directory.mkdir(exist_ok=True)
        (directory / "password").write_text("secret\n", encoding="ascii")
        given = {
            "sms_smsc": f"127.0.0.1:{port}",
            "sms_password": directory / "password",
            "sms_directory": directory / "queue",
            **settings,
        }
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("RONDA_")}
        self.environment |= {f"RONDA_{name.upper()}": str(value) for name, value in given.items()}
        self.log_path = directory / "sms.log"
        self.start()

    def start(self) -> None:
        """Begins."""
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "ronda.command", "sms"],
                cwd=ROOT,
                env=self.environment,
                stdout=subprocess.DEVNULL,
                stderr=log,
            )

    def lines(self) -> list[dict[str, Any]]:
        """Its log; every line is JSON."""
        text = self.log_path.read_text(encoding="utf-8")
        return [json.loads(line) for line in text[: text.rfind("\n") + 1].splitlines()]

    def kill(self) -> None:
        """kill -9."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> dict[str, int]:
        """SIGTERM; the counts at its end."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            assert self.process.wait(30) == 0, self.log_path.read_text(encoding="utf-8")
        finally:
            if self.process.poll() is None:
                self.kill()
        counts: dict[str, int] = self.lines()[-1]["counts"]
        return counts


def eventually(condition: Callable[[], Any], seconds: float = READY_S) -> Any:
    """Polls."""
    return until(condition, seconds)


def quiet(smsc: NpmSmsc, seconds: float = 0.5) -> list[str]:
    """The replies once no further one came for so long."""
    before, since = len(smsc.texts()), time.monotonic()
    while time.monotonic() - since < seconds:
        time.sleep(0.05)
        if len(smsc.texts()) != before:
            before, since = len(smsc.texts()), time.monotonic()
    return smsc.texts()
