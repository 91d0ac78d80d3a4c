"""A person chosen from a list that a name had found: what nobody gave agrees with nothing, and nothing is certain."""

# The oracle keeps enum values as plain numbers; the stubs want their enum types.
# mypy: disable-error-code="assignment"

from __future__ import annotations

from typing import Any

from ronda.v1 import check_service_pb2, level_pb2
from tests.oracle import texts
from tests.oracle.agreement import AGREES

VEHICLE_KINDS = (
    check_service_pb2.IDENTIFIER_KIND_PLATE,
    check_service_pb2.IDENTIFIER_KIND_VIN,
    check_service_pb2.IDENTIFIER_KIND_CHASSIS_TAIL,
    check_service_pb2.IDENTIFIER_KIND_ENGINE,
)
OF_A_DOCUMENT = (
    level_pb2.CRITERION_CUI,
    level_pb2.CRITERION_DOCUMENT,
    level_pb2.CRITERION_NIT,
    level_pb2.CRITERION_LICENCE,
    level_pb2.CRITERION_CEDULA,
    level_pb2.CRITERION_TELEPHONE,
    level_pb2.CRITERION_DOCUMENT_WITHOUT_COUNTRY,
)


def is_chosen(request: Any) -> bool:
    return bool(request.subject_found == check_service_pb2.SUBJECT_FOUND_CHOSEN_BY_NAME)


def only_persons_tried(response: Any) -> bool:
    return all(detected.kind not in VEHICLE_KINDS for detected in response.detected)


def doubted(request: Any, response: Any) -> Any:
    """The response, as it is for somebody chosen from a list."""
    if not is_chosen(request):
        return response
    for compared in (response.answer.comparisons, *(each.comparisons for each in response.candidates)):
        kept = [c for c in compared if c.agreement != AGREES or c.criterion not in OF_A_DOCUMENT]
        del compared[:]
        compared.extend(kept)
    of_vehicle = "vehicle" in response.DESCRIPTOR.fields_by_name and response.HasField("vehicle")
    if response.HasField("person") or (not of_vehicle and only_persons_tried(response)):
        response.answer.level = max(response.answer.level, level_pb2.LEVEL_INSUFFICIENT)
        texts.note(response.answer.notes, "CHOSEN_BY_NAME")
    return response
