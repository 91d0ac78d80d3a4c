"""Each way of getting no answer: a Spanish sentence that says what to do, and a status of its own. Real servers."""

from __future__ import annotations

import json
import os
import shutil
import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
import pytest
from google.protobuf.descriptor import Descriptor

from clients.spanish.words import FIELDS
from ronda.commands.exit_status import ExitStatus
from ronda.commands.failures import REASONS
from ronda.v1 import check_service_pb2, error_pb2
from server.trust.issuing import make_ca, server_certificate
from tests.command.terminal import piped
from tests.kit.nation_kit import BuiltNation
from tests.server.running_server import RunningServer
from tests.trust.conftest import TrustedServer, start_trusted


@pytest.fixture(scope="module")
def trusted(small_nation: BuiltNation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TrustedServer]:
    """A server in production mode."""
    running = start_trusted(small_nation, Path(tmp_path_factory.mktemp("trusted")))
    yield running
    running.server.stop()


@pytest.fixture(scope="module")
def plain(small_nation: BuiltNation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server in development mode."""
    running = RunningServer(small_nation.data, tmp_path_factory.mktemp("plain") / "log", workers=1).wait_ready()
    yield running
    running.stop()


def identity(trusted: TrustedServer, directory: Path, token: str | None = None, **claims: object) -> str:
    """Files of a patrol's device and officer; the prefix for --identity."""
    directory = Path(tempfile.mkdtemp(dir=directory))
    pair = trusted.kit.police.device("zona-1", "patrol-9")
    pair.write(directory / "own.pem", directory / "own.key")
    shutil.copy(trusted.kit.directory / "server-ca.pem", directory / "server-ca.pem")
    made = trusted.kit.police.token("10001", "zona-1", ["patrol"], pair.thumbprint, **claims)  # type: ignore[arg-type]
    (directory / "own.token").write_text(made if token is None else token, encoding="ascii")
    return str(directory / "own")


def refused(status: ExitStatus, said: str, *arguments: str) -> None:
    """Holds what the command says against what it should, on standard error, and as JSON."""
    done = piped(*arguments, "--json")
    assert (done.returncode, said in done.stderr) == (status, True), done.stdout + done.stderr
    error = json.loads(done.stdout)["error"]
    assert error["text"] == done.stderr.strip()
    assert "Traceback" not in done.stderr


def test_the_right_identity_gets_an_answer(trusted: TrustedServer, tmp_path: Path) -> None:
    shown = identity(trusted, tmp_path)
    done = piped("check", "P-123BCD", "--server", trusted.address, "--identity", shown)
    assert done.returncode == 0, done.stderr
    assert piped("registers", "--server", trusted.address, "--identity", shown).returncode == 0


def test_an_expired_token(trusted: TrustedServer, tmp_path: Path) -> None:
    now = int(time.time())
    shown = identity(trusted, tmp_path, iat=now - 900, nbf=now - 900, exp=now - 300)
    asked = ("check", "P-123BCD", "--server", trusted.address, "--identity", shown)
    refused(ExitStatus.TOKEN_EXPIRED, "Su token venció: pida otro", *asked)


def test_a_token_that_is_none_or_of_another_device(trusted: TrustedServer, tmp_path: Path) -> None:
    asked = ("check", "P-123BCD", "--server", trusted.address, "--identity")
    refused(ExitStatus.NOT_ACCEPTED, "no acepta su token", *asked, identity(trusted, tmp_path, token="abc"))
    other = trusted.kit.police.device("zona-1", "patrol-8").thumbprint
    token = trusted.kit.police.token("10001", "zona-1", ["patrol"], other)
    refused(ExitStatus.NOT_ACCEPTED, "Su token es de otro equipo", *asked, identity(trusted, tmp_path, token=token))


def test_what_policy_forbids(trusted: TrustedServer, tmp_path: Path) -> None:
    shown = identity(trusted, tmp_path)
    asked = ("check", "P-123BCD", "--server", trusted.address, "--identity", shown, "--purpose", "clearance")
    refused(ExitStatus.FORBIDDEN, "La política no permite", *asked, "--case", "1")


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("own.token", "el token del oficial"),
        ("own.pem", "el certificado"),
        ("own.key", "la llave del equipo"),
        ("server-ca.pem", "el certificado"),
    ],
)
def test_a_missing_file_is_named(name: str, what: str, trusted: TrustedServer, tmp_path: Path) -> None:
    shown = identity(trusted, tmp_path)
    missing = Path(shown).with_name(name)
    missing.unlink()
    asked = ("check", "P-123BCD", "--server", trusted.address, "--identity", shown)
    refused(ExitStatus.FILES, f"No se puede leer {what} {missing}", *asked)


