"""Offices read Spanish: every refusal that the code behind them words, every way of a look, every missing file."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from core.errors import QuestionError
from ronda.command import app
from ronda.commands.audit_words import finding_text
from ronda.commands.exit_status import ExitStatus
from ronda.commands.moments import when
from ronda.commands.office import explained
from ronda.commands.office_words import WAYS, lacking_text, refusal_text, who_text
from ronda.v1 import error_pb2
from server import notifications
from server.audit.lacking import Lacking, What
from server.errors import STATUS
from server.habeas_data.two_persons import NotReleased
from server.notifications import FOLDER, append_lines
from server.trust.callers import DEVELOPMENT_IDENTITY
from tests.command.test_help import ENGLISH

SERVER = Path(__file__).parents[2] / "server"
SAID = re.compile(r'(?:NotReleased|PermissionError|_invalid)\((?:"\w+", |claim, )?f?"([^"]+)"')
REASONS = ("TOKEN_MISSING", "TOKEN_INVALID", "TOKEN_EXPIRED", "TOKEN_NOT_YET_VALID")
LOOK = {
    "at": "2026-11-24T10:00:00.000+00:00",
    "register": "mp",
    "records": ["7"],
    "how": "asked",
    "purpose": "TRAFFIC_STOP",
    "case_number": "",
    "asker": {"development": True, "device": "loopback", "nip": "development"},
}


def refusals() -> set[str]:
    """Returns what the trust directory and the two persons' rule may say to an office."""
    paths = [SERVER / "trust" / "operator.py", SERVER / "trust" / "officer_token.py"]
    paths.append(SERVER / "habeas_data" / "two_persons.py")
    found = {text for path in paths for text in SAID.findall(path.read_text(encoding="utf-8"))}
    found |= {STATUS[error_pb2.ErrorReason.Value(f"ERROR_REASON_{reason}")][1] for reason in REASONS}
    found.add("the officer or her token was revoked")
    return {re.sub(r"\{[^}]*\}", "ReadAudit", text) for text in found}


def test_every_refusal_has_its_spanish() -> None:
    told = refusals()
    assert len(told) > 15
    for worded in told:
        text = worded.replace("at most ReadAudit", "at most 900")
        assert refusal_text(text) != text
        assert not ENGLISH.findall(refusal_text(text)), text
        assert "ReadAudit" not in refusal_text(text) or "claim" in text


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (PermissionError("policy does not allow ReadAudit to this officer"), "no permite a este oficial leer la aud"),
        (NotReleased("this request was released before"), "No se entrega: esta solicitud ya fue entregada"),
        (QuestionError(error_pb2.ERROR_REASON_FIELD_INVALID, "cui", "checksum"), "CUI: dígito verificador incorrecto"),
        (FileNotFoundError(2, "No such file or directory", "office.token"), "No existe office.token"),
        (FileExistsError(17, "File exists", "auditor.key"), "auditor.key: ya existe"),
    ],
)
def test_what_goes_wrong_is_one_spanish_line(error: Exception, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(Exception, match="2") as ended, explained(False):
        raise error
    assert getattr(ended.value, "exit_code", None) == ExitStatus.CALLER
    assert said in capsys.readouterr().err


def test_a_look_is_told_in_spanish_and_guatemalas_time(tmp_path: Path) -> None:
    assert set(WAYS) == set(notifications.WAYS.values())
    append_lines(tmp_path / FOLDER, [LOOK])
    said = CliRunner().invoke(app, ["notifications", "--data", str(tmp_path)], env={"COLUMNS": "200"}).output
    for word in ("24/11/2026 04:00:00", "consultado", "control vial", "modo de desarrollo", "cuándo (Guatemala)"):
        assert word in said
    for word in ("asked", "TRAFFIC", "loopback", "development"):
        assert word not in said
    at_four = CliRunner().invoke(app, ["notifications", "--data", str(tmp_path), "--since", "2026-11-24T04:00"])
    assert "Avisos: 1" in at_four.output


def test_audit_tables_show_days_as_officers_read_them() -> None:
    assert when(1_795_600_800_000) == "25/11/2026 04:00:00"
    assert who_text({"nip": "10001", "development": True}, "10001") == "10001"
    assert b'"nip": "development"' in DEVELOPMENT_IDENTITY


@pytest.mark.parametrize("what", list(What), ids=lambda what: what.name)
def test_whatever_is_lacking_is_said_in_spanish(what: What) -> None:
    said = lacking_text(Lacking(what, Path("/srv/ronda/x")))
    assert not ENGLISH.findall(said)
    assert what.name not in said


@pytest.mark.parametrize("asked", [("tail",), ("report",), ("who-asked", "--cui", "2357111360101")])
def test_before_there_is_a_log_the_auditor_is_told_what_begins_one(
    asked: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, ["audit", *asked])
    assert done.exit_code == ExitStatus.CALLER
    assert "Falta la llave del auditor: en producción indique --key." in done.output
    export = ("subject", "export", "--cui", "2357111360101", "--out", "x.json", "--nip", "1")
    assert "`ronda serve` la empieza" in CliRunner().invoke(app, export).output


def test_verify_asks_for_the_key_that_nobody_gave_and_keys_are_made_once(tmp_path: Path) -> None:
    (tmp_path / "log").mkdir()
    done = CliRunner().invoke(app, ["audit", "verify", "--audit", str(tmp_path / "log")])
    assert done.exit_code == ExitStatus.CALLER
    assert done.output.startswith("falta --public-key")
    make = ("audit", "keys", "--out", str(tmp_path / "keys"))
    assert CliRunner().invoke(app, make).exit_code == 0
    again = CliRunner().invoke(app, make)
    assert again.exit_code == ExitStatus.CALLER
    assert "ya existe, y no se sobrescribe" in again.output
    assert finding_text(f"{tmp_path}: No such file or directory").startswith("No existe")
