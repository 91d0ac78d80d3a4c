"""The engine: questions answered in a compiled loop, so that Python between them counts nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from pytest_benchmark.fixture import BenchmarkFixture

from bench.core.conftest import NAMES, Asked
from bench.engine_bench import check_person, check_vehicle
from bench.trust.engine_bench import caller_without_end
from core.access.limits import Limits
from core.engine.entry import Engine, Grant, Method
from core.generation.store import Generation
from ronda.v1 import check_service_pb2 as contract
from server.audit.writer import MIB, AuditWriter, WriterOptions

Make = Callable[[Asked], list[bytes]]


def persons(asked: Asked) -> list[bytes]:
    return [
        contract.CheckPersonRequest(context=asked.context(number), cui=cui).SerializeToString()
        for number, cui in enumerate(asked.cuis)
    ]


def vehicles(asked: Asked) -> list[bytes]:
    return [
        contract.CheckVehicleRequest(context=asked.context(number), plate=plate).SerializeToString()
        for number, plate in enumerate(asked.plates)
    ]


def boxes(asked: Asked) -> list[bytes]:
    return [
        contract.CheckRequest(context=asked.context(number), query=query).SerializeToString()
        for number, query in enumerate([*asked.cuis[::2], *asked.plates[::2]])
    ]


def searches(asked: Asked) -> list[bytes]:
    return [
        contract.SearchPersonsRequest(context=asked.context(number), names=name).SerializeToString()
        for number, name in enumerate(asked.names[:NAMES])
    ]


@pytest.mark.parametrize(
    ("method", "make"),
    [
        (Method.CHECK_PERSON, persons),
        (Method.CHECK_VEHICLE, vehicles),
        (Method.CHECK, boxes),
        (Method.SEARCH_PERSONS, searches),
    ],
    ids=["check_person", "check_vehicle", "check", "search_persons"],
)
def test_answer(benchmark: BenchmarkFixture, asked: Asked, method: Method, make: Make) -> None:
    requests = make(asked)
    for request in requests[:100]:
        answer = asked.engine.answer(method, request, Grant.everything(), asked.clock_ms)
        if method is Method.CHECK_PERSON:
            check_person(request, answer)
        elif method is Method.CHECK_VEHICLE:
            check_vehicle(request, answer)
    benchmark.extra_info["operations"] = len(requests)
    benchmark(asked.engine.answer_many, method, requests, Grant.everything(), asked.clock_ms)


def test_check_person_with_limits_and_audit(benchmark: BenchmarkFixture, asked: Asked, tmp_path: Path) -> None:
    auditor = X25519PrivateKey.generate().public_key()
    writer = AuditWriter(WriterOptions(tmp_path / "audit", [auditor], 256 * MIB, 0), "worker-0")
    caller = caller_without_end(Limits(tmp_path / "limits"))
    benchmark.extra_info["operations"] = len(asked.cuis)

    def fresh() -> tuple[tuple[object, ...], dict[str, object]]:
        # A request id that was seen counts once, and costs less.
        return (Method.CHECK_PERSON, persons(asked), caller, asked.clock_ms, writer.log), {}

    benchmark.pedantic(  # type: ignore[no-untyped-call]
        asked.engine.answer_many, setup=fresh, rounds=25, warmup_rounds=2
    )
    writer.close()


def test_open_a_generation(benchmark: BenchmarkFixture, asked: Asked) -> None:
    def opened() -> None:
        generation = Generation.open(asked.generation)
        Engine(generation)
        generation.close()

    benchmark(opened)