def test_plaintext_to_tls_and_tls_to_plaintext(trusted: TrustedServer, plain: RunningServer, tmp_path: Path) -> None:
    refused(ExitStatus.PLAINTEXT_OR_TLS, "exige TLS: indique --identity", "registers", "--server", trusted.address)
    port = plain.address.rpartition(":")[2]
    asked = ("registers", "--server", f"localhost:{port}", "--identity", identity(trusted, tmp_path))
    refused(ExitStatus.PLAINTEXT_OR_TLS, "no habla TLS", *asked)


def test_a_server_by_another_authority(trusted: TrustedServer, tmp_path: Path) -> None:
    shown = identity(trusted, tmp_path)
    Path(shown).with_name("server-ca.pem").write_bytes(make_ca("Another").certificate)
    asked = ("registers", "--identity", shown, "--server", trusted.address)
    refused(ExitStatus.SERVER_CERTIFICATE, "no es de la autoridad de server-ca.pem", *asked)


@pytest.mark.parametrize(
    ("host", "days", "said"),
    [("localhost", 0, "está vencido"), ("otro.example", 90, "no es para localhost")],
)
def test_a_server_whose_certificate_has_expired_or_is_of_another_name(
    host: str, days: float, said: str, trusted: TrustedServer, tmp_path: Path
) -> None:
    ca = make_ca("Other")
    pair = server_certificate(ca, [host], days=days)
    time.sleep(1.1)  # what holds for no day at all held until now
    server = grpc.server(ThreadPoolExecutor(1))
    port = server.add_secure_port("localhost:0", grpc.ssl_server_credentials([(pair.key, pair.certificate)]))
    server.start()
    shown = identity(trusted, tmp_path)
    Path(shown).with_name("server-ca.pem").write_bytes(ca.certificate)
    refused(ExitStatus.SERVER_CERTIFICATE, said, "registers", "--server", f"localhost:{port}", "--identity", shown)
    server.stop(None)


def test_no_server_and_one_that_never_answers() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        held: list[socket.socket] = []
        threading.Thread(target=lambda: held.append(silent.accept()[0]), daemon=True).start()
        asked = ("registers", "--server", address, "--deadline", "0.5")
        refused(ExitStatus.DEADLINE, "no respondió a tiempo", *asked)
    refused(ExitStatus.NO_SERVER, f"No hay servidor en {address}", "registers", "--server", address)


def test_a_server_without_data(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    server = RunningServer(data, tmp_path / "log", workers=1).wait_ready()
    refused(ExitStatus.NO_DATA, "aún no tiene datos", "check", "P-123BCD", "--server", server.address)
    server.stop()


def test_every_reason_of_the_contract_has_its_sentence() -> None:
    # The command words these four by the field and its rule, and the fifth by what narrows the question.
    by_field = {"FIELD_INVALID", "MESSAGE_MALFORMED", "QUESTION_EMPTY", "QUESTION_AMBIGUOUS", "QUERY_TOO_BROAD"}
    named = {name.removeprefix("ERROR_REASON_") for name, number in error_pb2.ErrorReason.items() if number}
    assert named - by_field == set(REASONS)
    assert {status for status, _ in REASONS.values()} <= set(ExitStatus)


def test_every_field_of_a_question_has_its_spanish_name() -> None:
    service = check_service_pb2.DESCRIPTOR.services_by_name["CheckService"]
    named = {name for method in service.methods for name in _fields(method.input_type, "")}
    assert len(named) > 40
    assert named <= set(FIELDS)


def _fields(message: Descriptor, before: str) -> Iterator[str]:
    for field in message.fields:
        yield before + field.name
        if field.message_type is not None and field.message_type.full_name.startswith("ronda."):
            yield from _fields(field.message_type, f"{before}{field.name}.")


def test_a_field_that_breaks_a_rule_is_named_in_spanish(plain: RunningServer) -> None:
    asked = ("check", "--plate", "P-12", "--server", plain.address)
    refused(ExitStatus.CALLER, "placa: longitud incorrecta", *asked)
    refused(ExitStatus.CALLER, "consulta: no se preguntó nada", "check", "--server", plain.address)


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads every file")
def test_a_key_that_only_another_user_may_read(trusted: TrustedServer, tmp_path: Path) -> None:
    shown = identity(trusted, tmp_path)
    Path(f"{shown}.key").chmod(0)
    asked = ("check", "P-123BCD", "--server", trusted.address, "--identity", shown)
    refused(ExitStatus.FILES, "la llave del equipo", *asked)
