"""The newcomer's steps, phase by phase. A phase that fails is reported and the next one tried, where it can be."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.hour.machine import Machine
from tests.kit.pasted import Pasted, page_commands, page_snippets, pasted_lines

START_SECONDS = 3600
SUITE_SECONDS = 5400
_SERVING = "Stop: Ctrl-C"
_TAIL = 30  # lines shown of a phase that failed


class PhaseFailed(Exception):
    """Why a phase did not pass."""


@dataclass
class Newcomer:
    """One account on the machine and its clone. Every phase's words are a file in `logs`."""

    machine: Machine
    user: str
    logs: Path
    report: list[dict[str, object]] = field(default_factory=list)

    @property
    def home(self) -> str:
        return "/root" if self.user == "root" else f"/home/{self.user}"

    @property
    def clone(self) -> str:
        return f"{self.home}/ronda"

    def hour(self, commit: str, *, suite: bool) -> bool:
        """Everything; whether all of it passed."""
        if not self._phase("git clone", lambda log: self._clone(log, commit)):
            return False
        served = Served(self)
        if self._phase("./run serve, first start", served.start):
            page = served.page()
            self._phase("each printed line", lambda log: self._printed(log, page))
            self._phase("each line of docs/first-hour.md", self._first_hour)
            if suite:
                self._phase("./run check, beside ./run serve", lambda log: self._script(log, "./run check"))
                self._phase("./run test, beside ./run serve", lambda log: self._script(log, "./run test"))
            self._phase("Ctrl-C", lambda log: served.stop(log, "INT"))
            if self._phase("./run serve, second start", served.start):
                self._phase("SIGTERM", lambda log: served.stop(log, "TERM"))
            if self._phase("./run serve, third start", served.start):
                self._phase("closed terminal", lambda log: served.stop(log, "HUP"))
        served.kill()
        return all(phase["ok"] for phase in self.report)

    def _phase(self, name: str, do: Callable[[Path], object]) -> bool:
        log = self.logs / f"{self.user}-{len(self.report):02d}.log"
        log.touch()
        began = time.monotonic()
        why = ""
        try:
            do(log)
        except (PhaseFailed, subprocess.TimeoutExpired) as error:
            why = str(error)
        seconds = round(time.monotonic() - began, 1)
        self.report.append({"user": self.user, "phase": name, "seconds": seconds, "ok": not why, "why": why})
        print(f"{'ok    ' if not why else 'FAILED'} {self.user:<8} {name:<34}{seconds:8.1f} s", flush=True)  # noqa: T201
        if why:
            said = log.read_text(encoding="utf-8", errors="replace").splitlines()[-_TAIL:]
            print("\n".join(["", why, *said, ""]), flush=True)  # noqa: T201
        return not why

    def _script(self, log: Path, script: str, *, seconds: float = SUITE_SECONDS, folder: str = "") -> str:
        """Runs it; returns its words. Raises PhaseFailed when its status is not 0."""
        with log.open("ab") as file:
            file.write(f"$ {script}\n".encode())
            file.flush()
            before = file.tell()
            status = self.machine.run(script, file, user=self.user, folder=folder or self.clone, seconds=seconds)
        with log.open("rb") as written:
            written.seek(before)
            said = written.read().decode(errors="replace")
        if status != 0:
            raise PhaseFailed(f"status {status}: {script}")
        return said

    def _clone(self, log: Path, commit: str) -> None:
        self._script(log, f"git clone -q /source ronda && git -C ronda checkout -q {commit}", folder=self.home)

    def _printed(self, log: Path, page: str) -> None:
        lines = pasted_lines(page)
        if len(lines) < 9:
            raise PhaseFailed(f"only {len(lines)} lines to paste on the page")
        for line in lines:
            self._until_seen(log, line)
        for line in lines:  # and after the last one, which undoes, all is as it was
            if line.level:
                self._until_seen(log, line)

    def _until_seen(self, log: Path, line: Pasted) -> None:
        until = time.monotonic() + 30  # the server takes a new generation within a second
        while line.level not in self._script(log, line.command):
            if time.monotonic() > until:
                raise PhaseFailed(f"no {line.level} in what this prints: {line.command}")
            time.sleep(0.2)

    def _first_hour(self, log: Path) -> None:
        text = (self.machine.root / self.clone.lstrip("/") / "docs/first-hour.md").read_text(encoding="utf-8")
        for command in page_commands(text):
            self._script(log, command)
        for snippet in page_snippets(text, "python"):
            self._script(log, f".venv/bin/python - <<'SNIPPET'\n{snippet}SNIPPET\n")
        for snippet in page_snippets(text, "sh"):
            if "./run " not in snippet:  # the two commands are phases of their own
                self._script(log, f"set -e\n{snippet}")


class Served:
    """`./run serve` of the newcomer, started and stopped."""

    def __init__(self, newcomer: Newcomer) -> None:
        self._newcomer = newcomer
        self._log = Path()
        self._process: subprocess.Popen[bytes] | None = None

    def page(self) -> str:
        """Returns what it has printed."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    def start(self, log: Path) -> None:
        """Waits until it serves."""
        self._log = log
        newcomer = self._newcomer
        with log.open("ab") as file:
            self._process = newcomer.machine.start("./run serve", file, user=newcomer.user, folder=newcomer.clone)
        until = time.monotonic() + START_SECONDS
        while _SERVING not in self.page():
            if self._process.poll() is not None:
                raise PhaseFailed(f"it ended with status {self._process.returncode}")
            if time.monotonic() > until:
                raise PhaseFailed(f"it does not serve after {START_SECONDS} s")
            time.sleep(0.1)

    def stop(self, log: Path, name: str) -> None:
        """Sends the signal; it must end with status 0, and nothing of it may still run."""
        if self._process is None or self._process.poll() is not None:
            raise PhaseFailed("it had ended by itself")
        subprocess.run(["kill", f"-{name}", str(self._process.pid)], check=True)
        status = self._process.wait(timeout=120)
        if status != 0:
            raise PhaseFailed(f"status {status}")
        time.sleep(0.5)
        left = self._newcomer.machine.processes()
        log.write_text("\n".join(left), encoding="utf-8")
        if left:
            raise PhaseFailed(f"{len(left)} processes still run")

    def kill(self) -> None:
        """Kills it in any case: it does not outlive its newcomer."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            self._process.wait(timeout=120)
