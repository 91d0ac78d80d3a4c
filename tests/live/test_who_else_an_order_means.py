"""Persons that a fed order means besides its number's or date's bearer are shown at once, as by a build (section 5)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.ledger.change import Change
from ronda.v1 import check_service_pb2 as checks
from tests.indexer.small_registers import SmallRegisters, cui_of
from tests.kit import small_world
from tests.kit.small_world import SmallWorld
from tests.live.fed_world import FedWorld, built, differences, said

RITA, MARTA, NAMESAKE, LUIS, STRANGER = 13_571_246, 13_571_300, 31_234_500, 31_234_900, 21_234_900
PARENTS = {"PADRE": "PEDRO GARCIA MENDOZA", "MADRE": "JUANA LOPEZ COX"}
LICENCE, PERSON = "LC13571300", "MARTA ELENA GARCIA LOPEZ"


def slipped(number: int) -> str:
    cui = cui_of(number)
    return cui[:5] + str((int(cui[5]) + 3) % 10) + cui[6:]


# case -> cells of the fed order; all mean one person and leave somebody else
ORDERS: dict[str, tuple[int, dict[str, str]]] = {
    "a slip and her date, no name": (RITA, {"CUI": slipped(RITA), "NACIMIENTO": "1977-11-23"}),
    "1 January": (MARTA, {"NOMBRE": PERSON, "NACIMIENTO": "1990-01-01"}),
    "both parents and another date": (MARTA, {"NOMBRE": PERSON, "NACIMIENTO": "1961-08-09", **PARENTS}),
    "an initial and both parents": (MARTA, {"NOMBRE": "MARTA E. GARCIA LOPEZ", **PARENTS}),
    "one parent and another date": (MARTA, {"NOMBRE": PERSON, "NACIMIENTO": "1961-08-09", "MADRE": PARENTS["MADRE"]}),
    "a stranger's number and her cedula": (MARTA, {"CUI": cui_of(STRANGER), "CEDULA": "A-1 571300"}),
    "her number and name, a stranger's cedula": (
        MARTA,
        {"CUI": cui_of(MARTA), "NOMBRE": PERSON, "CEDULA": "A-1 234900"},
    ),
    "his number, another second surname": (LUIS, {"CUI": cui_of(LUIS), "NOMBRE": "JOSE LUIS POP XOL"}),
    "a brother's number and birth date": (
        STRANGER,
        {"CUI": cui_of(LUIS), "NACIMIENTO": "1975-01-20", "NOMBRE": "JOSE CARLOS POP TZUL"},
    ),
    "a licence's digit and her date, no name": (MARTA, {"LICENCIA": LICENCE[:-1] + "7", "NACIMIENTO": "1990-05-08"}),
    "a licence's digit": (MARTA, {"NOMBRE": PERSON, "LICENCIA": LICENCE[:-1] + "7"}),
}


@pytest.fixture(scope="module", autouse=True)
def manifests() -> Iterator[None]:
    parents = 'father_name = "PADRE"\nmother_name = "MADRE"\nlicence = "LICENCIA"\ncedula = "CEDULA"\n'
    with pytest.MonkeyPatch.context() as patched:
        for register, name in (("renap", "RENAP"), ("oj", "OJ")):
            text = getattr(small_world, name)
            patched.setattr(small_world, name, text.replace('cui = "CUI"\n', f'cui = "CUI"\n{parents}', 1))
            columns = small_world.HEADERS[register] + " PADRE MADRE LICENCIA CEDULA"
            patched.setitem(small_world.HEADERS, register, columns)
        yield


def world() -> SmallWorld:
    small = SmallWorld()
    small.person(RITA, "RITA XUYA COY", "1977-11-23")
    stranger = {"ID": "S", "CUI": slipped(RITA), "NOMBRE": "PEDRO ICAL CAAL", "NACIMIENTO": "1951-02-03", "SEXO": "M"}
    small.rows["renap"].append(stranger)
    small.person(MARTA, PERSON, "1990-05-08", LICENCIA=LICENCE, CEDULA="A-1 571300", **PARENTS)
    small.person(NAMESAKE, PERSON, "1955-02-03")
    small.person(LUIS, "JOSE LUIS POP TZUL", "1975-01-20")
    small.warrant("W1", cui_of(LUIS), "JOSE LUIS POP TZUL", "1975-01-20")
    small.person(STRANGER, "JOSE CARLOS POP TZUL", "1979-01-20", CEDULA="A-1 234900")
    for number in range(6, 20):
        given, surname = ("UNO", "DOS", "TRES", "CUATRO", "CINCO")[number % 5], ("COY", "TUC", "ICAL")[number % 3]
        small.person(number, f"PERSONA {given} {surname} XOL", f"19{50 + number}-03-0{1 + number % 8}")
    small.car(1, "P-123BCD", [{"CUI": cui_of(LUIS), "NOMBRE": "JOSE LUIS POP TZUL", "DESDE": "2015-01-01"}])
    return small


@pytest.fixture(scope="module")
def base(manifests: None, tmp_path_factory: pytest.TempPathFactory) -> SmallRegisters:
    return built(tmp_path_factory.mktemp("base"), world())


@pytest.fixture
def fed(tmp_path: Path, base: SmallRegisters) -> Iterator[FedWorld]:
    over = FedWorld(tmp_path, world(), base)
    yield over
    over.writer.close()


def order(fed: FedWorld, **cells: str) -> Change:
    row = {"ESTADO": "PENDIENTE", "FECHA": "2024-02-03", "DELITO": "HOMICIDIO"}
    return fed.upsert("oj", ORDEN="F1", **row, **cells)


@pytest.mark.parametrize("case", ORDERS)
def test_who_is_meant(fed: FedWorld, case: str) -> None:
    number, cells = ORDERS[case]
    fed.take(order(fed, **cells))
    level = "LEVEL_HIT" if case.startswith("his") else "LEVEL_POSSIBLE"  # he is wanted besides
    assert level in said(fed.view(), checks.CheckPersonRequest(cui=cui_of(number)))
    assert differences(fed) == []


def test_a_cedula_that_becomes_somebodys(fed: FedWorld) -> None:
    """An order by a number and a cedula that nobody has: once the cedula is a stranger's, both may be meant."""
    fed.take(order(fed, CUI=cui_of(MARTA), NOMBRE=PERSON, CEDULA="A-1 234500"))
    assert "LEVEL_HIT" in said(fed.view(), checks.CheckPersonRequest(cui=cui_of(MARTA)))
    row = {"CUI": cui_of(NAMESAKE), "NOMBRE": PERSON, "NACIMIENTO": "1955-02-03", "SEXO": "F"}
    fed.take(fed.upsert("renap", ID=f"R{NAMESAKE}-3", CEDULA="A-1 234500", **row))
    assert "LEVEL_POSSIBLE" in said(fed.view(), checks.CheckPersonRequest(cui=cui_of(NAMESAKE)))
    assert differences(fed) == []
    fed.take(fed.upsert("renap", ID=f"R{NAMESAKE}-3", **row))
    assert differences(fed) == []


