"""ConfirmationService through a real server: asked, answered, shown to everybody; silence, restarts, strangers."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest

from ronda.v1 import alert_pb2, clearance_service_pb2, level_pb2
from ronda.v1 import confirmation_service_pb2 as contract
from server.confirmation.part import ANSWER, GET, REQUEST
from tests.kit.field_world import BORDER, SERVICE, WANTED_PLATE, Asker, FieldServer, field_server
from tests.server.running_server import ROOT, Failure, RunningServer, until
from tests.server.test_observed import samples_of

REQUESTED, CONFIRMED, DENIED, UNANSWERED = (
    alert_pb2.CONFIRMATION_STATE_REQUESTED,
    alert_pb2.CONFIRMATION_STATE_CONFIRMED,
    alert_pb2.CONFIRMATION_STATE_DENIED,
    alert_pb2.CONFIRMATION_STATE_UNANSWERED,
)
URGENT = contract.CONFIRMATION_URGENCY_URGENT
CANCELLED = contract.CONFIRMATION_REASON_CANCELLED
OTHER_SUBJECT = contract.CONFIRMATION_REASON_OTHER_SUBJECT
IN_FORCE = contract.CONFIRMATION_REASON_IN_FORCE


@pytest.fixture(scope="module")
def field(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FieldServer]:
    """Yields two workers: a confirmation given to one is shown in the other's checks."""
    desks = '{"*": ["pnc"], "oj": ["oj", "pnc"]}'
    with field_server(Path(tmp_path_factory.mktemp("confirmation")), workers=2, confirmation_desks=desks) as running:
        yield running


@pytest.fixture(scope="module")
def patrol(field: FieldServer) -> Asker:
    return field.patrol()


@pytest.fixture(scope="module")
def court(field: FieldServer) -> Asker:
    return field.desk("oj")


def _hits(asker: Asker, cui: str) -> dict[str, Any]:
    return {hit.record.record_id: hit for hit in asker.person(cui).answer.hits}


def _request(asker: Asker, hit: Any, urgency: int = URGENT, **changes: Any) -> Any:
    request = contract.RequestConfirmationRequest(record=hit.record, subject_id=hit.subject.subject_id, urgency=urgency)  # type: ignore[arg-type]
    for name, value in changes.items():
        if name == "record_id":
            request.record.record_id = value
        else:
            setattr(request, name, value)
    return asker.ask("ConfirmationService", request, contract.RequestConfirmationResponse).confirmation


def _answer(asker: Asker, confirmation_id: str, reason: int) -> Any:
    request = contract.AnswerConfirmationRequest(confirmation_id=confirmation_id, reason=reason)  # type: ignore[arg-type]
    return asker.ask("ConfirmationService", request, contract.AnswerConfirmationResponse).confirmation


def _get(asker: Asker, confirmation_id: str) -> Any:
    request = contract.GetConfirmationRequest(confirmation_id=confirmation_id)
    return asker.ask("ConfirmationService", request, contract.GetConfirmationResponse).confirmation


def _pending(asker: Asker) -> list[Any]:
    request = contract.ListPendingConfirmationsRequest()
    return list(asker.ask("ConfirmationService", request, contract.ListPendingConfirmationsResponse).confirmations)


def _refused(call: Any) -> Failure:
    with pytest.raises(grpc.RpcError) as caught:
        call()
    return Failure(caught.value)


def _everybody_sees(field: FieldServer, cui: str, record_id: str, state: int) -> Any:
    """Officers on connections of their own, so on either worker; the last one's hit."""
    viewers = [field.patrol() for _ in range(4)]

    def seen() -> Any:
        threading.Event().wait(0.2)  # each look is of their allowances
        hits = [_hits(viewer, cui)[record_id] for viewer in viewers]
        return hits[-1] if all(hit.confirmation.state == state for hit in hits) else None

    return until(seen)


def test_nobody_has_asked(field: FieldServer, patrol: Asker) -> None:
    hit = _hits(patrol, field.field.twice_wanted)["O-2"]
    assert not hit.HasField("confirmation") and hit.level == level_pb2.LEVEL_HIT


