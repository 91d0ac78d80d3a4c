"""By plate nobody reads the address of whom an order may protect, and not by the id that a plate gave either."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from ronda.v1 import check_service_pb2 as checks
from ronda.v1 import section_pb2
from tests.asker import Asker
from tests.indexer.small_registers import cui_of
from tests.small_world import SmallWorld

BORN = "1980-05-17"
OTHER = {"CUI": cui_of(900)}
# case -> (name in RENAP, cells of the protected side's row; None = no row), whether the address is hidden
ORDERS: dict[str, tuple[str, dict[str, str] | None, bool]] = {
    "no order": ("ANA ABAC TZUL", None, False),
    "by CUI": ("BERTA BATZ QUEJ", {"CUI": "own"}, True),
    "by CUI, her name spelt otherwise": ("CARLA CHIROY SOLIS", {"CUI": "own", "NOMBRE": "KARLA CHIROI SOLIZ"}, True),
    "by name and birth date": ("DORA DUBON ESCALANTE", {"NOMBRE": "DORA DUBON ESCALANTE"}, True),
    "by name as heard and birth date": ("ELSA FIGUEROA GALVEZ", {"NOMBRE": "ELSA FIGUEROA GALVES"}, True),
    "by name and a year off": (
        "FLOR HERRARTE IBOY",
        {"NOMBRE": "FLOR HERRARTE IBOY", "NACIMIENTO": "1981-05-17"},
        True,
    ),
    "a CUI with one wrong digit": ("GLORIA JUAREZ KESTLER", {"CUI": "nobody", "NOMBRE": "GLORIA JUAREZ KESTLER"}, True),
    "a stranger's CUI": ("HILDA LEMUS MORAN", {"CUI": "stranger", "NOMBRE": "HILDA LEMUS MORAN"}, True),
    "an impossible last day": ("IRMA NAJERA OROZCO", {"CUI": "own", "HASTA": "31/02/2031"}, True),
    "an impossible last day, by name": (
        "JULIA PALENCIA QUIROA",
        {"NOMBRE": "JULIA PALENCIA QUIROA", "HASTA": "31/02/2031"},
        True,
    ),
    "an unknown state": ("LIDIA ROSALES SAGASTUME", {"CUI": "own", "ESTADO": "VIJENTE"}, True),
    "an unknown state, by name": ("MARTA TARACENA UMAÑA", {"NOMBRE": "MARTA TARACENA UMAÑA", "ESTADO": "??"}, True),
    "one that ran out": ("NORA VALLADARES WONG", {"CUI": "own", "HASTA": "2024-12-31"}, False),
    "one that was revoked": ("OLGA XOYON YAC", {"CUI": "own", "ESTADO": "CANCELADA"}, False),
    "one by name that ran out": (
        "PAULA ZAPETA AGUSTIN",
        {"NOMBRE": "PAULA ZAPETA AGUSTIN", "HASTA": "2024-12-31"},
        False,
    ),
    "a sister's": ("RUTH BARILLAS CASTELLANOS", {"NOMBRE": "SARA BARILLAS CASTELLANOS"}, False),
}


@pytest.fixture(scope="module")
def asker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asker]:
    world = SmallWorld()
    world.person(900, "TOMAS XOL YAT", "1961-01-02", SEXO="M", CALLE="CALLE 900")
    world.car(900, "P-900BCD", [OTHER])
    for number, (name, order, _) in enumerate(ORDERS.values(), 1):
        own = world.person(number, name, BORN, CALLE=f"CALLE {number}")
        world.car(number, f"P-{number:03}BCD", [{"CUI": own, "NOMBRE": name}])
        if order is not None:
            numbers = {"own": own, "nobody": cui_of(5000 + number), "stranger": OTHER["CUI"], "": ""}
            cells = {"NACIMIENTO": BORN, **order, "CUI": numbers[order.get("CUI", "")]}
            world.report(f"O{number}", "VICTIMA", **cells)
    for number in (100, 101):  # one of the two is meant, nobody knows which
        own = world.person(number, "ROSA IXCOY BATZ", BORN, CALLE=f"CALLE {number}")
        world.car(number, f"P-{number:03}BCD", [{"CUI": own}])
    world.report("O100", "VICTIMA", NOMBRE="ROSA IXCOY BATZ", NACIMIENTO=BORN)
    yield from world.serve(tmp_path_factory.mktemp("victims"))


def owner_of(asker: Asker, number: int) -> tuple[Any, bytes]:
    request = checks.CheckVehicleRequest(plate=f"P-{number:03}BCD")
    (owner,) = asker(request).vehicle.owners
    return owner.person, asker.raw(request)


def listed(asker: Asker, subject_id: str) -> tuple[Any, bytes]:
    request = checks.ListRecordsRequest(subject_id=subject_id, section=section_pb2.SECTION_ADDRESS)
    return asker(request), asker.raw(request)


def assert_hidden(asker: Asker, number: int) -> None:
    person, answer = owner_of(asker, number)
    page, list_answer = listed(asker, person.subject_id)
    assert f"CALLE {number}".encode() not in answer + list_answer
    assert not [t for t in person.totals if t.section == section_pb2.SECTION_ADDRESS]
    assert (page.total, len(page.person.totals), page.next_page_token) == (0, 0, "")
    hits = asker(checks.CheckVehicleRequest(plate=f"P-{number:03}BCD")).answer.hits
    assert not hits, "what hides her address is no alert on her"


@pytest.mark.parametrize("case", ORDERS)
def test_an_order_that_may_be_hers_hides_her_address(asker: Asker, case: str) -> None:
    number = list(ORDERS).index(case) + 1
    if ORDERS[case][2]:
        assert_hidden(asker, number)
    else:
        person, _ = owner_of(asker, number)
        assert [a.street for a in person.addresses] == [f"CALLE {number}"]
        assert listed(asker, person.subject_id)[0].total == 1


def test_both_whom_an_order_may_mean_are_hidden(asker: Asker) -> None:
    assert_hidden(asker, 100)
    assert_hidden(asker, 101)


def test_a_stranger_s_number_on_an_order_hides_his_address_too(asker: Asker) -> None:
    assert_hidden(asker, 900)


def test_the_owner_in_the_list_of_owners_is_masked_as_well(asker: Asker) -> None:
    number = list(ORDERS).index("by name and birth date") + 1
    vehicle = asker(checks.CheckVehicleRequest(plate=f"P-{number:03}BCD")).vehicle
    request = checks.ListRecordsRequest(subject_id=vehicle.subject_id, section=section_pb2.SECTION_OWNER)
    assert asker(request).vehicle.owners[0].person.subject_id
    assert f"CALLE {number}".encode() not in asker.raw(request)


def test_asked_by_her_own_number_she_has_an_address(asker: Asker) -> None:
    number = list(ORDERS).index("by CUI") + 1
    assert [a.street for a in asker.person(cui_of(number)).person.addresses] == [f"CALLE {number}"]
