"""Questions of the micro-benchmarks: a nation of 100,000 persons, made once, and questions drawn from all of it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from bench.limit.bench import SMALL_PERSONS, prepared
from bench.sampling import draw
from core.engine.entry import Engine, Grant, Method
from core.generation.store import Generation
from ronda.v1 import check_service_pb2 as contract
from ronda.v1.context_pb2 import PURPOSE_TRAFFIC_STOP, RequestContext

QUESTIONS = 4_000
NAMES = 200


@dataclass(frozen=True)
class Asked:
    """An engine, a clock, and questions."""

    generation: Path
    engine: Engine
    clock_ms: int
    cuis: list[str]
    plates: list[str]
    names: list[str]

    def context(self, number: int) -> RequestContext:
        """A frame with a request id of its own."""
        return RequestContext(purpose=PURPOSE_TRAFFIC_STOP, request_id=f"micro-{time.time_ns():x}-{number}")


@pytest.fixture(scope="session")
def asked() -> Asked:
    """Over the nation that bench-limit's quick form uses too."""
    generation = prepared(SMALL_PERSONS).generation
    engine, clock_ms = Engine(Generation.open(generation)), int(time.time() * 1000)
    cuis, plates = draw(generation, QUESTIONS, seed=23)
    names: list[str] = []
    for cui in cuis:
        request = contract.CheckPersonRequest(cui=cui).SerializeToString()
        answer = engine.answer(Method.CHECK_PERSON, request, Grant.everything(), clock_ms)
        for claim in contract.CheckPersonResponse.FromString(answer).person.identity_claims:
            if claim.name.first_given and claim.name.first_surname:
                names.append(f"{claim.name.first_given} {claim.name.first_surname} {claim.name.second_surname}".strip())
                break
    return Asked(generation, engine, clock_ms, cuis, plates, list(dict.fromkeys(names)))
