"""`ronda login` at a device, with the set that `ronda keys dev-ca` makes: the token in its file opens `ronda serve`."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509

from ronda.v1 import check_service_pb2
from server.issuer.set_up import (
    DEVELOPMENT_NIP,
    DEVELOPMENT_NUMBER,
    DEVELOPMENT_PASSWORD,
    DEVELOPMENT_PIN,
    make_development_issuer,
)
from server.trust.issuing import Pair, issue, make_ca
from tests.issuer.issuer_kit import ROOT, RunningIssuer
from tests.kit.nation_kit import BuiltNation
from tests.server.running_server import call, until
from tests.trust.conftest import start_trusted
from tests.trust.trust_kit import question

NEW_PASSWORD = "otra clave larga"


def login(issuer: RunningIssuer, identity: Path, typed: str, *more: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "ronda.command", "login", "--issuer", issuer.address, "--identity", str(identity)]
    process = subprocess.Popen(
        [*command, "--nip", DEVELOPMENT_NIP, *more],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    process.stdin.write(typed)
    process.stdin.close()
    process.stdin = None
    return process


def test_an_officer_signs_in_asks_and_signs_off(small_nation: BuiltNation, tmp_path: Path) -> None:
    server = start_trusted(small_nation, tmp_path)
    directory = server.kit.directory
    make_development_issuer(directory)
    issuer = RunningIssuer(directory / "issuer", directory / "institutions" / "pnc")
    patrol, token = directory / "patrol", directory / "patrol.token"
    token.unlink()
    try:
        wrong = login(issuer, patrol, "no es esta\n")
        assert "No se pudo iniciar sesión" in wrong.communicate(timeout=60)[1]
        assert (wrong.returncode, token.exists()) == (16, False)
        changed = login(issuer, patrol, f"{DEVELOPMENT_PASSWORD}\n{NEW_PASSWORD}\n", "--change")
        assert "Sesión iniciada" in changed.communicate(timeout=60)[0]
        assert token.stat().st_mode & 0o777 == 0o600
        pair = Pair((directory / "patrol.pem").read_bytes(), (directory / "patrol.key").read_bytes())
        client = server.kit.client(pair, token.read_text(encoding="ascii").strip())
        with server.kit.channel(server.address, client) as channel:
            said = call(channel, "CheckService/CheckPerson", question(), metadata=client.metadata)
        assert check_service_pb2.CheckPersonResponse.FromString(said).answer.level
        assert server.newest()[0].identity["nip"] == DEVELOPMENT_NIP
        token.unlink()
        kept = login(issuer, patrol, f"{NEW_PASSWORD}\n", "--keep")
        until(token.exists)
        kept.send_signal(signal.SIGINT)
        kept.communicate(timeout=60)
        assert not token.exists()
        gateway = Pair((directory / "sms.pem").read_bytes(), (directory / "sms.key").read_bytes())
        assert issuer.exchange(gateway, telephone=DEVELOPMENT_NUMBER, pin=DEVELOPMENT_PIN).officer_token
    finally:
        issuer.stop()
        server.server.stop()
        shutil.rmtree(server.data)


def test_what_stands_in_the_way_is_told_apart(issuer: RunningIssuer, tmp_path: Path) -> None:
    """An officer, or the one who set up the device, reads what to do: not one word for all, and no lines of gRPC."""
    police = issuer.institution
    began = datetime.now(UTC) - timedelta(days=3)
    old = issue(
        police.ca,
        "old",
        [x509.UniformResourceIdentifier(police.spiffe("/unit/zona-1/device/old"))],
        days=1,
        starts=began,
    )

    def told(pair: Pair, status: int, ca: bytes = b"") -> str:
        pair.write(tmp_path / "device.pem", tmp_path / "device.key")
        (tmp_path / "issuer-ca.pem").write_bytes(ca or (issuer.directory / "server-ca.pem").read_bytes())
        run = login(issuer, tmp_path / "device", "una clave larga\n")
        said = run.communicate(timeout=60)[1]
        assert run.returncode == status, said
        assert len(said.splitlines()) == 1, said
        for path in tmp_path.iterdir():
            path.unlink()
        return said

    assert "este equipo venció" in told(old, 16)
    assert "no es el de su institución" in told(issuer.device, 19, make_ca("another").certificate)
    assert "no es de patrulla" in told(issuer.gateway, 17)
    missing = login(issuer, tmp_path / "device", "una clave larga\n")
    said = missing.communicate(timeout=60)[1]
    assert missing.returncode == 14 and "device.key" in said and "issuer-ca.pem" in said
