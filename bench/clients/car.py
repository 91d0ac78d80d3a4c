"""The car's bars, in a real terminal, against a real server with mTLS, policy and audit: an officer's waiting times.

From exec to the login painted; from the Enter key to the answer painted, near, over a link with 200 ms there and back
and 2 % of packets lost in each direction, and off line from a hot list of half a million entries.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.bars import Bar, Samples
from bench.clients.large_list import ENTRIES, VARIABLE, cui_of, write_blocks
from bench.clients.packet_link import NEAR, PacketLink
from bench.clients.painted import PaintedTerminal
from bench.foundation import Report, say
from bench.trust.allowances import patrols_without_end
from server.trust.issuing import make_ca, server_certificate
from tests.car.lossy_link import LossyLink
from tests.kit.field_world import STOP, Asker, Field, built_field
from tests.server.running_server import RunningServer
from tests.trust.trust_kit import TrustKit

_STARTS = 9
_ASKED_NEAR, _ASKED_FAR, _ASKED_OFFLINE = 60, 60, 60
_LATE_S, _LOSS = 0.1, 0.02  # of each direction
_NAMES = ("JUAN JOSE PEREZ LOPEZ", "OSCAR ORTIZ REYES")  # of who is wanted and who is not: tests/kit/field_world.py

START = "car: start to login painted, median"
LOOPBACK = "car: Enter to painted, loopback, p95"
BAD_LINK = "car: Enter to painted, 200 ms and 2 % loss, p95"
OFFLINE = "car: Enter to painted off line, 500,000 entries, p95"
SIZE = "car: hot list of 500,000 entries on disk"
BARS = {
    START: Bar(START, 0.5, "s"),
    LOOPBACK: Bar(LOOPBACK, 0.120, "s"),
    BAD_LINK: Bar(BAD_LINK, 1.0, "s"),
    OFFLINE: Bar(OFFLINE, 0.050, "s"),
    SIZE: Bar(SIZE, 25.0, "MB"),
}


@dataclass(frozen=True)
class _Patrol:
    """A server, by port, and the files of a device with an officer's token."""

    server: RunningServer
    prefix: Path
    field: Field

    @property
    def port(self) -> str:
        return self.server.address.rpartition(":")[2]

    def command(self, address: str, *more: str, program: str = "ronda.command") -> list[str]:
        """`ronda car` for this device."""
        options = ["--server", address, "--identity", str(self.prefix), *more]
        return [sys.executable, "-m", program, "car", *options]


def measure(work: Path, _generation: Path, report: Report) -> None:
    """Fills the values of BARS, with a server and files of its own in `work`."""
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    _measure_start(report)
    with _patrol(work / "near", "127.0.0.1") as patrol:
        say("car: Enter to answer, loopback")
        with PaintedTerminal(patrol.command(f"localhost:{patrol.port}", "--state", str(work / "s1"))) as terminal:
            _log_in(terminal)
            taken = _asked(terminal, patrol.field, _ASKED_NEAR)
            report.values[LOOPBACK] = _p95(taken[1:])
            report.samples.append(_told("car: Enter to painted, loopback", taken))
        _measure_offline(work, patrol, report)
    _measure_bad_link(work, report)


def _p95(values: Sequence[float]) -> float:
    return statistics.quantiles(values, n=20)[-1]


def _told(scenario: str, taken: Sequence[float]) -> Samples:
    rest = taken[1:]
    said = Samples(scenario, [statistics.median(rest)], "s")
    said.note = f"first {taken[0]:.3f}, then p95 {_p95(rest):.3f}, most {max(rest):.3f} s, {len(rest)} asked"
    return said


def _measure_start(report: Report) -> None:
    """Without a server: what is painted before one is reached. A key is pressed at once, and its echo waited for."""
    say("car: start")
    painted, echoed = [], []
    for _ in range(_STARTS):
        with PaintedTerminal([sys.executable, "-m", "ronda.command", "car", "--server", "127.0.0.1:1"]) as terminal:
            painted.append(terminal.until("Enter entrar") - terminal.began)
            terminal.press("x")
            echoed.append(terminal.until("•") - terminal.began)
    report.values[START] = statistics.median(painted)
    report.samples.append(Samples("car: start to login painted", painted, "s"))
    said = Samples("car: start to the first key's echo", echoed, "s")
    said.note = "typed at once, when the login was painted: it waits in the terminal"
    report.samples.append(said)


