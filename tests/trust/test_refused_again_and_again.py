"""A caller refused again and again fills no audit disk: first refusals have records, the rest one together."""

from __future__ import annotations

import shutil
from pathlib import Path

import grpc
import pytest

from ronda.v1 import error_pb2
from server.audit.reading import AuditRecord
from server.calls.refused import WHOLE
from tests.kit.nation_kit import BuiltNation
from tests.server.running_server import Failure, call, until
from tests.trust.conftest import TrustedServer, start_trusted
from tests.trust.trust_kit import Client, question

CHECK_PERSON = "CheckService/CheckPerson"
CALLS = 120  # below what ends the connection
REVOKED = error_pb2.ERROR_REASON_REVOKED
MISSING = error_pb2.ERROR_REASON_TOKEN_MISSING


def test_refusals_are_summed(small_nation: BuiltNation, tmp_path: Path) -> None:
    running = start_trusted(small_nation, tmp_path)
    try:
        kit = running.kit
        revoked, other = kit.patrol(nip="20001"), kit.patrol("patrol-2", nip="20002")
        (kit.trust / "revoked.toml").write_text('officers = ["pnc/20001"]\n', encoding="utf-8")
        until(lambda: running.server.events("trust_changed"))
        for client in (revoked, Client(other.pair, ())):
            with kit.channel(running.address, client) as channel:
                for _ in range(CALLS):
                    with pytest.raises(grpc.RpcError):
                        call(channel, CHECK_PERSON, question(), metadata=client.metadata)
        with kit.channel(running.address, other) as channel:
            call(channel, CHECK_PERSON, question(), metadata=other.metadata)
        assert running.server.stop() == 0
        records = running.newest(1000)
    finally:
        running.server.stop()
        shutil.rmtree(running.data / "generations")
    assert [record.status for record in records].count(0) == 1, "who is in order has a record, as ever"
    for status, device in ((REVOKED, "patrol-1"), (MISSING, "patrol-2")):
        (summed,) = (record for record in _of(records, status) if record.stands_for > 1)
        assert len(_of(records, status)) == WHOLE + 1
        assert sum(record.stands_for for record in _of(records, status)) == CALLS, "each is counted"
        assert summed.identity["device"].endswith(f"/device/{device}")


@pytest.mark.parametrize("size", [12_000, 900_000])
def test_what_an_officer_is_refused_is_kept_in_part(trusted: TrustedServer, size: int) -> None:
    client = trusted.kit.patrol(nip="20003")
    with trusted.kit.channel(trusted.address, client) as channel:
        for request in (b"\xff" * size, question() + question(cui="1" * size)):
            with pytest.raises(grpc.RpcError) as refused:
                call(channel, CHECK_PERSON, request, metadata=client.metadata)
            assert Failure(refused.value).reason in {"MESSAGE_MALFORMED", "FIELD_INVALID", "MESSAGE_TOO_LARGE"}
    records = trusted.newest(2)
    assert {record.identity["nip"] for record in records} == {"20003"}
    assert max(len(record.sealed) for record in records) <= 4096 + 16


def test_no_answer_records_more_than_a_question_can_hold(trusted: TrustedServer) -> None:
    client = trusted.kit.patrol(nip="20004")
    padded = question() + b"\xfa\x7f\xa0\x8d\x06" + bytes(100_000)  # field 2047, which nobody knows
    with trusted.kit.channel(trusted.address, client) as channel, pytest.raises(grpc.RpcError) as refused:
        call(channel, CHECK_PERSON, padded, metadata=client.metadata)
    assert Failure(refused.value).reason == "MESSAGE_TOO_LARGE"


def _of(records: list[AuditRecord], status: int) -> list[AuditRecord]:
    return [record for record in records if record.status == status]
