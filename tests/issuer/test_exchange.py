"""From a sender's number and PIN to an answer of `ronda serve`, and every way in which that is refused."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import Any

import pytest

from ronda.v1 import check_service_pb2
from ronda.v1 import token_service_pb2 as contract
from server.audit.issuer_acts import IssuerAct
from server.trust.issuing import Issuer, issue, make_ca
from tests.issuer.issuer_kit import GATEWAY, NIP, NUMBER, PIN, RunningIssuer, claims, fresh
from tests.kit.nation_kit import BuiltNation
from tests.server.running_server import call
from tests.trust.conftest import start_trusted
from tests.trust.trust_kit import TrustKit, question

OTHER_NUMBER = "+50255500000"


def test_a_message_becomes_an_answer(small_nation: BuiltNation, tmp_path: Path) -> None:
    """Exchange -> token -> the server answers the gateway in that officer's name, and records both."""
    server = start_trusted(small_nation, tmp_path)
    issuer = RunningIssuer(tmp_path / "issuer", server.kit.directory / "institutions" / "pnc")
    try:
        issuer.enrol()
        answer = issuer.exchange()
        client = server.kit.client(issuer.gateway, answer.officer_token)
        with server.kit.channel(server.address, client) as channel:
            said = call(channel, "CheckService/CheckPerson", question(), metadata=client.metadata)
        assert check_service_pb2.CheckPersonResponse.FromString(said).answer.level
        who = server.newest()[0].identity
        assert (who["nip"], who["device"], who["act"]["device"]) == (NIP, GATEWAY, GATEWAY)
        asked = issuer.records(1)[0]
        assert (asked.method, asked.status, asked.identity["nip"]) == (IssuerAct.EXCHANGE, 0, NIP)
    finally:
        issuer.stop()
        server.server.stop()
        shutil.rmtree(server.data)


def test_the_token_is_the_gateways_alone_and_short(issuer: RunningIssuer) -> None:
    answer = issuer.exchange()
    said = claims(answer.officer_token)
    assert said["cnf"] == {"x5t#S256": issuer.gateway.thumbprint}
    assert said["act"] == {"sub": GATEWAY}
    assert (said["sub"], said["unit"], said["roles"]) == (NIP, "zona-1", ["patrol"])
    assert 0 < said["exp"] - said["iat"] <= 300
    assert answer.session_expires_at.seconds - time.time() <= 600
    assert NIP not in answer.officer_reference
    assert len(answer.officer_reference) == 32


def test_a_session_renews_without_the_pin(issuer: RunningIssuer) -> None:
    first = issuer.exchange()
    again = issuer.exchange(pin="", session=first.session)
    assert again.session == first.session
    assert again.officer_reference == first.officer_reference
    assert claims(again.officer_token)["jti"] != claims(first.officer_token)["jti"]
    assert claims(again.officer_token)["auth_time"] == claims(first.officer_token)["auth_time"]
    assert [each.method for each in issuer.records(2)] == [IssuerAct.EXCHANGE, IssuerAct.EXCHANGE_RENEWED]


def test_a_session_is_worth_nothing_to_others(issuer: RunningIssuer) -> None:
    """It came with another number, from another gateway's certificate of the same name: it was stolen, and is over."""
    session = issuer.exchange().session
    assert issuer.refused(pin="", session=session, telephone=OTHER_NUMBER).reason == "SESSION_OVER"
    assert issuer.exchange(pin="", session=session).officer_token
    another = issuer.institution.gateway("sms")
    assert issuer.refused(another, pin="", session=session).reason == "SESSION_OVER"
    assert issuer.refused(pin="", session=session).reason == "SESSION_OVER"


def test_signing_off_ends_a_session(issuer: RunningIssuer) -> None:
    session = issuer.exchange().session
    issuer.stub(issuer.gateway).EndSession(contract.EndSessionRequest(session=session), timeout=20)
    assert issuer.refused(pin="", session=session).reason == "SESSION_OVER"


