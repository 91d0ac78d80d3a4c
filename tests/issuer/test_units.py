"""The units of the issuer and of the SMS gateway hold what ronda.service holds back, and systemd reads them."""

from __future__ import annotations

import configparser
import shutil
import subprocess
from pathlib import Path

import pytest

DEPLOY = Path(__file__).parents[2] / "deploy"


def service_of(name: str) -> dict[str, str]:
    unit = configparser.RawConfigParser(strict=False)
    unit.optionxform = str  # type: ignore[assignment, method-assign]
    unit.read(DEPLOY / name)
    return dict(unit["Service"])


def filters_of(name: str) -> list[str]:
    """Every line of the unit's filter of system calls, in their order."""
    lines = (DEPLOY / name).read_text(encoding="utf-8").splitlines()
    return [line.removeprefix("SystemCallFilter=") for line in lines if line.startswith("SystemCallFilter=")]


@pytest.mark.parametrize(
    ("name", "command"), [("ronda-issuer.service", "ronda keys issuer serve"), ("ronda-sms.service", "ronda sms")]
)
def test_the_units(name: str, command: str) -> None:
    service, server = service_of(name), service_of("ronda.service")
    filters = filters_of("ronda.service")
    assert filters_of(name) == filters[:2], "all that the server's unit has, but what lets its processes step aside"
    server["SystemCallFilter"] = filters[1]
    assert command in service["ExecStart"]
    hardening = list(server)[list(server).index("NoNewPrivileges") :]
    assert {key: service.get(key) for key in hardening} == {key: server[key] for key in hardening}
    assert (service["User"], service["LimitCORE"], service["UMask"]) == ("ronda", "0", "0077")
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed here: the unit file is only read")
    checked = subprocess.run(
        ["systemd-analyze", "verify", str(DEPLOY / name)], capture_output=True, text=True, check=False
    )
    said = [line for line in checked.stderr.splitlines() if name in line and "not executable" not in line]
    assert said == []
