"""By plate nobody reads the address of a person that an order may protect, nor by the id that a plate gave."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.access.grant import Grant
from core.engine.entry import METHODS, Engine
from core.generation.store import Generation
from indexer.generations.publishing import current_generation
from ronda.v1 import check_service_pb2 as checks
from ronda.v1 import section_pb2, value_pb2
from tests.indexer.small_registers import cui_of
from tests.kit.asker import Asker
from tests.kit.nation_kit import BuiltNation
from tests.kit.small_world import SmallWorld

BORN = "1980-05-17"
OTHER = {"CUI": cui_of(900)}
NAMESAKE = cui_of(901)
NOW_MS = time.time_ns() // 1_000_000
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
    "her whole name alone": ("SONIA ELENA TUYUC MEJIA", {"NOMBRE": "SONIA ELENA TUYUC MEJIA", "NACIMIENTO": ""}, True),
    "her name without the second given": (
        "TERESA INES URIZAR PAZ",
        {"NOMBRE": "TERESA URIZAR PAZ", "NACIMIENTO": ""},
        True,
    ),
    "her name as heard alone": ("URSULA VELASQUEZ RUIZ", {"NOMBRE": "URSULA BELASQUES RUIS", "NACIMIENTO": ""}, True),
    "her name and another birth date": (
        "VILMA ELISA YOC ZAMORA",
        {"NOMBRE": "VILMA ELISA YOC ZAMORA", "NACIMIENTO": "1955-01-01"},
        True,
    ),
    "her name alone, in a row of no known state": (
        "WENDY SARAI ACAL BOCEL",
        {"NOMBRE": "WENDY SARAI ACAL BOCEL", "NACIMIENTO": "", "ESTADO": "VIGNTE"},
        True,
    ),
    "a digit wrong, and her name": (
        "XIOMARA LUZ CANIZ DIAZ",
        {"CUI": "slip", "NOMBRE": "XIOMARA LUZ CANIZ DIAZ", "NACIMIENTO": ""},
        True,
    ),
    "twelve digits, and her name": (
        "YESENIA EVA ESCOBAR FRANCO",
        {"CUI": "short", "NOMBRE": "YESENIA EVA ESCOBAR FRANCO", "NACIMIENTO": ""},
        True,
    ),
    "a number nobody has, and her name": (
        "ZULMA IRIS GODOY HERNANDEZ",
        {"CUI": "nobody", "NOMBRE": "ZULMA IRIS GODOY HERNANDEZ", "NACIMIENTO": ""},
        True,
    ),
    "a stranger's number, and her name": (
        "AURA LILI ICAL JOLON",
        {"CUI": "stranger", "NOMBRE": "AURA LILI ICAL JOLON", "NACIMIENTO": ""},
        True,
    ),
    "a digit wrong and no name": ("BLANCA RITA KIX LUC", {"CUI": "slip", "NACIMIENTO": ""}, True),
    "two digits exchanged and no name": ("CELIA NORA MUX NOJ", {"CUI": "swap", "NACIMIENTO": ""}, True),
    "her name alone, that ran out": (
        "DELIA ROSA ORDONEZ PEC",
        {"NOMBRE": "DELIA ROSA ORDONEZ PEC", "NACIMIENTO": "", "HASTA": "2024-12-31"},
        False,
    ),
    "her name alone, revoked": (
        "EDITH SARA QUIM RAC",
        {"NOMBRE": "EDITH SARA QUIM RAC", "NACIMIENTO": "", "ESTADO": "CANCELADA"},
        False,
    ),
    "a digit wrong, that ran out": ("FABIOLA ANA SUY TOC", {"CUI": "slip", "HASTA": "2024-12-31"}, False),
    "a namesake's, by her number": (
        "GILDA EMA UZ VIX",
        {"CUI": "namesake", "NOMBRE": "GILDA EMA UZ VIX", "NACIMIENTO": "1961-01-02"},
        False,
    ),
    "a sister's whole name alone": (
        "HAYDEE MARIA XICAY YAX",
        {"NOMBRE": "ISABEL JULIA XICAY YAX", "NACIMIENTO": ""},
        False,
    ),
    "one given name and one surname": (
        "KAREN IRENE ZACARIAS TOC",
        {"NOMBRE": "KAREN ZACARIAS", "NACIMIENTO": ""},
        True,
    ),
    "one given name and one surname, another day": (
        "LESLY OFELIA YUPE SIS",
        {"NOMBRE": "LESLY YUPE", "NACIMIENTO": "1950-02-03"},
        True,
    ),
    "one surname alone": ("MIRNA LUCIA WAIGHT PUR", {"NOMBRE": "WAIGHT", "NACIMIENTO": ""}, False),
    "a sister's": ("RUTH BARILLAS CASTELLANOS", {"NOMBRE": "SARA BARILLAS CASTELLANOS"}, False),
}


# first number -> name of so many
COMMON = {1100: ("CANDELARIA TOJ UZ", 1000), 3100: ("DOMINGA VIX WUG", 1001)}


def neighbour(number: int) -> str:
    """A valid CUI that differs in the last digit: another municipality."""
    return cui_of(number)[:-1] + "2"


def swapped(cui: str) -> str:
    """The CUI with its first two neighbours that differ exchanged."""
    place = next(i for i in range(3, 8) if cui[i] != cui[i + 1])
    return cui[:place] + cui[place + 1] + cui[place] + cui[place + 2 :]


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("victims")


@pytest.fixture(scope="module")
def asker(directory: Path) -> Iterator[Asker]:
    world = SmallWorld()
    world.person(901, "GILDA EMA UZ VIX", "1961-01-02")
    world.person(900, "TOMAS XOL YAT", "1961-01-02", SEXO="M", CALLE="CALLE 900")
    world.car(900, "P-900BCD", [OTHER])
    for number, (name, order, _) in enumerate(ORDERS.values(), 1):
        own = world.person(number, name, BORN, CALLE=f"CALLE {number}", TELEFONO=str(50_000_000 + number))
        world.car(number, f"P-{number:03}BCD", [{"CUI": own, "NOMBRE": name}])
        if order is not None:
            numbers = {"own": own, "nobody": cui_of(5000 + number), "stranger": OTHER["CUI"], "": ""}
            numbers |= {"slip": own[:4] + str((int(own[4]) + 5) % 10) + own[5:], "short": own[:-1]}
            numbers |= {"swap": swapped(own), "namesake": NAMESAKE}
            cells = {"NACIMIENTO": BORN, **order, "CUI": numbers[order.get("CUI", "")]}
            world.report(f"O{number}", "VICTIMA", **cells)
    for number in (100, 101):  # one of the two is meant, nobody knows which
        own = world.person(number, "ROSA IXCOY BATZ", BORN, CALLE=f"CALLE {number}")
        world.car(number, f"P-{number:03}BCD", [{"CUI": own}])
    world.report("O100", "VICTIMA", NOMBRE="ROSA IXCOY BATZ", NACIMIENTO=BORN)
    for first, (name, bearers) in COMMON.items():
        for number in range(first, first + bearers):
            own = world.person(number, name, "1985-02-03", CALLE=f"CALLE {number}")
        world.car(first, f"P-{first // 10}BCD", [{"CUI": own}])
        world.report(f"O{first}", "VICTIMA", NOMBRE=name)
    for number, name in ((201, "NORMA LISETH PUAC RAX"), (202, "INGRID JOSEFA SOC TUL")):
        world.person(number, name, BORN, CUI=neighbour(number), CALLE=f"CALLE {number}")
        world.car(number, f"P-{number}BCD", [{"CUI": neighbour(number)}])
        world.person(300 + number, "OFELIA VASQUEZ XIC", BORN, CUI=cui_of(number))
        world.report(
            f"O{number}",
            "VICTIMA",
            CUI=cui_of(number),
            NOMBRE="OFELIA VASQUEZ XIC" if number == 201 else "PEDRO MIS CUX",
        )
    yield from world.serve(directory)


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


def test_a_name_that_a_thousand_bear_hides_nobody(asker: Asker) -> None:
    shown = {}
    for first, (_, bearers) in COMMON.items():
        (owner,) = asker(checks.CheckVehicleRequest(plate=f"P-{first // 10}BCD")).vehicle.owners
        shown[bearers] = [a.street for a in owner.person.addresses]
    assert shown == {1000: [], 1001: ["CALLE 4100"]}


def test_a_slip_of_a_number_that_is_borne_out_hides_nobody(asker: Asker) -> None:
    person, _ = owner_of(asker, 201)
    assert [a.street for a in person.addresses] == ["CALLE 201"]


def test_a_slip_of_a_stranger_s_number_hides(asker: Asker) -> None:
    assert_hidden(asker, 202)


def test_a_stranger_s_number_on_an_order_hides_his_address_too(asker: Asker) -> None:
    assert_hidden(asker, 900)


def test_the_owner_in_the_list_of_owners_is_masked_as_well(asker: Asker) -> None:
    number = list(ORDERS).index("by name and birth date") + 1
    vehicle = asker(checks.CheckVehicleRequest(plate=f"P-{number:03}BCD")).vehicle
    request = checks.ListRecordsRequest(subject_id=vehicle.subject_id, section=section_pb2.SECTION_OWNER)
    assert asker(request).vehicle.owners[0].person.subject_id
    assert f"CALLE {number}".encode() not in asker.raw(request)


def test_her_protection_desk_reads_her_address_by_her_own_number(asker: Asker) -> None:
    """The desk sees the order itself; by plate nobody does."""
    number = list(ORDERS).index("by CUI") + 1
    assert [a.street for a in asker.person(cui_of(number)).person.addresses] == [f"CALLE {number}"]


@pytest.fixture(scope="module")
def engine(asker: Asker, directory: Path) -> Engine:
    data = next(directory.rglob("CURRENT")).parent
    return Engine(Generation.open(data / "generations" / str(current_generation(data))))


@pytest.mark.parametrize("case", ORDERS)
def test_whichever_way_she_is_asked_about(engine: Engine, case: str) -> None:
    """By CUI, name, name and date, telephone and the list of a section, for a caller who does not see such orders."""
    number = list(ORDERS).index(case) + 1
    name, _, hidden = ORDERS[case]
    masks = dict.fromkeys(range(1, 6), 2**64 - 1)
    masks[section_pb2.SENSITIVITY_VICTIM] = 0
    grant = Grant(masks)
    born = value_pb2.PartialDate(year=1980, month=5, day=17)
    found = []
    for question in (
        checks.CheckPersonRequest(cui=cui_of(number)),
        checks.CheckPersonRequest(name=value_pb2.PersonName(full=name), birth_date=born),
        checks.CheckPersonRequest(name=value_pb2.PersonName(full=name)),
        checks.CheckPersonRequest(telephone=str(50_000_000 + number)),
    ):
        answer = engine.answer(METHODS["CheckPerson"], question.SerializeToString(), grant, NOW_MS)
        person = checks.CheckPersonResponse.FromString(answer).person
        if person.subject_id:
            found.append(person)
            assert [a.street for a in person.addresses] == ([] if hidden else [f"CALLE {number}"])
            assert [t.number for t in person.telephones] == ([] if hidden else [str(50_000_000 + number)])
            assert (f"CALLE {number}".encode() in answer) != hidden
            told = {total.section for total in person.totals}
            assert not hidden or told.isdisjoint({section_pb2.SECTION_ADDRESS, section_pb2.SECTION_TELEPHONE})
    assert len(found) >= 2
    for section in (section_pb2.SECTION_ADDRESS, section_pb2.SECTION_TELEPHONE):
        listing = checks.ListRecordsRequest(subject_id=found[0].subject_id, section=section)
        answer = engine.answer(METHODS["ListRecords"], listing.SerializeToString(), grant, NOW_MS)
        assert checks.ListRecordsResponse.FromString(answer).total == (0 if hidden else 1)


def test_few_in_a_nation_have_their_address_hidden_by_a_name(large_nation: BuiltNation) -> None:
    """The rule's cost: under one person in a hundred, linked and not linked."""
    persons = [s for s in large_nation.oracle.subjects if s.has_cui]
    hidden = [s for s in persons if s.hidden_by]
    linked = [s for s in persons if any(k.record.alert is not None and not k.record.alert.kind for k in s.links)]
    assert linked
    assert len(hidden) < len(persons) / 100, f"{len(hidden)} of {len(persons)}"