@contextmanager
def _patrol(work: Path, host: str) -> Iterator[_Patrol]:
    built, field = built_field()
    work.mkdir()
    shutil.copytree(built, work / "data")
    kit = TrustKit(work / "keys")
    patrols_without_end(kit.trust)
    authority = make_ca("bench")
    for name in ("server.pem", "server.key"):
        (kit.directory / name).unlink()
    server_certificate(authority, ["localhost", host]).write(kit.directory / "server.pem", kit.directory / "server.key")
    given = {"workers": 1, "audit": work / "audit", "listen": f"{host}:0", **kit.settings}
    server = RunningServer(work / "data", work / "server.log", **given)
    try:
        server.wait_ready()
        asker = Asker(kit, server.address, "pnc/patrol", STOP)
        device = work / "device"
        device.mkdir()
        asker.pair.write(device / "own.pem", device / "own.key")
        (device / "server-ca.pem").write_bytes(authority.certificate)
        token = asker.kit.police.token(asker.nip, "zona-1", ["patrol"], asker.pair.thumbprint)
        (device / "own.token").write_text(token, encoding="ascii")
        yield _Patrol(server, device / "own", field)
    finally:
        server.stop()


def _log_in(terminal: PaintedTerminal) -> float:
    """Seconds from Enter to the screen of a stop: the first call, with connection and TLS."""
    terminal.until("Enter entrar")
    terminal.settle(0.5)
    began = terminal.press("\r")
    seconds = terminal.until("EN LÍNEA") - began
    terminal.settle()
    return seconds


def _asked(terminal: PaintedTerminal, field: Field, count: int) -> list[float]:
    """Seconds from Enter to the answer, about who is wanted and who is not in turn: each paints another screen."""
    taken = []
    people = list(zip((field.wanted, field.clean), _NAMES, strict=True))
    for number in range(count + 1):
        cui, name = people[number % 2]
        taken.append(_answered(terminal, cui, name))
    return taken


def _answered(terminal: PaintedTerminal, typed: str, painted: str) -> float:
    terminal.press(typed)
    terminal.settle(0.1)
    began = terminal.press("\r")
    seconds = terminal.until(painted) - began
    terminal.settle(0.1)
    return seconds


def _measure_bad_link(work: Path, report: Report) -> None:
    """Over real packets where a machine lets us; else over a proxy that is late and loses nothing, which is said."""
    say("car: Enter to answer, 200 ms and 2 % loss")
    try:
        with PacketLink(_LATE_S, _LOSS) as link, _patrol(work / "far", NEAR) as patrol:
            command = [*link.inside, *patrol.command(f"{NEAR}:{patrol.port}", "--state", str(work / "s3"))]
            with PaintedTerminal(command) as terminal:
                login = _log_in(terminal)
                taken = _asked(terminal, patrol.field, _ASKED_FAR)
            note = f"{link.lost} of {link.sent} packets lost"
    except (OSError, subprocess.CalledProcessError) as error:
        if isinstance(error, TimeoutError):
            raise
        say("car: no packets can be lost here (root, /dev/net/tun, ip): a late proxy instead")
        with (
            _patrol(work / "proxy", "127.0.0.1") as patrol,
            LossyLink(patrol.server.address, delay_s=_LATE_S) as proxy,
            PaintedTerminal(patrol.command(proxy.address, "--state", str(work / "s4"))) as terminal,
        ):
            login = _log_in(terminal)
            taken = _asked(terminal, patrol.field, _ASKED_FAR)
        note = "through a proxy, NOTHING LOST: not the bar's link"
    else:
        report.values[BAD_LINK] = _p95(taken[1:])
    said = _told("car: Enter to painted, 200 ms and 2 % loss", taken)
    said.note += f"; {note}; the login before it, with connection and TLS, {login:.2f} s"
    report.samples.append(said)


def _measure_offline(work: Path, patrol: _Patrol, report: Report) -> None:
    """The network is cut after the login; each look-up is on disk, by fsync, before it is painted."""
    say(f"car: off line, {ENTRIES:,} entries")
    write_blocks(work / "blocks")
    os.environ[VARIABLE] = str(work / "blocks")
    state = work / "s2"
    with LossyLink(patrol.server.address) as link:
        command = patrol.command(link.address, "--state", str(state), program="bench.clients.large_list")
        with PaintedTerminal(command) as terminal:
            _log_in(terminal)
            end = time.monotonic() + 60
            while not list(state.rglob("list.head")):
                assert time.monotonic() < end, "no list within a minute"
                terminal.settle(0.1)
            link.cut = True
            _answered(terminal, cui_of(0), "FUERA DE LÍNEA, datos al")  # finds out that nobody answers
            places = range(1, ENTRIES, ENTRIES // (_ASKED_OFFLINE + 1))
            taken = [_answered(terminal, cui_of(number), "FUERA DE LÍNEA, datos al") for number in places]
    report.values[OFFLINE] = _p95(taken)
    report.samples.append(_told("car: Enter to painted, off line", taken))
    report.values[SIZE] = sum(path.stat().st_size for path in state.rglob("*list*")) / 1e6
    shutil.rmtree(state)
