"""Every certificate that the product issues, held by openssl itself to all of RFC 5280 (`-x509_strict`)."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is what certificates are held against")

LONG_HOST = f"{'consulta-' * 5}antecedentes.policia-nacional-civil.gob.gt"  # over the 64 characters of a common name


def ronda(*arguments: object) -> None:
    command = [sys.executable, "-m", "ronda.command", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def verify(certificate: Path, ca: Path, purpose: str, *more: str) -> str:
    """Returns what openssl says of a certificate and its chain."""
    done = subprocess.run(
        ["openssl", "verify", "-x509_strict", "-check_ss_sig", "-purpose", purpose, *more, "-CAfile", ca, certificate],
        capture_output=True,
        text=True,
        check=False,
    )
    return "ok" if done.returncode == 0 else done.stdout + done.stderr


def test_a_servers_certificate(tmp_path: Path) -> None:
    made = tmp_path / "server"
    ronda("keys", "server", made, "--host", "ronda.gob.gt", "--host", "10.1.2.3", "--host", "2001:db8::7")
    for said in (("-verify_hostname", "ronda.gob.gt"), ("-verify_ip", "10.1.2.3"), ("-verify_ip", "2001:db8::7")):
        assert verify(made / "server.pem", made / "server-ca.pem", "sslserver", *said) == "ok"
    other = ("-verify_hostname", "otra.gob.gt")
    assert "hostname mismatch" in verify(made / "server.pem", made / "server-ca.pem", "sslserver", *other)
    assert verify(made / "server.pem", made / "server-ca.pem", "sslclient") != "ok"


def test_a_renewal_is_by_the_ca_that_clients_have(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    ronda("keys", "server", first, "--host", "ronda.gob.gt")
    ronda("keys", "server", second, "--host", "ronda.gob.gt", "--by", first)
    assert (first / "server.pem").read_bytes() != (second / "server.pem").read_bytes()
    assert (
        verify(second / "server.pem", first / "server-ca.pem", "sslserver", "-verify_hostname", "ronda.gob.gt") == "ok"
    )


def test_a_host_name_that_is_longer_than_a_common_name(tmp_path: Path) -> None:
    made = tmp_path / "server"
    ronda("keys", "server", made, "--host", LONG_HOST)
    said = ("-verify_hostname", LONG_HOST)
    assert verify(made / "server.pem", made / "server-ca.pem", "sslserver", *said) == "ok"


def test_an_institutions_devices_and_gateways(tmp_path: Path) -> None:
    made = tmp_path / "bomberos"
    ronda("keys", "institution", made, "--id", "bomberos", "--trust-domain", "bomberos.gob.gt")
    ronda("keys", "device", made, "--unit", "central", "--device", "7", "--out", tmp_path / "unit")
    ronda("keys", "device", made, "--unit", "central", "--device", "p" * 70, "--out", tmp_path / "long")
    ronda("keys", "device", made, "--gateway", "sms", "--out", tmp_path / "gateway")
    for name in ("unit", "long", "gateway"):
        assert verify(tmp_path / f"{name}.pem", made / "ca.pem", "sslclient") == "ok", name
        assert verify(tmp_path / f"{name}.pem", made / "ca.pem", "sslserver") != "ok", name
    # An authority stands in no other's name, and a device issues nothing.
    assert verify(tmp_path / "unit.pem", tmp_path / "gateway.pem", "sslclient") != "ok"


def test_a_whole_set_for_one_machine(tmp_path: Path) -> None:
    made = tmp_path / "dev"
    ronda("keys", "dev-ca", made)
    assert verify(made / "server.pem", made / "server-ca.pem", "sslserver", "-verify_hostname", "localhost") == "ok"
    for device, institution in (("patrol", "pnc"), ("clearance", "digecam")):
        assert verify(made / f"{device}.pem", made / "institutions" / institution / "ca.pem", "sslclient") == "ok"
    for ca in sorted((made / "institutions").glob("*/ca.pem")):
        assert verify(ca, ca, "any") == "ok", ca
