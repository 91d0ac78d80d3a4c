"""Parts left out of an answer for its length change no level and no total, and an alerted one stands first."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from ronda.v1 import alert_pb2, level_pb2, section_pb2, value_pb2
from ronda.v1 import check_service_pb2 as checks
from tests.indexer.small_registers import cui_of
from tests.kit.asker import Asker
from tests.kit.small_world import SmallWorld

HIT, POSSIBLE, CLEAR = level_pb2.LEVEL_HIT, level_pb2.LEVEL_POSSIBLE, level_pb2.LEVEL_CLEAR
OWNERS, WANTED_OWNER = 14, 1
TWINS = 27


@pytest.fixture(scope="module")
def asker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asker]:
    world = SmallWorld()
    owners = []
    for number in range(1, OWNERS + 1):
        cui = world.person(number, f"DUEÑA NUMERO {chr(64 + number)} CAAL", f"19{40 + number}-01-02")
        owners.append({"CUI": cui, "DESDE": f"20{number:02}-01-01"})
    world.car(1, "P-111BCD", owners)  # the owner of longest standing is wanted
    world.warrant("W1", cui_of(WANTED_OWNER))
    former = [{**o, "HASTA": "2020-01-01"} for o in owners[:1]]
    world.car(2, "P-222BCD", [*former, *owners[1:]])  # and here she sold it
    for number in range(100, 100 + TWINS):
        world.person(number, "ANA LUCIA TZUL QUEJ", f"1980-01-{number - 99:02}")
    world.warrant("W2", cui_of(100 + TWINS - 1))  # by birth date, and so in subject order, the last
    for number in range(200, 225):
        world.person(number, "ROSA MARIA IXCOY BATZ", f"1990-01-{number - 199:02}")
        world.warrant(f"X{number}", cui_of(number))
    yield from world.serve(tmp_path_factory.mktemp("cut"))


def owners_page(asker: Asker, subject_id: str, token: str = "") -> Any:
    request = checks.ListRecordsRequest(subject_id=subject_id, section=section_pb2.SECTION_OWNER, page_size=4)
    request.page_token = token
    return asker(request)


def test_the_oldest_of_many_owners_is_wanted(asker: Asker) -> None:
    found = asker(checks.CheckVehicleRequest(plate="P-111BCD"))
    assert found.answer.level == found.vehicle.owner_level == HIT
    assert found.answer.hits_total == 1
    assert len(found.vehicle.owners) == 10
    first = found.vehicle.owners[0]
    assert (first.ordinal, first.level, first.person.identity_claims[0].cui) == (1, HIT, cui_of(WANTED_OWNER))
    (hit,) = found.answer.hits
    assert (hit.subject.kind, hit.subject.ordinal) == (alert_pb2.HIT_SUBJECT_KIND_OWNER, 1)
    assert hit.subject.subject_id == first.person.subject_id
    since = [owner.valid_from.year for owner in found.vehicle.owners[1:]]
    assert since == sorted(since, reverse=True), "the others as ever: the latest first"


def test_her_car_s_owners_stand_in_that_order_in_the_list_too(asker: Asker) -> None:
    vehicle = asker(checks.CheckVehicleRequest(plate="P-111BCD")).vehicle
    listed, token = [], ""
    for _ in range(4):
        page = owners_page(asker, vehicle.subject_id, token)
        assert page.answer.level == HIT, "of whichever page"
        listed += [(o.ordinal, o.valid_from.year) for o in page.vehicle.owners]
        token = page.next_page_token
    assert [ordinal for ordinal, _ in listed] == list(range(1, OWNERS + 1))
    assert listed[:10] == [(o.ordinal, o.valid_from.year) for o in vehicle.owners]


def test_a_former_owner_who_is_wanted_gives_no_colour(asker: Asker) -> None:
    found = asker(checks.CheckVehicleRequest(plate="P-222BCD"))
    assert (found.answer.level, found.answer.hits_total) == (CLEAR, 0)


def test_the_last_of_many_homonyms_is_wanted(asker: Asker) -> None:
    for request in (
        checks.CheckPersonRequest(name=value_pb2.PersonName(full="ANA LUCIA TZUL QUEJ")),
        checks.CheckRequest(query="Ana Lucia Tzul Quej"),
        checks.CheckPersonRequest(query="Ana Lucia Tzul Quej"),
    ):
        found = asker(request)
        assert found.answer.level == POSSIBLE
        assert (found.candidates_total, len(found.candidates), found.answer.hits_total) == (TWINS, 20, 1)
        first = found.candidates[0]
        assert (first.level, first.alerts, first.cui) == (POSSIBLE, 1, cui_of(100 + TWINS - 1))
        assert found.answer.hits[0].subject.ordinal == 1


def test_more_wanted_homonyms_than_are_sent_are_all_counted(asker: Asker) -> None:
    found = asker(checks.CheckPersonRequest(name=value_pb2.PersonName(full="ROSA MARIA IXCOY BATZ")))
    assert (len(found.candidates), len(found.answer.hits), found.answer.hits_total) == (20, 20, 25)
    assert {hit.subject.ordinal for hit in found.answer.hits} == set(range(1, 21)), "each of one who is sent"


def test_one_of_many_homonyms_by_birth_date_is_clear(asker: Asker) -> None:
    request = checks.CheckPersonRequest(name=value_pb2.PersonName(full="ANA LUCIA TZUL QUEJ"))
    request.birth_date.year, request.birth_date.month, request.birth_date.day = 1980, 1, 5
    found = asker(request)
    assert (found.answer.level, found.answer.hits_total) == (CLEAR, 0)
