"""Through gRPC and the command: what was asked of a real server is found again, and survives kill -9."""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from typer.testing import CliRunner

from bench.sampling import draw
from bench.trust.kills import run_kills
from ronda.command import app
from ronda.v1 import check_service_pb2 as checks
from ronda.v1 import clearance_service_pb2 as clearance
from ronda.v1.check_service_pb2_grpc import CheckServiceStub
from ronda.v1.clearance_service_pb2_grpc import ClearanceServiceStub
from ronda.v1.context_pb2 import PURPOSE_INVESTIGATION, RequestContext
from server.audit.checkpoints import CheckpointFiles
from server.audit.keys import load_signing_public, make_signing_keys
from tests.audit.independent_verifier import problems
from tests.kit.nation_kit import BuiltNation
from tests.server.running_server import RunningServer

KILLS = 20
TELEPHONE, PLATE = "59990001", "P-138ZZB"  # of the person "wanted"


class Asked:
    """A server that was asked for one person in every way, and is gone. `cui` is the person's."""

    def __init__(self, nation: BuiltNation, directory: Path) -> None:
        self.nation = nation
        self.audit, self.keeper = directory / "audit", directory / "keeper"
        self.cui = nation.cast["persons"]["wanted"]
        server = RunningServer(
            nation.data, directory / "server.log", metrics="off", audit=self.audit, audit_keeper=self.keeper
        ).wait_ready()
        try:
            with server.channel() as channel:
                self._ask(CheckServiceStub(channel), ClearanceServiceStub(channel))  # type: ignore[no-untyped-call]
        finally:
            assert server.stop() == 0
        self.log = server.log_path.read_text(encoding="utf-8")

    def _ask(self, check: CheckServiceStub, clear: ClearanceServiceStub) -> None:
        context = RequestContext(purpose=PURPOSE_INVESTIGATION, case_number="MP001-2026-77", request_id="first")
        person = check.CheckPerson(checks.CheckPersonRequest(context=context, cui=self.cui))
        self.answer_id = person.answer.answer_id
        name = person.person.identity_claims[0].name
        full = " ".join((name.first_given, name.second_given, name.first_surname, name.second_surname))
        found = check.SearchPersons(checks.SearchPersonsRequest(context=context, names=full))
        assert found.candidates
        check.Check(checks.CheckRequest(context=context, query=TELEPHONE))
        check.CheckVehicle(checks.CheckVehicleRequest(context=context, plate=PLATE))
        wanted = clearance.CLEARANCE_STANDARD_WANTED
        batch = clearance.ClearRequest(
            context=context, standard=wanted, row_ids=[3, 4], cuis=["1234567890101", self.cui]
        )
        assert len(list(clear.Clear(iter([batch])))) == 1
        with pytest.raises(grpc.RpcError):
            check.CheckPerson(checks.CheckPersonRequest(context=context, cui="1"))

    def ronda(self, *arguments: str) -> Any:
        """`ronda audit ...` on its log."""
        settings: dict[str, str | None] = {name: None for name in os.environ if name.startswith("RONDA_")}
        here = {"RONDA_DATA": str(self.nation.data), "RONDA_AUDIT": str(self.audit), "COLUMNS": "200"}
        return CliRunner().invoke(app, ["audit", *arguments], env=settings | here)

    def json(self, *arguments: str) -> Any:
        """Returns what it prints as JSON."""
        done = self.ronda(*arguments)
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)


