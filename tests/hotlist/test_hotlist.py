"""HotlistService through a real server: what is on a list and what never, its proof, its keys, its account."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import grpc
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from core.audit.reader import Flag
from ronda.v1 import alert_pb2, check_service_pb2, error_pb2, hotlist_service_pb2, level_pb2
from ronda.v1 import confirmation_service_pb2 as confirmation
from server.audit.described import asked as asked_of
from server.audit.keys import load_auditor_private
from server.audit.reading import AuditReader
from server.hotlist.part import GET_DEVICE_KEY, OFFLINE_LOOK_UP, REPORT_LOOK_UPS, SNAPSHOT
from tests.kit.field_world import INVESTIGATION, STOP, WANTED_PLATE, Asker, FieldServer, field_server
from tests.server.running_server import Failure, until

BLIND = """
permit (principal in Role::"pnc/blind", action in Action::"Hotlist", resource == Purpose::"TRAFFIC_STOP");
permit (principal in Role::"pnc/blind", action == Action::"See", resource in Section::"WARRANT")
when { context.purpose == Purpose::"TRAFFIC_STOP" };
permit (principal in Role::"pnc/blind", action == Action::"OmitCaseNumber", resource == Purpose::"TRAFFIC_STOP");
permit (principal in Role::"pnc/blind", action == Action::"Spend", resource == Allowance::"border");
"""
DOMAIN = b"ronda hotlist v1\n"
CUI = check_service_pb2.IDENTIFIER_KIND_CUI


@pytest.fixture(scope="module")
def field(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FieldServer]:
    with field_server(Path(tmp_path_factory.mktemp("hotlist")), BLIND) as running:
        yield running


@pytest.fixture(scope="module")
def patrol(field: FieldServer) -> Asker:
    return field.patrol()


def _key(asker: Asker, key_id: str = "") -> Any:
    request = hotlist_service_pb2.GetDeviceKeyRequest(key_id=key_id)
    return asker.ask("HotlistService", request, hotlist_service_pb2.GetDeviceKeyResponse)


def _entries(blocks: list[bytes]) -> list[Any]:
    read = [hotlist_service_pb2.HotlistBlock.FromString(zlib.decompress(block)) for block in blocks]
    for block in read:
        assert [entry.key for entry in block.entries] == sorted(entry.key for entry in block.entries)
    firsts = [(block.key_kind, block.entries[0].key) for block in read]
    assert firsts == sorted(firsts)
    return [entry for block in read for entry in block.entries]


def _refused(call: Any) -> Failure:
    with pytest.raises(grpc.RpcError) as caught:
        call()
    return Failure(caught.value)


def test_a_list_holds_who_is_wanted_and_what_is_stolen_and_nobody_else(field: FieldServer, patrol: Asker) -> None:
    _, blocks, header = patrol.snapshot()
    by_key: dict[str, list[Any]] = {}
    for entry in _entries(blocks):
        by_key.setdefault(entry.key, []).append(entry)
    on_file = field.field
    assert set(by_key) == {
        on_file.wanted,
        on_file.twice_wanted,
        on_file.child,
        f"{WANTED_PLATE}|GTM",
        on_file.stolen_vin,
        "P-000ZZZ|GTM",
    }
    assert header.entries == len(_entries(blocks)) and header.left_out == 0
    (warrant,) = by_key[on_file.wanted]
    assert (warrant.kind, warrant.name) == (alert_pb2.ALERT_KIND_WARRANT, "JUAN JOSE PEREZ LOPEZ")
    assert (warrant.record.register_id, warrant.record.record_id) == ("oj", "O-1")
    assert warrant.action.text and not warrant.record.possible
    assert {entry.record.record_id for entry in by_key[on_file.twice_wanted]} == {"O-2", "O-3"}
    (order,) = by_key[on_file.child]
    assert order.action.text == "Orden de juzgado de adolescentes: conducir ante juez"
    assert by_key[f"{WANTED_PLATE}|GTM"][0].kind == alert_pb2.ALERT_KIND_STOLEN_VEHICLE
    assert {register.register_id for register in header.registers} >= {"oj", "mp"}
    assert header.HasField("data_as_of")


def test_a_list_proves_itself_and_ends(patrol: Asker) -> None:
    signed, blocks, header = patrol.snapshot()
    keys = {each.key_id: each.public_key for each in _key(patrol).signing_keys}
    public = Ed25519PublicKey.from_public_bytes(keys[signed.key_id])
    public.verify(signed.signature, DOMAIN + signed.header)
    assert header.sha256 == hashlib.sha256(b"".join(blocks)).digest()
    assert (header.blocks, header.size_bytes) == (len(blocks), sum(map(len, blocks)))
    assert header.valid_until.seconds - header.made_at.seconds == 43_200
    again_signed, again, again_header = patrol.snapshot(held=header.list_id)
    public.verify(again_signed.signature, DOMAIN + again_signed.header)
    assert not again and again_header.unchanged and again_header.sha256 == header.sha256


def test_who_sees_no_vehicles_has_none_on_her_list(field: FieldServer) -> None:
    _, blocks, _ = field.asker("pnc/blind", STOP).snapshot()
    entries = _entries(blocks)
    assert {entry.key for entry in entries} == {
        field.field.wanted,
        field.field.twice_wanted,
        field.field.child,
    }
    assert not any(entry.name for entry in entries), "identity is hidden from her"


def test_the_key_is_of_this_device_officer_and_day(field: FieldServer, patrol: Asker) -> None:
    first = _key(patrol)
    assert len(first.key) == 32 and _key(patrol).key == first.key
    assert _key(patrol, first.key_id).key == first.key
    yesterday = (datetime.strptime(first.key_id, "%Y%m%d").replace(tzinfo=UTC) - timedelta(days=1)).strftime("%Y%m%d")
    assert _key(patrol, yesterday).key != first.key
    same_officer = field.patrol(nip=patrol.nip, device="another-car")
    same_device = field.patrol(device=f"device-{patrol.nip}")
    assert len({first.key, _key(same_officer).key, _key(same_device).key}) == 3
    assert first.hold_until.seconds > first.server_time.seconds
    for bad in ("20200101", "29991231", "x", "2026-01-01"):
        refused = _refused(lambda bad=bad: _key(patrol, bad))
        assert (refused.reason, list(refused.fields)) == ("FIELD_INVALID", ["key_id"])


def _report(asker: Asker, numbers: list[int], log_id: str, cui: str, shown: int = level_pb2.LEVEL_POSSIBLE) -> Any:
    request = hotlist_service_pb2.ReportLookUpsRequest(log_id=log_id)
    for number in numbers:
        look_up = request.look_ups.add(
            sequence=number, kind=CUI, question=cui, shown=shown, list_id="l1", purpose=asker.purpose
        )
        look_up.asked_at.GetCurrentTime()
    return asker.ask("HotlistService", request, hotlist_service_pb2.ReportLookUpsResponse)


def test_look_ups_made_off_line_are_on_record_once_and_gaps_are_told(field: FieldServer, patrol: Asker) -> None:
    said = _report(patrol, [1, 2], "log-a", field.field.wanted)
    assert (said.accepted_through, said.accepted, said.known, len(said.gaps)) == (2, 2, 0, 0)
    said = _report(patrol, [2, 3, 7], "log-a", field.field.wanted)
    assert (said.accepted_through, said.accepted, said.known) == (7, 2, 1)
    assert [(gap.first, gap.last) for gap in said.gaps] == [(4, 6)]
    said = _report(patrol, [5], "log-a", field.field.wanted)
    assert [(gap.first, gap.last) for gap in said.gaps] == [(4, 4), (6, 6)] and said.accepted == 1
    assert _report(patrol, [1], "log-b", field.field.clean, level_pb2.LEVEL_INCOMPLETE).accepted_through == 1
    other = field.patrol()
    assert _report(other, [1], "log-a", field.field.wanted).accepted == 1, "another officer's log of the same name"

    mine = [record for record in field.records(40) if record.identity.get("nip") == patrol.nip]
    looks = [record for record in mine if record.method == OFFLINE_LOOK_UP.number]
    gaps = [record for record in looks if record.flags & Flag.SUMMED]
    assert [record.stands_for for record in gaps] == [3]
    assert len(looks) == 5 + 1 + 1  # 1, 2, 3, 7, 5 of log-a, the gap, 1 of log-b
    listed = [record for record in looks if record.entries]
    assert len(listed) == 5, "whoever was listed was shown"
    reader = AuditReader(field.data / "audit", load_auditor_private(field.kit.directory / "audit-keys" / "auditor.key"))
    assert {asked_of(reader, record)["question"] for record in listed} == {field.field.wanted}


@pytest.mark.parametrize(
    ("change", "field_name"),
    [
        ({"log_id": ""}, "log_id"),
        ({"log_id": "x" * 65}, "log_id"),
        ({"look_ups": []}, "look_ups"),
        ({"look_ups": [{"sequence": 0}]}, "look_ups[0].sequence"),
        ({"look_ups": [{"sequence": 1, "question": "x" * 201}]}, "look_ups[0].question"),
        ({"look_ups": [{"sequence": 1, "purpose": 99}]}, "look_ups[0].purpose"),
    ],
)
def test_a_report_that_breaks_a_rule_is_refused_by_field(patrol: Asker, change: Any, field_name: str) -> None:
    request = hotlist_service_pb2.ReportLookUpsRequest(**{"log_id": "log-c", "look_ups": [{"sequence": 1}], **change})
    refused = _refused(lambda: patrol.ask("HotlistService", request, hotlist_service_pb2.ReportLookUpsResponse))
    assert (refused.reason, list(refused.fields)) == ("FIELD_INVALID", [field_name])


def test_without_the_right_there_is_no_list_and_the_refusal_is_on_record(field: FieldServer) -> None:
    investigator = field.asker("pnc/investigator", INVESTIGATION)
    for call in (investigator.snapshot, lambda: _key(investigator), lambda: _report(investigator, [1], "l", "x")):
        assert _refused(call).reason == "FORBIDDEN"
    refused = [r for r in field.records() if r.identity.get("nip") == investigator.nip]
    forbidden = error_pb2.ERROR_REASON_FORBIDDEN
    assert [(r.method, r.status) for r in reversed(refused)] == [
        (SNAPSHOT.number, forbidden),
        (GET_DEVICE_KEY.number, forbidden),
        (REPORT_LOOK_UPS.number, forbidden),
    ]


def test_a_stranger_gets_nothing_and_is_on_record(field: FieldServer, patrol: Asker) -> None:
    patrol.client = field.kit.client(patrol.pair, "")
    try:
        for call in (patrol.snapshot, lambda: _key(patrol)):
            assert _refused(call).reason == "TOKEN_MISSING"
    finally:
        patrol.client = field.kit.client(patrol.pair, patrol.token)
    newest = field.records(2)
    assert {record.method for record in newest} == {SNAPSHOT.number, GET_DEVICE_KEY.number}
    assert all(record.status == error_pb2.ERROR_REASON_TOKEN_MISSING for record in newest)


def test_an_answer_has_its_record(field: FieldServer, patrol: Asker) -> None:
    request = hotlist_service_pb2.GetDeviceKeyRequest(context=patrol.frame(request_id="key-1"))
    patrol.ask("HotlistService", request, hotlist_service_pb2.GetDeviceKeyResponse)
    record = field.records(1)[0]
    assert (record.method, record.status, record.request_id) == (GET_DEVICE_KEY.number, 0, "key-1")
    assert record.identity["nip"] == patrol.nip


def test_a_wrong_frame_is_refused_as_in_a_check(patrol: Asker) -> None:
    for frame, named in (
        ({"purpose": 99}, "context.purpose"),
        ({"case_number": "x" * 65}, "context.case_number"),
        ({"request_id": "a\x1b[2J"}, "context.request_id"),
    ):
        request = hotlist_service_pb2.GetDeviceKeyRequest(context=patrol.frame(**frame))
        refused = _refused(
            lambda request=request: patrol.ask("HotlistService", request, hotlist_service_pb2.GetDeviceKeyResponse)
        )
        assert (refused.reason, list(refused.fields)) == ("FIELD_INVALID", [named])


def test_an_allowance_holds_for_keys_too(field: FieldServer) -> None:
    hasty = field.patrol()
    reasons = []
    for _ in range(40):
        try:
            _key(hasty)
        except grpc.RpcError as error:
            reasons.append(Failure(error).reason)
    assert set(reasons) == {"LIMIT_EXCEEDED"}


def test_a_list_is_another_when_a_hit_is_denied_and_the_same_when_that_is_taken_back(field: FieldServer) -> None:
    """A follower gets it by a step."""
    patrol, court = field.patrol(), field.desk("oj")
    followed = patrol.stream("HotlistService", hotlist_service_pb2.SyncRequest(), hotlist_service_pb2.SyncResponse)
    held = patrol.snapshot()[2].list_id
    (hit,) = (hit for hit in patrol.person(field.field.wanted).answer.hits if hit.record.record_id == "O-1")
    urgent = confirmation.CONFIRMATION_URGENCY_URGENT
    request = confirmation.RequestConfirmationRequest(
        record=hit.record, subject_id=hit.subject.subject_id, urgency=urgent
    )
    made = patrol.ask("ConfirmationService", request, confirmation.RequestConfirmationResponse).confirmation

    def listed_as_possible(reason: Any, possible: bool) -> str:
        answer = confirmation.AnswerConfirmationRequest(confirmation_id=made.confirmation_id, reason=reason)
        court.ask("ConfirmationService", answer, confirmation.AnswerConfirmationResponse)

        def made_anew() -> Any:
            _, blocks, header = field.patrol().snapshot()
            (warrant,) = (each for each in _entries(blocks) if each.key == field.field.wanted)
            return header if warrant.record.possible == possible else None

        return str(until(made_anew).list_id)

    def next_step() -> list[tuple[str, bool]]:
        signed = next(part.step for part in followed if part.HasField("step"))
        step = hotlist_service_pb2.HotlistStep.FromString(signed.step)
        assert not step.gone
        return [(entry.key, entry.record.possible) for block in step.keys for entry in block.entries]

    assert listed_as_possible(confirmation.CONFIRMATION_REASON_CANCELLED, True) != held
    assert next_step() == [(field.field.wanted, True)]
    assert listed_as_possible(confirmation.CONFIRMATION_REASON_IN_FORCE, False) == held
    assert next_step() == [(field.field.wanted, False)]
    followed.cancel()
