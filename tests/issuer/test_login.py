"""Devices: NIP and password, the shift's session, changes of PIN and password, revocation, and what the clerk reads."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import grpc
import pytest

from ronda.v1 import token_service_pb2 as contract
from server.audit.issuer_acts import IssuerAct
from server.issuer.clerk import Refused
from server.issuer.forms import Kind
from server.trust.issuing import Pair
from tests.issuer.issuer_kit import NIP, NUMBER, PASSWORD, PIN, RunningIssuer, at_work, claims, clerk, fresh
from tests.server.running_server import Failure
from tests.trust.trust_kit import TrustKit


def login(issuer: RunningIssuer, pair: Pair | None = None, **changes: Any) -> contract.LoginResponse:
    fields = {"request_id": fresh(), "nip": NIP, "password": PASSWORD} | changes
    answer = issuer.stub(pair or issuer.device).Login(contract.LoginRequest(**fields), timeout=30)
    assert isinstance(answer, contract.LoginResponse)
    return answer


def change(issuer: RunningIssuer, pair: Pair | None = None, **fields: Any) -> contract.ChangePinResponse:
    request = contract.ChangePinRequest(request_id=fresh(), **fields)
    answer = issuer.stub(pair or issuer.device).ChangePin(request, timeout=30)
    assert isinstance(answer, contract.ChangePinResponse)
    return answer


def failure(work: Callable[[], object]) -> Failure:
    with pytest.raises(grpc.RpcError) as caught:
        work()
    return Failure(caught.value)


@pytest.fixture(scope="module")
def known(issuer: RunningIssuer) -> RunningIssuer:
    """Returns an officer with a changed password."""
    with at_work(issuer.directory) as works:
        works.reset(NIP, Kind.PASSWORD, "provisional 1")
    assert failure(lambda: login(issuer, password="provisional 1")).reason == "PIN_EXPIRED"
    change(issuer, nip=NIP, present="provisional 1", wanted=PASSWORD)
    return issuer


def test_a_device_gets_a_token_of_its_own(known: RunningIssuer) -> None:
    answer = login(known)
    said = claims(answer.officer_token)
    assert "act" not in said
    assert said["cnf"] == {"x5t#S256": known.device.thumbprint}
    again = login(known, password="", session=answer.session)
    assert claims(again.officer_token)["auth_time"] == said["auth_time"]
    assert known.records(1)[0].method == IssuerAct.LOGIN_RENEWED
    assert answer.officer_reference == known.exchange().officer_reference


def test_pin_and_password_are_two_things(known: RunningIssuer) -> None:
    """A secret typed on a telephone opens no car; a gateway logs nobody in, and a session is of its own kind."""
    assert failure(lambda: login(known, password=PIN)).reason == "SIGN_IN_REFUSED"
    assert failure(lambda: login(known, known.gateway)).reason == "FORBIDDEN"
    assert failure(lambda: login(known, known.institution.machine("ordenes"))).reason == "FORBIDDEN"
    session = known.exchange().session
    assert failure(lambda: login(known, password="", session=session)).reason == "SESSION_OVER"
    unknown = failure(lambda: login(known, nip="99999"))
    wrong = failure(lambda: login(known, password="otra clave larga"))
    assert (unknown.code, unknown.text, unknown.reason) == (wrong.code, wrong.text, wrong.reason)


@pytest.mark.parametrize(
    ("wanted", "rule"),
    [
        ("12", "6 to 12 digits"),
        ("111111", "too easy to guess: one pattern"),
        ("123456", "too easy to guess: one pattern"),
        ("987654", "too easy to guess: one pattern"),
        ("482482", "too easy to guess: one pattern"),
        ("512345", "too easy to guess: of the NIP or number"),
        ("910001", "too easy to guess: of the NIP or number"),
        (PIN, "the same as before"),
    ],
)
def test_a_weak_pin_is_refused_after_the_right_one(known: RunningIssuer, wanted: str, rule: str) -> None:
    refused = failure(lambda: change(known, known.gateway, telephone=NUMBER, present=PIN, wanted=wanted))
    assert refused.fields == {"wanted": rule}


def test_a_change_needs_the_present_one_and_ends_sessions(known: RunningIssuer) -> None:
    session = login(known).session
    wrong = failure(lambda: change(known, nip=NIP, present="otra clave larga", wanted="una clave nueva"))
    assert wrong.reason == "SIGN_IN_REFUSED"
    change(known, nip=NIP, present=PASSWORD, wanted="una clave nueva")
    assert failure(lambda: login(known, password="", session=session)).reason == "SESSION_OVER"
    assert failure(lambda: login(known)).reason == "SIGN_IN_REFUSED"
    change(known, nip=NIP, present="una clave nueva", wanted=PASSWORD)
    assert login(known).officer_token


def test_a_revoked_officer_looks_like_a_wrong_pin(known: RunningIssuer) -> None:
    session = known.exchange().session
    with at_work(known.directory) as works:
        works.revoke(NIP)
    assert known.refused().reason == "SIGN_IN_REFUSED"
    assert known.refused(pin="", session=session).reason == "SESSION_OVER"
    with at_work(known.directory) as works:
        with pytest.raises(Refused, match="revoked"):
            works.enrol(NIP, "zona-1", ["patrol"], reinstate=False)
        works.enrol(NIP, "zona-1", ["patrol"], reinstate=True)
        works.unlock(NIP)
    assert known.exchange().officer_token


def test_an_officer_whom_the_file_names_is_revoked(known: RunningIssuer) -> None:
    """A server does the same: writing an officer into the trust directory's file makes the officer believed."""
    path = known.directory / "trust" / "revoked.toml"
    session = known.exchange().session
    path.write_text(f'officers = ["pnc/{NIP}"]\n', encoding="utf-8")
    try:
        assert known.refused().reason == "SIGN_IN_REFUSED"
        assert known.refused(pin="", session=session).reason == "SESSION_OVER"
        assert failure(lambda: login(known)).reason == "SIGN_IN_REFUSED"
    finally:
        path.write_text("", encoding="utf-8")  # lost, the file would go on revoking whom it did
    assert known.exchange().officer_token