def told(engine: Engine, question: Any, grant: Grant) -> Any:
    """The answer, without its own id and the number asked."""
    name = question.DESCRIPTOR.name.removesuffix("Request")
    answer = engine.answer(METHODS[name], question.SerializeToString(), grant, NOW_MS)
    found = getattr(checks, f"{name}Response").FromString(answer)
    found.answer.ClearField("answer_id")
    for detected in getattr(found, "detected", ()):
        detected.ClearField("canonical")
    return found


def tries(number: int, telephone: str) -> list[Any]:
    """Every question by which a telephone can be tried."""
    other = value_pb2.PersonName(full="ALGUIEN DISTINTO POR COMPLETO")
    return [
        checks.CheckPersonRequest(cui=cui_of(number), telephone=telephone),
        checks.CheckPersonRequest(cui=cui_of(number), telephone=telephone, name=other),
        checks.CheckPersonRequest(cui=NAMESAKE, telephone=telephone),
        checks.CheckPersonRequest(telephone=telephone),
        checks.CheckRequest(query=f"+502 {telephone}"),  # eight digits alone may be a NIT
    ]


@pytest.mark.parametrize("case", ORDERS)
def test_no_question_tells_which_telephone_is_hers(engine: Engine, case: str) -> None:
    """A victim's telephone has the answer of one that nobody has; the victim's protection desk gets the truth."""
    number = list(ORDERS).index(case) + 1
    everything = dict.fromkeys(range(1, 6), 2**64 - 1)
    officer, desk = Grant({**everything, section_pb2.SENSITIVITY_VICTIM: 0}), Grant(everything)
    for hers, nobodys in zip(tries(number, str(50_000_000 + number)), tries(number, "49999999"), strict=True):
        assert (told(engine, hers, officer) == told(engine, nobodys, officer)) == ORDERS[case][2]
        assert told(engine, hers, desk) != told(engine, nobodys, desk)
