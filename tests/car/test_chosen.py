"""A person chosen from a list is neither red nor green until a document is given, or compared (F11)."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from clients.car.layers import layers_of
from clients.car.offline.listed_view import CHOSEN
from clients.car.stop import Asked, Found, Shown, Stop
from core.audit.reader import Flag
from ronda.v1 import check_service_pb2 as checks
from ronda.v1 import level_pb2
from server.hotlist.part import OFFLINE_LOOK_UP
from tests.car.car_kit import Car, device_files, drive
from tests.car.lossy_link import LossyLink
from tests.kit.field_world import FieldServer
from tests.oracle import texts

ASKED_BY = "Juan Perez"
STATED = Flag.CHOSEN_BY_NAME | Flag.DOCUMENT_COMPARED


async def _choose(car: Car, words: str) -> str:
    """Asks by name and takes the first of the list."""
    assert "F7 para elegir" in await car.ask(words)
    await car.press("f7")
    await car.press("enter")
    return await car.settled()


def test_two_keys_make_nobody_red_and_f11_is_in_the_record(field: FieldServer, tmp_path: Path) -> None:
    patrol = field.patrol()
    prefix = device_files(field, tmp_path / "device", patrol)

    async def scenario(car: Car) -> None:
        await car.log_in()
        chosen = await _choose(car, ASKED_BY)
        assert "JUAN JOSE PEREZ LOPEZ" in chosen
        assert "POSIBLE: confirme" in chosen
        assert texts.NOTES["CHOSEN_BY_NAME"] in chosen
        assert "HAY ALERTA" not in chosen
        assert "F11" in chosen
        await car.press("ctrl+o")
        compared = await car.settled()
        assert "HAY ALERTA" in compared
        assert "Usted dijo que comparó su DPI" in compared
        assert "Lo que usted dio" not in compared, "a document was compared, none was given"
        await car.press("f6")
        await car.press("enter")
        assert "HAY ALERTA" not in await car.settled(), "what was compared then is not compared now"
        assert "HAY ALERTA" in await car.ask(field.field.wanted)
        assert "F11: en pantalla no hay nadie elegido" in await car.press("f11")

    drive(scenario, field.address, prefix)
    mine = [r for r in reversed(field.records(60)) if r.identity.get("nip") == patrol.nip and r.entries]
    assert [r.flags & STATED for r in mine][-4:] == [
        Flag.CHOSEN_BY_NAME,
        Flag.DOCUMENT_COMPARED,
        Flag.CHOSEN_BY_NAME,
        0,
    ]


def test_off_line_the_choice_is_told_and_reported(field: FieldServer, tmp_path: Path) -> None:
    patrol = field.patrol()
    prefix = device_files(field, tmp_path / "device", patrol)

    async def scenario(car: Car) -> None:
        await car.log_in()
        await car.until(lambda: car.app.coverage.desk is not None and car.app.coverage.desk._list is not None)
        assert "F7 para elegir" in await car.ask(ASKED_BY)
        await car.press("f7")
        link.cut = True
        await car.press("enter")
        assert "pida su DPI" in await car.settled(), "what opens an entry of a list is the server's to read"
        car.app.main.start(Asked("dueño", person={"cui": field.field.wanted}, found=Found.CHOSEN))
        listed = await car.settled()
        assert "FUERA DE LÍNEA" in listed
        assert CHOSEN in listed
        link.cut = False
        car.app.coverage.next_probe = 0.0
        await car.until(lambda: car.app.coverage.desk is not None and not car.app.coverage.desk.waiting)

    with LossyLink(field.address) as link:
        drive(scenario, link.address, prefix, deadline=3.0, state=str(tmp_path / "state"))
    mine = [record for record in field.records(60) if record.identity.get("nip") == patrol.nip]
    (reported,) = [record for record in mine if record.method == OFFLINE_LOOK_UP.number]
    assert reported.flags & STATED == Flag.CHOSEN_BY_NAME


@pytest.mark.parametrize(
    ("criterion", "asked_by", "found"),
    [
        (level_pb2.CRITERION_PLATE, Found.GIVEN, Found.GIVEN),
        (level_pb2.CRITERION_VIN, Found.GIVEN, Found.GIVEN),
        (level_pb2.CRITERION_PLATE_UNTYPED, Found.GIVEN, Found.CHOSEN),
        (level_pb2.CRITERION_CHASSIS_TAIL, Found.GIVEN, Found.CHOSEN),
        (level_pb2.CRITERION_PLATE, Found.CHOSEN, Found.CHOSEN),
    ],
)
def test_an_owner_is_chosen_unless_a_full_plate_or_vin_led_there(criterion: int, asked_by: Found, found: Found) -> None:
    response = checks.CheckResponse()
    response.answer.comparisons.add(criterion=criterion, agreement=level_pb2.AGREEMENT_AGREES)
    response.vehicle.owners.add(ordinal=1, name="ANA POP").person.identity_claims.add(cui="2457111390501")
    stop = Stop()
    stop.take(Shown(Asked("P-111BCD", found=asked_by), response, layers_of(response), datetime.now(UTC), 0.1))
    [(_, asked)] = stop.owners_asked()
    assert (asked.person, asked.person_found) == ({"cui": "2457111390501"}, found)


def test_the_numbers_of_found_are_the_contracts() -> None:
    assert [int(each) for each in Found] == [
        checks.SUBJECT_FOUND_UNSPECIFIED,
        checks.SUBJECT_FOUND_CHOSEN_BY_NAME,
        checks.SUBJECT_FOUND_DOCUMENT_COMPARED,
    ]
    assert texts.NOTES["CHOSEN_BY_NAME"] == CHOSEN
