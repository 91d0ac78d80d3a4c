"""F9 in the screen, a desk that answers by `ronda confirm`, and what every next check of the hit says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.car.car_kit import Car, device_files, drive
from tests.kit.field_world import FieldServer
from tests.server.running_server import ROOT, until


class Desk:
    """The court's, at a machine of its own."""

    def __init__(self, field: FieldServer, directory: Path) -> None:
        self._options = ["--server", field.address, "--identity", str(device_files(field, directory, field.desk("oj")))]

    def _run(self, *words: str) -> str:
        command = [sys.executable, "-m", "ronda.command", "confirm", *words, *self._options, "--case", "MP001-2026-1"]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def waiting(self) -> str:
        """The identifier of what waits, once something does."""
        line = until(lambda: next((each for each in self._run("list").splitlines() if "URGENTE" in each), ""), 30)
        return str(line.strip(" │").split()[0])

    def answers(self, confirmation: str, reason: str) -> None:
        self._run("answer", confirmation, reason)


def test_asked_denied_and_taken_back(field: FieldServer, tmp_path: Path) -> None:
    desk = Desk(field, tmp_path / "desk")

    async def scenario(car: Car) -> None:
        await car.log_in()
        assert "sin confirmar: verifique" in await car.ask(field.field.wanted)
        assert "¿Confirmar cuál alerta" in await car.press("f9")
        assert "10 minutos" in car.text()
        await car.press("enter")
        await car.sees("Confirmación: sin confirmar: verifique (consultado a OJ")
        asked = desk.waiting()
        desk.answers(asked, "revocada")
        await car.sees("Confirmación: desmentida por OJ", "revocada")
        assert "HAY ALERTA" in car.text(), "the answer is of its time"
        denied = await car.ask_until(field.field.wanted, "POSIBLE: confirme")
        assert "desmentida por OJ" in denied
        assert "HAY ALERTA" not in denied
        desk.answers(asked, "vigente")
        assert "confirmada por OJ" in await car.ask_until(field.field.wanted, "HAY ALERTA")

    drive(scenario, field.address, device_files(field, tmp_path / "device", field.patrol()))


def test_what_cannot_be_asked_and_a_lock_meanwhile(field: FieldServer, tmp_path: Path) -> None:
    async def scenario(car: Car) -> None:
        await car.log_in()
        await car.ask(field.field.clean)
        await car.press("f9")
        assert car.app.screen is car.app.main, "no alert: nothing to ask"
        assert "no hay alerta por confirmar" in car.text()
        await car.ask(field.field.twice_wanted)
        await car.press("f9")
        await car.press("down", "enter")
        await car.sees("Confirmación: sin confirmar: verifique")
        await car.press("f10")
        assert "Confirmación" not in car.text()
        assert "CHOC" not in car.text()

    drive(scenario, field.address, device_files(field, tmp_path / "device", field.patrol()))
