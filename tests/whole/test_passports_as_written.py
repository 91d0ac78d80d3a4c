"""Passports with the country beside the number, and words for the kind of a number, in cells and questions."""

from __future__ import annotations

import csv
from typing import Any

import pytest

from ronda.v1 import check_service_pb2 as checks
from ronda.v1 import level_pb2
from tests.indexer.small_registers import MANIFESTS, SmallRegisters, cui_of
from tests.kit.engine_and_oracle import EngineAndOracle

SUBJECT = 'cui = "CUI"\n'
PASSPORT = SUBJECT + 'document_number = "PASAPORTE"\ndocument_country = "PAIS"\n'
OJ = MANIFESTS["oj"].replace(SUBJECT, PASSPORT)
NAME = "WILBER ADALID FUENTES PERLA"
HEADER = ["ORDEN", "CUI", "PASAPORTE", "PAIS", "NOMBRE", "NACIMIENTO", "ESTADO", "FECHA"]
# Cells of a warrant's passport and country ({0}: two digits of the case); the country that it is of.
CELLS: dict[str, tuple[str, str, str]] = {
    "in its column": ("E1234{0}", "HND", "HND"),
    "the country by name": ("E1234{0}", "Honduras", "HND"),
    "by adjective": ("E1234{0}", "hondureña", "HND"),
    "by two letters": ("E1234{0}", "HN", "HND"),
    "two words": ("E1234{0}", "El Salvador", "SLV"),
    "before the number": ("HONDURAS E1234{0}", "", "HND"),
    "behind it, as an adjective": ("E1234{0} hondureño", "", "HND"),
    "two letters before": ("HN E1234{0}", "", "HND"),
    "two letters behind, in parentheses": ("E1234{0} (SV)", "", "SLV"),
    "a hyphen between": ("HND-E1234{0}", "", "HND"),
    "with the kind's name": ("PASAPORTE DE HONDURAS No. E1234{0}", "", "HND"),
    "of digits": ("MEXICO 0041234{0}", "", "MEX"),
    "in both": ("HONDURAS E1234{0}", "HND", "HND"),
    "on both sides": ("HN E1234{0} HONDURAS", "", "HND"),
    "an accent": ("E1234{0} MÉXICO", "", "MEX"),
    "Guatemala's": ("GUATEMALTECO 15226{0}66", "", "GTM"),
    "Costa Rica's": ("COSTA RICA A1234{0}", "", "CRI"),
    "two letters that are the number's": ("PA 01234{0}", "PAN", "PAN"),
}
NUMBERS = {"of digits": "0041234{0}", "Guatemala's": "15226{0}66", "Costa Rica's": "A1234{0}"} | {
    "two letters that are the number's": "PA01234{0}"
}
LICENSED = cui_of(7)
BOXES: dict[str, tuple[str, list[str]]] = {  # what is typed; kinds detected
    "country and number": ("HONDURAS E123415", ["DOCUMENT"]),
    "number and adjective": ("E123415 hondureño", ["DOCUMENT"]),
    "two letters": ("HN E123415", ["DOCUMENT", "DOCUMENT", "LICENCE", "ENGINE"]),
    "a passport by its name": ("PASAPORTE E123415", ["DOCUMENT", "LICENCE", "CHASSIS_TAIL", "ENGINE"]),
    "a passport that is a valid NIT": ("PASAPORTE 152266666", ["NIT", "DOCUMENT"]),
    "a licence that is a CUI": (f"LICENCIA {LICENSED}", ["CUI"]),
    "a licence and its type": (f"Licencia No. {LICENSED}", ["CUI"]),
    "a passport and its country": ("Pasaporte hondureño E123415", ["DOCUMENT"]),
}


def number_of(case: str) -> str:
    return NUMBERS.get(case, "E1234{0}").format(10 + [*CELLS].index(case))


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> EngineAndOracle:
    registers = SmallRegisters(tmp_path_factory.mktemp("passports"))
    (registers.manifests / "oj.toml").write_text(OJ, encoding="utf-8")
    with (registers.sources / "oj.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(HEADER)
        for number, (case, (passport, country, _)) in enumerate(CELLS.items(), 10):
            rows.writerow([case, "", passport.format(number), country, "", "", "PENDIENTE", "2024-01-05"])
        rows.writerow(["nameless country", "", "F770011", "", NAME, "1990-04-05", "PENDIENTE", "2024-01-05"])
        rows.writerow(["beside a CUI", cui_of(7), "F770022", "", NAME, "1970-01-02", "PENDIENTE", "2024-01-05"])
    return EngineAndOracle(registers)


def record_ids(answer: Any) -> list[str]:
    return [hit.record.record_id for hit in answer.answer.hits]


@pytest.mark.parametrize("case", CELLS)
def test_a_warrant_by_a_passport(both: EngineAndOracle, case: str) -> None:
    number, country = number_of(case), CELLS[case][2]
    assert record_ids(both.person(document={"number": number})) == [case], "looked up in every country"
    assert record_ids(both.person(document={"number": number, "country": country})) == [case]


@pytest.mark.parametrize(
    "asked",
    [
        {"number": "HONDURAS E123415"},
        {"number": "E123415 (hondureña)"},
        {"number": "HN E123415"},
        {"number": "E123415", "country": "honduras"},
        {"number": "E123415", "country": "HN"},
        {"number": "HONDURAS E123415", "country": "HND"},
    ],
)
def test_a_question_with_the_country_beside(both: EngineAndOracle, asked: dict[str, str]) -> None:
    answer = both.person(document=asked)
    assert record_ids(answer) == ["before the number"]
    assert answer.answer.hits[0].level == level_pb2.LEVEL_HIT


@pytest.mark.parametrize(
    ("number", "found"),
    [("F770011", "nameless country"), ("F770022", "beside a CUI"), ("F-770011", "nameless country")],
)
def test_a_number_whose_country_no_register_tells(both: EngineAndOracle, number: str, found: str) -> None:
    """It is found by the number alone, and is no number of the country that somebody asks for."""
    answer = both.person(document={"number": number})
    assert record_ids(answer) == [found]
    assert answer.answer.level == level_pb2.LEVEL_POSSIBLE
    assert found in record_ids(both.person(document={"number": number}, name={"full": NAME}))
    assert not record_ids(both.person(document={"number": number, "country": "HND"}))
    assert found in record_ids(both.box(number.replace("-", "")))


@pytest.mark.parametrize("case", BOXES)
def test_what_is_typed_in_one_box(both: EngineAndOracle, case: str) -> None:
    typed, kinds = BOXES[case]
    answer = both.box(typed)
    names = [checks.IdentifierKind.Name(d.kind).removeprefix("IDENTIFIER_KIND_") for d in answer.detected]
    assert names == kinds
    if "E123415" in typed:
        assert record_ids(answer) == ["before the number"]
