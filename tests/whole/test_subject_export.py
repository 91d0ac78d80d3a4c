"""Habeas data: a person's copy of everything held about the person, and the two persons that it takes."""

from __future__ import annotations

import io
import json
import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pypdf
import pytest
from typer.testing import CliRunner, Result

from ronda.command import app
from ronda.v1 import check_service_pb2 as checks
from ronda.v1 import context_pb2
from tests.kit.nation_kit import BuiltNation
from tests.server.published import Published
from tests.server.running_server import RunningServer, call

MAKER, RELEASER = "1001", "1002"


class Office:
    """The command line beside a data directory with a server that answered some look-ups."""

    def __init__(self, nation: BuiltNation, data: Path) -> None:
        self.nation = nation
        self.data = data

    def run(self, *arguments: str | Path) -> Result:
        environment = {name: "" for name in os.environ if name.startswith("RONDA_")}
        return CliRunner().invoke(
            app, ["subject", *map(str, arguments)], env={**environment, "RONDA_DATA": str(self.data)}
        )

    def cui(self, who: str) -> str:
        return str(self.nation.cast["persons"][who])

    def prepared(self, who: str, path: Path, *more: str) -> dict[str, Any]:
        result = self.run("export", "--cui", self.cui(who), "--out", path, "--nip", MAKER, *more)
        assert result.exit_code == 0, result.output
        document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return document


@pytest.fixture(scope="module")
def office(small_nation: BuiltNation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """Three persons were looked up at the roadside, one of them in a case too."""
    directory = Path(tmp_path_factory.mktemp("office"))
    data = directory / "data"
    (data / "generations").mkdir(parents=True)
    Published(data, small_nation.generation_directory).publish()
    shutil.copy(small_nation.data / "subject.key", data)
    server = RunningServer(data, directory / "server.log", workers=1).wait_ready()
    with server.channel() as channel:
        for who in ("wanted", "discreet", "clean"):
            look(channel, small_nation, who, context_pb2.PURPOSE_TRAFFIC_STOP)
        look(channel, small_nation, "clean", context_pb2.PURPOSE_INVESTIGATION, case_number="MP001-2026-77")
    server.stop()
    yield Office(small_nation, data)


def look(channel: Any, nation: BuiltNation, who: str, purpose: int, **context: str) -> None:
    frame = context_pb2.RequestContext(purpose=purpose, **context)  # type: ignore[arg-type]
    request = checks.CheckPersonRequest(cui=nation.cast["persons"][who], context=frame)
    call(channel, "CheckService/CheckPerson", request.SerializeToString())


def released(office: Office, request: Path, out: Path) -> tuple[dict[str, Any], str]:
    """Returns what the person gets: the JSON, and the text of the PDF."""
    result = office.run("release", request, "--out", out, "--nip", RELEASER)
    assert result.exit_code == 0, result.output
    (as_json,) = out.glob("*.json")
    (as_pdf,) = out.glob("*.pdf")
    pages = pypdf.PdfReader(io.BytesIO(as_pdf.read_bytes())).pages
    document: dict[str, Any] = json.loads(as_json.read_text(encoding="utf-8"))
    return document, "\n".join(page.extract_text() for page in pages)


def test_what_is_held_from_which_register_and_who_looked(office: Office, tmp_path: Path) -> None:
    office.prepared("clean", tmp_path / "request.json")
    document, printed = released(office, tmp_path / "request.json", tmp_path / "out")
    held = {(record["section"], record["register"]) for record in document["records"]}
    assert {("IDENTITY", "renap"), ("TAX", "sat")} <= held
    assert [register["id"] for register in document["registers"]][:1]
    assert [look["purpose"] for look in document["looks"]] == ["TRAFFIC_STOP"]
    assert office.cui("clean") in printed
    assert "Identidad" in printed
    assert "TRAFFIC_STOP" in printed
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in (tmp_path / "out").iterdir())


@pytest.mark.parametrize(
    ("who", "section", "why"),
    [
        ("discreet", "DISCREET_ALERT", "discreet alert"),
        ("wanted", "WARRANT", "warrant to be served"),
    ],
)
def test_what_would_warn_is_for_the_reviewer_alone(
    office: Office, tmp_path: Path, who: str, section: str, why: str
) -> None:
    """Nor does the released part say that anything was kept back."""
    whole = office.prepared(who, tmp_path / "request.json")
    assert (section, why) in {(record["section"], record["why"]) for record in whole["reviewer_only"]["records"]}
    document, printed = released(office, tmp_path / "request.json", tmp_path / "out")
    assert section not in {record["section"] for record in document["records"]}
    content = json.dumps(document)
    kept = [record["record_id"] for record in whole["reviewer_only"]["records"] if record["section"] == section]
    assert kept
    assert not [each for each in kept if each in content or each in printed]
    clean = office.prepared("clean", tmp_path / "clean.json")
    assert document.keys() == clean["released"].keys()
    assert document["notice"] == clean["released"]["notice"]