def test_a_second_pin_ends_the_first_session(issuer: RunningIssuer) -> None:
    first, second = issuer.exchange().session, issuer.exchange().session
    assert issuer.refused(pin="", session=first).reason == "SESSION_OVER"
    assert issuer.exchange(pin="", session=second).officer_token


def test_wrong_pin_and_unknown_number_look_the_same(issuer: RunningIssuer) -> None:
    wrong, nobody = issuer.refused(pin="918273"), issuer.refused(telephone=OTHER_NUMBER)
    assert (wrong.code, wrong.text, wrong.reason, wrong.metadata) == (
        nobody.code,
        nobody.text,
        nobody.reason,
        nobody.metadata,
    )
    assert wrong.reason == "SIGN_IN_REFUSED"
    issuer.exchange()
    refused = issuer.records(3)[:2]
    assert [(each.status, each.identity) for each in refused] == [(40, {"device": GATEWAY, "institution": "pnc"})] * 2
    assert refused[0].asked != refused[1].asked


def test_a_retry_counts_once_and_a_replay_with_another_pin_is_refused(issuer: RunningIssuer) -> None:
    request_id = fresh()
    first = issuer.exchange(request_id=request_id)
    assert issuer.exchange(request_id=request_id) == first
    broken = issuer.refused(request_id=request_id, pin="918273")
    assert broken.fields == {"request_id": "was used for another question"}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"request_id": "short"}, "request_id"),
        ({"telephone": "55512345"}, "telephone"),
        ({"telephone": "+502 5551 2345"}, "telephone"),
        ({"pin": "12"}, "pin"),
        ({"pin": "７３９１５４"}, "pin"),
        ({"pin": ""}, "pin"),
        ({"session": "x"}, "pin"),
        ({"pin": "", "session": "x" * 65}, "session"),
    ],
)
def test_what_breaks_a_rule_is_named(issuer: RunningIssuer, changes: dict[str, Any], field: str) -> None:
    refused = issuer.refused(**changes)
    assert (refused.reason, list(refused.fields)) == ("FIELD_INVALID", [field])


def test_who_may_not_exchange(issuer: RunningIssuer, kit: TrustKit) -> None:
    """A device, a gateway that is not named, another institution's, one that names itself of the police's domain."""
    assert issuer.refused(issuer.device).reason == "FORBIDDEN"
    assert issuer.refused(issuer.institution.machine("ordenes")).reason == "FORBIDDEN"
    assert issuer.refused(issuer.institution.gateway("night-batch")).reason == "DELEGATION_FORBIDDEN"
    strangers = (kit.issuer("mp").gateway("sms"), issue(make_ca("pnc device CA"), "sms", []))
    for pair in strangers:
        assert issuer.refused(pair).code.name == "UNAVAILABLE"


def test_a_revoked_gateway_gets_nothing(kit: TrustKit, issuer: RunningIssuer) -> None:
    path = issuer.directory / "trust" / "revoked.toml"
    assert issuer.exchange().officer_token
    path.write_text(f'devices = ["{GATEWAY}"]\n', encoding="utf-8")
    assert issuer.refused().reason == "REVOKED"
    path.write_text("", encoding="utf-8")  # lost, the file would go on revoking whom it did
    assert issuer.exchange().officer_token


def test_nothing_that_was_asked_is_in_log_or_database(issuer: RunningIssuer) -> None:
    issuer.refused(pin="918273")
    issuer.exchange()
    files = [each for each in issuer.directory.rglob("*") if each.is_file()]
    held = b"".join(each.read_bytes() for each in files) + issuer.logged().encode()
    for secret in (NUMBER, NUMBER[1:], NUMBER[4:], PIN, "918273"):
        assert secret.encode() not in held


def test_the_issuer_has_no_key_of_the_ca(issuer: RunningIssuer) -> None:
    held = b"".join(each.read_bytes() for each in issuer.directory.rglob("*") if each.is_file())
    assert Issuer(issuer.directory.parent / "institutions" / "pnc").ca.key not in held
