"""An answer stays under 64 KiB, whatever a dossier holds (docs/answers.md section 10); levels and totals stay true."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from core.engine.entry import Engine
from core.generation.store import Generation
from ronda.v1 import alert_pb2, level_pb2, section_pb2
from ronda.v1 import check_service_pb2 as checks
from tests.core.engine.engine_kit import (
    CLEAN_CUI,
    CLOCK_MS,
    TODAY,
    TWIN_CUI,
    WANTED_CUI,
    ask,
    car,
    check_person,
    check_vehicle,
    person,
    warrant,
)
from tests.core.generation.generation_kit import REGISTERS, build, entity, record

LIMIT = 64 * 1024
VIN = "1M8GDM9AXKP042788"
HIT = level_pb2.LEVEL_HIT


def fines(number: int, cui: str, count: int, length: int) -> list[dict[str, Any]]:
    return [
        record(number, f"f{n:03d}", register=3, section=16, cui=cui, link_criterion=1, message={"plate": "x" * length})
        for n in range(count)
    ]


def warrants(number: int, cui: str, count: int, length: int, **fields: Any) -> list[dict[str, Any]]:
    hit = alert_pb2.Hit(authority="j" * length).SerializeToString()
    return [warrant(number, cui, f"{cui}-{n:03d}", hit_payload=hit, **fields) for n in range(count)]


def engine_of(directory: Path, records: Sequence[dict[str, Any]], persons: int) -> Engine:
    entities = [entity(n) for n in range(persons)] + [entity(persons, 4)]
    build(directory, entities, records, registers=REGISTERS)
    return Engine(Generation.open(directory))


@pytest.mark.parametrize(("length", "shown"), [(100, 20), (4000, 10), (9000, 5), (20_000, 2), (40_000, 1), (70_000, 0)])
def test_sections_are_cut_to_10_5_2_and_1(tmp_path: Path, length: int, shown: int) -> None:
    records = [person(0, CLEAN_CUI, "MARIA CHOC"), *fines(0, CLEAN_CUI, 30, length), *car(1, VIN, "123BCD")]
    response = check_person(engine_of(tmp_path / "generation", records, 1), cui=CLEAN_CUI)
    assert response.ByteSize() < LIMIT
    assert len(response.person.fines) == shown
    totals = {t.section: (t.total, t.shown) for t in response.person.totals}
    assert totals[section_pb2.SECTION_FINE] == (30, shown)
    assert totals[section_pb2.SECTION_IDENTITY] == (1, min(1, shown))


@pytest.mark.parametrize(("length", "hits"), [(100, 20), (4000, 10), (9000, 5), (20_000, 2), (40_000, 1)])
def test_hits_are_cut_when_the_records_alone_do_not_do(tmp_path: Path, length: int, hits: int) -> None:
    records = [person(0, WANTED_CUI, "JUAN PEREZ"), *warrants(0, WANTED_CUI, 30, length), *car(1, VIN, "123BCD")]
    response = check_person(engine_of(tmp_path / "generation", records, 1), cui=WANTED_CUI)
    assert response.ByteSize() < LIMIT
    assert (response.answer.level, response.answer.hits_total) == (HIT, 30)
    assert len(response.answer.hits) == hits
    assert response.answer.hits[0].authority == "j" * length


def test_closed_alerts_are_cut_as_well(tmp_path: Path) -> None:
    closed = warrants(0, WANTED_CUI, 30, 4000, alert_to=TODAY - 1)
    records = [person(0, WANTED_CUI, "JUAN PEREZ"), *closed, *car(1, VIN, "123BCD")]
    response = check_person(engine_of(tmp_path / "generation", records, 1), cui=WANTED_CUI)
    assert response.ByteSize() < LIMIT
    assert len(response.person.closed_alerts) == 10
    assert response.answer.hits_total == 0


def test_owners_are_cut_and_their_hits_still_count(tmp_path: Path) -> None:
    cuis = [WANTED_CUI, TWIN_CUI, CLEAN_CUI]
    records = list(car(3, VIN, "123BCD"))
    for number, cui in enumerate(cuis):
        records += [person(number, cui, "ANA TZUL"), *warrants(number, cui, 20, 4000, alert_to=TODAY - 1)]
        owned = {"cui": cui, "link_criterion": 13, "owner_entity": number, "owner_level": 5}
        records.append(record(3, f"o{number}", register=1, section=34, subject=2, vin=VIN, **owned))
    records.append(warrant(2, CLEAN_CUI, "live"))
    response = check_vehicle(engine_of(tmp_path / "generation", records, 3), plate="P-123BCD")
    assert response.ByteSize() < LIMIT
    assert [len(owner.person.closed_alerts) for owner in response.vehicle.owners] in ([5] * 3, [2] * 2)
    assert response.answer.hits_total == 1
    assert response.vehicle.owner_level == response.answer.level == HIT
    total = next(t for t in response.vehicle.totals if t.section == section_pb2.SECTION_OWNER)
    assert (total.total, total.shown) == (3, len(response.vehicle.owners))


def test_candidates_are_cut_and_counted(tmp_path: Path) -> None:
    records: list[dict[str, Any]] = list(car(25, VIN, "123BCD"))
    for number in range(25):
        cui = f"{1000 + number}"
        records += [person(number, cui, "ANA LUCIA SOFIA TZUL CAAL"), *warrants(number, cui, 2, 20_000)]
    response = check_person(engine_of(tmp_path / "generation", records, 25), name={"full": "Ana Lucia Sofia Tzul Caal"})
    assert response.ByteSize() < LIMIT
    assert response.candidates_total == 25
    assert len(response.candidates) == len(response.answer.hits) == 2
    assert response.answer.hits_total == 50, "of all of them"


def test_a_merged_alert_names_twenty_sources(tmp_path: Path) -> None:
    merged = [{**row, "merge_key": "causa 1"} for row in warrants(0, WANTED_CUI, 1000, 10)]
    records = [person(0, WANTED_CUI, "JUAN PEREZ"), *merged, *car(1, VIN, "123BCD")]
    response = check_person(engine_of(tmp_path / "generation", records, 1), cui=WANTED_CUI)
    assert response.ByteSize() < LIMIT
    (hit,) = response.answer.hits
    assert len(hit.sources) == 20
    assert hit.sources[0].record == hit.record


@pytest.mark.parametrize(("length", "sizes"), [(100, [70]), (1500, [35, 35]), (40_000, [1, 1, 1])])
def test_a_page_of_a_list_is_halved_and_goes_on_where_it_ended(tmp_path: Path, length: int, sizes: list[int]) -> None:
    records = [person(0, CLEAN_CUI, "MARIA CHOC"), *fines(0, CLEAN_CUI, 70, length), *car(1, VIN, "123BCD")]
    engine = engine_of(tmp_path / "generation", records, 1)
    subject = check_person(engine, cui=CLEAN_CUI).person.subject_id
    request = checks.ListRecordsRequest(subject_id=subject, section=section_pb2.SECTION_FINE, page_size=70)
    found: list[str] = []
    for size in sizes:
        response = ask(engine, "ListRecords", request, checks.ListRecordsResponse, clock_ms=CLOCK_MS)
        assert response.ByteSize() < LIMIT
        assert len(response.person.fines) == size
        assert response.total == 70
        found += [fine.record.record_id for fine in response.person.fines]
        request.page_token = response.next_page_token
    assert found == sorted(set(found))
    assert bool(request.page_token) == (len(found) < 70)