def test_an_executed_warrant_is_hers_to_know(office: Office, tmp_path: Path) -> None:
    whole = office.prepared("executed_warrant", tmp_path / "request.json")
    assert "WARRANT" in {record["section"] for record in whole["released"]["records"]}


def test_expunged_records_are_held_and_said_to_be(office: Office, tmp_path: Path) -> None:
    """History stays: what no certificate shows is still held, and the person may know it."""
    whole = office.prepared("expunged", tmp_path / "request.json")
    assert [r["section"] for r in whole["released"]["records"] if r["expunged"]] == ["SENTENCE"]


def test_looks_of_open_cases_are_kept_back(office: Office, tmp_path: Path) -> None:
    whole = office.prepared("clean", tmp_path / "request.json")
    assert "MP001-2026-77" not in json.dumps(whole["released"])
    kept = [look for look in whole["reviewer_only"]["looks"] if look["why"] == "open case"]
    assert [look["case_number"] for look in kept] == ["MP001-2026-77"]
    closed = office.prepared("clean", tmp_path / "closed.json", "--closed-case", "MP001-2026-77")
    assert "INVESTIGATION" in {look["purpose"] for look in closed["released"]["looks"]}


def test_third_parties_are_left_out(office: Office, tmp_path: Path) -> None:
    """Relatives by name and CUI, and the officers who looked."""
    whole = office.prepared("wanted", tmp_path / "request.json")
    ties = [record for record in whole["reviewer_only"]["records"] if record["section"] == "FAMILY"]
    others = {str(value) for record in ties for value in record["others"].values()}
    content = json.dumps(whole["released"], ensure_ascii=False)
    assert others
    for cui in (value for value in others if value.isdecimal()):
        assert cui not in content
    assert "nip" not in content
    assert all(record["data"].keys() <= {"relation"} for record in ties)


def test_it_takes_two_persons(office: Office, tmp_path: Path) -> None:
    office.prepared("clean", tmp_path / "request.json")
    alone = office.run("release", tmp_path / "request.json", "--out", tmp_path / "out", "--nip", MAKER)
    assert alone.exit_code == 2
    assert "la entrega otra persona" in alone.output
    assert not (tmp_path / "out").exists()
    released(office, tmp_path / "request.json", tmp_path / "out")
    again = office.run("release", tmp_path / "request.json", "--out", tmp_path / "again", "--nip", "1003")
    assert again.exit_code == 2
    assert "ya fue entregada" in again.output


def test_a_request_that_was_changed_is_not_released(office: Office, tmp_path: Path) -> None:
    """Moving what is the reviewer's into the released part, or making a request up."""
    whole = office.prepared("discreet", tmp_path / "request.json")
    whole["released"]["records"] += whole["reviewer_only"]["records"]
    (tmp_path / "changed.json").write_text(json.dumps(whole), encoding="utf-8")
    result = office.run("release", tmp_path / "changed.json", "--out", tmp_path / "out", "--nip", RELEASER)
    assert result.exit_code == 2
    assert "no tiene esa solicitud" in result.output


def test_every_step_is_in_the_audit_log(office: Office, tmp_path: Path) -> None:
    whole = office.prepared("clean", tmp_path / "request.json")
    office.run("release", tmp_path / "request.json", "--out", tmp_path / "out", "--nip", MAKER)
    released(office, tmp_path / "request.json", tmp_path / "out")
    environment = {name: "" for name in os.environ if name.startswith("RONDA_")} | {"RONDA_DATA": str(office.data)}
    arguments = ["audit", "who-asked", "--cui", office.cui("clean"), "--questions", "--json"]
    said = CliRunner().invoke(app, arguments, env=environment)
    assert said.exit_code == 0, said.output
    questions = [record["question"] for record in json.loads(said.output) if record["method"] == "SUBJECT_EXPORT"]
    steps = [(asked["step"], asked["sha256"]) for asked in questions if asked["request"] == whole["request"]]
    assert [step for step, _ in steps] == ["request", "refused", "release"]
    assert len({sha256 for _, sha256 in steps}) == 1


def test_a_cui_that_is_none_is_refused(office: Office, tmp_path: Path) -> None:
    result = office.run("export", "--cui", "1234567890123", "--out", tmp_path / "r.json", "--nip", MAKER)
    assert result.exit_code == 2
    assert not (tmp_path / "r.json").exists()
