"""A typed line becomes one question: its method, what is sent, and lines that no question can be made of."""

from __future__ import annotations

from typing import Any

import pytest

from clients.client.questions import BothSubjects, NoDate, check_question, read_date, read_document, search_question
from ronda.v1 import check_service_pb2 as contract
from ronda.v1.context_pb2 import PURPOSE_TRAFFIC_STOP, RequestContext
from ronda.v1.value_pb2 import SEX_FEMALE, ForeignDocument, PartialDate, PersonName

CONTEXT = RequestContext(purpose=PURPOSE_TRAFFIC_STOP, request_id="r")


def check(query: str = "", vehicle: dict[str, Any] | None = None, **person: Any) -> Any:
    return check_question(CONTEXT, query, person, vehicle or {})


def test_the_one_box_is_asked_as_it_is_typed() -> None:
    asked = check("P-323 ZZB", {"plate_country": "SLV"}, cui="", sex=None)
    assert asked.method == "Check"
    assert asked.request == contract.CheckRequest(context=CONTEXT, query="P-323 ZZB", country="SLV")


def test_a_persons_data_ask_for_a_person() -> None:
    asked = check("2357 11136 0101", cui="", nit="123K", document="slv:A1", birth_date="1988-02", sex=SEX_FEMALE)
    assert asked.method == "CheckPerson"
    assert not asked.words_as_name
    assert asked.request == contract.CheckPersonRequest(
        context=CONTEXT,
        query="2357 11136 0101",
        nit="123K",
        document=ForeignDocument(country="SLV", number="A1"),
        birth_date=PartialDate(year=1988, month=2),
        sex=SEX_FEMALE,
    )


@pytest.mark.parametrize(
    ("query", "given", "name", "guessed"),
    [
        ("Ana Pérez", {"birth_date": "1988"}, "Ana Pérez", True),
        ("Ana Pérez", {"sex": SEX_FEMALE}, "Ana Pérez", True),
        ("Pérez", {"name": "Ana"}, "Ana Pérez", False),  # --name without quotes
        ("", {"name": "Ana Pérez"}, "Ana Pérez", False),
    ],
)
def test_words_beside_what_is_known_of_a_person_are_her_name(
    query: str, given: dict[str, Any], name: str, guessed: bool
) -> None:
    asked = check(query, **given)
    assert (asked.method, asked.request.query, asked.words_as_name) == ("CheckPerson", "", guessed)
    assert asked.request.name == PersonName(full=name)


def test_a_vehicles_data_ask_for_a_vehicle() -> None:
    asked = check("gris", {"plate": "P-323ZZB", "plate_country": "GTM", "colour": "", "model_year": None})
    assert asked.method == "CheckVehicle"
    wanted = contract.CheckVehicleRequest(context=CONTEXT, query="gris", plate="P-323ZZB", plate_country="GTM")
    assert asked.request == wanted


def test_a_person_and_a_vehicle_at_once_are_no_question() -> None:
    with pytest.raises(BothSubjects):
        check("", {"plate": "P-323ZZB"}, cui="2357111360101")
    with pytest.raises(BothSubjects):
        check("Ana", {"colour": "rojo"}, sex=SEX_FEMALE)
    with pytest.raises(BothSubjects):
        search_question(CONTEXT, {"names": "Ana"}, {"make": "TOYOTA"}, 20, "")


def test_a_search_of_persons_and_one_of_vehicles() -> None:
    persons = {"names": "aycinena", "birth_date": "1988", "sex": None, "age_from": 0, "father_name": "Juan"}
    asked = search_question(CONTEXT, persons, {"query": "", "model_year": None}, 20, "t")
    assert (asked.method, asked.request) == (
        "SearchPersons",
        contract.SearchPersonsRequest(
            context=CONTEXT, names="aycinena", birth_date=PartialDate(year=1988), father_name="Juan", page_size=20,
            page_token="t",
        ),
    )  # fmt: skip
    asked = search_question(CONTEXT, {"names": ""}, {"query": "Toyota gris", "model_year": 1999}, 5, "")
    assert (asked.method, asked.request) == (
        "SearchVehicles",
        contract.SearchVehiclesRequest(context=CONTEXT, query="Toyota gris", model_year=1999, page_size=5),
    )


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("1988", (1988, 0, 0)),
        ("1988-2", (1988, 2, 0)),
        ("2/1988", (1988, 2, 0)),
        ("1988-02-29", (1988, 2, 29)),
        ("29/2/1988", (1988, 2, 29)),
    ],
)
def test_dates_as_they_are_written(text: str, date: tuple[int, int, int]) -> None:
    assert read_date(text) == PartialDate(year=date[0], month=date[1], day=date[2])


@pytest.mark.parametrize("text", ["88", "0000", "1988/02", "29-02-1988", "ayer", "1988-02-29-1"])
def test_what_is_no_date_is_refused_rather_than_left_out(text: str) -> None:
    with pytest.raises(NoDate):
        check(birth_date=text)


def test_a_document_without_its_country() -> None:
    assert read_document("A123") == ForeignDocument(number="A123")
