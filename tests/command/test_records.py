"""`ronda records`, and questions as people type them: without quotes, in capitals."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.command.terminal import piped
from tests.kit.nation_kit import BuiltNation
from tests.server.running_server import RunningServer


@pytest.fixture(scope="module")
def server(small_nation: BuiltNation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server on the small nation."""
    running = RunningServer(small_nation.data, tmp_path_factory.mktemp("records") / "log", workers=1).wait_ready()
    yield running.address
    running.stop()


@pytest.fixture(scope="module")
def wanted(small_nation: BuiltNation) -> str:
    """CUI of the wanted person."""
    cases = json.loads((small_nation.directory / "truth" / "cases.json").read_text(encoding="utf-8"))["cases"]
    return str(next(case["request"]["cui"] for case in cases if case["name"] == "wanted"))


def test_each_count_of_an_answer_can_be_seen(server: str, wanted: str) -> None:
    answer = json.loads(piped("check", wanted, "--server", server, "--json").stdout)
    totals = {total["section"]: total["total"] for total in answer["person"]["totals"]}
    assert len(totals) > 4
    for section, word in (
        ("OWNED_VEHICLE", "vehículos"),
        ("WARRANT", "órdenes de captura"),
        ("ADDRESS", "direcciones"),
    ):
        total = totals[f"SECTION_{section}"]
        done = piped("records", wanted[:4], wanted[4:9], wanted[9:], word, "--server", server)
        assert done.returncode == 0, done.stderr
        assert f"{word}: {total} de {total}" in done.stdout
    listed = json.loads(piped("records", wanted, "vehiculos", "--server", server, "--json").stdout)
    for vehicle in listed["person"]["owned_vehicles"]:
        shown = piped("records", wanted, "vehiculos", "--server", server).stdout
        assert vehicle["record"]["record_id"] in shown
        assert vehicle["plate"] in shown


@pytest.fixture(scope="module")
def stolen_plate(small_nation: BuiltNation) -> str:
    """A plate that was reported stolen without its vehicle."""
    cases = json.loads((small_nation.directory / "truth" / "cases.json").read_text(encoding="utf-8"))["cases"]
    return str(next(case["request"]["plate"] for case in cases if case["name"] == "stolen_plate"))


def test_the_record_of_a_stolen_plate_can_be_seen(server: str, stolen_plate: str) -> None:
    answer = json.loads(piped("check", stolen_plate, "--server", server, "--json").stdout)["answer"]
    record = next(hit["record"]["record_id"] for hit in answer["hits"] if hit["kind"] == "ALERT_KIND_STOLEN_PLATE")
    done = piped("records", stolen_plate, "robos", "--server", server)
    assert done.returncode == 0, done.stderr
    assert "robos y recuperaciones: 1 de 1" in done.stdout
    assert record in done.stdout
    listed = json.loads(piped("records", stolen_plate, "robos", "--server", server, "--json").stdout)
    assert [alert["record"]["record_id"] for alert in listed["vehicle"]["vehicle_alerts"]] == [record]
    assert "robos y recuperaciones" in piped("records", stolen_plate, "armas", "--server", server).stderr


def test_what_cannot_be_listed_says_what_can(server: str, wanted: str) -> None:
    nothing = piped("records", wanted, "armas", "--server", server)
    assert nothing.returncode == 2
    assert "No hay registros en «armas». En archivo: " in nothing.stderr
    many = piped("records", "Zamperio", "armas", "--server", server)
    assert many.returncode == 2
    assert "pregunte por CUI, documento o placa" in many.stderr
    assert piped("records", wanted, "--server", server).returncode == 2


def test_names_need_no_quotes_and_sex_may_be_written_as_people_do(server: str) -> None:
    quoted = piped("search", "aycinena beltranena", "--server", server).stdout.split("Respuesta")[0]
    assert "AYCINENA" in quoted
    assert piped("search", "aycinena", "beltranena", "--server", server).stdout.split("Respuesta")[0] == quoted
    for sex in ("F", "f", "femenino", "Mujer"):
        done = piped("search", "aycinena", "beltranena", "--sex", sex, "--server", server)
        assert "AYCINENA" in done.stdout, sex
    other = piped("search", "aycinena", "beltranena", "--sex", "M", "--server", server).stdout
    assert "NO coincide: sexo" in other, "it costs evidence, and rules nobody out"


def test_a_telephone_that_nobody_has_says_so(server: str) -> None:
    done = piped("check", "--telephone", "55555555", "--server", server)
    assert "Nada consta con lo preguntado" in done.stdout
    assert "VERDE" not in done.stdout
