"""Bad coverage: a server that stops, a link that is slow, silent or cut. Nothing blocks, nothing is green."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from tests.car.car_kit import Car, Device, drive
from tests.car.lossy_link import LossyLink
from tests.kit.nation_kit import BuiltNation
from tests.trust.conftest import TrustedServer, start_trusted


def test_a_slow_link_shows_the_time_and_a_silent_one_ends(
    trusted: TrustedServer, device: Device, cases: dict[str, Any]
) -> None:
    async def scenario(car: Car) -> None:
        await car.log_in()
        await car.ask(cases["clean"]["cui"])
        link.silent = True
        box = car.app.main.query_one("#box")
        box.value = cases["wanted"]["cui"]  # type: ignore[attr-defined]
        await car.press("enter")
        await car.until(lambda: re.search(r"[1-9]\.\d s · Esc cancela", car.text()))
        running = car.text()
        assert "SIN ALERTAS" not in running, "the answer of before is off the screen"
        await car.press("escape")
        assert "Cancelada." in car.text()
        late = await car.ask(cases["wanted"]["cui"])
        assert "SIN RESPUESTA: no es verde, repita" in late
        assert "mala cobertura" in late

    with LossyLink(trusted.address, delay_s=0.2) as link:
        drive(scenario, link.address, device.prefix, deadline=4.0)


def test_a_server_that_stops_and_another_in_its_place(
    small_nation: BuiltNation, tmp_path: Path, cases: dict[str, Any]
) -> None:
    trusted = start_trusted(small_nation, tmp_path)
    device = Device(trusted, tmp_path)

    async def scenario(car: Car) -> None:
        await car.log_in()
        assert "Vehículo VERDE" in await car.ask(cases["clean_vehicle"]["plate"])
        trusted.server.stop()
        gone = await car.ask(cases["clean"]["cui"])
        assert "no es verde" in gone
        assert "VERDE" not in gone, "nor the vehicle of before, in the line at the top"
        assert "Sin conexión con el servidor" in gone
        await car.press("f10")
        car.app.screen.query_one("#token").value = device.token()  # type: ignore[attr-defined]
        await car.press("enter")
        await car.sees("Sin conexión con el servidor")
        assert not car.app.session.open, "a token that nobody checked opens nothing"

    drive(scenario, trusted.address, device.prefix, deadline=4.0)


def test_the_wrong_server_and_a_device_without_its_files(
    trusted: TrustedServer, device: Device, tmp_path: Path
) -> None:
    async def refused(car: Car, *said: str) -> None:
        await car.until(lambda: car.app.screen is not car.app.main)
        await car.press("enter")
        await car.sees(*said)
        assert not car.app.session.open

    async def other_authority(car: Car) -> None:
        await refused(car, "El servidor no es el de su", "no siga")

    async def no_files(car: Car) -> None:
        await refused(car, "pegue su token")
        car.app.screen.query_one("#token").value = "x.y.z"  # type: ignore[attr-defined]
        await refused(car, "No se puede leer")

    async def nobody(car: Car) -> None:
        await refused(car, "Sin conexión con el servidor")

    drive(no_files, trusted.address, tmp_path / "none")
    drive(nobody, "127.0.0.1:1")
    (tmp_path / "server-ca.pem").write_bytes(trusted.kit.police.ca.certificate)
    drive(other_authority, trusted.address, device.prefix)
