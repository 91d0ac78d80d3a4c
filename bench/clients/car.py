"""The car's bars: start, Enter to answer painted on loopback and on a bad link, off-line answers, size of the list.

The bad link is a proxy that is 100 ms late in each direction (200 ms there and back). It loses no packets: 2 % of loss
(tc netem in a network namespace) is not measured yet.
"""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import os
import pty
import re
import select
import shutil
import statistics
import struct
import subprocess
import sys
import termios
import time
import zlib
from pathlib import Path

from bench.bars import Bar
from bench.foundation import Report
from clients.car.offline.held_key import HeldKey, TrustedClock
from clients.car.offline.list_store import HotList, ListStore
from ronda.v1 import alert_pb2, check_service_pb2
from ronda.v1 import hotlist_service_pb2 as contract
from server.hotlist.keys import HotlistKeys
from tests.car.car_kit import Car, drive
from tests.car.lossy_link import LossyLink
from tests.kit.field_world import FieldServer, field_server

ENTRIES = 500_000
_BLOCK = 256
_ASKED = 40
_STARTS = 7
_LATE_S = 0.1  # of each direction


START, NEAR, FAR = (
    "car: start to login painted",
    "car: Enter to painted, loopback, p95",
    "car: Enter to painted, 200 ms, p95",
)
OFFLINE, SIZE = "car: off-line answer of 500,000 entries, p95", "car: hot list of 500,000 entries"
BARS = {
    START: Bar(START, 0.5, "s"),
    NEAR: Bar(NEAR, 0.120, "s"),
    FAR: Bar(FAR, 1.0, "s"),
    OFFLINE: Bar(OFFLINE, 0.050, "s"),
    SIZE: Bar(SIZE, 25.0, "MB"),
}


def measure(work: Path, _generation: Path, report: Report) -> None:
    """Measures all of it in `work`, against a server of its own."""
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    report.values[START] = _start_seconds()
    with field_server(work / "field") as field:
        prefix = _device(field, work / "device")
        report.values[NEAR] = _p95(_painted_seconds(field.address, prefix, field.field.wanted))
        with LossyLink(field.address, delay_s=_LATE_S) as link:
            report.values[FAR] = _p95(_painted_seconds(link.address, prefix, field.field.wanted))
    held, size = _large_list(work / "list")
    report.values[OFFLINE] = _p95(_looked_up(held))
    report.values[SIZE] = size / 1e6


def _p95(values: list[float]) -> float:
    return statistics.quantiles(values, n=20)[-1]


def _start_seconds() -> float:
    """From exec to the login on a terminal of its own."""
    taken = []
    for _ in range(_STARTS):
        main, side = pty.openpty()
        fcntl.ioctl(side, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        began = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, "-m", "ronda.command", "car", "--server", "127.0.0.1:1"],
            stdin=side,
            stdout=side,
            stderr=side,  # where Textual draws
            env={**os.environ, "TERM": "xterm-256color", "COLUMNS": "80", "LINES": "24"},
        )
        os.close(side)
        seen = b""
        while b"Enter entrar" not in re.sub(rb"\x1b\[[0-9;?]*[A-Za-z]", b"", seen):
            assert select.select([main], [], [], 30)[0], "no login within half a minute"
            seen += os.read(main, 65536)
        taken.append(time.perf_counter() - began)
        process.kill()
        process.wait()
        os.close(main)
    return statistics.median(taken)


def _device(field: FieldServer, directory: Path) -> Path:
    patrol = field.patrol()
    directory.mkdir()
    patrol.pair.write(directory / "own.pem", directory / "own.key")
    (directory / "server-ca.pem").write_bytes(field.kit.server_ca)
    (directory / "own.token").write_text(patrol.token, encoding="ascii")
    return directory / "own"


def _painted_seconds(server: str, prefix: Path, cui: str) -> list[float]:
    """From the key to the screen that holds the answer, with the frame's own drawing."""
    taken: list[float] = []

    async def scenario(car: Car) -> None:
        await car.log_in()
        await car.ask(cui)
        for _ in range(_ASKED):
            car.app.main.query_one("#box").value = cui  # type: ignore[attr-defined]
            await car.pilot.pause()
            began = time.perf_counter()
            await car.pilot.press("enter")
            while "HAY ALERTA" not in car.text():
                await asyncio.sleep(0.001)
            taken.append(time.perf_counter() - began)
            await asyncio.sleep(1.1)  # her allowance is a look-up a second, in the long run

    drive(scenario, server, prefix)
    return taken


def _large_list(directory: Path) -> tuple[HotList, int]:
    keys = HotlistKeys(os.urandom(32))
    blocks = []
    for first in range(0, ENTRIES, _BLOCK):
        entries = [_entry(number) for number in range(first, min(first + _BLOCK, ENTRIES))]
        block = contract.HotlistBlock(key_kind=check_service_pb2.IDENTIFIER_KIND_CUI, entries=entries)
        blocks.append(zlib.compress(block.SerializeToString(), 6))
    header = contract.HotlistHeader(
        format=1,
        list_id="bench",
        entries=ENTRIES,
        blocks=len(blocks),
        size_bytes=sum(map(len, blocks)),
        sha256=hashlib.sha256(b"".join(blocks)).digest(),
    )
    header.valid_until.FromSeconds(int(time.time()) + 86_400)
    told = header.SerializeToString()
    signed = contract.SignedHotlistHeader(header=told, signature=keys.signature(told), key_id=keys.key_id)
    clock = TrustedClock(time.time())
    key = HeldKey("20260101", os.urandom(32), time.time() + 86_400, clock)
    held = ListStore(directory).write(signed, blocks, key, {keys.key_id: keys.public_key})
    return held, sum(path.stat().st_size for path in directory.iterdir())


def _entry(number: int) -> contract.HotlistEntry:
    digest = hashlib.sha256(str(number).encode()).hexdigest()
    return contract.HotlistEntry(
        key=f"{number * 19_999_999:013d}",
        kind=alert_pb2.ALERT_KIND_WARRANT,
        name=f"NOMBRE{digest[:6]} APELLIDO{digest[6:12]} {digest[12:18].upper()}",
        authority=f"JUZGADO {int(digest[:2], 16)} DE PRIMERA INSTANCIA PENAL",
        record={"register_id": "oj", "record_id": f"C-{digest[:8]}-2026"},
    )


def _looked_up(held: HotList) -> list[float]:
    taken = []
    for number in range(0, ENTRIES, ENTRIES // 1000):
        began = time.perf_counter()
        found = held.entries(check_service_pb2.IDENTIFIER_KIND_CUI, f"{number * 19_999_999:013d}")
        taken.append(time.perf_counter() - began)
        assert len(found) == 1
    return taken
