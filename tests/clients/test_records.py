"""Every field of every record has its Spanish name and is shown; a section is found by its word."""

from __future__ import annotations

import pytest
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from rich.console import Console

from clients.officer_view.person import address_text
from clients.officer_view.records import records_table
from clients.spanish.records import FIELDS, sections_called
from ronda.v1 import alert_pb2, person_pb2, person_records_pb2, section_pb2, vehicle_pb2


def printed(section: int, *records: Message) -> str:
    console = Console(width=1000, no_color=True)
    with console.capture() as capture:
        console.print(records_table(section, records, len(records), Timestamp()), crop=False)
    return capture.get()


def test_every_field_of_a_record_has_its_spanish_name() -> None:
    kinds = {
        field.message_type.full_name: field.message_type
        for dossier in (person_pb2.Person, vehicle_pb2.Vehicle)
        for field in dossier.DESCRIPTOR.fields
        if field.message_type is not None and "record" in field.message_type.fields_by_name
    }
    assert len(kinds) > 25
    named = {field.name for kind in kinds.values() for field in kind.fields}
    own = {"record", "person", "subject", "agrees", "disagrees", "sources", "source_state", "source_as_of", "cautions"}
    own |= {"notes", "action", "confirmation"}  # of hits, which `check` shows
    assert named - own <= set(FIELDS)


def test_a_record_is_shown_with_all_that_it_says() -> None:
    owned = person_records_pb2.OwnedVehicle(plate="P-123BCD", type="MOTO", make="HONDA", model_year=2018)
    owned.record.register_id, owned.record.record_id, owned.record.possible = "sat", "1/2", True
    owned.valid_from.year = 2020
    text = printed(section_pb2.SECTION_OWNED_VEHICLE, owned)
    for said in ("vehículos: 1 de 1", "sat 1/2 (enlace posible)", "P-123BCD", "MOTO", "HONDA", "2018", "??/??/2020"):
        assert said in text
    fine = person_records_pb2.Fine(amount_centavos=123456, paid=False)
    fine.infraction.text = "EXCESO DE VELOCIDAD"
    assert "Q 1,234.56" in (text := printed(section_pb2.SECTION_FINE, fine))
    assert "EXCESO DE VELOCIDAD" in text
    assert "pagada" in text
    alert = vehicle_pb2.VehicleAlert(kind=alert_pb2.ALERT_KIND_STOLEN_PLATE, state=alert_pb2.ALERT_STATE_CANCELLED)
    assert "Placa robada" in (text := printed(section_pb2.SECTION_VEHICLE_ALERT, alert))
    assert "cancelada" in text


@pytest.mark.parametrize(
    ("word", "sections"),
    [
        ("vehiculos", [section_pb2.SECTION_OWNED_VEHICLE]),
        ("VEHÍCULOS", [section_pb2.SECTION_OWNED_VEHICLE]),
        ("ordenes", [section_pb2.SECTION_WARRANT]),
        ("captura", [section_pb2.SECTION_WARRANT]),
        ("placas", [section_pb2.SECTION_PLATE_ASSIGNMENT]),
        ("remisiones", [section_pb2.SECTION_FINE, section_pb2.SECTION_VEHICLE_FINE]),
        ("nada", []),
    ],
)
def test_a_section_is_found_by_its_word(word: str, sections: list[int]) -> None:
    assert sections_called(word) == sections


def test_a_zone_says_that_it_is_one() -> None:
    assert address_text(person_pb2.Address(zone="5")) == "zona 5"
    assert address_text(person_pb2.Address(street="8A. CALLE 12-85", zone="1")) == "8A. CALLE 12-85, zona 1"
    assert address_text(person_pb2.Address(zone="ZONA 5")) == "ZONA 5"
