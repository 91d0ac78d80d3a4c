"""The engine alone: one thread, keys drawn at random from the whole file, answers made in a compiled loop.

Run as its own process: `python -m bench.engine_bench GENERATION_DIRECTORY` prints JSON. The answers to the first 2,000
questions are checked first (the person or vehicle asked for comes back); then each run answers all questions once.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import psutil

from bench.sampling import draw
from core.engine.entry import Engine, Grant, Method
from core.generation.store import Generation
from ronda.v1 import check_service_pb2 as contract
from ronda.v1.context_pb2 import PURPOSE_TRAFFIC_STOP, RequestContext

QUESTIONS = 100_000
CHECKED = 2_000
RUNS = 7


def _questions(directory: Path) -> dict[Method, list[bytes]]:
    context = RequestContext(purpose=PURPOSE_TRAFFIC_STOP)
    cuis, plates = draw(directory, QUESTIONS, seed=1)
    return {
        Method.CHECK_PERSON: [
            contract.CheckPersonRequest(context=context, cui=cui).SerializeToString() for cui in cuis
        ],
        Method.CHECK_VEHICLE: [
            contract.CheckVehicleRequest(context=context, plate=plate).SerializeToString() for plate in plates
        ],
    }


def _check(engine: Engine, method: Method, requests: list[bytes], clock_ms: int) -> None:
    for request in requests[:CHECKED]:
        answer = engine.answer(method, request, Grant.everything(), clock_ms)
        if method is Method.CHECK_PERSON:
            check_person(request, answer)
        else:
            check_vehicle(request, answer)


def check_person(request: bytes, answer: bytes) -> None:
    """Raises AssertionError unless a register claims that the person who came back has the CUI that was asked."""
    asked = contract.CheckPersonRequest.FromString(request).cui
    person = contract.CheckPersonResponse.FromString(answer).person
    if asked not in {claim.cui for claim in person.identity_claims}:
        raise AssertionError("CheckPerson answered with another person, or nobody")


def check_vehicle(request: bytes, answer: bytes) -> None:
    """Raises AssertionError unless the vehicle that came back, or a candidate, bears the plate that was asked."""
    asked = contract.CheckVehicleRequest.FromString(request).plate
    response = contract.CheckVehicleResponse.FromString(answer)
    borne = {assignment.plate for assignment in response.vehicle.plate_assignments}
    if asked not in borne | {candidate.plate for candidate in response.candidates}:
        raise AssertionError("CheckVehicle answered with another vehicle, or none")


def main() -> None:
    """Prints {method: {runs_us: [...], answer_bytes}} and the generation's size."""
    directory = Path(sys.argv[1])
    questions = _questions(directory)
    engine = Engine(Generation.open(directory))
    clock_ms = int(time.time() * 1000)
    report: dict[str, object] = {}
    for method, requests in questions.items():
        _check(engine, method, requests, clock_ms)
        engine.answer_many(method, requests, Grant.everything(), clock_ms)  # warm-up: the file is in memory
        runs, size = [], 0
        for _ in range(RUNS):
            before = psutil.Process().cpu_times()
            size, nanoseconds = engine.answer_many(method, requests, Grant.everything(), clock_ms)
            after = psutil.Process().cpu_times()
            cpu = after.user + after.system - before.user - before.system
            # The lesser of wall and CPU time would flatter; CPU is quoted beside wall because the machine is shared.
            runs.append({"wall_us": nanoseconds / len(requests) / 1000, "cpu_us": cpu / len(requests) * 1e6})
        report[method.name] = {"runs": runs, "answer_bytes": size / len(requests)}
    print(json.dumps(report))


if __name__ == "__main__":
    main()