def test_the_clerk_reads_states_and_no_secret(known: RunningIssuer) -> None:
    """A mistyped value is named without being shown."""
    listed = clerk(known.directory, "list", "--json").stdout
    (officer,) = json.loads(listed)
    assert (officer["nip"], officer["numbered"], officer["revoked"], officer["locked"]) == (NIP, True, False, False)
    assert NUMBER[1:] not in listed
    said = clerk(known.directory, "set-number", "--nip", NIP, typed="5551 2345", expect=2)
    assert "5551" not in said.stdout + said.stderr
    said = clerk(known.directory, "reset-pin", "--nip", NIP, typed="123456", expect=2)
    assert "demasiado fácil" in said.stderr
    assert "123456" not in said.stdout + said.stderr
    assert "no está inscrito" in clerk(known.directory, "unlock", "--nip", "77777", expect=2).stderr
    with at_work(known.directory) as works:
        works.revoke(NIP)
        works.enrol(NIP, "zona-1", ["patrol"], reinstate=True)
    acts = {each.method for each in known.records(60)}
    assert acts >= {IssuerAct.RESET_PIN, IssuerAct.REVOKE_OFFICER, IssuerAct.ENROL_OFFICER, IssuerAct.SET_NUMBER}


def test_a_number_has_one_bearer(known: RunningIssuer) -> None:
    session = known.exchange().session
    with at_work(known.directory) as works:
        works.enrol("20002", "zona-2", ["patrol"], reinstate=False)
        works.set_number("20002", NUMBER)
    assert known.refused(pin="", session=session).reason == "SESSION_OVER"
    assert known.refused().reason == "SIGN_IN_REFUSED"
    with at_work(known.directory) as works:
        works.set_number(NIP, NUMBER)
    assert known.exchange().officer_token


def test_strangers_at_a_device_slow_it_and_lock_nobody(kit: TrustKit) -> None:
    """A console is one device for whoever reaches its page: NIPs of nobody must not shut it."""
    running = RunningIssuer(
        kit.directory / "slowed", kit.directory / "institutions" / "pnc", device_failures=5, refusal_step_ms=10
    )
    try:
        running.enrol()
        with at_work(running.directory) as works:
            works.reset(NIP, Kind.PASSWORD, "provisional 1")
        change(running, nip=NIP, present="provisional 1", wanted=PASSWORD)
        said = {failure(lambda: login(running, nip=f"98{number:03}")).reason for number in range(8)}  # noqa: B023
        assert said == {"SIGN_IN_REFUSED"}
        assert login(running).officer_token
    finally:
        running.stop()
