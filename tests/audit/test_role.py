"""In production the log is read with the auditor's key and a token that policy lets read it; the token is recorded."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from ronda.command import app
from ronda.settings import Settings
from server.audit.checkpointer import Checkpointer
from server.audit.keys import load_signing_private
from server.audit.set_up import open_writer, prepare_audit, signing_key
from tests.audit.answers import append
from tests.trust.trust_kit import TrustKit

OFFICE = "ronda-office"


class Office:
    """A trust directory and an audit log of one record."""

    def __init__(self, directory: Path) -> None:
        self.kit = TrustKit(directory / "set")
        self.settings = Settings(data=directory, audit=directory / "audit", **self.kit.settings)  # type: ignore[arg-type]
        prepare_audit(self.settings, development=False)
        writer = open_writer(self.settings, "worker-0")
        append(writer.log, 1)
        writer.close()
        self.token = directory / "token"

    def tail(self, *arguments: str) -> Any:
        key = self.kit.directory / "audit-keys" / "auditor.key"
        return self.audit("tail", "--key", str(key), *arguments)

    def audit(self, *arguments: str) -> Any:
        given = {name: str(getattr(self.settings, name)) for name in (*self.kit.settings, "data", "audit")}
        away: dict[str, str | None] = {name: None for name in os.environ if name.startswith("RONDA_")}
        settings = away | {f"RONDA_{name.upper()}": text for name, text in given.items()}
        return CliRunner().invoke(app, ["audit", *arguments], env=settings)

    def make_token(self, institution: str, roles: list[str], **claims: Any) -> str:
        issuer = self.kit.issuer(institution)
        self.token.write_text(issuer.token("30001", "oficina", roles, "no certificate", **claims))
        return str(self.token)

    def with_token(self, institution: str, roles: list[str], **claims: Any) -> Any:
        return self.tail("--token", self.make_token(institution, roles, **claims), "--json")


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Office:
    return Office(tmp_path_factory.mktemp("office"))


def test_a_token_with_the_audit_role_opens_the_log_and_is_recorded(office: Office) -> None:
    done = office.with_token("pdh", ["auditor"], audience=OFFICE)
    assert done.exit_code == 0, done.output
    assert '"case_number": "MP-1"' in done.stdout
    assert '"nip": "30001"' in done.stdout, "the look itself is the newest record"


def test_no_other_token_does(office: Office) -> None:
    refused = [
        office.tail(),
        office.with_token("pdh", ["clerk"], audience=OFFICE),
        office.with_token("pnc", ["auditor"], audience=OFFICE),
        office.with_token("pdh", ["auditor"]),  # one for the network
        office.with_token("pdh", ["auditor"], audience=OFFICE, exp=1_700_000_000, iat=1_699_999_900, nbf=1_699_999_900),
    ]
    for done in refused:
        assert done.exit_code == 2, done.output
        assert "MP-1" not in done.stdout


def test_a_restore_is_declared_by_somebody_who_may_read_the_log_and_is_named(tmp_path: Path) -> None:
    office = Office(tmp_path)
    key = load_signing_private(signing_key(office.settings))
    checkpointer = Checkpointer(office.settings.audit or tmp_path, key)
    checkpointer.tick()
    checkpointer.close()
    for done in (
        office.audit("restored"),
        office.audit("restored", "--token", office.make_token("pdh", ["clerk"], audience=OFFICE)),
    ):
        assert done.exit_code == 2, done.output
    token = office.make_token("pdh", ["auditor"], audience=OFFICE)
    refused = office.audit("restored", "--token", token)
    assert (refused.exit_code, "no hay nada que declarar" in refused.output) == (3, True)
    (tmp_path / "audit" / "logs" / "worker-0" / "00000001.seg").unlink()
    done = office.audit("restored", "--token", token)
    assert done.exit_code == 0, done.output
    assert "no tiene ningún punto de control que siga en vigor" in done.stdout
    told = office.audit("verify", "--public-key", str(signing_key(office.settings).with_suffix(".pub")))
    assert "los puntos de control 1 a 1, de su comienzo a" in told.stdout
    assert "lo declaró pdh/30001" in told.stdout
