"""A case's questions as requests, and what answers say in the words of the cases."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ronda.v1 import check_service_pb2 as checks
from ronda.v1 import clearance_service_pb2 as clearance
from ronda.v1 import context_pb2, level_pb2, section_pb2, value_pb2
from tests.oracle.registers import Masks, everything
from tests.statute.tables import Ask, Cells
from tests.statute.world import Words

VEHICLE = {"plate", "vin", "engine", "chassis_tail"}
_SENSITIVITY = {"no minors": "MINOR", "no victims": "VICTIM", "no discreet": "DISCREET"}
_WHERE = {section_pb2.SECTION_ADDRESS, section_pb2.SECTION_TELEPHONE}


def masks_of(ask: Ask) -> Masks | None:
    """Returns what the asker may see; None: everything."""
    if ask.sees == "all":
        return None
    seen = dict(everything())
    if ask.sees == "no warrants":
        seen[section_pb2.SENSITIVITY_OPEN] &= ~(1 << section_pb2.SECTION_WARRANT)
    else:
        seen[section_pb2.Sensitivity.Value(f"SENSITIVITY_{_SENSITIVITY[ask.sees]}")] = 0
    return seen


def request_of(ask: Ask, words: Words) -> Any:
    """A CheckRequest, CheckPersonRequest, CheckVehicleRequest or ClearRequest."""
    cells = {key: words.told(value) for key, value in ask.asked.items()}
    context = context_pb2.RequestContext(purpose=f"PURPOSE_{ask.purpose or 'UNSPECIFIED'}")
    if ask.clear:
        return _clear(ask.clear, cells)
    if "box" in cells:
        return checks.CheckRequest(query=cells["box"], context=context)
    kind: Any = checks.CheckVehicleRequest if VEHICLE & cells.keys() else checks.CheckPersonRequest
    given: dict[str, Any] = {"context": context}
    if ask.chosen:
        given["subject_found"] = checks.SUBJECT_FOUND_CHOSEN_BY_NAME
    if "passport" in cells:
        given["document"] = value_pb2.ForeignDocument(country=cells.pop("country", ""), number=cells.pop("passport"))
    for key, value in cells.items():
        given |= _field(key, value)
    return kind(**given)


def _field(key: str, value: str) -> dict[str, Any]:
    if key == "name":
        return {"name": value_pb2.PersonName(full=value)}
    if key == "born":
        year, month, day = (int(part) for part in value.split("-"))
        return {"birth_date": value_pb2.PartialDate(year=year, month=month, day=day)}
    if key == "sex":
        return {"sex": {"F": value_pb2.SEX_FEMALE, "M": value_pb2.SEX_MALE}[value]}
    if key == "year":
        return {"model_year": int(value)}
    return {{"father": "father_name", "mother": "mother_name"}.get(key, key): value}


def _clear(standard: str, cells: Cells) -> clearance.ClearRequest:
    batch = clearance.ClearRequest(standard=f"CLEARANCE_STANDARD_{standard}", row_ids=[1])
    for key, column in (("cui", "cuis"), ("name", "names"), ("plate", "plates"), ("vin", "vins")):
        if key in cells:
            getattr(batch, column).append(cells[key])
    if "born" in cells:
        batch.birth_dates.append(int(cells["born"].replace("-", "")))
    return batch


def told(ask: Ask, answer: Any, records: Callable[[str], bool]) -> dict[str, Any]:
    """Returns what the answer says of all that the question demands. records: whether a record's id is the case's."""
    if ask.clear:
        return {"result": clearance.ClearanceResult.Name(answer.results[0]).removeprefix("CLEARANCE_RESULT_")}
    head = answer.answer
    found: dict[str, Any] = {"level": level_pb2.Level.Name(head.level).removeprefix("LEVEL_")}
    if ask.notes:
        notes = {note.code for note in head.notes}
        notes.update(note.code for hit in head.hits if records(hit.record.record_id) for note in hit.notes)
        found["notes"] = sorted(set(ask.notes) & notes)
    if ask.address is not None:
        person = answer.person if hasattr(answer, "person") else None
        found["address"] = person is not None and any(total.section in _WHERE for total in person.totals)
    return found


def demanded(ask: Ask) -> dict[str, Any]:
    """The same, as the case says it."""
    if ask.clear:
        return {"result": ask.result}
    found: dict[str, Any] = {"level": ask.level}
    if ask.notes:
        found["notes"] = sorted(ask.notes)
    if ask.address is not None:
        found["address"] = ask.address
    return found
