"""Troubles of a connection are distinguished: own files, the server's certificate, the address, who listens."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from server.trust.issuing import Pair, issue, make_ca
from tests.command.terminal import piped
from tests.kit.nation_kit import BuiltNation
from tests.kit.stepped_clock import fixed_clock
from tests.kit.strangers import Stranger, listening, web_tls
from tests.trust.conftest import TrustedServer, start_trusted


@pytest.fixture(scope="module")
def trusted(small_nation: BuiltNation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TrustedServer]:
    directory = Path(tmp_path_factory.mktemp("faults"))
    running = start_trusted(small_nation, directory)
    yield running
    running.server.stop()
    shutil.rmtree(running.data)


@dataclass
class Shown:
    """A device's files, and the server that they are shown to."""

    trusted: TrustedServer
    directory: Path

    def __post_init__(self) -> None:
        police = self.trusted.kit.police
        pair = police.device("central", "unit-7")
        pair.write(self.pem, self.key)
        self.token.write_text(police.token("1001", "central", ["patrol"], pair.thumbprint), encoding="ascii")
        self.server_ca.write_bytes((self.trusted.kit.directory / "server-ca.pem").read_bytes())

    @property
    def pem(self) -> Path:
        return self.directory / "unit.pem"

    @property
    def key(self) -> Path:
        return self.directory / "unit.key"

    @property
    def token(self) -> Path:
        return self.directory / "unit.token"

    @property
    def server_ca(self) -> Path:
        return self.directory / "server-ca.pem"

    def ask(self, address: str = "", **environment: str) -> tuple[int, str]:
        """Exit status and words of a check."""
        ended = piped(
            *("check", "2357111360101", "--deadline", "5", "--identity", str(self.directory / "unit")),
            *("--server", address or self.trusted.address),
            **environment,
        )
        return ended.returncode, ended.stderr


@pytest.fixture
def shown(trusted: TrustedServer, tmp_path: Path) -> Shown:
    return Shown(trusted, tmp_path)


def _other(shown: Shown) -> Pair:
    return shown.trusted.kit.police.device("central", "unit-8")


def _exchange(shown: Shown) -> None:
    certificate, key = shown.pem.read_bytes(), shown.key.read_bytes()
    shown.pem.write_bytes(key)
    shown.key.write_bytes(certificate)


def _lock(shown: Shown) -> None:
    key = load_pem_private_key(shown.key.read_bytes(), None)
    shown.key.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"x")))


def _write(shown: Shown, pair: Pair) -> None:
    shown.pem.write_bytes(pair.certificate)
    shown.key.write_bytes(pair.key)


def _own(days_ago: float) -> Callable[[Shown], None]:
    def write(shown: Shown) -> None:
        starts = datetime.now(UTC) - timedelta(days=days_ago)
        _write(shown, issue(shown.trusted.kit.police.ca, "unit-7", [], days=1, starts=starts))

    return write


def _of_another_ca(shown: Shown) -> None:
    _write(shown, issue(make_ca("Other"), "unit-7", [], days=1))


@pytest.mark.parametrize(
    ("spoil", "status", "said"),
    [
        (lambda shown: shown.pem.write_bytes(b"garbage"), 14, "El archivo .pem de --identity no es un certificado"),
        (lambda shown: shown.pem.write_bytes(b""), 14, "El archivo .pem de --identity no es un certificado"),
        (lambda shown: shown.pem.write_bytes(shown.pem.read_bytes()[:300]), 14, "El archivo .pem de --identity no es"),
        (lambda shown: shown.pem.write_bytes(shown.key.read_bytes()), 14, "El archivo .pem de --identity no es"),
        (lambda shown: shown.key.write_bytes(b"\x00\xff"), 14, "El archivo .key de --identity no es una llave"),
        (lambda shown: shown.key.write_bytes(shown.pem.read_bytes()), 14, "El archivo .key de --identity no es"),
        (_lock, 14, "El archivo .key de --identity no es una llave privada sin contraseña"),
        (_exchange, 14, "Los archivos de --identity están cambiados"),
        (lambda shown: shown.key.write_bytes(_other(shown).key), 14, "no es la de su certificado"),
        (lambda shown: shown.server_ca.write_bytes(b"garbage"), 14, "server-ca.pem, al lado de --identity, no es"),
        (lambda shown: shown.server_ca.write_bytes(shown.key.read_bytes()), 14, "server-ca.pem, al lado"),
        (_own(3), 16, "El certificado de --identity venció"),
        (_own(-1), 16, "El certificado de --identity venció, o aún no es vigente"),
        (_of_another_ca, 16, "no acepta el certificado de --identity"),
        (lambda shown: shown.server_ca.write_bytes(make_ca("Other").certificate), 19, "no es de la autoridad"),
    ],
)  # fmt: skip
def test_each_fault_of_a_file_is_told_apart(
    shown: Shown, spoil: Callable[[Shown], object], status: int, said: str
) -> None:
    spoil(shown)
    ended, text = shown.ask()
    assert (ended, said in text) == (status, True), text


def test_a_server_whose_clock_is_behind_is_named_for_a_new_certificate(shown: Shown) -> None:
    """It was said that its institution is not enrolled. Here this command's clock is ahead of it."""
    _own(-1 / 24)(shown)
    ended, text = shown.ask(**fixed_clock("+2h"))
    assert (ended, "si el reloj del servidor va atrás, para él aún no es vigente" in text) == (16, True), text


def test_whole_files_are_answered(shown: Shown) -> None:
    assert shown.ask()[0] == 0


def test_each_fault_of_an_address_is_told_apart(shown: Shown, tmp_path: Path) -> None:
    port = shown.trusted.address.rpartition(":")[2]
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        nobody = f"127.0.0.1:{free.getsockname()[1]}"
        for address, status, said in (
            (nobody, 10, "No hay servidor en"),
            (f"127.0.0.2:{port}", 10, "No hay servidor en"),
            ("no-such-machine.invalid:50051", 10, "No se conoce ningún equipo con el nombre"),
        ):
            ended, text = shown.ask(address)
            assert (ended, said in text) == (status, True), (address, text)
    with listening(Stranger.WEB, web_tls(tmp_path)) as address:
        ended, text = shown.ask(address)
        assert (ended, "otro programa" in text) == (10, True), text