@pytest.fixture(scope="module")
def asked(small_nation: BuiltNation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    yield Asked(small_nation, tmp_path_factory.mktemp("asked"))


def test_who_asked_names_every_look_up_of_a_person(asked: Asked) -> None:
    looks = asked.json("who-asked", "--cui", asked.cui, "--questions", "--json")
    ways = {(look["method"], look["how"]) for look in looks if look["method"] != "WHO_ASKED"}
    assert ways == {
        ("CHECK_PERSON", "consultado"),
        ("SEARCH_PERSONS", "candidato"),
        ("CHECK", "consultado"),
        ("CHECK_VEHICLE", "propietario"),
        ("CLEAR", "constancia"),
    }
    first = next(look for look in looks if look["method"] == "CHECK_PERSON")
    assert first["answer_id"] == asked.answer_id.replace("-", "")
    assert (first["purpose"], first["case_number"], first["request_id"]) == ("INVESTIGATION", "MP001-2026-77", "first")
    assert first["question"]["cui"] == asked.cui
    again = asked.json("who-asked", "--cui", asked.cui, "--json")
    assert [look["how"] for look in again if look["method"] == "WHO_ASKED"] == ["auditoría"] * 2, (
        "looking is in the log"
    )


@pytest.mark.parametrize(
    "loss", ["the segment", "segment and index", "the log", "its end", "a pipe for it", "a directory for it"]
)
def test_a_segment_that_is_gone_is_told_by_whoever_reads(
    asked: Asked, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, loss: str
) -> None:
    """Its look-ups were left out without a word: who deletes a file hides who asked."""
    copy = tmp_path / "copy"
    shutil.copytree(asked.audit.parent, copy)
    monkeypatch.setattr(asked, "audit", copy / asked.audit.name)
    assert len(asked.json("who-asked", "--cui", asked.cui, "--json")) > 1
    log = asked.audit / "logs" / "worker-0"
    segment = log / "00000001.seg"
    if loss == "the log":
        shutil.rmtree(log)
    elif loss == "its end":
        os.truncate(segment, segment.stat().st_size // 2)
    else:
        segment.unlink()
        if loss == "segment and index":
            segment.with_suffix(".idx").unlink()
        elif loss == "a pipe for it":
            os.mkfifo(segment)
        elif loss == "a directory for it":
            segment.mkdir()
    for words in (("who-asked", "--cui", asked.cui), ("asked-by", "--nip", "1"), ("tail",), ("report",)):
        for form in ((), ("--json",)):
            done = asked.ronda(*words, *form)
            assert (done.exit_code, f"{log.name}/1" in done.stderr) == (3, True), done.output
    assert asked.ronda("who-asked", "--cui", asked.cui, "--until", "2020-01-01").exit_code == 0, "of that time none"
    assert asked.ronda("verify").exit_code == 1


@pytest.mark.parametrize("stands_there", ["a pipe", "a directory", "a loop"])
def test_an_index_that_is_no_file_hides_nothing(
    asked: Asked, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stands_there: str
) -> None:
    """The segment is read instead: a pipe was waited for, a directory refused every look."""
    copy = tmp_path / "copy"
    shutil.copytree(asked.audit.parent, copy)
    monkeypatch.setattr(asked, "audit", copy / asked.audit.name)
    before = len(asked.json("who-asked", "--cui", asked.cui, "--json"))
    index = asked.audit / "logs" / "worker-0" / "00000001.idx"
    index.unlink()
    if stands_there == "a pipe":
        os.mkfifo(index)
    elif stands_there == "a directory":
        index.mkdir()
    else:
        index.symlink_to(index)
    assert len(asked.json("who-asked", "--cui", asked.cui, "--json")) == before + 1, "and the look itself"


def test_refusals_are_in_the_log(asked: Asked) -> None:
    newest = asked.json("tail", "-n", "50", "--json")
    refused = [each for each in newest if each["status"] == "FIELD_INVALID"]
    assert [each["method"] for each in refused] == ["CHECK_PERSON"]
    assert refused[0]["subjects_shown"] == 0


def test_the_other_tools(asked: Asked) -> None:
    assert len(asked.json("asked-by", "--nip", "development", "--json")) == 6
    assert asked.json("report", "--json") == []
    assert "P-138ZZB" not in asked.ronda("who-asked", "--plate", PLATE).stderr
    vehicle = asked.json("who-asked", "--plate", PLATE, "--json")
    assert "CHECK_VEHICLE" in {look["method"] for look in vehicle}
    wrong = asked.ronda("who-asked", "--cui", "123")
    assert (wrong.exit_code, "123" in wrong.stderr) == (2, False)
    assert asked.ronda("who-asked").exit_code == 2


def test_the_log_verifies_and_proves_its_records(asked: Asked, tmp_path: Path) -> None:
    done = asked.ronda("verify", "--keeper", str(asked.keeper))
    assert done.exit_code == 0, done.stdout
    keys = asked.audit.with_name("audit-keys")
    public = load_signing_public(keys / "signing.pub")
    assert problems(asked.audit, public, [asked.keeper]) == []
    record = next(each["record"] for each in asked.json("tail", "--json") if each["method"] == "CHECK_PERSON")
    proof = asked.json("proof", "--record", record)
    (tmp_path / "proof").write_text(json.dumps(proof))
    assert asked.ronda("proof", "--check", str(tmp_path / "proof")).exit_code == 0
    proof["record"] = proof["record"].replace("0", "1", 1)
    (tmp_path / "proof").write_text(json.dumps(proof))
    assert asked.ronda("proof", "--check", str(tmp_path / "proof")).exit_code == 1
    segment = asked.audit / "logs" / record.rsplit("/", 2)[0] / "00000001.seg"
    data = segment.read_bytes()
    segment.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    done = asked.ronda("verify", "--json")
    segment.write_bytes(data)
    assert done.exit_code == 1
    assert json.loads(done.stdout)["problems"]


def test_another_logs_key_is_no_alteration(asked: Asked, tmp_path: Path) -> None:
    """It said ALTERADA, with a line for each checkpoint."""
    make_signing_keys(tmp_path / "other")
    public = ("--public-key", str(tmp_path / "other" / "signing.pub"))
    record = asked.json("tail", "--json")[0]["record"]
    for words in (("verify", "--keeper", str(asked.keeper)), ("verify", "--json"), ("proof", "--record", record)):
        done = asked.ronda(*words, *public)
        said = "La llave indicada no es la de este registro"
        assert (done.exit_code, said in done.stderr, "ALTERADA" in done.output) == (2, True, False), done.output
    ours = str(asked.audit.with_name("audit-keys") / "signing.pub")
    assert asked.ronda("verify", "--keeper", str(asked.keeper), "--public-key", ours).exit_code == 0
    kept = CheckpointFiles(asked.keeper)
    before = [(path, path.read_text()) for path in kept.days()]
    own = [(path, path.read_text()) for path in CheckpointFiles(asked.audit / "checkpoints").days()]
    try:
        for path, text in (*before, *own):  # the newest one alone names another key: that is an alteration
            first, mark, last = text.rpartition("ronda audit checkpoint 1\n")
            path.write_text(f"{first}{mark}{re.sub('key [0-9a-f]{16}', 'key ' + '0' * 16, last, count=1)}")
        assert asked.ronda("verify", "--keeper", str(asked.keeper), "--public-key", ours).exit_code == 1
    finally:
        for path, text in (*before, *own):
            path.write_text(text)


def test_an_emptied_log_is_not_called_whole(asked: Asked, tmp_path: Path) -> None:
    """The remaining files agree with each other: only a second keeper's checkpoints show the loss."""
    for emptied in (tmp_path / "emptied", tmp_path / "emptied-keeper"):
        emptied.mkdir()
    for said in (("--json",), ("--json", "--keeper", str(tmp_path / "emptied-keeper"))):
        public = ("--public-key", str(asked.audit.with_name("audit-keys") / "signing.pub"))
        for directory in (asked.audit, tmp_path / "emptied"):
            done = CliRunner().invoke(app, ["audit", "verify", "--audit", str(directory), *public, *said])
            told = json.loads(done.stdout)
            assert (done.exit_code, told["problems"]) == (3, []), done.stdout
            assert "emptied or rolled back" in told["unchecked"][0]
    plain = asked.ronda("verify")
    assert plain.exit_code == 3
    assert "NO SE COMPROBÓ: sin segundo custodio" in " ".join(plain.stdout.split())
    assert "Íntegra" not in plain.stdout
    for own in (asked.audit, asked.audit / "checkpoints"):  # the log's own are no second keeper's
        assert asked.ronda("verify", "--keeper", str(own)).exit_code == 2
    assert asked.ronda("verify", "--keeper", str(tmp_path / "mistyped")).exit_code == 2
    kept = ["audit", "verify", "--audit", str(tmp_path / "emptied"), *public, "--keeper", str(asked.keeper)]
    assert CliRunner().invoke(app, kept).exit_code == 1


def test_nothing_personal_lies_open(asked: Asked) -> None:
    """The CUI, the telephone and the plate that were asked for are nowhere in the clear, nor in the server's log."""
    files = [path for path in asked.audit.rglob("*") if path.is_file()]
    held = b"".join(path.read_bytes() for path in files) + asked.log.encode()
    for text in (asked.cui, TELEPHONE, "138ZZB"):
        assert text.encode() not in held
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}


def test_no_answer_without_a_record_whenever_a_worker_is_killed(small_nation: BuiltNation, tmp_path: Path) -> None:
    cuis, _ = draw(small_nation.generation_directory, 300, seed=2)
    found = run_kills(small_nation.data, tmp_path / "audit", cuis, KILLS, tmp_path / "log", seed=KILLS)
    assert found.kills == KILLS
    assert found.answers > KILLS
    assert found.unrecorded == 0
    assert found.problems == []
