"""On 40 columns and 12 rows: the level, who it is, the gravest alert and what to do, without scrolling."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from clients.car import door, themes
from ronda.v1.alert_service_pb2 import Recall
from tests.car.car_kit import Car, Device, device_files, drive
from tests.kit.field_world import FieldServer
from tests.trust.conftest import TrustedServer

SMALL = (40, 12)


def test_what_is_acted_on_stands_above_the_fold(field: FieldServer, tmp_path: Path) -> None:
    prefix = device_files(field, tmp_path / "device", field.patrol())

    async def scenario(car: Car) -> None:
        await car.log_in()
        said = await car.ask(field.field.wanted)
        places = [said.index(each) for each in ("ROJO", "JUAN JOSE PEREZ LOPEZ", "Orden de captura", "Acción: Detener")]
        assert places == sorted(places), said
        assert "Referencia" not in said
        for _ in range(6):
            said = await car.press("pagedown")
        assert "CUI" in said or "Referencia" in said or "Alertas" in said, said
        assert "F7: no hay varios" in await car.press("f7"), "what a key does not do is still told"
        await car.pilot.resize_terminal(80, 24)
        assert "10Bloqueo" in await car.press("f8")

    drive(scenario, field.address, prefix, size=SMALL)


def test_danger_is_above_the_fold_too(trusted: TrustedServer, device: Device, cases: dict[str, Any]) -> None:
    async def scenario(car: Car) -> None:
        await car.log_in()
        said = await car.ask(cases["wanted"]["cui"])
        for each in ("ROJO", "ZACHRISSON", "PELIGRO: puede estar armado", "Orden de captura", "Acción: Detener"):
            assert each in said, said
        for _ in range(3):
            assert "PELIGRO: puede estar armado" in await car.press("tab"), "whatever page is turned to"

    drive(scenario, trusted.address, device.prefix, size=SMALL)


def test_an_unread_recall_says_its_key_and_leaves_room_for_danger(
    trusted: TrustedServer, device: Device, cases: dict[str, Any]
) -> None:
    who = f"RAMIRO ANSELMO ZACHRISSON URRUELA (CUI {cases['wanted']['cui']})"
    text = f"NUEVA ALERTA: orden de captura (OJ). Consulta: {who}, 30/11 13:07. Consulte de nuevo antes de actuar."

    async def scenario(car: Car) -> None:
        await car.log_in()
        car.app.recalled._take([Recall(subject_id="1", text=text, recall_id="1"), Recall(subject_id="2", text=text)])
        said = await car.ask(cases["wanted"]["cui"])
        for each in ("F12: leído, y 1 más", "ROJO", "PELIGRO: puede estar armado"):
            assert each in said, said

    drive(scenario, trusted.address, device.prefix, size=SMALL)


@pytest.mark.parametrize("issuer", ["", "localhost:1"])
def test_the_login_fits(issuer: str, tmp_path: Path) -> None:
    async def scenario(car: Car) -> None:
        said = await car.sees("Enter entrar", "RONDA", "Ctrl+Q")
        for title in ("NIP", "Contraseña") if issuer else ("Token",):
            assert f"─ {title} ─" in said

    drive(scenario, "localhost:1", tmp_path / "own", size=SMALL, issuer=issuer)


def test_a_low_screen_is_one_thing() -> None:
    assert door._LOW_ROWS == themes.LOW_ROWS
