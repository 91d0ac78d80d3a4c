"""Ronda with mTLS, the police's issuer with one officer, an SMSC, and the gateway between them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.issuer.issuer_kit import RunningIssuer
from tests.kit.nation_kit import BuiltNation
from tests.sms.smsc_kit import GatewayProcess, NpmSmsc
from tests.trust.conftest import TrustedServer, start_trusted

# One officer asks all that these tests ask.
_GENEROUS = """[gateway]
officer = { count = 100000, seconds = 60, burst = 100000 }
officer_day = { count = 100000, seconds = 86400, burst = 100000 }
device = { count = 100000, seconds = 60, burst = 100000 }
neighbours = { count = 100000, seconds = 600, burst = 100000 }
misses = { count = 100000, seconds = 600, burst = 100000 }
subjects = { count = 100000, seconds = 600, burst = 100000 }
repeats = { count = 100000, seconds = 600, burst = 100000 }
refuse = []
"""


@dataclass
class Town:
    """All that a message passes."""

    trusted: TrustedServer
    issuer: RunningIssuer
    smsc: NpmSmsc
    gateway: GatewayProcess
    settings: dict[str, Any]
    cases: dict[str, dict[str, Any]]


def gateway_settings(trusted: TrustedServer, issuer: RunningIssuer, directory: Path) -> dict[str, Any]:
    """Returns settings of a gateway with the police's certificate, and lays its files into `directory`."""
    issuer.gateway.write(directory / "gateway.pem", directory / "gateway.key")
    (directory / "server-ca.pem").write_bytes(trusted.kit.server_ca)
    shutil.copy(issuer.directory / "server-ca.pem", directory / "issuer-ca.pem")
    return {"sms_identity": directory / "gateway", "sms_server": trusted.address, "sms_issuer": issuer.address}


@pytest.fixture(scope="package")
def trusted(small_nation: BuiltNation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TrustedServer]:
    """A server in production mode."""
    running = start_trusted(small_nation, Path(tmp_path_factory.mktemp("sms-server")))
    limits = running.kit.trust / "limits.toml"
    head, _, tail = limits.read_text(encoding="utf-8").partition("[gateway]\n")
    _, _, others = tail.partition("\n[")
    fresh = limits.with_name("limits.new")
    fresh.write_text(f"{head}{_GENEROUS}\n[{others}", encoding="utf-8")
    fresh.replace(limits)  # in force on the worker before an officer has signed in
    yield running
    running.server.stop()


@pytest.fixture(scope="package")
def issuer(trusted: TrustedServer) -> Iterator[RunningIssuer]:
    """The police's, with one officer."""
    running = RunningIssuer(trusted.kit.directory / "issuer", trusted.kit.directory / "institutions" / "pnc")
    running.enrol()
    yield running
    running.stop()


@pytest.fixture
def town(small_nation: BuiltNation, trusted: TrustedServer, issuer: RunningIssuer, tmp_path: Path) -> Iterator[Town]:
    """A gateway that is bound."""
    settings = {**gateway_settings(trusted, issuer, tmp_path), "sms_sender_minute": 600}
    smsc = NpmSmsc()
    gateway = GatewayProcess(tmp_path / "gateway", smsc.port, **settings)
    try:
        smsc.wait("bound")
        cases = {case["name"]: case["request"] for case in small_nation.cast["cases"]}
        yield Town(trusted, issuer, smsc, gateway, settings, cases)
    finally:
        if gateway.process.poll() is None:
            gateway.kill()
        smsc.stop()
