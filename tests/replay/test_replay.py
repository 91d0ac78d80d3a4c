"""A server's answers by either transport are made again from the audit record; an impossible one is named."""

from __future__ import annotations

import json
import shutil
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import pytest

from core.generation.manifest import sealed
from ronda.v1 import check_service_pb2 as checks
from ronda.v1 import clearance_service_pb2 as clearance
from ronda.v1 import register_service_pb2 as registers
from ronda.v1 import section_pb2
from server.audit.keys import load_auditors
from server.audit.writer import AuditWriter, WriterOptions
from tests.indexer.small_registers import cui_of
from tests.kit.asker import Asker
from tests.kit.nation_kit import BuiltNation
from tests.kit.small_world import SmallWorld
from tests.lane.laned import laned_at_home
from tests.replay.replay_kit import ANSWERED, Log
from tests.server.paging import with_token
from tests.server.published import Published
from tests.server.running_server import RunningServer, clear, until

SEARCH = checks.SearchPersonsRequest(names="LOPEZ", page_size=1)


@dataclass(frozen=True)
class Asked(Log):
    """A server that was asked everything, by both transports, and is gone."""

    ids: tuple[str, ...] = ()  # of answers: four of grpcio, four of the lane, five of searches and lists


def _check(ask: Asker, cui: str) -> list[Any]:
    """Returns what both transports answer."""
    return [
        ask.person(cui),
        ask(checks.CheckRequest(query="59990001")),
        ask(checks.CheckRequest(query="ramiro zachrisson")),
        ask(checks.CheckVehicleRequest(plate="P-138ZZB")),
    ]


def _search(ask: Asker, subject_id: str) -> list[Any]:
    found = ask(SEARCH)
    section = section_pb2.SECTION_IDENTITY
    ask(registers.ListRegistersRequest())
    ask(registers.GetGenerationRequest())
    return [
        found,
        ask(with_token(SEARCH, found.next_page_token)),
        ask(checks.ListRecordsRequest(subject_id=subject_id, section=section)),
        ask(checks.SearchVehiclesRequest(plate_pattern="P-1*")),
    ]


def _clear(channel: grpc.Channel, cui: str) -> None:
    """The standard comes with the first batch alone."""
    wanted = clearance.CLEARANCE_STANDARD_WANTED
    batches = [
        clearance.ClearRequest(standard=wanted, row_ids=[3, 4], cuis=["1234567890101", cui]),
        clearance.ClearRequest(row_ids=[5], cuis=[cui]),
    ]
    assert len(list(clear(channel, iter([batch.SerializeToString() for batch in batches])))) == 2


