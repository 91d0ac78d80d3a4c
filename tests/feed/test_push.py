"""FeedService through a real server: taken, known, held, overtaken, refused; who may; restarts and kills."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest

from clients.feed.changes import ChangesUnreadable
from clients.feed.issued import SourceFailed, read_issued
from clients.feed.outbox_work import read_state
from clients.feed.resume_file import read_resume, resume_path
from core.ledger.change import Change, Kind
from core.ledger.frames import LOG
from core.ledger.reader import FOLDER, LedgerReader
from ronda.v1 import feed_service_pb2 as contract
from server.audit.described import asked as asked_of
from server.audit.keys import load_auditor_private
from server.audit.reading import AuditReader
from server.feed.part import PUSH
from tests.feed.feed_kit import (
    Stream,
    cancel,
    court,
    feed_server,
    heartbeat,
    moment,
    position,
    status,
    warrant,
    writer_of,
)
from tests.kit.field_world import SERVICE, STOP, Asker, FieldServer
from tests.kit.small_world import HEADERS
from tests.server.running_server import Failure, until


@pytest.fixture(scope="module")
def field(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FieldServer]:
    with feed_server(tmp_path_factory.mktemp("feed"), workers=2) as running:
        yield running


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[FieldServer]:
    """A server of a test's own: its numbers begin at 1."""
    with feed_server(tmp_path) as running:
        yield running


def ledger(field: FieldServer) -> list[Change]:
    with LedgerReader(field.data / FOLDER) as reader:
        return list(reader.changes())


def when_back(asker: Asker) -> contract.FeedPosition:
    """The position, once the process that writes answers again."""

    def answered() -> contract.FeedPosition | None:
        try:
            return position(asker)
        except grpc.RpcError as error:
            assert Failure(error).reason == "PART_UNAVAILABLE"
            return None

    found: contract.FeedPosition = until(answered, 90.0)
    return found


def refused(ask: object) -> Failure:
    assert callable(ask)
    with pytest.raises(grpc.RpcError) as raised:
        ask()
    return Failure(raised.value)


def test_a_change_is_on_disk_when_it_is_answered_and_known_when_it_comes_again(fresh: FieldServer) -> None:
    asker = court(fresh)
    stream = Stream(asker)
    assert [(each.register_id, each.through) for each in stream.first.positions] == [("oj", 0)]
    assert stream.fates(warrant(1, "F-1"), cancel(2, "F-1")) == ["TAKEN", "TAKEN"]
    found = ledger(fresh)
    assert [(each.kind, each.record_id, each.source_sequence, each.source) for each in found] == [
        (Kind.UPSERT, "F-1", 1, "oj-central"),
        (Kind.CANCEL, "F-1", 2, "oj-central"),
    ]
    assert found[0].record["ESTADO"] == "PENDIENTE"
    answer = stream.send(warrant(1, "F-1"), cancel(2, "F-1"))
    assert [each.kind for each in answer.outcomes] == [contract.FEED_OUTCOME_KIND_KNOWN] * 2
    assert answer.resume_token.startswith("2 oj-central oj=2:")
    assert stream.fates(warrant(2, "F-2"), warrant(1, "F-9")) == ["FEED_SEQUENCE_REUSED", "FEED_SEQUENCE_RESET"]
    assert stream.fates(heartbeat(1)) == ["FEED_SEQUENCE_RESET"]
    stream.close()
    assert ledger(fresh) == found


def test_a_gap_marks_the_register_and_names_what_is_missing(fresh: FieldServer) -> None:
    asker = court(fresh)
    stream = Stream(asker)
    assert stream.fates(warrant(1, "F-1"), warrant(4, "F-4"), cancel(5, "F-5")) == ["TAKEN", "HELD", "TAKEN"]
    stale = until(lambda: (found := position(asker)).stale and found)
    assert (stale.stale_reason, [(run.first, run.last) for run in stale.missing]) == ("GAP", [(2, 3)])
    again = Stream(asker, token="1 oj-central oj=1")
    assert re.fullmatch("2 oj-central oj=1:[0-9a-f]{16} missing=oj:2-3", again.first.resume_token)
    assert again.fates(warrant(2, "F-2"), warrant(3, "F-5")) == ["TAKEN", "OVERTAKEN"]
    assert not position(asker).stale
    kinds = [each.kind for each in ledger(fresh)]
    assert kinds[-1] == Kind.FRESH and Kind.STALE in kinds


