"""An order with two numbers, of two persons: both may be meant (docs/answers.md section 4, "Several numbers")."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ronda.v1 import check_service_pb2 as checks
from ronda.v1 import level_pb2
from tests.indexer.small_registers import cui_of
from tests.kit import small_world
from tests.kit.asker import Asker
from tests.kit.engine_and_oracle import EngineAndOracle
from tests.kit.small_world import SmallWorld, cleared

HIT, CLEAR, POSSIBLE = level_pb2.LEVEL_HIT, level_pb2.LEVEL_CLEAR, level_pb2.LEVEL_POSSIBLE
NUMBERS = 'cedula = "CEDULA"\ndocument_country = "PAIS"\ndocument_number = "PASAPORTE"\n'
COLUMNS = " CEDULA PAIS PASAPORTE"
ONE, OTHER, FOREIGNER = 41, 42, "B00000043"
NAMES = {ONE: "ELVIRA TOMASA COJULUM BAL", OTHER: "ROSENDO ISAIAS TZUNUX RAX"}
ABROAD = "WENCESLAO ORTEGA PINEDA"


def passport(number: int) -> dict[str, str]:
    return {"PAIS": "GTM", "PASAPORTE": f"{number:09d}"}


def cedula(number: int) -> dict[str, str]:
    return {"CEDULA": f"A-1 {number}"}


# case -> cells of the order; how it stands at the one, the other and the foreigner
ORDERS: dict[str, tuple[dict[str, str], tuple[int, int, int]]] = {
    "her number and passport": ({"CUI": cui_of(ONE), **passport(ONE)}, (HIT, CLEAR, CLEAR)),
    "her number, his passport": ({"CUI": cui_of(ONE), **passport(OTHER)}, (POSSIBLE, POSSIBLE, CLEAR)),
    "her number and name, his passport": (
        {"CUI": cui_of(ONE), **passport(OTHER), "NOMBRE": NAMES[ONE]},
        (POSSIBLE, POSSIBLE, CLEAR),
    ),
    "his number and name, her cedula": (
        {"CUI": cui_of(OTHER), **cedula(ONE), "NOMBRE": NAMES[OTHER]},
        (POSSIBLE, POSSIBLE, CLEAR),
    ),
    "her number, a passport that nobody has": ({"CUI": cui_of(ONE), **passport(999)}, (HIT, CLEAR, CLEAR)),
    "nobody's number, his passport": ({"CUI": cui_of(77), **passport(OTHER)}, (CLEAR, POSSIBLE, CLEAR)),
    "his passport, her cedula": ({**passport(OTHER), **cedula(ONE)}, (POSSIBLE, POSSIBLE, CLEAR)),
    "her number, a foreigner's passport": (
        {"CUI": cui_of(ONE), "PAIS": "SLV", "PASAPORTE": FOREIGNER},
        (POSSIBLE, CLEAR, POSSIBLE),
    ),
}


def world() -> SmallWorld:
    found = SmallWorld()
    for number, name in NAMES.items():
        found.person(number, name, "1980-05-17", **passport(number), **cedula(number))
    found.rows["renap"].append(
        {"ID": "F1", "NOMBRE": ABROAD, "NACIMIENTO": "1971-02-03", "PAIS": "SLV", "PASAPORTE": FOREIGNER}
    )
    for case, (cells, _) in ORDERS.items():
        found.rows["oj"].append({"ORDEN": case, "ESTADO": "PENDIENTE", "FECHA": "2020-05-05", **cells})
    return found


@pytest.fixture(scope="module", autouse=True)
def manifests() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patched:
        for register, name in (("renap", "RENAP"), ("oj", "OJ")):
            text = getattr(small_world, name).replace('cui = "CUI"\n', 'cui = "CUI"\n' + NUMBERS, 1)
            text = text.replace('"cedula", "document"]', '"cedula", "document", "foreign_document"]')
            patched.setattr(small_world, name, text)
            patched.setitem(small_world.HEADERS, register, small_world.HEADERS[register] + COLUMNS)
        yield


@pytest.fixture(scope="module")
def asker(manifests: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asker]:
    yield from world().serve(tmp_path_factory.mktemp("two"))


@pytest.mark.parametrize("case", ORDERS)
def test_how_the_order_stands_at_each(asker: Asker, case: str) -> None:
    abroad = checks.CheckPersonRequest(document={"country": "SLV", "number": FOREIGNER})
    found = []
    for one in (*(checks.CheckPersonRequest(cui=cui_of(number)) for number in NAMES), abroad):
        hits = asker(one).answer.hits
        found.append(max((hit.level for hit in hits if hit.record.record_id == case), default=CLEAR))
    assert tuple(found) == ORDERS[case][1]


def test_no_certificate_is_clean(asker: Asker) -> None:
    assert cleared(asker, cuis=[cui_of(OTHER)])[0][0] == "REVIEW"


def test_the_oracle_says_the_same(tmp_path: Path) -> None:
    both = EngineAndOracle(world().write(tmp_path))
    for number in NAMES:
        both.person(cui=cui_of(number))
    both.person(document={"country": "SLV", "number": FOREIGNER})
