"""The dead-letter list, and two persons who give up a change that cannot be taken."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest

from core.ledger.change import SKIPPED, Kind
from core.ledger.reader import FOLDER, LedgerReader
from ronda.v1 import feed_service_pb2 as contract
from server.feed.part import SKIP_CHANGE
from tests.feed.feed_kit import Stream, cancel, court, feed_server, position, warrant
from tests.feed.test_command import EVENT, lines, row
from tests.kit.field_world import SERVICE, Asker, FieldServer
from tests.server.running_server import ROOT, until


@pytest.fixture
def field(tmp_path: Path) -> Iterator[FieldServer]:
    with feed_server(tmp_path / "world") as running:
        yield running


def skip(asker: Asker, sequence: int, record_id: str = "", **changes: Any) -> bool:
    fields = {"source": "oj-central", "register_id": "oj", **changes}
    request = contract.SkipChangeRequest(sequence=sequence, record_id=record_id, **fields)
    response: contract.SkipChangeResponse = asker.ask("FeedService", request, contract.SkipChangeResponse)
    return response.skipped


def refused(asker: Asker, sequence: int, record_id: str = "", **changes: Any) -> str:
    with pytest.raises(grpc.RpcError) as failed:
        skip(asker, sequence, record_id, **changes)
    return str(failed.value.code().name)


def officer(field: FieldServer, role: str = "oj/feed-skip") -> Asker:
    return field.asker(role, SERVICE)


def shown(asker: Asker, prefix: Path) -> tuple[str | Path, ...]:
    """The words of a command that asks as an officer."""
    asker.pair.write(prefix.with_suffix(".pem"), prefix.with_suffix(".key"))
    prefix.with_suffix(".token").write_text(asker.token)
    prefix.with_name("server-ca.pem").write_bytes(asker.kit.server_ca)
    return ("--identity", prefix)


def command(field: FieldServer, *words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "ronda.command", "feed", *map(str, words)],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=120,
        env={**os.environ, "COLUMNS": "200", "RONDA_SERVER": field.address},
    )  # fmt: skip


def test_a_refused_change_is_listed_and_skipped_by_two_persons(field: FieldServer, tmp_path: Path) -> None:
    program = shown(court(field), tmp_path / "program")
    drop = tmp_path / "drop"
    drop.mkdir()
    changes = [
        {"register": "oj", "id": name, "event_time": EVENT, "row": row(name, state)}
        for name, state in (("S-1", "PENDIENTE"), ("S-2", "QUIZAS"), ("S-3", "PENDIENTE"))
    ]
    (drop / "1.jsonl").write_text(lines(*changes), encoding="utf-8")
    command(field, "folder", drop, "--once", *program)
    kept = drop / ".ronda-refused"
    assert kept.stat().st_mode & 0o077 == 0
    assert "QUIZAS" not in kept.read_text()
    [listed] = json.loads(command(field, "refused", drop, "--json").stdout)["refused"]
    assert (listed["sequence"], listed["record_id"], listed["reason"], listed["rule"]) == (
        2, "S-2", "FEED_ROW_REFUSED", "unknown_code",
    )  # fmt: skip
    said = command(field, "refused", drop).stdout
    assert "ronda feed skip oj=2 --record S-2" in said
    until(lambda: position(court(field)).stale_reason == "GAP")

    first, second = officer(field), officer(field)
    none = command(field, "skip", "oj=99", "--record", "S-2", *shown(first, tmp_path / "none"))
    assert "número: es el número de un cambio de esta fuente que fue rechazado y falta" in none.stderr
    words = ("skip", "oj=2", "--record", "S-2")
    assert "Falta otra persona" in command(field, *words, *shown(first, tmp_path / "first")).stdout
    assert skip(first, 2, "S-2") is False, "one person twice is one person"
    assert skip(second, 2, "S-9") is False, "of another record"
    assert position(court(field)).stale
    done = command(field, *words, *shown(second, tmp_path / "second"))
    assert "se saltó" in done.stdout, done.stderr
    found = position(court(field))
    assert (found.stale_reason, found.through, list(found.missing)) == ("", 3, [])
    assert [(each.sequence, each.record_id) for each in found.skipped] == [(2, "S-2")]
    asked = [each.identity["nip"] for each in field.records(60) if each.method == SKIP_CHANGE.number]
    assert {first.nip, second.nip} <= set(asked)

    (drop / "2.jsonl").write_text(lines({**changes[0], "id": "S-4", "row": row("S-4")}), encoding="utf-8")
    command(field, "folder", drop, "--once", *program)
    assert json.loads(command(field, "refused", drop, "--json").stdout)["refused"] == []
    assert "revise esos registros: 2 (S-2)" in command(field, "status", *program).stdout


def test_what_cannot_be_skipped_and_by_whom(field: FieldServer) -> None:
    stream = Stream(court(field))
    assert stream.fates(warrant(1, "W-1"), warrant(2, "W-2", state="QUIZAS")) == ["TAKEN", "FEED_ROW_REFUSED"]
    who = officer(field)
    for sequence in (0, 1, 3, -1):
        assert refused(who, sequence) == "INVALID_ARGUMENT"
    assert refused(who, 2, register_id="mp") == "INVALID_ARGUMENT"
    assert refused(who, 2, "x" * 201) == "INVALID_ARGUMENT"
    assert refused(who, 2, source="mp-central") == "PERMISSION_DENIED"
    assert refused(officer(field, "mp/feed-skip"), 2) == "PERMISSION_DENIED"
    assert refused(court(field), 2) == "PERMISSION_DENIED"
    assert skip(who, 2) is False
    assert refused(officer(field, "pnc/patrol"), 2) == "PERMISSION_DENIED"
    assert not position(court(field)).skipped


def test_a_skipped_number_is_never_taken_and_stands_over_a_restart(field: FieldServer) -> None:
    stream = Stream(court(field))
    changes = (warrant(1, "W-1"), warrant(2, "W-2", state="QUIZAS"), warrant(3, "W-2"), cancel(4, "W-1"))
    assert stream.fates(*changes)[1] == "FEED_ROW_REFUSED"
    assert [skip(officer(field), 2, "W-2") for _ in range(2)] == [False, True]
    with LedgerReader(field.data / FOLDER) as reader:
        [entry] = [each for each in reader.changes() if each.reason == SKIPPED]
    assert (entry.kind, entry.record_id, dict(entry.record)) == (Kind.HOLD, "W-2", {})
    for asked in (Stream(court(field)), _after_restart(field)):
        [outcome] = asked.send(warrant(2, "W-2")).outcomes
        assert (outcome.kind, outcome.field) == (contract.FEED_OUTCOME_KIND_REFUSED, "sequence")
        assert asked.fates(warrant(3, "W-2")) == ["KNOWN"]
    found = position(court(field))
    assert (found.stale, found.through, len(found.skipped)) == (False, 4, 1)


def _after_restart(field: FieldServer) -> Stream:
    from tests.feed.feed_kit import writer_of

    before = writer_of(field)
    before.kill()
    before.wait(20)

    def asked() -> Stream | None:
        try:
            return Stream(court(field))
        except grpc.RpcError:
            return None

    found: Stream = until(asked, 60.0)
    return found
