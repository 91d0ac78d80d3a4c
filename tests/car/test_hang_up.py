"""A terminal that is closed, or a program that is asked to end: nothing of a question or a key outlives it."""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

from clients.car.offline.look_up_log import LookUpLog
from server.hotlist.part import OFFLINE_LOOK_UP
from tests.car.car_kit import Car, Device, device_files, drive
from tests.car.lossy_link import LossyLink
from tests.car.tmux import Terminal
from tests.kit.field_world import FieldServer
from tests.server.running_server import until
from tests.trust.conftest import TrustedServer

NAME = "JUAN JOSE PEREZ LOPEZ"


def _gone(program: psutil.Process) -> bool:
    """Returns whether it has ended; nobody waits for one after its terminal's shell has ended too."""
    return not program.is_running() or program.status() == psutil.STATUS_ZOMBIE


def _opened(field: FieldServer, link: LossyLink, prefix: Path, state: Path, *before: str) -> Terminal:
    """A car that is on line and has its list. before: words before its command."""
    command = [sys.executable, "-m", "ronda.command", "car", "--server", link.address, "--identity", str(prefix)]
    terminal = Terminal(prefix.parent / "s", *before, *command, "--state", str(state), "--deadline", "60")
    terminal.sees("Pegue su token")
    terminal.keys("Enter")
    terminal.sees("EN LÍNEA")
    until(lambda: list(state.rglob("list.head")))
    return terminal


def _on_disk(directory: Path) -> bytes:
    return b"".join(path.read_bytes() for path in directory.rglob("*") if path.is_file())


def _personal(field: FieldServer) -> list[bytes]:
    who = field.field
    return [each.encode() for each in (NAME, "PEREZ", who.wanted, who.clean, who.twice_wanted)]


@pytest.mark.parametrize("before", [(), ("sh", "-c", 'trap "" HUP; exec "$@"', "sh")], ids=["", "signal-ignored"])
def test_a_terminal_that_is_closed_under_a_question(
    field: FieldServer, tmp_path: Path, terminals: list[Terminal], before: tuple[str, ...]
) -> None:
    prefix, state = device_files(field, tmp_path / "device", field.patrol()), tmp_path / "state"
    with LossyLink(field.address) as link:
        terminals.append(terminal := _opened(field, link, prefix, state, *before))
        link.silent = True
        terminal.keys(field.field.wanted, "Enter")
        terminal.sees("Esc cancela")
        program = terminal.program()
        terminal.end()
        until(lambda: _gone(program), 10)
    assert not any(each in _on_disk(tmp_path) for each in _personal(field))
    LookUpLog(next(state.rglob("head")).parent).close()  # nobody has it any more


def test_a_terminal_that_is_closed_off_line_leaves_its_log_whole(
    field: FieldServer, tmp_path: Path, terminals: list[Terminal]
) -> None:
    patrol, state = field.patrol(), tmp_path / "state"
    prefix = device_files(field, tmp_path / "device", patrol)
    with LossyLink(field.address) as link:
        terminals.append(terminal := _opened(field, link, prefix, state))
        link.cut = True
        terminal.keys(field.field.clean, "Enter")
        terminal.sees("1 por enviar")
        program = terminal.program()
        terminal.keys(field.field.wanted, "Enter")
        terminal.end()
        until(lambda: _gone(program), 10)
    assert not any(each in _on_disk(tmp_path) for each in _personal(field))
    log = LookUpLog(next(state.rglob("head")).parent)
    left = log.waiting
    log.close()
    assert left in (1, 2), "the last too, if it got so far"
    assert _reported(field, patrol.nip) == 0

    async def reports(car: Car) -> None:
        await car.log_in()
        await car.until(lambda: car.app.coverage.desk is not None and not car.app.coverage.desk.waiting)
        assert "FALTAN" not in car.text()

    drive(reports, field.address, prefix, state=str(state))
    assert _reported(field, patrol.nip) == left


def _reported(field: FieldServer, nip: str) -> int:
    """Look-ups made off line that the server has on record."""
    mine = [record for record in field.records(60) if record.identity.get("nip") == nip]
    return sum(record.method == OFFLINE_LOOK_UP.number for record in mine)


def test_told_to_end_it_leaves_the_terminal_clean(
    trusted: TrustedServer, device: Device, cases: dict[str, Any], tmp_path: Path, terminals: list[Terminal]
) -> None:
    arguments = ["car", "--server", trusted.address, "--identity", str(device.prefix)]
    terminal = Terminal(tmp_path / "s", sys.executable, "-m", "ronda.command", *arguments)
    terminals.append(terminal)
    terminal.sees("Pegue su token")
    terminal.keys("Enter")
    terminal.sees("EN LÍNEA")
    terminal.keys(cases["wanted"]["cui"], "Enter")
    terminal.sees("HAY ALERTA")
    terminal.program().send_signal(signal.SIGTERM)
    terminal.sees("ended 143")
    left = terminal.seen("-S", "-")
    assert "ZACHRISSON" not in left and cases["wanted"]["cui"] not in left
