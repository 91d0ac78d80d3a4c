"""Levels of an alert's kind by purpose, and age's effect on an order (docs/answers.md section 6, "Hits")."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ronda.v1 import check_service_pb2 as checks
from ronda.v1 import context_pb2, level_pb2
from tests.indexer.small_registers import cui_of
from tests.kit import small_world
from tests.kit.asker import Asker
from tests.kit.small_world import SmallWorld, cleared

HIT, POSSIBLE = level_pb2.LEVEL_HIT, level_pb2.LEVEL_POSSIBLE
RESTRAINED, BANNED, OLD, WANTED = 41, 42, 43, 44
# (who, purpose) -> level, note
LEVELS = {
    (RESTRAINED, "UNSPECIFIED"): (HIT, ""),
    (RESTRAINED, "TRAFFIC_STOP"): (POSSIBLE, "RESTRAINED_WITH_WHOM"),
    (RESTRAINED, "VICTIM_PROTECTION"): (HIT, ""),
    (RESTRAINED, "INVESTIGATION"): (HIT, ""),
    (BANNED, "UNSPECIFIED"): (HIT, ""),
    (BANNED, "BORDER"): (HIT, ""),
    (BANNED, "TRAFFIC_STOP"): (POSSIBLE, "TRAVEL_BAN_INLAND"),
    (BANNED, "WARRANT_SERVICE"): (POSSIBLE, "TRAVEL_BAN_INLAND"),
    (WANTED, "TRAFFIC_STOP"): (HIT, ""),
    (WANTED, "BORDER"): (HIT, ""),
}
GIVEN = ("EMMA", "FLOR", "GLORIA", "HILDA", "IRMA", "JULIA", "LIDIA")
# (day of issue, first day in force) -> notes
AGES = {
    ("1999-00-00", ""): ["OLD_ORDER"],
    ("2020-00-00", "1999-05-05"): [],
    ("", "1999-05-05"): ["OLD_ORDER"],
    ("", "2020-05-05"): [],
    ("", "1900-01-01"): [],
    ("1900-01-01", ""): [],
    ("", ""): [],
}
BAN = """
[[record]]
source = "denuncias"
section = "travel_ban"
when = { column = "TIPO", in = ["ARRAIGO"] }
record_id = "ID"
date = "FECHA"

[record.subject]
cui = "CUI"
full_name = "NOMBRE"
birth_date = "NACIMIENTO"

[record.alert]
kind = "TRAVEL_BAN"
state = { column = "ESTADO", codes = "state" }
issued = "FECHA"
"""


@pytest.fixture(scope="module")
def asker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asker]:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(small_world, "MP", small_world.MP + BAN)
        patched.setattr(small_world, "OJ", small_world.OJ + 'valid_from = "DESDE"\n')
        patched.setitem(small_world.HEADERS, "oj", small_world.HEADERS["oj"] + " DESDE")
        world = SmallWorld()
        for number, name in (
            (RESTRAINED, "ANA AJU BATZ"),
            (BANNED, "BERTA COY CHOC"),
            (OLD, "CARLA LEM MUCU"),
            (WANTED, "DORA PEC RAX"),
        ):
            world.person(number, name)
        world.report("R1", "AGRESOR", CUI=cui_of(RESTRAINED), NOMBRE="ANA AJU BATZ")
        world.report("B1", "ARRAIGO", CUI=cui_of(BANNED), NOMBRE="BERTA COY CHOC")
        world.warrant("W1", cui_of(WANTED), "DORA PEC RAX")
        world.warrant("W2", cui_of(OLD), "CARLA LEM MUCU")
        world.rows["oj"][-1] = {**world.rows["oj"][-1], "FECHA": "1999-05-05"}
        for number, (issued, begins) in enumerate(AGES, 51):
            name = f"{GIVEN[number - 51]} SIC TUN"
            world.person(number, name)
            world.warrant(f"W{number}", cui_of(number), name)
            world.rows["oj"][-1] = {**world.rows["oj"][-1], "FECHA": issued, "DESDE": begins}
        yield from world.serve(tmp_path_factory.mktemp("purpose"))


@pytest.mark.parametrize(("number", "purpose"), LEVELS)
def test_a_kind_for_a_purpose(asker: Asker, number: int, purpose: str) -> None:
    context = context_pb2.RequestContext(
        purpose=f"PURPOSE_{purpose}", case_number="" if purpose == "UNSPECIFIED" else "C-1"
    )
    found = asker(checks.CheckPersonRequest(context=context, cui=cui_of(number)))
    notes = [note.code for hit in found.answer.hits for note in hit.notes]
    level, note = LEVELS[number, purpose]
    assert (found.answer.level, notes) == (level, [note] if note else [])


def test_an_order_of_more_than_twenty_years_is_confirmed_first(asker: Asker) -> None:
    found = asker.person(cui_of(OLD))
    assert found.answer.level == POSSIBLE
    assert [note.code for note in found.answer.hits[0].notes] == ["OLD_ORDER"]
    assert cleared(asker, cuis=[cui_of(OLD)])[0][0] == "REVIEW"


@pytest.mark.parametrize("dated", AGES)
def test_the_age_of_an_order_by_what_it_states(asker: Asker, dated: tuple[str, str]) -> None:
    found = asker.person(cui_of(51 + list(AGES).index(dated)))
    assert [note.code for hit in found.answer.hits for note in hit.notes] == AGES[dated]


def test_a_certificate_counts_a_ban_whatever_the_purpose(asker: Asker) -> None:
    assert cleared(asker, cuis=[cui_of(BANNED)])[0][0] == "WITH_RECORD"
