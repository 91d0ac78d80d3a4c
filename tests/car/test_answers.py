"""An officer at the keyboard, a real server behind mTLS: what stands on 80 x 24, and in which order."""

from __future__ import annotations

import re
import time
from datetime import datetime
from typing import Any

import pytest

from clients.car.layers import layers_of
from clients.officer_view.words import GUATEMALA
from ronda.v1 import alert_pb2, check_service_pb2, level_pb2, register_pb2
from tests.car.car_kit import Car, Device, drive
from tests.trust.conftest import TrustedServer

WANTED_ROWS = (
    "HAY ALERTA",
    "PELIGRO: puede estar armado",
    "ROJO Orden de captura",
    "sin confirmar: verifique",
    "Acción: Detener",
    "ZACHRISSON URRUELA",
    "Se buscó como: CUI",
    "Alertas",
)


def test_danger_and_what_to_do_stand_above_who_it_is(
    trusted: TrustedServer, device: Device, cases: dict[str, Any]
) -> None:
    rung = []

    async def scenario(car: Car) -> None:
        car.app.bell = lambda: rung.append(True)  # type: ignore[method-assign]
        await car.log_in()
        said = await car.ask(cases["wanted"]["cui"])
        places = [said.index(each) for each in WANTED_ROWS]
        assert places == sorted(places), said
        assert "█" in said
        assert rung
        assert "identidad: 2 de 2" in await car.press("tab", "tab")
        assert "Respuesta" in await car.press("tab")
        assert "ROJO Orden de captura" in await car.press("tab", "pageup", "pageup")

    drive(scenario, trusted.address, device.prefix)


def test_a_server_that_tells_nobody_of_changes_is_named(trusted: TrustedServer, device: Device) -> None:
    """Without a word, red stands below a cancelled warrant, and the officer waits for a word that never comes."""

    async def scenario(car: Car) -> None:
        await car.log_in()
        await car.sees("SIN AVISOS")

    drive(scenario, trusted.address, device.prefix)


def test_green_is_for_clear_alone_and_rings_no_bell(
    trusted: TrustedServer, device: Device, cases: dict[str, Any]
) -> None:
    rung = []

    async def scenario(car: Car) -> None:
        car.app.bell = lambda: rung.append(True)  # type: ignore[method-assign]
        await car.log_in()
        assert "SIN ALERTAS" in await car.ask(cases["clean"]["cui"])
        unknown = await car.ask(cases["unknown_cui"]["cui"])
        assert "POSIBLE: confirme" in unknown
        assert "documento no consta" in unknown
        assert "SIN ALERTAS" not in unknown
        assert not rung

    drive(scenario, trusted.address, device.prefix)


def test_vehicle_owner_and_driver_without_typing_again(
    trusted: TrustedServer, device: Device, cases: dict[str, Any]
) -> None:
    async def scenario(car: Car) -> None:
        await car.log_in()
        asked = await car.ask(cases["wanted_owner"]["plate"])
        assert "Dueño 1:" in asked
        assert "Acción: Detener al propietario si es quien conduce: confirme" in asked
        await car.press("f3")
        owner = await car.settled()
        assert "Dueño: ZACHRISSON" in owner
        assert "Lo que usted dio" not in owner, "the plate was given, and it is not the owner's"
        assert "Acción: Detener al propietario si es quien conduce: confirme" in owner, "nobody said that he drives"
        assert "Vehículo ROJO" in owner
        assert "respuesta de las" in await car.press("f5")
        assert "Conductor: DPI" in await car.press("f4")
        driver = await car.ask(cases["clean"]["cui"])
        assert "El conductor NO es el dueño registrado" in driver
        assert "Vehículo ROJO" in driver, "what the vehicle came to stays in sight"
        assert "SIN ALERTAS" in driver
        await car.press("f5")
        assert "El conductor NO es" in await car.press("f4")
        assert "Conductor VERDE" in car.text().splitlines()[0], "of three levels none is cut off at 80 columns"
        await car.press("f2")
        assert "F3: en esta parada no hay dueño" in await car.press("f3")
        assert "F5: antes consulte" in await car.press("f5")
        assert "F7: no hay varios" in await car.press("f7")
        assert "ROJO" not in await car.press("f4")
        await car.press("escape")
        await car.ask(cases["wanted_owner"]["plate"])
        await car.press("f4")
        driver = await car.ask(cases["wanted"]["cui"])
        assert "El conductor es el dueño" in driver
        assert "Acción: Detener: confirme" in driver

    drive(scenario, trusted.address, device.prefix)


def test_who_drives_is_known_by_a_document_and_no_vehicle_drives(
    trusted: TrustedServer, device: Device, cases: dict[str, Any]
) -> None:
    """By a name, "El conductor es el dueño" made "Detener al propietario si es quien conduce" an arrest."""

    async def scenario(car: Car) -> None:
        await car.log_in()
        await car.ask(cases["wanted_owner"]["plate"])
        await car.press("f4")
        assert "conductor es el dueño" not in await car.ask("ramiro zachrisson")
        await car.press("f4")
        assert "NO es el dueño" not in await car.ask("isabel aycinena beltranena")
        await car.press("f4")
        borrowed = await car.ask(f"{cases['wanted']['cui']} otilia echeverria saravia")
        assert "conductor es el dueño" not in borrowed, "the document is not the bearer's"
        await car.press("f4")
        other = await car.ask(cases["clean_vehicle"]["plate"])
        assert "Conductor" not in other.splitlines()[0], "another vehicle is another stop"
        assert "Vehículo VERDE" in other
        assert "Consulta: " in other

    drive(scenario, trusted.address, device.prefix)