@pytest.fixture(scope="module")
def asked(small_nation: BuiltNation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    directory = Path(tmp_path_factory.mktemp("replay"))
    data, audit = directory / "data", directory / "audit"
    (data / "generations").mkdir(parents=True)
    published = Published(data, small_nation.generation_directory)
    published.publish()
    with laned_at_home(data, directory / "log", audit=audit) as home:
        ask = Asker(home.server)
        cui = small_nation.cast["persons"]["wanted"]
        answers = [*_check(ask, cui), *_check(Asker(home.server, home.lane), cui)]
        answers += _search(ask, answers[0].person.subject_id)
        _clear(ask.channel, cui)
        with pytest.raises(grpc.RpcError):
            ask.person("1")
        token = ask(SEARCH).next_page_token
        newer = published.publish()
        until(lambda: ask(registers.GetGenerationRequest()).generation_id == newer)
        answers.append(ask(with_token(SEARCH, token)))  # a page of the older one: it says no level
    yield Asked(data, audit, None, tuple(each.answer.answer_id for each in answers))
    shutil.rmtree(data)


def test_every_answer_is_made_again(asked: Asked) -> None:
    records = [each for each in asked.answered() if each["generation"]]
    assert {each["method"] for each in records} == ANSWERED
    assert len({each["generation"] for each in records}) == 2
    proven = 0
    for each in records:
        found = asked.replayed(each["record"], 0)
        assert (found["result"], found["digest"]) == ("EQUAL", found["made_again"])
        assert len(found["digest"]) == 32
        proven += found["proof"] is not None
    assert proven == len(records)
    assert len({asked.replayed(answer_id, 0)["record"] for answer_id in asked.ids}) == len(asked.ids) == 13


def test_its_proof_needs_no_log_and_it_shows_nothing(asked: Asked, small_nation: BuiltNation, tmp_path: Path) -> None:
    proof = tmp_path / "proof"
    proof.write_text(json.dumps(asked.replayed(asked.ids[0], 0)["proof"]), encoding="utf-8")
    assert asked.ronda("audit", "proof", "--check", str(proof)).exit_code == 0
    said = asked.ronda("replay", asked.ids[0])
    assert said.exit_code == 0
    assert said.stdout.startswith("IGUAL: ")
    assert "punto de control" in said.stdout
    assert small_nation.cast["persons"]["wanted"] not in said.output
    assert asked.ronda("audit", "verify").exit_code == 3, "whole, without a second keeper"


def test_what_was_refused_or_is_not_there(asked: Asked) -> None:
    (refused,) = [each for each in asked.records() if each["status"] == "FIELD_INVALID"]
    assert asked.why(refused["record"]) == "REFUSED"
    for name in ("019ac3a1-7c00-7b1d-8e2f-0123456789ab", "nothing", "worker-0/77/1", "worker-0/1/x"):
        assert asked.ronda("replay", name).exit_code == 2, name


def test_a_record_of_before_is_read_and_has_no_digest(asked: Asked) -> None:
    """A body without the part that makes an answer again is byte for byte an earlier release's (test_records)."""
    auditors = load_auditors(asked.audit.with_name("audit-keys") / "auditor.pub")
    writer = AuditWriter(WriterOptions(asked.audit, auditors, 1 << 16, 0), "worker-9")
    writer.log.append_record(
        clock_ms=1_795_000_000_000, method=2, answer_id=b"\1" * 16, asked=b"\x0a\x00", identity=b"{}"
    )
    writer.close()
    assert asked.why("worker-9/1/2") == "NO_DIGEST"
    assert asked.ronda("audit", "verify").exit_code == 3


def test_another_engine_is_no_difference(asked: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ronda.replay.making.ENGINE", "another")
    found = asked.replayed(asked.ids[0], 41)
    assert (found["why"], found["result"]) == ("ENGINE", "NOT_REPRODUCIBLE")
    assert "otra versión" in asked.ronda("replay", asked.ids[0]).stdout


def test_what_is_gone_or_damaged_is_no_difference(asked: Asked, tmp_path: Path) -> None:
    """Another page key makes other tokens: of those answers alone that have one."""
    data = tmp_path / "data"
    shutil.copytree(asked.data, data, ignore=shutil.ignore_patterns("audit*"))
    (data / "page.key").write_bytes(bytes(range(16)))
    person, first_page, second_page = asked.ids[0], asked.ids[8], asked.ids[9]
    assert asked.replayed(person, 0, data)["result"] == "EQUAL"
    assert asked.why(first_page, data) == asked.why(second_page, data) == "PAGE_KEY"
    generation = data / "generations" / asked.replayed(person, 0)["generation"]
    whole = (generation / "dossiers.bin").read_bytes()
    (generation / "dossiers.bin").write_bytes(whole[:64] + bytes(~byte & 255 for byte in whole[64:]))
    assert asked.why(person, data) == "DAMAGED"
    generation.rename(tmp_path / "away")
    assert asked.why(person, data) == "GENERATION"


def test_an_altered_record_is_no_proof(asked: Asked, tmp_path: Path) -> None:
    record = asked.replayed(asked.ids[0], 0)["record"]
    segment = asked.audit / "logs" / record.rsplit("/", 2)[0] / "00000001.seg"
    before = segment.read_bytes()
    segment.write_bytes(before[:600] + bytes([before[600] ^ 1]) + before[601:])
    try:
        assert asked.ronda("replay", record).exit_code == 3
        at = before.index(uuid.UUID(asked.ids[0]).bytes) + 20  # of the keyed hash of what was asked
        segment.write_bytes(before[:at] + bytes([before[at] ^ 1]) + before[at + 1 :])
        for name in (record, asked.ids[0]):
            done = asked.ronda("replay", name)
            assert (done.exit_code, "ronda audit verify" in done.stderr) == (3, True), done.output
    finally:
        segment.write_bytes(before)


def test_an_exchanged_generation_is_told(tmp_path: Path) -> None:
    """Somebody takes a warrant out of a past generation, with its checksums and name made to fit."""
    wanted, harmless = SmallWorld(), SmallWorld()
    for world in (wanted, harmless):
        world.person(1, "ANA LUCIA CAAL CHOC")
        world.person(2, "LUIS ALBERTO POP TZUL", "1975-01-20")
        world.warrant("W2", cui_of(2), "LUIS ALBERTO POP TZUL", "1975-01-20")
    wanted.warrant("W1", cui_of(1), "ANA LUCIA CAAL CHOC", "1980-05-17")
    data, others = wanted.build(tmp_path / "wanted"), harmless.build(tmp_path / "harmless")
    audit = tmp_path / "audit"
    server = RunningServer(data, tmp_path / "log", workers=1, audit=audit)
    ask = Asker(server.wait_ready())
    answer_id = ask.person(cui_of(1)).answer.answer_id
    assert server.stop() == 0
    log = Log(data, audit)
    assert log.replayed(answer_id, 0)["result"] == "EQUAL"
    name = (data / "CURRENT").read_text(encoding="ascii").strip()
    other = (others / "CURRENT").read_text(encoding="ascii").strip()
    shutil.rmtree(data / "generations" / name)
    shutil.copytree(others / "generations" / other, data / "generations" / name)
    manifest = data / "generations" / name / "MANIFEST.json"
    forged = json.loads(manifest.read_text(encoding="utf-8")) | {"generation_id": name}
    manifest.write_text(json.dumps(sealed(forged)), encoding="utf-8")
    found = log.replayed(answer_id, 40)
    assert (found["result"], found["digest"] != found["made_again"]) == ("NOT_EQUAL", True)
    assert "NO ES IGUAL" in log.ronda("replay", answer_id).stdout
