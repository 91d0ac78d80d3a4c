"""The situation room before a real server: its first paint, and how soon a published change stands on 50 screens.

A screen is a browser without its drawing: it follows the live events and asks for the tiles and the charts' values anew
when figures change. Each is signed in by itself. The console has one core (taskset); server, publisher and screens
share the rest.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.bars import Bar, Samples
from bench.server_process import ServerProcess
from core.mart.layout import CURRENT, FOLDER

SCREENS = 50
CHANGES = 12
PAINTS = 7
CHANGE = Bar(f"published change -> wall, p99 of {SCREENS} screens", 1, "s")
PAINT = Bar("first paint of the room, median", 1.5, "s")
HELD = Bar("screens on one core that had a change within 1 s", SCREENS, "screens", at_most=False)
_PATIENCE_S = 60.0


def measure(data: Path, marts: tuple[str, str], root: Path) -> tuple[dict[str, float | None], list[Samples]]:
    """(bar -> value, samples). marts: ids of two that lie in `data`."""
    server = ServerProcess.start(data, 1, root / "server.log")
    try:
        _wait_for(server.target)
        with _console(server.target, root) as (address, process):
            paints = _first_paints(address)
            used = _cpu(process.pid)
            seconds, held = asyncio.run(_changes(address, data, marts))
            used = _cpu(process.pid) - used
    finally:
        server.process.terminate()
        server.process.wait()
    ordered = sorted(seconds)
    p99 = ordered[min(len(ordered) - 1, int(0.99 * len(ordered)))]
    changed = Samples(
        f"published change -> {SCREENS} screens", [statistics.median(seconds)], "s", [each * 1e6 for each in seconds],
        f"console {used / CHANGES * 1000:,.0f} ms of CPU a change",
    )  # fmt: skip
    samples = [changed]
    if paints:
        samples.append(Samples("first paint of the room", paints, "s", note="Chromium, a new profile each time"))
    values = {CHANGE.name: p99, HELD.name: float(held), PAINT.name: statistics.median(paints) if paints else None}
    return values, samples


@contextmanager
def _console(server: str, root: Path) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    pinned = ["taskset", "--cpu-list", str(max(os.sched_getaffinity(0)))]
    command = [sys.executable, "-m", "ronda.command", "console", "--listen", "127.0.0.1:0", "--server", server]
    with (root / "console.log").open("wb") as log:
        process = subprocess.Popen([*pinned, *command], stdout=subprocess.PIPE, stderr=log, text=True)
    try:
        assert process.stdout is not None
        found = re.search(r"http://(\S+:\d+)", process.stdout.readline())
        if found is None:
            raise RuntimeError((root / "console.log").read_text(encoding="utf-8"))
        yield found[1], process
    finally:
        process.terminate()
        process.wait()


def _wait_for(target: str) -> None:
    host, _, port = target.partition(":")

    async def reached() -> None:
        _, writer = await asyncio.open_connection(host, int(port))
        writer.close()

    end = time.monotonic() + _PATIENCE_S
    while True:
        try:
            asyncio.run(reached())
            return
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)


def _cpu(pid: int) -> float:
    user, system = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def _first_paints(address: str) -> list[float]:
    """Seconds from the navigation to the first contentful paint; none where there is no Chromium."""
    chromium = shutil.which("chromium")
    if chromium is None:
        return []
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 # of this part alone

    found = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for _ in range(PAINTS):
            context = browser.new_context(viewport={"width": 1600, "height": 1000})
            page = context.new_page()
            page.goto(f"http://{address}/entrar")
            page.get_by_role("button", name="Entrar").click()
            page.wait_for_selector("body[data-dibujado]")
            paint = "performance.getEntriesByName('first-contentful-paint')[0].startTime"
            found.append(float(page.evaluate(paint)) / 1000)
            context.close()
        browser.close()
    return found


class _Screen:
    """One browser without its drawing."""

    def __init__(self, address: str) -> None:
        self._host, _, port = address.partition(":")
        self._port, self._address = int(port), address
        self._cookie = ""
        self.changed = asyncio.Event()
        self.at = 0.0

    async def enter(self) -> str:
        """Signs in; returns the mart of the figures shown."""
        form = await self._ask("GET", "/entrar")
        word = re.search(r'name="csrf" value="([^"]+)"', form)
        assert word is not None
        await self._ask("POST", "/entrar", f"csrf={word[1]}")
        shown = re.search(r'data-almacen="([^"]+)"', await self._ask("GET", "/sala"))
        if shown is None:
            raise RuntimeError("the room shows no figures")
        return shown[1]

    async def follow(self, mart_id: str) -> None:
        """Live events, without end; asks for everything anew at each change."""
        reader, writer = await asyncio.open_connection(self._host, self._port)
        writer.write(self._head("GET", f"/sala/vivo?almacen={mart_id}").encode())
        name = ""
        try:
            while line := await reader.readline():
                if line.startswith(b"event: "):
                    name = line[7:].strip().decode()
                elif not line.strip() and name == "cifras":
                    await asyncio.gather(self._ask("GET", "/sala/fichas"), self._ask("GET", "/sala/datos"))
                    self.at = time.monotonic()
                    self.changed.set()
                    name = ""
        finally:
            writer.close()

    async def _ask(self, method: str, path: str, body: str = "") -> str:
        reader, writer = await asyncio.open_connection(self._host, self._port)
        more = f"Content-Length: {len(body)}\r\nContent-Type: application/x-www-form-urlencoded\r\n" if body else ""
        writer.write((self._head(method, path, f"Connection: close\r\n{more}") + body).encode())
        answer = (await reader.read()).decode()
        writer.close()
        for cookie in re.findall(r"(?mi)^set-cookie: ([^=]+=[^;\r]+)", answer):
            if not cookie.endswith('=""'):
                self._cookie = cookie if cookie.startswith("ronda_consola") else self._cookie or cookie
        return answer

    def _head(self, method: str, path: str, more: str = "") -> str:
        cookie = f"Cookie: {self._cookie}\r\n" if self._cookie else ""
        return f"{method} {path} HTTP/1.1\r\nHost: {self._address}\r\n{cookie}{more}\r\n"


async def _changes(address: str, data: Path, marts: tuple[str, str]) -> tuple[list[float], int]:
    """(seconds of each screen at each change, screens that had every change within the bar's second)."""
    screens = [_Screen(address) for _ in range(SCREENS)]
    shown = [await screen.enter() for screen in screens]
    following = [asyncio.ensure_future(screen.follow(mart)) for screen, mart in zip(screens, shown, strict=True)]
    await asyncio.sleep(3.0)  # the first events of all
    seconds: list[list[float]] = [[] for _ in screens]
    room = data / FOLDER
    for change in range(CHANGES):
        for screen in screens:
            screen.changed.clear()
        fresh = room / "CURRENT.new"
        fresh.write_text(marts[(change + 1) % 2] + "\n", encoding="ascii")
        fresh.rename(room / CURRENT)
        began = time.monotonic()
        async with asyncio.timeout(_PATIENCE_S):
            await asyncio.gather(*(screen.changed.wait() for screen in screens))
        for found, screen in zip(seconds, screens, strict=True):
            found.append(screen.at - began)
    for task in following:
        task.cancel()
    return [each for found in seconds for each in found], sum(max(found) <= CHANGE.goal for found in seconds)