def test_a_hit_is_asked_about_denied_for_everybody_and_taken_back(
    field: FieldServer, patrol: Asker, court: Asker
) -> None:
    cui = field.field.wanted
    hit = _hits(patrol, cui)["O-1"]
    asked = _request(patrol, hit)
    assert (asked.state, asked.desk, asked.requested_by) == (REQUESTED, "oj", "pnc/zona-1")
    assert asked.due_at.seconds - asked.requested_at.seconds == 600
    assert asked.text.startswith("sin confirmar: verifique (consultado a OJ ")
    assert _request(field.patrol(), hit).confirmation_id == asked.confirmation_id, "joined, not asked twice"

    shown = _everybody_sees(field, cui, "O-1", REQUESTED)
    assert shown.level == level_pb2.LEVEL_HIT
    assert [note.text for note in shown.notes if note.code == "CONFIRMATION_REQUESTED"] == [asked.text]

    assert [each.confirmation_id for each in _pending(court)] == [asked.confirmation_id]
    assert not _pending(field.desk("mp"))
    denied = _answer(court, asked.confirmation_id, CANCELLED)
    assert denied.state == DENIED and denied.text.startswith("desmentida por OJ ") and denied.text.endswith("revocada")
    shown = _everybody_sees(field, cui, "O-1", DENIED)
    assert shown.level == level_pb2.LEVEL_POSSIBLE and shown.confirmation.text == denied.text
    answer = patrol.person(cui).answer
    assert answer.level == level_pb2.LEVEL_POSSIBLE, "neither red, nor green without the register's word"
    assert not _pending(court)

    batch = clearance_service_pb2.ClearRequest(
        context=field.asker("digecam/clearance", 6).frame(purpose=6),
        standard=clearance_service_pb2.CLEARANCE_STANDARD_WANTED,
        row_ids=[1],
        cuis=[cui],
    )
    agency = _agency(field)
    rpc: Any = agency.channel.stream_stream(
        "/ronda.v1.ClearanceService/Clear",
        clearance_service_pb2.ClearRequest.SerializeToString,
        clearance_service_pb2.ClearResponse.FromString,
    )
    (result,) = rpc(iter([batch]), metadata=agency.client.metadata, timeout=40)
    assert result.results == [clearance_service_pb2.CLEARANCE_RESULT_WITH_RECORD], "a certificate asks the register"

    back = _answer(court, asked.confirmation_id, IN_FORCE)
    assert back.state == CONFIRMED
    shown = _everybody_sees(field, cui, "O-1", CONFIRMED)
    assert shown.level == level_pb2.LEVEL_HIT and shown.confirmation.text.startswith("confirmada por OJ ")


def _agency(field: FieldServer) -> Asker:
    """A clearance agency asks through its gateway."""
    asker = field.asker("digecam/clearance", 6)
    issuer = field.kit.issuer("digecam")
    pair = issuer.gateway("night-batch")
    token = issuer.token(
        asker.nip, "zona-1", ["clearance"], pair.thumbprint, gateway=issuer.spiffe("/gateway/night-batch")
    )
    asker.client = field.kit.client(pair, token)
    asker.channel = field.kit.channel(field.address, asker.client)
    return asker


def test_a_denial_of_one_subject_leaves_the_other_record(field: FieldServer, patrol: Asker, court: Asker) -> None:
    cui = field.field.twice_wanted
    hits = _hits(patrol, cui)
    asked = _request(patrol, hits["O-2"])
    _answer(court, asked.confirmation_id, OTHER_SUBJECT)
    _everybody_sees(field, cui, "O-2", DENIED)
    answer = patrol.person(cui).answer
    levels = {hit.record.record_id: hit.level for hit in answer.hits}
    assert levels == {"O-2": level_pb2.LEVEL_POSSIBLE, "O-3": level_pb2.LEVEL_HIT}
    assert answer.level == level_pb2.LEVEL_HIT


def test_only_what_the_caller_sees_can_be_asked_about(field: FieldServer, patrol: Asker) -> None:
    hit = _hits(patrol, field.field.wanted)["O-1"]
    not_found = "CONFIRMATION_NOT_FOUND"
    assert _refused(lambda: _request(patrol, hit, record_id="O-4")).reason == not_found
    assert _refused(lambda: _request(patrol, hit, subject_id="0" * 32)).reason == not_found
    for changes, named in (
        ({"subject_id": "x"}, "subject_id"),
        ({"answer_id": "x"}, "answer_id"),
        ({"record_id": ""}, "record"),
        ({"urgency": 0}, "urgency"),
    ):
        refused = _refused(lambda changes=changes: _request(patrol, hit, **changes))
        assert (refused.reason, list(refused.fields)) == ("FIELD_INVALID", [named])


