"""Checks what a hurried officer types, and where: each case was met by somebody who did not write the command."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ronda.commands.exit_status import ExitStatus
from tests.command.terminal import piped
from tests.kit.nation_kit import BuiltNation
from tests.server.running_server import RunningServer

WANTED = ("Ramiro", "Zachrisson")  # of the cast: a warrant without a CUI, on 02/11/1979
NAMESAKES = ("Eulogio", "Samperio")  # of the cast: over sixty of one name


@pytest.fixture(scope="module")
def server(small_nation: BuiltNation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    running = RunningServer(small_nation.data, tmp_path_factory.mktemp("typed") / "log", workers=1).wait_ready()
    yield running
    running.stop()


def test_names_need_no_quotes_beside_other_options(server: RunningServer) -> None:
    at = ("--born", "1979", "--server", server.address)
    quoted = piped("check", "--name", " ".join(WANTED), *at)
    for typed in (WANTED, ("--name", *WANTED)):
        done = piped("check", *typed, *at)
        shown = done.stdout.split("Respuesta")[0].replace("Se buscó como: nombre (consta)\n", "")
        assert (done.returncode, shown) == (0, quoted.stdout.split("Respuesta")[0])
    assert "AMARILLO" in quoted.stdout or "ROJO" in quoted.stdout


def test_who_was_chosen_from_a_list_is_neither_red_nor_green(server: RunningServer, small_nation: BuiltNation) -> None:
    at = ("--server", server.address)
    listed = piped("search", "Eulogio", "Samperio", *at).stdout
    assert "`ronda check CUI --chosen`; con --compared si ya comparó su DPI" in listed
    cui = small_nation.cast["persons"]["wanted"]
    said = {option: piped("check", cui, *option, *at).stdout for option in ((), ("--chosen",), ("--compared",))}
    assert "ROJO" in said[()]
    assert "ROJO" in said["--compared",]
    assert "ROJO" not in said["--chosen",]
    assert "Nota: elegido de una lista por nombre: compare el DPI" in said["--chosen",]
    assert "Lo que usted dio" not in said["--chosen",]


def test_what_is_only_possible_is_confirmed_before_anybody_is_arrested(server: RunningServer) -> None:
    said = piped("check", *WANTED, "--server", server.address).stdout
    assert "AMARILLO" in said
    assert "Acción: confirme primero la identidad (DPI). Solo si se confirma: detener" in said
    assert "Acción: Detener" not in said


def test_candidates_that_are_not_sent_are_counted(server: RunningServer) -> None:
    said = piped("check", *NAMESAKES, "--server", server.address).stdout
    total = int(said.split("Candidatos: ")[1].split()[0])
    assert total > 20
    assert f"Y {total - 20} más" in said
    # Each candidate says how she compares: a head that said "coincide" would contradict who is only like it.
    assert "Lo que usted dio" not in said
    assert "Lo que usted dio: nombres" in piped("check", *WANTED, "--server", server.address).stdout


def test_a_terminal_that_writes_latin_1_is_understood(server: RunningServer) -> None:
    command = [sys.executable, "-m", "ronda.command", "check", b"Ram\xf3n", b"L\xf3pez", "--server", server.address]
    done = subprocess.run(command, capture_output=True, check=False, timeout=60)  # type: ignore[arg-type]
    assert (done.returncode, done.stderr) == (0, b"")
    assert "Se buscó como: nombre" in done.stdout.decode()


@pytest.mark.parametrize(
    "typed",
    [
        ("check", "--plate", "P-123BCD", "--model-year", "99999999999999"),
        ("search", "lopez", "--age-from", "99999999999"),
        ("check", "--plate", "P-123BCD", "--colour", "azulito"),
        ("search", "--vehicle", "toyota", "--colour", "tornasol"),
        ("search", "lopez", "--page-size", "99999999999"),
        ("search", "lopez", "--page-size", "0"),
        ("check", "P-123BCD", "--deadline", "inf"),
        ("check", "--name", "Ramiro", "--born", "0000"),
        ("check", "--name", "Ramiro", "--born", "00/00/0000"),
        *(
            ("check", "P-123BCD", "--server", target)
            for target in ("", "127.0.0.1", "127.0.0.1:99999", "foo bar", ":1")
        ),
    ],
)
def test_what_cannot_be_is_a_sentence(typed: tuple[str, ...]) -> None:
    done = piped(*typed)
    assert done.returncode == ExitStatus.CALLER
    assert "Traceback" not in done.stderr
    assert "scriba" in done.stderr  # what to write instead


def test_a_full_disk_behind_the_output_is_a_sentence(server: RunningServer) -> None:
    command = [sys.executable, "-m", "ronda.command", "check", "P-323ZZB", "--server", server.address]
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False, timeout=60)
    assert done.returncode == ExitStatus.OURS
    assert done.stderr.startswith("No se pudo escribir la respuesta completa")
    assert "Traceback" not in done.stderr


def test_an_output_without_accents_is_a_sentence(server: RunningServer) -> None:
    command = [sys.executable, "-m", "ronda.command", "check", "P-323ZZB", "--server", server.address]
    environment = dict(os.environ) | {"PYTHONIOENCODING": "ascii"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == ExitStatus.OURS
    assert "Traceback" not in done.stderr


def test_files_that_are_no_certificate_are_named(server: RunningServer, tmp_path: Path) -> None:
    for name in ("own.pem", "own.key", "own.token", "server-ca.pem"):
        (tmp_path / name).write_text("", encoding="ascii")
    done = piped("check", "P-323ZZB", "--server", server.address, "--identity", str(tmp_path / "own"), "--json")
    assert done.returncode == ExitStatus.FILES
    assert "El archivo .pem de --identity no es un certificado" in done.stdout
    assert f'"exit": {ExitStatus.FILES}' in done.stdout
    missing = piped("check", "P-323ZZB", "--identity", str(tmp_path / "none"), "--json")
    assert (missing.returncode, f'"exit": {ExitStatus.FILES}' in missing.stdout) == (ExitStatus.FILES, True)


@pytest.mark.parametrize("where", [("--data", "/nonexistent"), ("--generation", "none")])
def test_why_says_in_spanish_that_there_is_no_such_generation(
    small_nation: BuiltNation, where: tuple[str, str]
) -> None:
    data = () if where[0] == "--data" else ("--data", str(small_nation.data))
    done = piped("why", "", *data, *where)
    assert done.returncode == ExitStatus.CALLER
    assert "no hay una generación publicada" in done.stderr
