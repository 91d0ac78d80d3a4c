"""The real engine asked in this process: levels from an answer's first bytes, whole answers where somebody looks."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from bench.answers.truth import Person
from core.engine.entry import Engine, Grant, Method
from core.errors import QuestionError
from ronda.v1 import check_service_pb2 as contract
from ronda.v1 import clearance_service_pb2 as clearance
from ronda.v1.context_pb2 import PURPOSE_TRAFFIC_STOP, RequestContext
from ronda.v1.error_pb2 import ErrorReason
from ronda.v1.level_pb2 import Level

CLEAR, INSUFFICIENT, INCOMPLETE, POSSIBLE, HIT = 1, 2, 3, 4, 5
_CONTEXT = RequestContext(purpose=PURPOSE_TRAFFIC_STOP)
_METHODS: dict[str, tuple[Method, Any]] = {
    "CheckPersonRequest": (Method.CHECK_PERSON, contract.CheckPersonResponse),
    "CheckVehicleRequest": (Method.CHECK_VEHICLE, contract.CheckVehicleResponse),
    "SearchPersonsRequest": (Method.SEARCH_PERSONS, contract.SearchPersonsResponse),
    "ListRecordsRequest": (Method.LIST_RECORDS, contract.ListRecordsResponse),
}
_NAME = ("first_given", "second_given", "third_given", "first_surname", "second_surname", "married_surname")


def level_name(level: int) -> str:
    """HIT, CLEAR..."""
    return Level.Name(level).removeprefix("LEVEL_")


@dataclass
class Asker:
    """One engine, one clock, a grant of everything. `refused`: refusals by reason."""

    engine: Engine
    clock_ms: int
    refused: Counter[str] = field(default_factory=Counter)
    asked: int = 0

    def bytes(self, request: Any) -> bytes:
        """The answer's bytes; b"" = refused."""
        request.context.CopyFrom(_CONTEXT)
        self.asked += 1
        try:
            return self.engine.answer(
                _METHODS[type(request).__name__][0], request.SerializeToString(), Grant.everything(), self.clock_ms
            )
        except QuestionError as error:
            self.refused[f"{ErrorReason.Name(error.reason)} {error.field}"] += 1
            return b""

    def whole(self, request: Any) -> Any:
        """The answer; None = refused."""
        content = self.bytes(request)
        return _METHODS[type(request).__name__][1].FromString(content) if content else None

    def clear(self, column: str, values: list[str]) -> list[tuple[int, int]]:
        """(ClearanceResult, ClearanceReason) of each value under WANTED."""
        first = clearance.ClearRequest(context=_CONTEXT, standard=clearance.CLEARANCE_STANDARD_WANTED)
        stream = self.engine.clearance(first.SerializeToString(), Grant.everything(), self.clock_ms)
        found: list[tuple[int, int]] = []
        for start in range(0, len(values), 1_000):
            part = values[start : start + 1_000]
            batch = clearance.ClearRequest(row_ids=range(len(part)))
            getattr(batch, column).extend(part)
            answer = clearance.ClearResponse.FromString(stream.answer(batch.SerializeToString(), self.clock_ms))
            found += list(zip(answer.results, answer.reasons, strict=True))
        self.asked += len(values)
        return found


def level_of(content: bytes) -> int:
    """Returns the level in an answer's bytes: the first field of the head, which is the first field. 0 = none."""
    if not content:
        return 0
    place = 1  # after the tag of `answer`
    while content[place] & 0x80:
        place += 1
    return content[place + 2] if content[place + 1] == 0x08 else 0


def name_question(person: Person) -> dict[str, Any]:
    """Fields of a question by name and birth date."""
    born = person["birth_date"]
    return {
        "name": {part: person[part] for part in _NAME if person[part]},
        "birth_date": {"year": born.year, "month": born.month, "day": born.day},
    }


def ways(person: Person) -> dict[str, Any]:
    """Every certain question that leads to a person: a request by the name of its way."""
    ask = contract.CheckPersonRequest
    found = {"CUI": ask(cui=person["cui"])}
    if person["nit"]:
        found["NIT"] = ask(nit=person["nit"])
    if person["cedula"]:
        found["cédula"] = ask(cedula=person["cedula"])
    if person["passport"]:
        found["passport"] = ask(document={"country": "GTM", "number": person["passport"]})
    found["name and birth date"] = ask(**name_question(person))
    return found


def ways_to_vehicle(vehicle: dict[str, Any]) -> dict[str, Any]:
    """Questions that lead to a vehicle."""
    ask = contract.CheckVehicleRequest
    plate = f"{vehicle['plate_type']}-{vehicle['plate']}"
    return {"VIN": ask(vin=vehicle["vin"]), "plate": ask(plate=plate)}