def test_others_see_and_answer_nothing(field: FieldServer, patrol: Asker, court: Asker) -> None:
    hit = _hits(patrol, field.field.twice_wanted)["O-3"]
    asked = _request(patrol, hit, contract.CONFIRMATION_URGENCY_ROUTINE)
    assert asked.due_at.seconds - asked.requested_at.seconds == 3600
    stranger = field.desk("mp")
    assert _refused(lambda: _get(stranger, asked.confirmation_id)).reason == "CONFIRMATION_NOT_FOUND"
    assert _refused(lambda: _answer(stranger, asked.confirmation_id, IN_FORCE)).reason == "CONFIRMATION_NOT_FOUND"
    next_desk = field.desk("pnc")
    assert _refused(lambda: _answer(next_desk, asked.confirmation_id, IN_FORCE)).reason == "CONFIRMATION_NOT_FOUND"
    assert _refused(lambda: _answer(patrol, asked.confirmation_id, IN_FORCE)).reason == "FORBIDDEN"
    assert list(_refused(lambda: _answer(court, asked.confirmation_id, 0)).fields) == ["reason"]
    assert list(_refused(lambda: _get(court, "x")).fields) == ["confirmation_id"]
    assert _get(court, asked.confirmation_id).state == REQUESTED
    recorded = [record for record in field.records(30) if record.identity.get("nip") == stranger.nip]
    assert {record.method for record in recorded} == {GET.number, ANSWER.number}
    assert all(record.status for record in recorded)
    _answer(court, asked.confirmation_id, IN_FORCE)


def test_a_watch_follows_to_the_answer(field: FieldServer, patrol: Asker, court: Asker) -> None:
    hit = _hits(patrol, field.field.twice_wanted)["O-3"]
    asked = _request(patrol, hit)
    request = contract.WatchConfirmationRequest(confirmation_id=asked.confirmation_id)
    stream = patrol.stream("ConfirmationService", request, contract.WatchConfirmationResponse)
    states = [next(stream).confirmation.state]
    _answer(court, asked.confirmation_id, IN_FORCE)
    states += [each.confirmation.state for each in stream]
    assert states == [REQUESTED, CONFIRMED]