def test_a_green_owner_or_driver_takes_no_alert_off_the_vehicle(
    trusted: TrustedServer, device: Device, cases: dict[str, Any]
) -> None:
    async def scenario(car: Car) -> None:
        await car.log_in()
        await car.ask(cases["stolen_vehicle"]["plate"])
        await car.press("f3")
        assert "Vehículo: ROJO, esta respuesta no lo quita" in await car.settled()
        await car.press("f4")
        assert "Vehículo: ROJO, esta respuesta no lo quita" in await car.ask(cases["clean"]["cui"])
        await car.press("f4")
        assert "no lo quita" not in await car.ask(cases["wanted"]["cui"]), "red beside red says enough"
        assert "Conductor: ROJO, esta respuesta no lo quita" not in await car.press("f5")

    drive(scenario, trusted.address, device.prefix)


def test_one_clock_is_on_the_screen_and_it_is_guatemalas(
    trusted: TrustedServer, device: Device, cases: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()

    async def scenario(car: Car) -> None:
        await car.log_in()
        before = datetime.now(GUATEMALA)
        said = await car.ask(cases["clean"]["cui"])
        hours = {f"{at:%H:%M}" for at in (before, datetime.now(GUATEMALA))}
        assert set(re.findall(r"\b\d\d:\d\d(?=:\d\d| )", said)) <= hours, said
        assert any(hour in said.splitlines()[0] for hour in hours)

    try:
        drive(scenario, trusted.address, device.prefix)
    finally:
        monkeypatch.undo()
        time.tzset()


def test_several_are_chosen_from_and_the_last_twenty_asked_again(
    trusted: TrustedServer, device: Device, cases: dict[str, Any]
) -> None:
    async def scenario(car: Car) -> None:
        await car.log_in()
        said = await car.ask("Hortensia Irigoyen Berganza")
        assert "F7 para elegir" in said
        assert "¿Cuál de ellos?" in await car.press("f7")
        await car.press("down", "enter")
        assert "IRIGOYEN BERGANZA" in await car.settled()
        assert "el nivel es el de aquella hora" in await car.press("f6")
        await car.press("down", "enter")
        assert "F7 para elegir" in await car.settled()
        newest = next(iter(car.app.history))
        for _ in range(30):
            car.app.history.add(newest)
        assert len(car.app.history) == 20

    drive(scenario, trusted.address, device.prefix)


def test_bad_input_is_told_by_field_and_rule_and_every_light_and_size_shows_it(
    trusted: TrustedServer, device: Device, cases: dict[str, Any]
) -> None:
    async def scenario(car: Car) -> None:
        await car.log_in()
        for words in ("!!!", "\u202e9", "[bold]x[/]", "P-123BCD P-124BCD", "🚓"):
            said = await car.ask(words)
            assert "SIN ALERTAS" not in said
        assert "no es verde" in await car.ask("\u202e9")
        await car.press("f8")
        assert "Sin alertas en todos los registros" in await car.press("f1")
        await car.press("escape")
        assert "█" in await car.ask(cases["clean"]["cui"])
        await car.pilot.resize_terminal(40, 12)
        assert "█" not in await car.press("f6", "escape"), "large letters that do not fit are a word"
        assert "VERDE" in car.text()
        assert "SIN ALERTAS" in await car.ask(cases["clean"]["cui"])

    drive(scenario, trusted.address, device.prefix)


def test_why_an_alert_is_only_possible_stands_above_what_to_do() -> None:
    note = "cancelada según OJ 27/11 10:42: confirme"
    hit = alert_pb2.Hit(kind=alert_pb2.ALERT_KIND_WARRANT, level=level_pb2.LEVEL_POSSIBLE)
    hit.action.code, hit.action.text = "ARREST", "Detener"
    hit.notes.add(code="CLOSED_BY_FEED", text=note)
    answer = check_service_pb2.Answer(
        level=level_pb2.LEVEL_POSSIBLE, coverage=level_pb2.COVERAGE_COMPLETE, hits=[hit], hits_total=1
    )
    said = "\n".join(str(line) for line in layers_of(check_service_pb2.CheckResponse(answer=answer)).urgent)
    places = [said.index(each) for each in ("AMARILLO", "Orden de captura", note, "Solo si se confirma: detener")]
    assert places == sorted(places), said
    answer.hits[0].confirmation.text = "desmentida por oj 14:40: revocada"
    answer.hits[0].notes.add(code="CONFIRMATION_DENIED", text=answer.hits[0].confirmation.text)
    [once] = [line for line in layers_of(check_service_pb2.CheckResponse(answer=answer)).urgent if "desmentida" in line]
    assert "AMARILLO" in once


def test_what_an_answer_lacks_is_told_whatever_its_level() -> None:
    answer = check_service_pb2.Answer(level=level_pb2.LEVEL_CLEAR, coverage=level_pb2.COVERAGE_COMPLETE)
    whole = check_service_pb2.CheckResponse(answer=answer)
    assert not layers_of(whole).urgent
    stale = register_pb2.RegisterStatus(name="OJ", state=register_pb2.REGISTER_STATE_STALE)
    for coverage in level_pb2.Coverage.values():
        for registers in ([], [stale]):
            if coverage == level_pb2.COVERAGE_COMPLETE and not registers:
                continue
            answer = check_service_pb2.Answer(level=level_pb2.LEVEL_HIT, registers=registers)
            answer.coverage = coverage  # type: ignore[assignment]
            layers = layers_of(check_service_pb2.CheckResponse(answer=answer))
            assert any("RESPUESTA PARCIAL" in line.plain for line in layers.urgent)
