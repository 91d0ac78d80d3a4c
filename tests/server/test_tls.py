"""TLS with real certificates: a client of the CA is answered, others are not."""

from __future__ import annotations

import re
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import grpc
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from tests.server.conftest import StartServer
from tests.server.published import Published
from tests.server.requests import QUESTION
from tests.server.running_server import call


def _openssl(*arguments: object) -> None:
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)


def _certificates(directory: Path) -> None:
    """ca, server (localhost, 127.0.0.1) and client, as .pem and .key files."""
    _openssl(
        *("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=Ronda test CA"),
        *("-keyout", directory / "ca.key", "-out", directory / "ca.pem"),
    )
    for name in ("server", "client"):
        names = directory / f"{name}.ext"
        names.write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
        _openssl(
            *("req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={name}"),
            *("-keyout", directory / f"{name}.key", "-out", directory / f"{name}.csr"),
        )
        _openssl(
            *("x509", "-req", "-days", "2", "-in", directory / f"{name}.csr", "-out", directory / f"{name}.pem"),
            *("-CA", directory / "ca.pem", "-CAkey", directory / "ca.key", "-CAcreateserial", "-extfile", names),
        )


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl makes the certificates")
def test_client_certificates(published: Published, start_server: StartServer, tmp_path: Path) -> None:
    _certificates(tmp_path)
    published.publish()
    server = start_server(
        tls_cert=tmp_path / "server.pem", tls_key=tmp_path / "server.key", tls_client_ca=tmp_path / "ca.pem"
    ).wait_ready()
    ca, key, chain = ((tmp_path / name).read_bytes() for name in ("ca.pem", "client.key", "client.pem"))
    with grpc.secure_channel(server.address, grpc.ssl_channel_credentials(ca, key, chain)) as channel:
        assert call(channel, "CheckService/CheckPerson", QUESTION)
    for strangers in (
        grpc.secure_channel(server.address, grpc.ssl_channel_credentials(ca)),
        grpc.insecure_channel(server.address),
    ):
        with strangers as channel, pytest.raises(grpc.RpcError) as caught:
            call(channel, "CheckService/CheckPerson", QUESTION)
        assert caught.value.code() is grpc.StatusCode.UNAVAILABLE


def test_files_that_are_no_certificates_stop_the_start(
    published: Published, start_server: StartServer, tmp_path: Path
) -> None:
    published.publish()
    (tmp_path / "nothing.pem").write_text("nothing")
    for cert in (tmp_path / "nothing.pem", tmp_path / "absent.pem"):
        server = start_server(tls_cert=cert, tls_key=cert)
        assert server.process.wait(20) == 78
        text = server.log_path.read_text(encoding="utf-8")
        assert "tls_cert" in text
        server.log_path.write_text("")


def _self_signed(cert: Path, key: Path, ends: datetime) -> None:
    private = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    made = (
        x509.CertificateBuilder(name, name, private.public_key(), x509.random_serial_number())
        .not_valid_before(ends - timedelta(days=90))
        .not_valid_after(ends)
        .sign(private, hashes.SHA256())
    )
    cert.write_bytes(made.public_bytes(Encoding.PEM))
    key.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


def test_an_expired_certificate_stops_the_start_and_an_end_is_told(
    published: Published, start_server: StartServer, tmp_path: Path
) -> None:
    published.publish()
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    expired = datetime.now(UTC).replace(microsecond=0) - timedelta(days=1)
    _self_signed(cert, key, expired)
    server = start_server(tls_cert=cert, tls_key=key)
    assert server.process.wait(20) == 78
    assert f"tls_cert: {cert} expired on {expired:%Y-%m-%d}" in server.log_path.read_text(encoding="utf-8")
    server.log_path.write_text("")
    _self_signed(cert, key, expired + timedelta(days=21))
    server = start_server(tls_cert=cert, tls_key=key, workers=1).wait_ready()
    told = re.search(r'_end_timestamp_seconds{certificate="tls_cert",institution=""} (\S+)', server.metrics())
    assert told is not None
    assert float(told[1]) == (expired + timedelta(days=21)).timestamp()
