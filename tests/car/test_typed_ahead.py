"""Text typed before the login stands, or while it is checked: each text goes to the field that it was meant for."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from textual.widgets import Input

from tests.car.car_kit import Car, Device, drive
from tests.car.test_bursts import all_taken, burst, keys
from tests.car.tmux import Terminal
from tests.trust.conftest import TrustedServer

NIP, PASSWORD = "30111", "unaclavesecreta"
SEEN_AGAIN_SECONDS = 1.0


def test_a_password_typed_at_once_is_never_seen(
    trusted: TrustedServer, device: Device, tmp_path: Path, terminals: list[Terminal]
) -> None:
    Path(f"{device.prefix}.token").unlink()
    arguments = ["car", "--server", trusted.address, "--identity", str(device.prefix), "--issuer", "localhost:1"]
    terminal = Terminal(tmp_path / "s", sys.executable, "-m", "ronda.command", *arguments)
    terminals.append(terminal)
    terminal.sees("Inicie sesión")
    terminal.keys(NIP, "Enter", PASSWORD)
    seen = terminal.sees("•" * len(PASSWORD))
    ends = time.monotonic() + SEEN_AGAIN_SECONDS
    while time.monotonic() < ends:
        seen += terminal.seen()
        time.sleep(0.05)
    assert NIP in seen
    assert PASSWORD not in seen + terminal.seen("-S", "-")
    terminal.keys("C-q")
    terminal.sees("ended 0")


def test_before_the_boxes_stand_nothing_goes_to_another(trusted: TrustedServer, device: Device) -> None:
    async def scenario(car: Car) -> None:
        burst(car, keys(NIP, "enter", PASSWORD))
        await all_taken(car)
        boxes = {name: car.app.screen.query_one(f"#{name}", Input).value for name in ("nip", "token")}
        assert boxes == {"nip": NIP, "token": PASSWORD}
        assert PASSWORD not in car.text()

    drive(scenario, trusted.address, device.prefix, issuer="localhost:1")


def test_a_question_typed_behind_a_login_is_asked(trusted: TrustedServer, device: Device) -> None:
    async def scenario(car: Car) -> None:
        burst(car, keys("enter", "1234567890101", "enter"))
        await car.sees("Consulta: 1234567890101")

    drive(scenario, trusted.address, device.prefix)


def test_what_is_typed_behind_a_login_that_failed_is_no_password(trusted: TrustedServer, device: Device) -> None:
    async def scenario(car: Car) -> None:
        burst(car, keys("x.y.z", "enter", "1234567890101", "enter"))
        said = await car.sees("Lo que se tecleó mientras tanto no se tomó")
        assert "1234567890101" not in said
        await all_taken(car)
        assert car.app.screen.query_one("#token", Input).value == ""
        assert not car.app.session.open

    drive(scenario, trusted.address, device.prefix)
