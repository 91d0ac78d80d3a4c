"""Checks what the command makes of an answer, without a server: each answer is written down here."""

from __future__ import annotations

import socket
import threading
from typing import Any

import pytest
import typer

from clients.client.diagnosis import Trouble, diagnose
from ronda.commands.exit_status import ExitStatus
from ronda.commands.failures import _TROUBLES
from ronda.commands.officer import ask as command_ask
from ronda.commands.officer import records as command_records
from ronda.v1 import check_service_pb2 as contract
from ronda.v1 import level_pb2, value_pb2
from tests.command.terminal import piped

KINDS = (command_ask, command_records)


def answered(monkeypatch: pytest.MonkeyPatch, response: Any) -> None:
    """Lets every question be answered so."""
    for module in KINDS:
        monkeypatch.setattr(module, "call", lambda *_: response)


@pytest.mark.parametrize("given", [{"sex": value_pb2.SEX_MALE}, {"born": "1979"}])
def test_words_taken_for_a_name_are_said_to_be_beside_any_option(
    given: dict[str, Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = contract.CheckPersonResponse()
    found.person.name = "Ramiro Zachrisson"
    answered(monkeypatch, found)
    command_ask.check(["Ramiro"], **given)
    assert "Se buscó como: nombre (consta)" in capsys.readouterr().out
    answered(monkeypatch, contract.CheckPersonResponse())
    command_ask.check(["Ramiro"], **given)
    assert "Se buscó como: nombre (no consta)" in capsys.readouterr().out
    command_ask.check(["Zachrisson"], name="Ramiro", **given)
    assert "Se buscó como" not in capsys.readouterr().out  # --name says what it is


def test_records_of_nobody_say_so_and_what_may_have_been_meant(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    slip = contract.CheckResponse(suggestions=["2357111360101"], suggestions_on_file=1)
    slip.detected.add(kind=contract.IDENTIFIER_KIND_CUI, canonical="2357111360102")
    answered(monkeypatch, slip)
    with pytest.raises(typer.Exit) as ended:
        command_records.records(["2357111360102", "vehículos"])
    said = capsys.readouterr().err
    assert ended.value.exit_code == ExitStatus.CALLER
    assert "Se buscó como: CUI 2357111360102 (no consta)" in said
    assert "¿Quiso decir 2357111360101 (consta)?" in said
    assert "no halla a uno solo" not in said


def test_a_search_that_nothing_fits_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answered(monkeypatch, contract.SearchVehiclesResponse(answer=contract.Answer(level=level_pb2.LEVEL_CLEAR)))
    command_ask.search(vehicle="Toyota azul")
    assert "quite un dato" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("--department=0", "escriba 1 o más"),
        ("--department=23", "escriba 22 o menos"),
        ("--municipality=0", "escriba 101 o más"),
        ("--age-to=0", "escriba 1 o más"),
        ("--model-year=0", "escriba 1 o más"),
    ],
)
def test_a_number_that_would_be_no_filter_is_refused(option: str, said: str) -> None:
    done = piped("search", "Ana", option)
    assert (done.returncode, said in done.stderr) == (2, True), done.stderr


def test_a_port_where_another_program_listens_is_no_fault_of_an_identity_that_nobody_gave() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def answer() -> None:
            caller, _ = listening.accept()
            with caller:
                caller.recv(4096)
                caller.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        other = threading.Thread(target=answer)
        other.start()
        trouble = diagnose(f"127.0.0.1:{listening.getsockname()[1]}", None)
        other.join()
    assert trouble is Trouble.ANOTHER_PROGRAM
    status, said = _TROUBLES[trouble]
    assert status == ExitStatus.NO_SERVER
    assert "--identity" not in said