def test_a_token_beyond_the_ledger_makes_what_was_told_missing(fresh: FieldServer) -> None:
    asker = court(fresh)
    stream = Stream(asker, token="1 oj-central oj=3")
    assert [(run.first, run.last) for run in stream.first.positions[0].missing] == [(1, 3)]
    until(lambda: position(asker).stale)


def test_kills_lose_nothing_that_was_answered(fresh: FieldServer) -> None:
    asker = court(fresh)
    taken = 0
    for _ in range(3):
        stream = Stream(asker)
        for _ in range(3):
            assert stream.fates(warrant(taken + 1, f"K-{taken + 1}"), cancel(taken + 2, f"K-{taken + 1}")) == [
                "TAKEN",
                "TAKEN",
            ]
            taken += 2
        stream.close()
        writer = writer_of(fresh)
        writer.kill()
        writer.wait(20)
        assert when_back(asker).through == taken  # answered by the next one, which read the ledger
    assert [each.source_sequence for each in ledger(fresh)] == list(range(1, taken + 1))


def test_a_row_that_gives_no_record_is_refused_by_its_field_and_rule(field: FieldServer) -> None:
    stream = Stream(court(field))
    nobody = warrant(1, "B-1")
    for column in ("CUI", "NOMBRE", "NACIMIENTO"):
        nobody.cells[column] = ""
    unknown = warrant(1, "B-1", state="QUIZAS")
    other = warrant(1, "B-2")
    other.cells["ORDEN"] = "B-3"
    columns = warrant(1, "B-4", cells={"OTRA": "x"})
    source = warrant(1, "B-5", manifest_source="sentencias")
    answer = stream.send(nobody, unknown, other, columns, source)
    assert {(each.field, each.rule) for each in answer.outcomes} >= {
        ("record_id", "the row states another id"),
        ("cells", "no column of the manifest is among them"),
    }
    assert [each.rule for each in answer.outcomes[:2]] == ["no_subject", "unknown_code"]
    assert answer.outcomes[4].field == "manifest_source"
    assert position(court(field)).through == 0


def test_a_record_is_named_as_the_extract_s_cell_is_read(fresh: FieldServer) -> None:
    """Blanks at the ends and within (a padded column, a no-break space) and what has no width name no other record."""
    stream = Stream(court(fresh))
    padded = warrant(1, "SP  1 ")
    padded.cells["ORDEN"] = "SP  1 "
    assert stream.fates(padded, cancel(2, " SP\N{NO-BREAK SPACE}1\N{ZERO WIDTH SPACE}")) == ["TAKEN", "TAKEN"]
    assert [each.record_id for each in ledger(fresh)] == ["SP 1", "SP 1"]
    assert stream.fates(padded, cancel(2, "SP 1")) == ["KNOWN", "KNOWN"]


def test_what_breaks_a_rule_is_refused_by_name(field: FieldServer) -> None:
    stream = Stream(court(field))
    foreign = warrant(1, "O-1")
    foreign.register_id = "mp"
    future = warrant(1, "O-1", event_time=moment(3600))
    large = warrant(1, "O-1")
    large.cells["NOMBRE"] = "x" * 200_000
    wide = warrant(200_000, "O-1")
    untold = warrant(1, "O-1")
    untold.kind = contract.FEED_CHANGE_KIND_UNSPECIFIED
    assert stream.fates(foreign, future, large, wide, untold) == [
        "FEED_REGISTER_FOREIGN",
        "FEED_EVENT_IN_FUTURE",
        "FEED_CHANGE_TOO_LARGE",
        "FEED_GAP_TOO_WIDE",
        "FIELD_INVALID",
    ]
    too_many = refused(lambda: stream.send(*(warrant(n, f"O-{n}") for n in range(1, 400))))
    assert (too_many.reason, too_many.code) == ("FIELD_INVALID", grpc.StatusCode.INVALID_ARGUMENT)


def test_a_message_of_a_hundred_megabytes_is_refused(field: FieldServer) -> None:
    stream = Stream(court(field))
    huge = warrant(1, "O-1")
    huge.cells["NOMBRE"] = "x" * (5 << 20)
    assert refused(lambda: stream.send(huge)).reason == "MESSAGE_TOO_LARGE"
    stream = Stream(court(field))
    huge.cells["NOMBRE"] = "x" * (100 << 20)
    assert refused(lambda: stream.send(huge)).code == grpc.StatusCode.RESOURCE_EXHAUSTED


