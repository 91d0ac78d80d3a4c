"""A clearance row with CUI, name and birth date of different persons is reviewed (docs/answers.md section 12)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.indexer.small_registers import cui_of
from tests.kit.asker import Asker
from tests.kit.small_world import SmallWorld, cleared

LENT, WANTED, MEANT = 31, 32, "JOSE CARLOS IXCOY QUIEJ"
OTHERS = ["ANA", "BERTA", "CARLA", "DORA", "ELSA", "FLOR", "GLORIA", "HILDA", "IRMA", "JULIA"]
SURNAMES = ["AJU", "BATZ", "COY", "CHOC", "IBOY", "LEM", "MUCU", "PEC", "RAX", "TZUL"]
# case -> name, birth date, result and reason
ROWS = {
    "all his": (MEANT, 19880203, ("NO_RECORD", "NOTHING_ON_FILE")),
    "number alone": ("", 0, ("NO_RECORD", "NOTHING_ON_FILE")),
    "a day off": (MEANT, 19880204, ("NO_RECORD", "NOTHING_ON_FILE")),
    "thirty years off": (MEANT, 19580916, ("REVIEW", "CONFLICT")),
    "the wanted brother's name": ("JOSE LUIS IXCOY QUIEJ", 0, ("REVIEW", "CONFLICT")),
    "the wanted brother's name and date": ("JOSE LUIS IXCOY QUIEJ", 19900721, ("REVIEW", "CONFLICT")),
    "the wanted brother's name, his own date": ("JOSE LUIS IXCOY QUIEJ", 19880203, ("REVIEW", "CONFLICT")),
    "three words of the brother's name, his own date": ("JOSE LUIS IXCOY", 19880203, ("REVIEW", "CONFLICT")),
    "the name of a brother whom nobody knows": ("JOSE MARCO IXCOY QUIEJ", 19880203, ("NO_RECORD", "NOTHING_ON_FILE")),
}


@pytest.fixture(scope="module")
def asker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asker]:
    world = SmallWorld()
    world.person(LENT, MEANT, "1988-02-03", SEXO="M")
    world.person(WANTED, "JOSE LUIS IXCOY QUIEJ", "1990-07-21", SEXO="M")
    for place, surname in enumerate(SURNAMES):
        for more, given in enumerate(OTHERS):
            world.person(1_000 + 10 * place + more, f"{given} {surname} {SURNAMES[(place + more) % 10]}")
    world.warrant("W1", cui_of(WANTED), "JOSE LUIS IXCOY QUIEJ", "1990-07-21")
    yield from world.serve(tmp_path_factory.mktemp("rows"))


@pytest.mark.parametrize("case", ROWS)
def test_a_row(asker: Asker, case: str) -> None:
    name, birth, expected = ROWS[case]
    assert cleared(asker, cuis=[cui_of(LENT)], names=[name], birth_dates=[birth]) == [expected]
