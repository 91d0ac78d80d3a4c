"""A country of a few years, small enough to be made at once, and a running `ronda console` before a real server."""

from __future__ import annotations

import http.cookiejar
import re
import signal
import subprocess
import sys
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from http.client import HTTPResponse
from pathlib import Path
from typing import Any

import numpy as np

from core.mart.layout import CURRENT, FOLDER, current_mart
from nation.limits import today_in_guatemala
from tests.mart.small_sources import CALLS, CHECKS, EVENTS, SmallSources

ROOT = Path(__file__).parents[2]
RISING, RISING_NAME = "05", "Escuintla"
DEPARTMENTS = [f"{code:02}" for code in range(1, 23)]
_WEEKLY = 16  # events of a department, of two towns
_RISE_DAYS = 10  # so that no week of the rise is among those that the limits are made of


def make_country(root: Path, *, silent_days: int = 0) -> SmallSources:
    """Events of three years, built into a mart; in RISING they treble in the last weeks. silent_days: since the source
    delivered, of what it knew then."""
    rng = np.random.default_rng(17)
    today = today_in_guatemala()
    sources = SmallSources(root, EVENTS, CHECKS, CALLS)
    last = today - timedelta(1 + silent_days)
    rows: dict[int, list[list[Any]]] = {}
    number = 0
    for ago in range((today - date(today.year - 2, 1, 1)).days, silent_days, -1):
        day = today - timedelta(ago)
        for code in DEPARTMENTS:
            mean = _WEEKLY / 7 * (4 if code == RISING and ago - silent_days <= _RISE_DAYS else 1)
            for town in rng.choice(["01", "02"], rng.poisson(mean), p=[0.75, 0.25]).tolist():
                number += 1
                hour = f"{int(rng.integers(0, 24)):02}:00"
                rows.setdefault(day.year, []).append([f"H{number}", day.isoformat(), hour, code + town, "ROBO", "", 1])
    for year, events in rows.items():
        delivered = date(year + 1, 1, 15) if year < last.year else last + timedelta(1)
        sources.csv(f"hechos_{year}_{min(delivered, last + timedelta(1)):%Y%m%d}.csv", events)
    day = last + timedelta(1)
    kinds = (("HIT", "WARRANT", 40), ("POSSIBLE", "VEHICLE_ALERT", 25), ("CLEAR", "NONE", 300), ("HIT", "PRISON", 2))
    checks = [[day.isoformat(), 10, "TRAFFIC_STOP", "CHECK", level, hit, n] for level, hit, n in kinds]
    sources.checks(day.year, day, checks)
    sources.build()
    return sources


def publish(data: Path, other: Path) -> str:
    """Takes the mart of another data directory over, as a build does; returns its id."""
    name = current_mart(other)
    assert name is not None
    room = data / FOLDER
    if not (room / name).exists():
        subprocess.run(["cp", "-r", other / FOLDER / name, room / name], check=True)
    fresh = room / "CURRENT.new"
    fresh.write_text(name + "\n", encoding="ascii")
    fresh.rename(room / CURRENT)
    return name


class RunningConsole:
    """`ronda console` on a free port. `address`: "http://127.0.0.1:port"."""

    def __init__(self, server: str, log: Path, *words: str) -> None:
        self.log = log
        with log.open("wb") as file:
            self.process = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "ronda.command",
                    "console",
                    "--listen",
                    "127.0.0.1:0",
                    "--server",
                    server,
                    *words,
                ],
                cwd=ROOT,
                stdout=subprocess.PIPE,
                stderr=file,
                text=True,
            )
        assert self.process.stdout is not None
        found = re.search(r"https?://\S+:\d+", self.process.stdout.readline())
        assert found is not None, log.read_text(encoding="utf-8")
        self.address = found[0]

    def stop(self) -> int:
        """SIGTERM, then its exit status."""
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(20)
        finally:
            if self.process.poll() is None:
                self.process.kill()
                self.process.wait()
            if self.process.stdout is not None:
                self.process.stdout.close()


@contextmanager
def running_console(server: str, log: Path, *words: str) -> Iterator[RunningConsole]:
    """Stopped at the end."""
    console = RunningConsole(server, log, *words)
    try:
        yield console
    finally:
        console.stop()


class Browser:
    """A browser without eyes: cookies, forms, and everything that it was sent."""

    def __init__(self, address: str, **handlers: Any) -> None:
        self.address = address
        self.cookies = http.cookiejar.CookieJar(http.cookiejar.DefaultCookiePolicy(secure_protocols=("http", "https")))
        self._open = urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(self.cookies), _NoErrors(), *handlers.values()
        ).open
        self.seen: list[str] = []

    def get(self, path: str, **headers: str) -> HTTPResponse:
        """A page; its text is also in `seen`."""
        return self.send(urllib.request.Request(self.address + path, headers=headers))

    def post(self, path: str, form: dict[str, str], **headers: str) -> HTTPResponse:
        """A form."""
        data = urllib.parse.urlencode(form).encode()
        return self.send(urllib.request.Request(self.address + path, data, headers))

    def send(self, request: urllib.request.Request) -> HTTPResponse:
        """The answer, whatever its status; `.text` is what it says."""
        answer: Any = self._open(request, timeout=60)
        answer.text = answer.read().decode()
        self.seen.append(answer.text)
        return answer  # type: ignore[no-any-return]

    def word(self, path: str = "/entrar") -> str:
        """The page's csrf."""
        return csrf_of(self.get(path))

    def enter(self, **fields: str) -> HTTPResponse:
        """Signs in; ends on the room's page."""
        return self.post("/entrar", {"csrf": self.word(), **fields})


class _NoErrors(urllib.request.HTTPErrorProcessor):
    """An error's page is a page too; ways elsewhere are followed."""

    def http_response(self, request: Any, response: Any) -> Any:
        if response.status in (301, 302, 303):
            return super().http_response(request, response)
        return response

    https_response = http_response


def csrf_of(answer: Any) -> str:
    """Returns the token of the first form on a page."""
    found = re.search(r'name="csrf" value="([^"]+)"', answer.text)
    assert found is not None, answer.text[:500]
    return found[1]


def texts_of_states(text: str) -> dict[str, str]:
    """Code -> state of each tile on a page."""
    return dict(re.findall(r'data-codigo="(\d+)" data-estado="([a-z-]+)"', text))
