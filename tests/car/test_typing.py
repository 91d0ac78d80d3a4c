"""Checks what is typed or pasted and does not fit, and screens that are narrow: nothing goes without a word."""

from __future__ import annotations

import re

import pytest
from textual.events import Paste
from textual.widgets import Input

from clients.car.login import LoginScreen
from tests.car.car_kit import Car, Device, drive
from tests.trust.conftest import TrustedServer


async def _paste(car: Car, box: str, pasted: str) -> Input:
    found = car.app.screen.query_one(f"#{box}", Input)
    found.post_message(Paste(pasted))
    await car.pilot.pause()
    return found


def test_of_a_paste_that_is_not_taken_whole_the_officer_is_told(trusted: TrustedServer, device: Device) -> None:
    async def scenario(car: Car) -> None:
        await car.log_in()
        for pasted, kept, said in (
            ("P123BCD\nP124BCD\n\n", "P123BCD", "Se pegaron 2 renglones: sólo queda el primero"),
            ("\n \nP123BCD\n", "P123BCD", "placa P"),
            ("A" * 20_000, "", "20000 caracteres no caben (máximo 200): no se pegó nada"),
            ("A" * 20_000 + "\n5", "", "20000 caracteres no caben (máximo 200): no se pegó nada"),
            ("A " * 100, "A " * 100, "nombre"),
        ):
            box = car.app.screen.query_one("#box", Input)
            box.value = ""
            await _paste(car, "box", pasted)
            await car.sees(said)
            assert box.value == kept
        await car.press("x")
        await car.sees("Caben 200 caracteres: lo demás no se escribió")
        assert len(box.value) == 200
        await _paste(car, "box", "yz")
        await car.sees("2 caracteres no caben (máximo 200)")
        box.select_all()
        await _paste(car, "box", "P123BCD")
        assert box.value == "P123BCD", "what was selected made room"
        assert "caben" not in await car.sees("placa P"), "until something was typed"

    drive(scenario, trusted.address, device.prefix)


def test_a_token_that_is_pasted_in_part_is_told(trusted: TrustedServer, device: Device) -> None:
    async def scenario(car: Car) -> None:
        await car.until(lambda: isinstance(car.app.screen, LoginScreen))
        token = await _paste(car, "token", "eyJ.one\nline.two")
        await car.sees("Se pegaron 2 renglones: sólo queda el primero")
        token.value = ""
        await _paste(car, "token", "e" * 20_000)
        await car.sees("20000 caracteres no caben (máximo 16384): no se pegó nada")
        assert token.value == ""

    drive(scenario, trusted.address, device.prefix)


@pytest.mark.parametrize("width", [80, 60, 40])
def test_no_key_and_no_time_is_cut_off(trusted: TrustedServer, device: Device, width: int) -> None:
    async def scenario(car: Car) -> None:
        await car.log_in()
        shown = car.text()
        for number, letter in enumerate("ANDCCAELCB", 1):
            assert re.search(rf"(?<!\d){number}{letter}", shown), (number, shown)
        said = await car.ask("Juan Perez " * 18)
        (asked,) = [line for line in said.splitlines() if line.startswith("Consulta: Juan")]
        assert re.search(r"… · \d\d:\d\d:\d\d · \d+\.\d+ s", asked), said
        assert max(map(len, said.splitlines())) <= width

    drive(scenario, trusted.address, device.prefix, size=(width, 24))