def test_the_desk_answers_from_a_terminal(field: FieldServer, patrol: Asker, court: Asker, tmp_path: Path) -> None:
    hit = _hits(patrol, field.field.wanted)["O-1"]
    asked = _request(patrol, hit)
    court.pair.write(tmp_path / "mesa.pem", tmp_path / "mesa.key")
    (tmp_path / "mesa.token").write_text(court.token, encoding="ascii")
    (tmp_path / "server-ca.pem").write_bytes(field.kit.server_ca)

    def ronda(*words: str) -> str:
        where = ["--server", field.address, "--identity", str(tmp_path / "mesa"), "--deadline", "40"]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("RONDA_")}
        done = subprocess.run(
            [sys.executable, "-m", "ronda.command", "confirm", *words, *where],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    listed = ronda("list")
    assert "URGENTE" in listed and asked.confirmation_id in listed and "oj O-1" in listed
    said = ronda("answer", asked.confirmation_id, "no-consta")
    assert said.startswith("oj O-1: desmentida por OJ ") and said.rstrip().endswith(": no consta")
    assert json.loads(ronda("list", "--json")) == {}
    _answer(court, asked.confirmation_id, IN_FORCE)


def test_the_record_says_about_whom(field: FieldServer, patrol: Asker) -> None:
    hit = _hits(patrol, field.field.twice_wanted)["O-3"]
    _request(patrol, hit)
    record = next(each for each in field.records() if each.method == REQUEST.number)
    assert record.status == 0 and record.identity["nip"] == patrol.nip and len(record.entries) == 1


def test_silence_goes_to_the_next_desk_and_is_never_confirmation(tmp_path: Path) -> None:
    """Over a restart: what fell due while the server was down escalates at once, and once."""
    settings: dict[str, Any] = {"confirmation_urgent_s": 2, "confirmation_routine_s": 2, "max_loop_lag_ms": 5000}
    with field_server(tmp_path, **settings) as field:
        patrol = field.patrol()
        hit = _hits(patrol, field.field.wanted)["O-1"]
        asked = _request(patrol, hit)
        assert field.server.stop() == 0
        until(lambda: time.time() > asked.due_at.seconds + 1)
        again = RunningServer(field.data, tmp_path / "again.log", workers=1, **field.kit.settings, **settings)
        field.server = again
        with contextlib.ExitStack() as stack:
            stack.callback(again.stop)
            again.wait_ready()
            patrol = field.patrol()

            def state(escalations: int) -> Any:
                threading.Event().wait(0.2)  # each look is of her allowance
                found = _get(patrol, asked.confirmation_id)
                return found if found.escalations >= escalations else None

            first = until(lambda: state(1))
            assert (first.state, first.desk) == (UNANSWERED, "pnc")
            assert first.text.startswith("sin confirmar: verifique (OJ")

            def confirmed() -> Any:
                threading.Event().wait(0.2)
                hit = _hits(patrol, field.field.wanted)["O-1"]
                return hit if hit.HasField("confirmation") else None

            shown = until(confirmed)
            assert shown.confirmation.state == UNANSWERED and shown.level == level_pb2.LEVEL_HIT
            last = until(lambda: state(2))
            assert (last.state, last.escalations) == (UNANSWERED, 2) and not last.HasField("due_at")
            desk = field.desk("pnc")
            assert [each.confirmation_id for each in _pending(desk)] == [asked.confirmation_id]
            received = _answer(desk, asked.confirmation_id, IN_FORCE)
            assert received.state == UNANSWERED and "recibido por PNC" in received.text, "it is not PNC's warrant"
            assert not _pending(desk)
            assert _answer(field.desk("oj"), asked.confirmation_id, IN_FORCE).state == CONFIRMED, "late, and it counts"


def test_what_waits_and_what_is_overdue_is_scraped(tmp_path: Path) -> None:
    with field_server(tmp_path, confirmation_urgent_s=1, max_loop_lag_ms=5000) as field:

        def told(name: str, urgency: str) -> float:
            return samples_of(field.server.metrics()).get((f"ronda_confirmations_{name}", urgency), -1)

        assert told("open", "URGENT") == -1, "nobody asked yet"
        patrol = field.patrol()
        hits = _hits(patrol, field.field.twice_wanted)
        _request(patrol, hits["O-2"], contract.CONFIRMATION_URGENCY_ROUTINE)
        until(lambda: told("open", "ROUTINE") == 1)
        assert told("escalations_total", "URGENT") == told("escalations_total", "ROUTINE") == 0, "before the first"
        asked = _request(patrol, hits["O-3"])
        until(lambda: told("escalated", "URGENT") == 1)
        assert told("open", "URGENT") == 1 and told("escalations_total", "URGENT") >= 1
        assert 0 < told("oldest_age_seconds", "URGENT") < 60 and told("escalated", "ROUTINE") == 0
        _answer(field.desk("oj"), asked.confirmation_id, IN_FORCE)
        until(lambda: told("open", "URGENT") == 0)
        assert told("escalated", "URGENT") == told("oldest_age_seconds", "URGENT") == 0
        assert told("open", "ROUTINE") == 1


def test_the_writer_may_die(field: FieldServer, court: Asker) -> None:
    """Killed, it is started again, and what was on disk is there; checks never wait for it."""
    import psutil

    patrol = field.patrol()
    hit = _hits(patrol, field.field.twice_wanted)["O-3"]
    asked = _request(patrol, hit)
    _everybody_sees(field, field.field.twice_wanted, "O-3", REQUESTED)
    children = psutil.Process(field.server.process.pid).children()
    (writer,) = [each for each in children if "server.confirmation.writer_process" in each.cmdline()]
    writer.kill()
    assert _hits(patrol, field.field.twice_wanted)["O-3"].confirmation.confirmation_id
    assert _get(patrol, asked.confirmation_id).confirmation_id == asked.confirmation_id
    assert _answer(court, asked.confirmation_id, IN_FORCE).state == CONFIRMED


def test_nobody_answers_her_own_question(field: FieldServer) -> None:
    """The police's own desk is asked first: an officer of both desks could answer."""
    patrol = field.patrol()
    hit = next(iter(patrol.vehicle(WANTED_PLATE).answer.hits))
    asked = _request(patrol, hit)
    assert asked.desk == "pnc" and asked.kind == alert_pb2.ALERT_KIND_STOLEN_VEHICLE
    herself = field.asker("pnc/desk", SERVICE, nip=patrol.nip, device="desk-1")
    assert _refused(lambda: _answer(herself, asked.confirmation_id, IN_FORCE)).reason == "FORBIDDEN"
    assert _answer(field.desk("pnc"), asked.confirmation_id, IN_FORCE).state == CONFIRMED


def _framed(asker: Asker, request: Any, response: Any, request_id: str) -> Any:
    request.context.CopyFrom(asker.frame(request_id=request_id))
    return asker.ask("ConfirmationService", request, response).confirmation


def test_an_answer_sent_again_does_not_replace_a_newer_one(field: FieldServer) -> None:
    """On either worker: on connections of their own."""
    patrol, desk = field.patrol(), field.desk("oj")
    asked = _request(patrol, _hits(patrol, field.field.twice_wanted)["O-3"])

    def say(reason: int, request_id: str) -> Any:
        asker = field.asker("oj/desk", SERVICE, nip=desk.nip, device=f"device-{desk.nip}")
        request = contract.AnswerConfirmationRequest(confirmation_id=asked.confirmation_id, reason=reason)  # type: ignore[arg-type]
        return _framed(asker, request, contract.AnswerConfirmationResponse, request_id)

    assert say(IN_FORCE, "first").state == CONFIRMED
    assert say(CANCELLED, "second").state == DENIED
    assert say(IN_FORCE, "first").state == DENIED
    assert _get(patrol, asked.confirmation_id).state == DENIED
    assert say(IN_FORCE, "third").state == CONFIRMED


def test_whoever_joins_may_look(field: FieldServer) -> None:
    patrol, other = field.patrol(), field.asker("migracion/border", BORDER)
    hit = _hits(patrol, field.field.twice_wanted)["O-3"]
    asked = _request(patrol, hit)
    assert _refused(lambda: _get(other, asked.confirmation_id)).reason == "CONFIRMATION_NOT_FOUND"
    assert _request(other, hit).confirmation_id == asked.confirmation_id
    assert _get(other, asked.confirmation_id).state == REQUESTED
    _answer(field.desk("oj"), asked.confirmation_id, IN_FORCE)


def test_an_answer_in_effect_is_on_record_though_its_caller_goes_away(field: FieldServer, tmp_path: Path) -> None:
    """Callers who go away at every moment of it."""
    patrol, desk = field.patrol(), field.desk("oj")
    asked = _request(patrol, _hits(patrol, field.field.twice_wanted)["O-3"])
    rpc: Any = desk.channel.unary_unary(
        "/ronda.v1.ConfirmationService/AnswerConfirmation",
        contract.AnswerConfirmationRequest.SerializeToString,
        contract.AnswerConfirmationResponse.FromString,
    )
    _get(desk, asked.confirmation_id)
    for number in range(40):
        request = contract.AnswerConfirmationRequest(confirmation_id=asked.confirmation_id, reason=IN_FORCE)
        request.context.CopyFrom(desk.frame(request_id=f"gone-{number}"))
        call = rpc.future(request, metadata=desk.client.metadata, timeout=40)
        time.sleep(number * 0.0004)  # a moment of the call, not a wait for it
        call.cancel()
    _answer(desk, asked.confirmation_id, IN_FORCE)  # goes the same way behind them
    copied = shutil.copytree(field.data / "confirmations", tmp_path / "copy")
    with contextlib.closing(sqlite3.connect(copied / "confirmations.db")) as base:
        kept = {row[0] for row in base.execute("SELECT request_id FROM answer WHERE request_id LIKE 'gone-%'")}
    recorded = {each.request_id for each in field.records(200) if each.method == ANSWER.number}
    assert kept and kept <= recorded


def test_a_desk_has_its_own_purpose(field: FieldServer) -> None:
    assert _refused(lambda: _pending(field.asker("oj/desk", 1))).reason == "FORBIDDEN"
    assert _refused(lambda: _pending(field.asker("oj/patrol", SERVICE))).reason == "FORBIDDEN"
