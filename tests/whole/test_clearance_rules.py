"""Clearance: who stands under a standard, and what a person has to look at first (docs/answers.md section 12)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.indexer.small_registers import cui_of
from tests.kit.asker import Asker
from tests.kit.small_world import SmallWorld, cleared

NOBODY = cui_of(9999)
VIN = "3N1AB7AP5FY000001"
STRANGE_VIN = "3N1AB7AP5FY999999"
# case -> (CUI, name given, result, reason)
PERSONS = {
    "wanted": (cui_of(1), "", "WITH_RECORD", "RECORD"),
    "wanted, with her name": (cui_of(1), "ANA CAAL POP", "WITH_RECORD", "RECORD"),
    "wanted, with somebody else's name": (cui_of(1), "TOMAS XOL YAT", "REVIEW", "CONFLICT"),
    "wanted, and her identity misused": (cui_of(2), "", "REVIEW", "MISUSED"),
    "misused, and nothing but her own report": (cui_of(3), "", "REVIEW", "MISUSED"),
    "wanted and dead": (cui_of(4), "", "REVIEW", "DECEASED"),
    "wanted, one CUI with two names": (cui_of(5), "", "REVIEW", "CONFLICT"),
    "a warrant with a CUI that nobody has": (NOBODY, "", "REVIEW", "NOT_FOUND"),
    "her CUI on a warrant of another name": (cui_of(6), "", "REVIEW", "NAME_MATCH"),
    "restrained by a protection order": (cui_of(7), "", "NO_RECORD", "NOTHING_ON_FILE"),
    "missing": (cui_of(8), "", "NO_RECORD", "NOTHING_ON_FILE"),
    "her own DPI stolen": (cui_of(9), "", "NO_RECORD", "NOTHING_ON_FILE"),
    "a warrant that was cancelled": (cui_of(10), "", "NO_RECORD", "NOTHING_ON_FILE"),
    "nothing": (cui_of(11), "", "NO_RECORD", "NOTHING_ON_FILE"),
    "nothing, somebody else's name": (cui_of(11), "TOMAS XOL YAT", "REVIEW", "CONFLICT"),
}


@pytest.fixture(scope="module")
def asker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asker]:
    world = SmallWorld()
    world.person(1, "ANA CAAL POP")
    world.warrant("W1", cui_of(1), "ANA CAAL POP")
    for number, name in ((2, "BERTA DUBON CHOC"), (3, "CARLA ESPADEROS FRANCO")):
        world.person(number, name)
        world.report(f"S{number}", "SUPLANTADA", CUI=cui_of(number), NOMBRE=name)
    world.warrant("W2", cui_of(2))
    world.person(4, "DORA GALVEZ HUITZ", MUERTE="2019-01-01")
    world.warrant("W4", cui_of(4))
    world.person(5, "ELSA IBOY JUAREZ")
    world.person(5, "PEDRO XITUMUL CUX", "1951-02-03")
    world.warrant("W5", cui_of(5))
    world.warrant("W9999", NOBODY, "FIDELIA IXCOT PEREZ")
    world.person(6, "FLOR KESTLER LEMUS")
    world.warrant("W6", cui_of(6), "TOMAS XOL YAT", "1961-01-02")
    for number, name, kind in (
        (7, "GLORIA LETONA MENCOS", "AGRESOR"),
        (8, "HILDA NORIEGA OCHOA", "DESAPARECIDA"),
        (9, "IRMA PALENCIA QUIROA", "DPI"),
    ):
        world.person(number, name)
        world.report(f"M{number}", kind, CUI=cui_of(number), NOMBRE=name)
    world.person(10, "JULIA ROSALES SOLIS")
    world.warrant("W10", cui_of(10), state="CANCELADA")
    world.person(11, "LILIAN TZUL UMAÑA")
    world.car(1, "P-111BCD", [{"CUI": cui_of(1)}], VIN)
    stolen = world.car(2, "P-222BCD")
    world.report("V2", "ROBO", PLACA="P-222BCD", VIN=stolen)
    yield from world.serve(tmp_path_factory.mktemp("clearance"))


@pytest.mark.parametrize("case", PERSONS)
def test_a_person_against_wanted(asker: Asker, case: str) -> None:
    cui, name, result, reason = PERSONS[case]
    assert cleared(asker, cuis=[cui], names=[name]) == [(result, reason)]


def test_vehicles_against_wanted(asker: Asker) -> None:
    """The owner's warrant is not the vehicle's; a VIN that is not on file is for somebody to look at."""
    assert cleared(asker, vins=[VIN, STRANGE_VIN, "3N1AB7AP5FY000002"]) == [
        ("NO_RECORD", "NOTHING_ON_FILE"),
        ("REVIEW", "NOT_FOUND"),
        ("WITH_RECORD", "RECORD"),
    ]
    assert cleared(asker, plates=["P-111BCD", "P-999BCD", "P-222BCD"]) == [
        ("NO_RECORD", "NOTHING_ON_FILE"),
        ("REVIEW", "NOT_FOUND"),
        ("WITH_RECORD", "RECORD"),
    ]
