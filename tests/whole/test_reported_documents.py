"""A report of a stolen or lost document, or of a misused identity, is about the document: its owner is the victim."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from ronda.v1 import check_service_pb2 as checks
from ronda.v1 import level_pb2, value_pb2
from tests.indexer.small_registers import cui_of
from tests.kit.asker import Asker
from tests.kit.small_world import SmallWorld

HIT, POSSIBLE = level_pb2.LEVEL_HIT, level_pb2.LEVEL_POSSIBLE
PASSPORT, LICENCE = {"PAIS": "SLV", "PASAPORTE": "A1234567"}, {"LICENCIA": "LIC987654"}
# case -> kind of report, what the report states besides the CUI, the note of a hit by the CUI
REPORTS: dict[str, tuple[str, dict[str, str], str]] = {
    "a DPI": ("DPI", {}, "DPI_REPORTED"),
    "a passport": ("DPI", PASSPORT, "DOCUMENT_REPORTED"),
    "a licence": ("DPI", LICENCE, "DOCUMENT_REPORTED"),
    "an identity": ("SUPLANTADA", {}, "IDENTITY_MISUSED"),
    "an identity, by a passport": ("SUPLANTADA", {"PAIS": "HND", "PASAPORTE": "E7654321"}, "IDENTITY_MISUSED"),
}
NAMES = ("ANA TZUL COY", "BERTA BATZ COY", "CARLA CHIROY COY", "DORA DUBON COY", "ELSA IBOY COY")
TWO = len(REPORTS) + 1


def made() -> SmallWorld:
    world = SmallWorld()
    for number, (case, (kind, cells, _)) in enumerate(REPORTS.items(), 1):
        world.report(case, kind, CUI=world.person(number, NAMES[number - 1]), **cells)
        world.car(number, f"P-{number:03}BCD", [{"CUI": cui_of(number)}])
    cui = world.person(TWO, "FLOR GALVEZ COY")
    world.report("old", "DPI", CUI=cui, PAIS="SLV", PASAPORTE="B1111111")
    world.report("new", "DPI", CUI=cui, PAIS="SLV", PASAPORTE="B2222222")
    return world


@pytest.fixture(scope="module")
def asker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asker]:
    yield from made().serve(tmp_path_factory.mktemp("documents"))


def number_of(case: str) -> int:
    return list(REPORTS).index(case) + 1


def by_passport(country: str, number: str, **more: Any) -> checks.CheckPersonRequest:
    return checks.CheckPersonRequest(document=value_pb2.ForeignDocument(country=country, number=number), **more)


@pytest.mark.parametrize("case", REPORTS)
def test_the_owner_of_the_document_is_not_red_for_it(asker: Asker, case: str) -> None:
    """By the CUI, in one box and as the owner of a car."""
    cui, note = cui_of(number_of(case)), REPORTS[case][2]
    for found in (
        asker.person(cui),
        asker(checks.CheckRequest(query=cui)),
        asker(checks.CheckVehicleRequest(plate=f"P-{number_of(case):03}BCD")),
    ):
        assert (found.answer.level, [hit.level for hit in found.answer.hits]) == (POSSIBLE, [POSSIBLE])
        ((told,),) = [hit.notes for hit in found.answer.hits]
        assert told.code == note
        assert told.text.endswith("compare la fotografía; puede ser la víctima")


def test_the_document_s_own_number_is_a_hit(asker: Asker) -> None:
    passport = by_passport(PASSPORT["PAIS"], PASSPORT["PASAPORTE"])
    boxed = checks.CheckRequest(query=f"{PASSPORT['PAIS']}:{PASSPORT['PASAPORTE']}")
    licence = checks.CheckPersonRequest(licence=LICENCE["LICENCIA"])
    beside = by_passport(PASSPORT["PAIS"], PASSPORT["PASAPORTE"], cui=cui_of(number_of("a passport")))
    for request in (passport, boxed, licence, beside):
        found = asker(request)
        assert (found.answer.level, [hit.level for hit in found.answer.hits]) == (HIT, [HIT])
        assert not found.answer.hits[0].notes


def test_an_impersonated_person_is_no_hit_by_her_own_passport_either(asker: Asker) -> None:
    found = asker(by_passport("HND", "E7654321"))
    assert (found.answer.level, [hit.level for hit in found.answer.hits]) == (POSSIBLE, [POSSIBLE])


def test_of_two_reported_numbers_neither_is_a_hit(asker: Asker) -> None:
    """Nobody knows which of the two numbers a report is about: the new one may be the victim's own."""
    for number in ("B1111111", "B2222222"):
        found = asker(by_passport("SLV", number))
        assert [hit.level for hit in found.answer.hits] == [POSSIBLE, POSSIBLE]
