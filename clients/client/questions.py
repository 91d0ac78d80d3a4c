"""The question that typed data amount to: the one box, a person or vehicle to check, persons or vehicles to search."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ronda.v1 import check_service_pb2 as contract
from ronda.v1.value_pb2 import ForeignDocument, PartialDate, PersonName

if TYPE_CHECKING:
    from clients.client.connection import Connection
    from ronda.v1.context_pb2 import RequestContext


class BothSubjects(ValueError):
    """Data of a person and of a vehicle at once: no question asks for both."""


class NoDate(ValueError):
    """A text that is no date, and without which the question would silently have none."""


@dataclass(frozen=True)
class Question:
    """A request to the check service and its method.

    words_as_name: words of the one box were taken for a name; the server does not know this.
    """

    method: str
    request: Any
    words_as_name: bool = False

    def ask(self, connection: Connection, timeout: float) -> Any:
        """The answer. Raises grpc.RpcError."""
        return getattr(connection.checks, self.method)(self.request, timeout=timeout)


def read_date(text: str) -> PartialDate:
    """A date as yyyy, yyyy-mm, mm/yyyy, yyyy-mm-dd or dd/mm/yyyy. Raises NoDate."""
    if found := re.fullmatch(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?", text):
        year, month, day = (int(part or 0) for part in found.groups())
    elif found := re.fullmatch(r"(?:(\d{1,2})/)?(\d{1,2})/(\d{4})", text):
        day, month, year = (int(part or 0) for part in found.groups())
    else:
        year = month = day = 0
    if not year:
        raise NoDate(text)
    return PartialDate(year=year, month=month, day=day)


def read_document(text: str) -> ForeignDocument:
    """COUNTRY:NUMBER, or a number alone."""
    country, colon, number = text.partition(":")
    return ForeignDocument(country=country.upper(), number=number) if colon else ForeignDocument(number=text)


def check_question(
    context: RequestContext, query: str, person: dict[str, Any], vehicle: dict[str, Any], subject_found: int = 0
) -> Question:
    """A check. Raises BothSubjects, NoDate.

    query: the one box. person: fields of CheckPersonRequest by name, `name`, `birth_date` and `document` as texts;
    vehicle: those of CheckVehicleRequest. Empty ones count as not given; `plate_country` alone asks for no vehicle.
    subject_found: how the asker came by a person's identifier (SubjectFound); 0 = it was given.
    """
    words = query
    name, born = person.get("name", ""), person.get("birth_date", "")
    as_name = bool(query and (name or born or person.get("sex"))) and not any(letter.isdecimal() for letter in query)
    if as_name:  # words beside --born or --sex, or --name without quotes
        name, words = f"{name} {query}".strip(), ""
    person_asked = any((*person.values(), as_name))
    vehicle_asked = any(value for field, value in vehicle.items() if field != "plate_country")
    if person_asked and vehicle_asked:
        raise BothSubjects
    if person_asked:
        plain = {field: value for field, value in person.items() if field not in ("name", "birth_date", "document")}
        given = {field: value for field, value in plain.items() if value}
        request = contract.CheckPersonRequest(context=context, query=words, **given)
        request.subject_found = subject_found  # type: ignore[assignment]
        if person.get("document"):
            request.document.CopyFrom(read_document(person["document"]))
        if name:
            request.name.CopyFrom(PersonName(full=name))
        if born:
            request.birth_date.CopyFrom(read_date(born))
        return Question("CheckPerson", request, as_name and not person.get("name"))
    if vehicle_asked:
        given = {field: value for field, value in vehicle.items() if value}
        return Question("CheckVehicle", contract.CheckVehicleRequest(context=context, query=words, **given))
    country = vehicle.get("plate_country", "")
    box = contract.CheckRequest(context=context, query=words, country=country)
    box.subject_found = subject_found  # type: ignore[assignment]
    return Question("Check", box)


def search_question(
    context: RequestContext, person: dict[str, Any], vehicle: dict[str, Any], page_size: int, page_token: str
) -> Question:
    """A search. Raises BothSubjects, NoDate.

    person: fields of SearchPersonsRequest by name, `birth_date` as a text; vehicle: those of SearchVehiclesRequest.
    """
    page: dict[str, Any] = {"page_size": page_size, "page_token": page_token}
    if any(vehicle.values()):
        if any(person.values()):
            raise BothSubjects
        given = {field: value for field, value in vehicle.items() if value}
        return Question("SearchVehicles", contract.SearchVehiclesRequest(context=context, **given, **page))
    given = {field: value for field, value in person.items() if value and field != "birth_date"}
    request = contract.SearchPersonsRequest(context=context, **given, **page)
    if person.get("birth_date"):
        # A year alone is a date too: as years it would rule out persons written one year off.
        request.birth_date.CopyFrom(read_date(person["birth_date"]))
    return Question("SearchPersons", request)
