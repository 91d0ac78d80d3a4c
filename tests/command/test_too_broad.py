"""A name of 31,000 persons and a plate of 15,984 vehicles, asked at the front door: what would narrow them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest

from ronda.v1 import check_service_pb2 as checks
from tests.core.engine.engine_kit import car, person
from tests.core.generation.generation_kit import build, entity
from tests.server.running_server import RunningServer, call, failure

ROOT = Path(__file__).parents[2]
NAME = "JUAN PEREZ LOPEZ"
NAMESAKES = 31_000  # over SCORED_MAX of core/name_index/query.pxd
FIRST_YEAR, YEARS = 1941, 62
PLATES = [f"{number:03d}B{middle}{last}" for number in range(1, 1000) for middle in "BCDF" for last in "BCDF"]
PERSONS, VEHICLES = "Demasiadas personas pueden coincidir", "Demasiados vehículos pueden coincidir"
GENERATION = "20261124T160351Z-0badcafe"  # tests/core/generation/generation_kit.py's


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server over cars, and men of one name, five hundred of each year: it narrows them most, the sex not at all."""
    directory = tmp_path_factory.mktemp("too_broad")
    people = [person(n, f"{n:013d}", NAME, birth_year=FIRST_YEAR + n * YEARS // NAMESAKES) for n in range(NAMESAKES)]
    cars = [row for n, plate in enumerate(PLATES, NAMESAKES) for row in car(n, f"VIN{n:014d}", plate)]
    entities = [entity(n) for n in range(NAMESAKES)] + [entity(n, 4) for n in range(NAMESAKES, NAMESAKES + len(PLATES))]
    build(directory / "data" / "generations" / GENERATION, entities, people + cars, batch_rows=5_000)
    (directory / "data" / "CURRENT").write_text(f"{GENERATION}\n", encoding="ascii")
    running = RunningServer(directory / "data", directory / "server.log", workers=1)
    try:
        yield running.wait_ready()
    finally:
        running.stop()


@pytest.mark.parametrize(
    ("method", "asked", "field"),
    [
        ("SearchPersons", {"names": NAME}, "birth_date"),
        ("SearchPersons", {"names": NAME, "age_to": 150}, "names"),  # nothing else makes fewer candidates
        ("CheckPerson", {"name": {"full": NAME}}, "birth_date"),
        ("CheckPerson", {"name": {"full": NAME}, "birth_date": {"month": 2}}, "name"),
        ("CheckPerson", {"query": NAME}, "query"),
        ("Check", {"query": NAME}, "query"),
    ],
)
def test_the_error_names_the_field_and_the_number(
    server: RunningServer, method: str, asked: dict[str, Any], field: str
) -> None:
    request = getattr(checks, f"{method}Request")(**asked)
    with server.channel() as channel:
        failed = failure(channel, f"CheckService/{method}", request.SerializeToString())
    assert failed.code is grpc.StatusCode.INVALID_ARGUMENT
    assert failed.reason == "QUERY_TOO_BROAD"
    assert failed.fields == {field: f"too many persons may fit: {NAMESAKES}"}
    assert failed.metadata == {"retryable": "false", "may_fit": str(NAMESAKES)}


def test_what_was_asked_for_is_enough(server: RunningServer) -> None:
    """With the year named, the same search is answered: those of it and of the years beside it."""
    request = checks.SearchPersonsRequest(names=NAME, birth_date={"year": FIRST_YEAR + 9})
    with server.channel() as channel:
        content = call(channel, "CheckService/SearchPersons", request.SerializeToString())
    assert checks.SearchPersonsResponse.FromString(content).candidates_total == 3 * NAMESAKES // YEARS


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("search", NAME), f"{PERSONS} (31,000 o más): agregue fecha o año de nacimiento."),
        (("check", NAME), f"{PERSONS} (31,000 o más): agregue otro nombre o apellido, o fecha o año de nacimiento."),
        (("search", "--plate", "P???B??"), f"{VEHICLES}: agregue más caracteres de la placa."),
        (("search", "--vehicle", "P???B??"), f"{VEHICLES}: agregue más caracteres de la placa."),
    ],
)
def test_an_officer_reads_it_in_spanish(server: RunningServer, arguments: tuple[str, ...], said: str) -> None:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("RONDA_")}
    done = subprocess.run(
        [sys.executable, "-m", "ronda.command", *arguments, "--server", server.address],
        cwd=ROOT,
        env=kept,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.strip() == said
