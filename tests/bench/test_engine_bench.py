"""Checks what the engine's bench takes for a right answer."""

from __future__ import annotations

import pytest

from bench import engine_bench
from ronda.v1 import check_service_pb2 as contract
from ronda.v1 import person_pb2, vehicle_pb2

CUI, OTHER_CUI = "2357111360101", "2357111440101"
PLATE, OTHER_PLATE = "P-123BCD", "P-123BCF"


def test_a_person_is_right_whom_a_register_gives_the_asked_cui() -> None:
    asked = contract.CheckPersonRequest(cui=CUI).SerializeToString()

    def answer(*cuis: str) -> bytes:
        claims = [person_pb2.IdentityClaim(cui=cui) for cui in cuis]
        person = person_pb2.Person(identity_claims=claims, subject_id="0" * 32)
        return contract.CheckPersonResponse(person=person).SerializeToString()

    engine_bench.check_person(asked, answer(OTHER_CUI, CUI))
    for wrong in (answer(OTHER_CUI), answer(), b""):
        with pytest.raises(AssertionError, match="another person"):
            engine_bench.check_person(asked, wrong)


def test_a_vehicle_is_right_that_bears_the_asked_plate() -> None:
    asked = contract.CheckVehicleRequest(plate=PLATE).SerializeToString()

    def answer(borne: str, candidate: str) -> bytes:
        vehicle = vehicle_pb2.Vehicle(plate_assignments=[vehicle_pb2.PlateAssignment(plate=borne)])
        candidates = [contract.Candidate(plate=candidate)]
        return contract.CheckVehicleResponse(vehicle=vehicle, candidates=candidates).SerializeToString()

    engine_bench.check_vehicle(asked, answer(PLATE, OTHER_PLATE))
    engine_bench.check_vehicle(asked, answer(OTHER_PLATE, PLATE))
    for wrong in (answer(OTHER_PLATE, OTHER_PLATE), b""):
        with pytest.raises(AssertionError, match="another vehicle"):
            engine_bench.check_vehicle(asked, wrong)
