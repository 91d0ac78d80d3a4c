"""A name that one living person alone bears: with a number that cannot be read, on a certificate, of an owner."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ronda.v1 import check_service_pb2 as checks
from ronda.v1 import level_pb2
from tests.indexer.small_registers import cui_of
from tests.kit import small_world
from tests.kit.asker import Asker
from tests.kit.small_world import SmallWorld, cleared

HIT, CLEAR, POSSIBLE = level_pb2.LEVEL_HIT, level_pb2.LEVEL_CLEAR, level_pb2.LEVEL_POSSIBLE
INSUFFICIENT = level_pb2.LEVEL_INSUFFICIENT
DETAINED = """
[[record]]
source = "denuncias"
section = "detention"
when = { column = "TIPO", in = ["DETENIDA"] }
record_id = "ID"
clearance = ["police"]

[record.subject]
cui = "CUI"
full_name = "NOMBRE"
birth_date = "NACIMIENTO"
"""
BORN = "1980-05-17"
# case -> (name in RENAP, cells of the warrant; name and birth date as in RENAP unless given), level, WANTED
WARRANTS: dict[str, tuple[str, dict[str, str], int, str]] = {
    "by number": ("ANA ABAC TZUL COY", {"CUI": "own"}, HIT, "WITH_RECORD"),
    "no number": ("BERTA BATZ QUEJ COY", {}, INSUFFICIENT, "REVIEW"),
    "no number, two words": ("CARLA CHIROY", {}, CLEAR, "NO_RECORD"),
    "an exponent": ("DORA DUBON IBOY COY", {"CUI": "1.58E+12"}, POSSIBLE, "REVIEW"),
    "illegible": ("ELSA FIGUEROA GALVEZ COY", {"CUI": "Ilegible"}, POSSIBLE, "REVIEW"),
    "twelve digits": ("FLOR HERRARTE IBOY COY", {"CUI": "158035240101"}, POSSIBLE, "REVIEW"),
    "nobody's number": ("GLORIA JUAREZ KESTLER COY", {"CUI": "nobody"}, POSSIBLE, "REVIEW"),
    "a stranger's number": ("HILDA LEMUS MORAN COY", {"CUI": "stranger"}, POSSIBLE, "REVIEW"),
    "a filler": ("IRMA NAJERA OROZCO COY", {"CUI": "0000000000"}, INSUFFICIENT, "REVIEW"),
    "a word": ("JULIA PALENCIA QUIROA COY", {"CUI": "NO PORTA"}, INSUFFICIENT, "REVIEW"),
    "nobody's number, another day": (
        "LIDIA ROSALES SAGASTUME COY",
        {"CUI": "nobody", "NACIMIENTO": "1951-01-01"},
        CLEAR,
        "NO_RECORD",
    ),
    "nobody's number, two words": ("MARTA TARACENA", {"CUI": "nobody"}, CLEAR, "NO_RECORD"),
    "nobody's number, closed": (
        "NORA VALLADARES WONG COY",
        {"CUI": "nobody", "ESTADO": "CANCELADA"},
        CLEAR,
        "NO_RECORD",
    ),
    "no number, closed": ("OLGA XOYON YAC COY", {"ESTADO": "CANCELADA"}, CLEAR, "NO_RECORD"),
}
# The first has a warrant by a stranger's number, the fourth one without any; the others bear a part of such a name.
PART_OF_THE_NAME = (
    "ZOILA JIMENA WUG COY", "ZOILA WUG COY", "JIMENA WUG COY",
    "AURA YESSENIA TUN RAX", "AURA TUN RAX", "YESSENIA TUN RAX",
)  # fmt: skip
# case -> cells of an owner, level of the vehicle and of its owners
OWNERS: dict[str, tuple[dict[str, str], int]] = {
    "by name alone": ({}, POSSIBLE),
    "nobody's number": ({"CUI": cui_of(777)}, POSSIBLE),
    "a check digit wrong": ({"CUI": cui_of(1)[:8] + str((int(cui_of(1)[8]) + 1) % 10) + "0101"}, POSSIBLE),
    "a stranger's number": ({"CUI": cui_of(901)}, POSSIBLE),
    "a stranger under her own name": ({"CUI": cui_of(901), "NOMBRE": "VICTOR PEC RAC"}, CLEAR),
    "another name, nobody's number": (
        {"CUI": cui_of(778), "NOMBRE": "RUTH ZAPETA AGUSTIN"},
        level_pb2.LEVEL_INSUFFICIENT,
    ),
}


@pytest.fixture(scope="module")
def asker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asker]:
    with pytest.MonkeyPatch.context() as patched:
        mp = small_world.MP.replace('stale_after = "30d"', 'standards = ["police"]\nstale_after = "30d"')
        patched.setattr(small_world, "MP", mp.replace('person = ["alert"]', 'person = ["alert", "context"]') + DETAINED)
        world = SmallWorld()
        world.person(900, "TOMAS XOL YAT", "1961-01-02", SEXO="M")
        world.person(901, "VICTOR PEC RAC", "1962-01-02", SEXO="M")
        for number, (name, cells, _, _) in enumerate(WARRANTS.values(), 1):
            numbers = {
                "own": world.person(number, name, BORN),
                "nobody": cui_of(75_318_264 + number),  # far from everybody's
                "stranger": cui_of(900),
            }
            row = {"ORDEN": f"O{number}", "NOMBRE": name, "ESTADO": "PENDIENTE", "FECHA": "2020-05-05", **cells}
            world.rows["oj"].append(row | {"CUI": numbers.get(row.get("CUI", ""), row.get("CUI", ""))})
        for number in (201, 202):  # two of one name
            world.person(number, "PAULA ZEPEDA ARRIAZA COY", "1970-01-01")
        world.warrant("O201", "1.58E+12", "PAULA ZEPEDA ARRIAZA COY")
        for number, name in ((301, "QUETA SIS RAX COY"), (302, "ROSA TUL"), (303, "SARA UZ VIX COY")):
            world.person(number, name, BORN)
            world.report(f"D{number}", "DETENIDA", NOMBRE=name)
        world.person(304, "SARA UZ VIX COY", "1970-02-02")
        for number, name in enumerate(PART_OF_THE_NAME, 501):
            world.person(number, name, f"19{number - 440}-03-04")
        for number, name, cui in ((501, PART_OF_THE_NAME[0], cui_of(900)), (503, PART_OF_THE_NAME[3], "")):
            world.warrant(f"O{number}", cui, name)
        for number, born in ((305, "1971-03-03"), (306, "1988-03-03")):
            world.person(number, "TERESA BAL CHEN COY", born)
        world.report("D305", "DETENIDA", NOMBRE="TERESA BAL CHEN COY", NACIMIENTO="1971-03-03")
        for number, (cells, _) in enumerate(OWNERS.values(), 401):
            world.car(number, f"P-{number}BCD", [{"NOMBRE": "ANA ABAC TZUL COY", **cells}])
        yield from world.serve(tmp_path_factory.mktemp("bearer"))


@pytest.mark.parametrize("case", WARRANTS)
def test_a_warrant_without_a_number_that_can_be_used(asker: Asker, case: str) -> None:
    cui = cui_of(list(WARRANTS).index(case) + 1)
    _, _, level, result = WARRANTS[case]
    assert (asker.person(cui).answer.level, cleared(asker, cuis=[cui])[0][0]) == (level, result)


def test_who_bears_the_very_name_is_meant_before_who_bears_a_part_of_it(asker: Asker) -> None:
    levels = [asker.person(cui_of(501 + place)).answer.level for place in range(len(PART_OF_THE_NAME))]
    assert levels == [POSSIBLE, CLEAR, CLEAR, INSUFFICIENT, CLEAR, CLEAR]


def test_of_two_who_bear_the_name_neither_is_meant(asker: Asker) -> None:
    for number in (201, 202):
        found = asker.person(cui_of(number))
        assert (found.answer.level, found.person.name_only_alerts) == (CLEAR, 1)
        assert cleared(asker, cuis=[cui_of(number)])[0][0] == "NO_RECORD"


@pytest.mark.parametrize(
    ("number", "result"),
    [
        (301, "REVIEW"),
        (302, "REVIEW"),
        *((303, "REVIEW"), (304, "REVIEW")),  # of two who bear the name either may be meant
        *((305, "REVIEW"), (306, "NO_RECORD")),  # one of them is born that day
        (901, "NO_RECORD"),
    ],
)
def test_a_police_record_by_name_alone(asker: Asker, number: int, result: str) -> None:
    assert asker.person(cui_of(number)).answer.level == CLEAR
    assert cleared(asker, "POLICE_RECORD", cuis=[cui_of(number)])[0][0] == result


@pytest.mark.parametrize("case", OWNERS)
def test_a_wrong_number_does_not_hide_that_a_wanted_person_bears_the_owners_name(asker: Asker, case: str) -> None:
    found = asker(checks.CheckVehicleRequest(plate=f"P-{401 + list(OWNERS).index(case)}BCD"))
    noted = "OWNER_NAME_ALERT" in [note.code for note in found.answer.notes]
    level = OWNERS[case][1]
    assert (found.answer.level, found.vehicle.owner_level, noted) == (level, level, level == POSSIBLE)
