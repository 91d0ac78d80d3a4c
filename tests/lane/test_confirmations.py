"""An institution's word on a hit is shown by the lane as by grpcio, also to a caller known to it before."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ronda.v1 import alert_pb2, level_pb2
from ronda.v1 import check_service_pb2 as checks
from ronda.v1 import confirmation_service_pb2 as contract
from tests.kit.field_world import Asker, FieldServer, field_server
from tests.kit.ports import free_port
from tests.lane.came import ask, differences
from tests.lane.laned import CHECK, CHECK_PERSON
from tests.server.running_server import until

REQUESTED, DENIED, CONFIRMED = (
    alert_pb2.CONFIRMATION_STATE_REQUESTED,
    alert_pb2.CONFIRMATION_STATE_DENIED,
    alert_pb2.CONFIRMATION_STATE_CONFIRMED,
)
LEVELS = {REQUESTED: level_pb2.LEVEL_HIT, DENIED: level_pb2.LEVEL_POSSIBLE, CONFIRMED: level_pb2.LEVEL_HIT}


def test_a_hit_that_is_asked_about_denied_and_confirmed(tmp_path: Path) -> None:
    address = f"127.0.0.1:{free_port()}"
    with field_server(tmp_path, lane_listen=address, confirmation_desks='{"*": ["oj"]}') as field:
        patrol, court = field.patrol(), field.desk("oj")
        cui = field.field.wanted
        with field.kit.channel(address.replace("127.0.0.1", "localhost"), patrol.client) as lane:
            before = _shown(patrol, lane, cui)
            (hit,) = before.answer.hits
            assert not hit.HasField("confirmation")
            request = contract.RequestConfirmationRequest(
                record=hit.record,
                subject_id=hit.subject.subject_id,
                urgency=contract.CONFIRMATION_URGENCY_URGENT,
            )
            asked = patrol.ask("ConfirmationService", request, contract.RequestConfirmationResponse).confirmation
            _shows(field, patrol, lane, REQUESTED)
            for reason, state in (
                (contract.CONFIRMATION_REASON_CANCELLED, DENIED),
                (contract.CONFIRMATION_REASON_IN_FORCE, CONFIRMED),
            ):
                said = contract.AnswerConfirmationRequest(confirmation_id=asked.confirmation_id, reason=reason)
                court.ask("ConfirmationService", said, contract.AnswerConfirmationResponse)
                _shows(field, patrol, lane, state)


def _shows(field: FieldServer, patrol: Asker, lane: Any, state: int) -> None:
    def shown() -> bool:  # sent again it is of her allowances once
        (hit,) = _lane_says(patrol, lane, field.field.wanted, f"looks-{state}").answer.hits
        return bool(hit.confirmation.state == state)

    until(shown)
    assert _shown(patrol, lane, field.field.wanted).answer.level == LEVELS[state]  # type: ignore[index]


def _lane_says(patrol: Asker, lane: Any, cui: str, request_id: str = "") -> checks.CheckPersonResponse:
    request = checks.CheckPersonRequest(context=patrol.frame(request_id=request_id), cui=cui)
    rpc = lane.unary_unary(CHECK_PERSON, None, checks.CheckPersonResponse.FromString)
    answer: checks.CheckPersonResponse = rpc(request.SerializeToString(), metadata=patrol.client.metadata, timeout=20)
    return answer


def _shown(patrol: Asker, lane: Any, cui: str) -> checks.CheckPersonResponse:
    """Returns what both say, asked by number and in one box."""
    person = checks.CheckPersonRequest(context=patrol.frame(), cui=cui)
    box = checks.CheckRequest(context=patrol.frame(), query=cui)
    for path, request in ((CHECK_PERSON, person), (CHECK, box)):
        content = request.SerializeToString()
        came = [ask(channel, path, content, patrol.client.metadata) for channel in (patrol.channel, lane)]
        assert differences(came[0], came[1]) == {}
    return _lane_says(patrol, lane, cui)