def test_an_owner_of_two(fed: FedWorld) -> None:
    """One brother's number, the other's name: as a rebuild says it, in both directions."""
    for record_id, number, name in (
        ("V8", LUIS, "JOSE CARLOS POP TZUL"),
        ("V9", STRANGER, "JOSE LUIS POP TZUL"),
    ):
        vin = f"3N1AB7AP5FY0007{record_id[1:]}0"
        whose = {"CUI": cui_of(number), "NOMBRE": name, "DESDE": "2023-01-01"}
        fed.take(fed.upsert("sat", ID=record_id, PLACA=f"P-55{record_id[1:]}BCD", VIN=vin, **whose))
    assert "LEVEL_POSSIBLE" in said(fed.view(), checks.CheckVehicleRequest(plate="P-558BCD"))
    assert differences(fed) == []


def test_the_name_of_whose_number_and_date_it_is_is_taken_away(fed: FedWorld) -> None:
    """The order's own name, date and number were his; now the name may be another's, whenever born."""
    row = {"CUI": cui_of(LUIS), "NACIMIENTO": "1975-01-20", "SEXO": "M"}
    fed.take(order(fed, CUI=cui_of(LUIS), NACIMIENTO="1975-01-20", NOMBRE="JOSE CARLOS POP TZUL"))
    own = next(each for each in fed.world.rows["renap"] if each["CUI"] == cui_of(LUIS))
    fed.take(fed.upsert("renap", ID=own["ID"], NOMBRE="SIN NOMBRE", **row))
    assert "LEVEL_POSSIBLE" in said(fed.view(), checks.CheckPersonRequest(cui=cui_of(STRANGER)))
    assert differences(fed) == []