def test_only_its_institution_feeds_a_source(field: FieldServer) -> None:
    assert refused(lambda: Stream(field.asker("mp/feed", SERVICE))).reason == "FEED_SOURCE_UNKNOWN"
    assert refused(lambda: Stream(court(field), source="nobody")).reason == "FEED_SOURCE_UNKNOWN"
    assert refused(lambda: Stream(field.asker("oj/desk", SERVICE))).reason == "FORBIDDEN"
    assert refused(lambda: Stream(field.asker("oj/feed", STOP))).reason == "FORBIDDEN"
    assert refused(lambda: status(field.patrol())).reason == "FORBIDDEN"
    assert refused(lambda: Stream(court(field), token="2 x")).reason == "FIELD_INVALID"
    assert [each.source for each in status(field.asker("mp/feed", SERVICE)).positions] == ["mp-central"]


def test_each_message_is_recorded_before_it_takes_effect(field: FieldServer) -> None:
    asker = field.asker("mp/feed", SERVICE)
    stream = Stream(asker, source="mp-central")
    report = contract.FeedChange(
        sequence=1, register_id="mp", record_id="M-77", kind=contract.FEED_CHANGE_KIND_UPSERT, event_time=moment()
    )
    report.cells.update(dict.fromkeys(HEADERS["mp"].split(), ""))
    report.cells.update(
        {"ID": "M-77", "TIPO": "ROBO", "PLACA": "P-333DDD", "ESTADO": "PENDIENTE", "FECHA": "2026-05-05"}
    )
    assert stream.fates(report) == ["TAKEN"]
    record = next(each for each in field.records() if each.method == PUSH.number)
    assert record.identity["institution"] == "mp"
    key = load_auditor_private(field.kit.directory / "audit-keys" / "auditor.key")
    [told] = asked_of(AuditReader(field.data / "audit", key), record)["changes"]
    assert (told["record_id"], told["kind"], "cells" in told) == ("M-77", "FEED_CHANGE_KIND_UPSERT", False)
    assert "P-333DDD" not in field.server.log_path.read_text(encoding="utf-8")


def test_the_scrape_tells_how_fresh_each_register_is(field: FieldServer) -> None:
    def told() -> bool:
        return 'ronda_feed_through{register="mp",source="mp-central"} 1.0' in field.server.metrics()

    until(told)
    assert 'ronda_feed_stale{cause="GAP",register="mp",source="mp-central"} 0.0' in field.server.metrics()
    assert 'ronda_feed_changes_total{outcome="TAKEN",source="mp-central"}' in field.server.metrics()


def test_without_a_source_nothing_is_fed(tmp_path: Path) -> None:
    with feed_server(tmp_path, {}) as running:
        assert refused(lambda: Stream(court(running))).reason == "FEED_SOURCE_UNKNOWN"
        assert list(status(court(running)).positions) == []
        assert not (running.data / FOLDER).exists()


def test_a_damaged_ledger_is_named_and_never_cut(fresh: FieldServer) -> None:
    asker = court(fresh)
    assert Stream(asker).fates(warrant(1, "F-1"), warrant(2, "F-2")) == ["TAKEN", "TAKEN"]
    log = fresh.data / FOLDER / LOG
    data = bytearray(log.read_bytes())
    data[200] ^= 1
    writer = writer_of(fresh)
    log.write_bytes(bytes(data))
    writer.kill()
    until(lambda: fresh.server.events("ledger_damaged"), 60.0)
    until(lambda: re.search(r'ronda_child_restarts_total\{child="feed"\} [1-9]', fresh.server.metrics()))
    assert refused(lambda: Stream(asker)).reason == "PART_UNAVAILABLE"
    assert log.read_bytes() == bytes(data)
    assert fresh.patrol().person(fresh.field.clean).answer.level  # who asks is answered all the same


def test_a_state_that_cannot_be_written_names_its_file_and_leaves_no_draft(tmp_path: Path) -> None:
    """As on a full disk: a limit on the size of files, in a process of its own."""
    program = (
        "import resource, signal, sys\n"
        "from pathlib import Path\n"
        "from clients.feed.issued import Issued, write_issued\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1, 1))\n"
        "try:\n    write_issued(Path(sys.argv[1]), Issued(numbers={'oj': 7}))\n"
        "except OSError as error:\n    print(error.filename)\n"
    )
    state = tmp_path / "state"
    done = subprocess.run([sys.executable, "-c", program, str(state)], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == str(state)
    assert list(tmp_path.iterdir()) == []


def test_a_state_that_is_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "state")
    with pytest.raises(SourceFailed):
        read_issued(tmp_path / "state")
    with pytest.raises(SourceFailed):
        read_state(tmp_path / "state")
    file = tmp_path / "a.jsonl"
    file.write_text("{}\n")
    os.mkfifo(resume_path(file))
    with pytest.raises(ChangesUnreadable):
        read_resume(file, "court")
