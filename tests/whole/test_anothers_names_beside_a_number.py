"""An order with somebody's number and date, and the surnames or the parents of another (docs/answers.md section 4)."""

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

HIT, POSSIBLE = level_pb2.LEVEL_HIT, level_pb2.LEVEL_POSSIBLE
HER = "NIDIA VILMA COJULUM BAL"
OTHER = 50  # bears her name, of other parents
BORN = "1980-05-17"
FATHER, MOTHER = "TOMAS COJULUM RAX", "ELVIRA BAL TZUNUX"
ANOTHER_FATHER, ANOTHER_MOTHER = "MATEO CASTELLANOS MENDEZ", "MICAELA YESENIA CRUZ SOSA"

# case -> name, birth date, father and mother on the order beside her CUI; how it stands at her
ORDERS: dict[str, tuple[tuple[str, str, str, str], int]] = {
    "all hers": ((HER, BORN, FATHER, MOTHER), HIT),
    "another father": ((HER, BORN, ANOTHER_FATHER, MOTHER), HIT),
    "another mother, no father": ((HER, BORN, "", ANOTHER_MOTHER), HIT),
    "another couple's child": ((HER, BORN, ANOTHER_FATHER, ANOTHER_MOTHER), POSSIBLE),
    "another couple's child, no date": ((HER, "", ANOTHER_FATHER, ANOTHER_MOTHER), POSSIBLE),
    "two words, another couple's child": (("NIDIA COJULUM", BORN, ANOTHER_FATHER, ANOTHER_MOTHER), POSSIBLE),
    "another second surname, her date": (("NIDIA VILMA COJULUM CRUZ", BORN, "", ""), HIT),
    "both surnames another's, her date": (("NIDIA VILMA CASTELLANOS CRUZ", BORN, "", ""), POSSIBLE),
    "both surnames another's, her parents": (("NIDIA VILMA CASTELLANOS CRUZ", "", FATHER, MOTHER), POSSIBLE),
    "both surnames another's, her date and parents": (("NIDIA VILMA CASTELLANOS CRUZ", BORN, FATHER, MOTHER), HIT),
    "her husband's name, her date": (("NIDIA VILMA COJULUM BAL DE CASTELLANOS", BORN, "", ""), HIT),
}


def world() -> SmallWorld:
    found = SmallWorld()
    for number, case in enumerate(ORDERS, 1):
        (name, born, father, mother), _ = ORDERS[case]
        found.person(number, HER, BORN, PADRE=FATHER, MADRE=MOTHER)
        cells = {"NOMBRE": name, "NACIMIENTO": born, "PADRE": father, "MADRE": mother}
        found.rows["oj"].append(
            {"ORDEN": case, "CUI": cui_of(number), "ESTADO": "PENDIENTE", "FECHA": "2020-05-05", **cells}
        )
    found.person(OTHER, HER, "1971-02-03", PADRE=ANOTHER_FATHER, MADRE=ANOTHER_MOTHER)
    return found


@pytest.fixture(scope="module", autouse=True)
def manifests() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patched:
        for register, name in (("renap", "RENAP"), ("oj", "OJ")):
            text = getattr(small_world, name)
            text = text.replace(
                'full_name = "NOMBRE"\n', 'full_name = "NOMBRE"\nfather_name = "PADRE"\nmother_name = "MADRE"\n', 1
            )
            patched.setattr(small_world, name, text)
            patched.setitem(small_world.HEADERS, register, small_world.HEADERS[register] + " PADRE MADRE")
        yield


@pytest.fixture(scope="module")
def asker(manifests: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asker]:
    yield from world().serve(tmp_path_factory.mktemp("anothers"))


@pytest.mark.parametrize("case", ORDERS)
def test_how_the_order_stands_at_her(asker: Asker, case: str) -> None:
    number = list(ORDERS).index(case) + 1
    hits = asker(checks.CheckPersonRequest(cui=cui_of(number))).answer.hits
    assert [hit.level for hit in hits if hit.record.record_id == case] == [ORDERS[case][1]]


@pytest.mark.parametrize("case", ["another couple's child", "another couple's child, no date"])
def test_the_one_of_these_parents_is_meant(asker: Asker, case: str) -> None:
    hits = asker(checks.CheckPersonRequest(cui=cui_of(OTHER))).answer.hits
    assert [hit.level for hit in hits if hit.record.record_id == case] == [POSSIBLE]


def test_a_certificate_says_so_too(asker: Asker) -> None:
    cases = ["all hers", "another couple's child", "both surnames another's, her date"]
    found = cleared(asker, cuis=[cui_of(list(ORDERS).index(case) + 1) for case in cases])
    assert [result for result, *_ in found] == ["WITH_RECORD", "REVIEW", "REVIEW"]


def test_the_oracle_says_the_same(tmp_path: Path) -> None:
    both = EngineAndOracle(world().write(tmp_path))
    for number in [*range(1, len(ORDERS) + 1), OTHER]:
        both.person(cui=cui_of(number))
