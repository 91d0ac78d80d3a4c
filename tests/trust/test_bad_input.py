"""Every line of "bad input" through a real TLS socket, with a real client: refused with a precise status."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import grpc
import pytest
from cryptography import x509

from ronda.v1 import check_service_pb2, clearance_service_pb2, context_pb2, error_pb2
from server.trust.issuing import Pair, issue, make_ca
from tests.server.running_server import Failure, call, failure
from tests.trust.conftest import TrustedServer
from tests.trust.trust_kit import Client, TrustKit, call_over_tls_1_2, question

CHECK_PERSON = "CheckService/CheckPerson"
STOP = context_pb2.PURPOSE_TRAFFIC_STOP
UNAUTHENTICATED = grpc.StatusCode.UNAUTHENTICATED
DENIED = grpc.StatusCode.PERMISSION_DENIED
INVALID = grpc.StatusCode.INVALID_ARGUMENT
EXHAUSTED = grpc.StatusCode.RESOURCE_EXHAUSTED


BREAK_GLASS, DELEGATED = 2, 128  # LOOK_* of core/access/caller.pxd


@dataclass(frozen=True)
class Row:
    """A line of bad input: who calls, with what, and what they get. `says` is a part of the status text."""

    client: Callable[[TrustKit], Client]
    code: grpc.StatusCode
    reason: str
    says: str = ""
    request: Callable[[], bytes] = question
    method: str = CHECK_PERSON
    rule: str = ""


def _named(kit: TrustKit, common_name: str, *names: x509.GeneralName, ca: Pair | None = None) -> Client:
    """The police's CA signed this certificate, and the token is bound to it."""
    pair = issue(ca or kit.police.ca, common_name, names)
    return kit.client(pair, kit.police.token("10001", "zona-1", ["patrol"], pair.thumbprint))


def _uri(name: str) -> x509.UniformResourceIdentifier:
    return x509.UniformResourceIdentifier(name)


def _forged(kit: TrustKit, header: dict[str, Any], sign: Callable[[bytes], bytes]) -> Client:
    """A token with claims that are all right, and a header and signature that are not."""
    pair = kit.police.device("zona-1", "patrol-1")
    good = kit.police.token("10001", "zona-1", ["patrol"], pair.thumbprint)
    head = base64.urlsafe_b64encode(json.dumps(header).encode()).rstrip(b"=")
    signed = head + b"." + good.split(".")[1].encode()
    signature = base64.urlsafe_b64encode(sign(signed)).rstrip(b"=")
    return kit.client(pair, (signed + b"." + signature).decode())


def _hs256_with_the_public_key(kit: TrustKit) -> Client:
    secret = base64.urlsafe_b64decode(str(kit.police.signing_key.as_dict(private=False)["x"]) + "=")
    header = {"alg": "HS256", "kid": kit.police.signing_key.kid}
    return _forged(kit, header, lambda signed: hmac.digest(secret, signed, hashlib.sha256))


def _another_devices_token(kit: TrustKit) -> Client:
    thief, owner = (kit.police.device("zona-1", name) for name in ("patrol-2", "patrol-1"))
    return kit.client(thief, kit.police.token("10001", "zona-1", ["patrol"], owner.thumbprint))


def _another_institutions_token(kit: TrustKit) -> Client:
    pair = kit.police.device("zona-1", "patrol-1")
    return kit.client(pair, kit.issuer("mp").token("1", "zona-1", ["prosecutor"], pair.thumbprint))


def _signed_by_another(kit: TrustKit) -> Client:
    """The issuer's name is the police's, the key another institution's."""
    pair = kit.police.device("zona-1", "patrol-1")
    token = kit.issuer("mp").token("1", "zona-1", ["patrol"], pair.thumbprint, iss=kit.police.issuer)
    return kit.client(pair, token)


def _gateway(kit: TrustKit, name: str, actor: str | None = None, roles: tuple[str, ...] = ("patrol",)) -> Client:
    pair = kit.police.gateway(name)
    actor = kit.police.spiffe(f"/gateway/{name}") if actor is None else actor
    return kit.client(pair, kit.police.token("10001", "zona-1", list(roles), pair.thumbprint, gateway=actor))


def _ca_of_its_own(kit: TrustKit, *, is_ca: bool = False, may_sign: bool = False) -> Client:
    """A leaf by the police's CA that says it may sign others."""
    names = [_uri("spiffe://pnc.gob.gt/unit/zona-1/device/patrol-1")]
    pair = issue(kit.police.ca, "p", names, is_ca=is_ca, may_sign=may_sign)
    return kit.client(pair, kit.police.token("10001", "zona-1", ["patrol"], pair.thumbprint))


def _now() -> int:
    return int(time.time())


AFTER_THE_HANDSHAKE: dict[str, Row] = {
    "SAN of another institution": Row(
        lambda kit: _named(kit, "patrol-1", _uri("spiffe://mp.gob.gt/unit/zona-1/device/patrol-1")),
        UNAUTHENTICATED,
        "CERTIFICATE_UNKNOWN",
        "no institution answers for this name",
    ),
    "SAN of nobody": Row(
        lambda kit: _named(kit, "patrol-1", _uri("spiffe://nobody.example/unit/zona-1/device/patrol-1")),
        UNAUTHENTICATED,
        "CERTIFICATE_UNKNOWN",
        "no institution answers for this name",
    ),
    "CN trick: the name stands in the CN alone": Row(
        lambda kit: _named(kit, "spiffe://pnc.gob.gt/unit/zona-1/device/p", x509.DNSName("pnc.gob.gt")),
        UNAUTHENTICATED,
        "CERTIFICATE_UNKNOWN",
        "not exactly one SPIFFE name",
    ),
    "CN trick: no SAN at all": Row(
        lambda kit: _named(kit, "spiffe://pnc.gob.gt/unit/zona-1/device/patrol-1"),
        UNAUTHENTICATED,
        "CERTIFICATE_UNKNOWN",
        "no subject alternative name",
    ),
    "two SPIFFE names": Row(
        lambda kit: _named(
            kit, "p", *(_uri(f"spiffe://pnc.gob.gt/unit/{unit}/device/p") for unit in ("zona-1", "zona-2"))
        ),
        UNAUTHENTICATED,
        "CERTIFICATE_UNKNOWN",
        "not exactly one SPIFFE name",
    ),
    "a name that is no device": Row(
        lambda kit: _named(kit, "p", _uri("spiffe://pnc.gob.gt/admin")),
        UNAUTHENTICATED,
        "CERTIFICATE_UNKNOWN",
        "neither of a device",
    ),
    **{
        f"dot segments: {path}": Row(
            lambda kit, path=path: _named(kit, "p", _uri(f"spiffe://pnc.gob.gt{path}")),  # type: ignore[misc]
            UNAUTHENTICATED,
            "CERTIFICATE_UNKNOWN",
            "not exactly one SPIFFE name",
        )
        for path in ("/unit/../device/p", "/unit/zona-1/device/..", "/gateway/.", "/unit/zona-1/device/x/../p")
    },
    "a leaf that is a CA": Row(
        lambda kit: _ca_of_its_own(kit, is_ca=True), UNAUTHENTICATED, "CERTIFICATE_UNKNOWN", "may sign others"
    ),
    "a leaf that may sign certificates": Row(
        lambda kit: _ca_of_its_own(kit, may_sign=True), UNAUTHENTICATED, "CERTIFICATE_UNKNOWN", "may sign others"
    ),
    "a token that ends before it begins": Row(
        lambda kit: kit.patrol(iat=_now() + 20, nbf=None, exp=_now() + 10),
        UNAUTHENTICATED,
        "TOKEN_INVALID",
        rule="lifetime",
    ),
    "break-glass for a blank reason": Row(
        TrustKit.patrol,
        INVALID,
        "FIELD_INVALID",
        "context.reason",
        request=lambda: question(context_pb2.PURPOSE_BREAK_GLASS, reason=" \t\u00a0"),
    ),
    **{
        f"break-glass for a reason of U+{ord(blank):04X}": Row(
            TrustKit.patrol,
            INVALID,
            "FIELD_INVALID",
            "context.reason",
            request=lambda blank=blank: question(context_pb2.PURPOSE_BREAK_GLASS, reason=blank * 2),  # type: ignore[misc]
        )
        for blank in "\u034f\u180e\ufe0f\U000e0020\u115f\u180f\ufff0\U0001d173"
    },
    **{
        f"{field} with U+{ord(steering):04X}": Row(
            TrustKit.patrol,
            INVALID,
            "FIELD_INVALID",
            f"context.{field}: control characters",
            request=lambda field=field, steering=steering: question(**{field: f"a{steering}b"}),  # type: ignore[misc, arg-type]
        )
        for field in ("reason", "case_number", "request_id")
        for steering in "\x1b\x9b\u202e\u2066"
    },
    "no token": Row(lambda kit: kit.client(kit.patrol().pair, ""), UNAUTHENTICATED, "TOKEN_MISSING"),
    "no Bearer token": Row(
        lambda kit: Client(kit.patrol().pair, (("authorization", "Basic b2ZmaWNlcjpvZmZpY2Vy"),)),
        UNAUTHENTICATED,
        "TOKEN_INVALID",
        rule="scheme",
    ),
    "two tokens": Row(
        lambda kit: Client((client := kit.patrol()).pair, (*client.metadata, *client.metadata)),
        UNAUTHENTICATED,
        "TOKEN_INVALID",
        rule="form",
    ),
    "no JWT": Row(lambda kit: kit.client(kit.patrol().pair, "a.b.c"), UNAUTHENTICATED, "TOKEN_INVALID", rule="form"),
    "alg none": Row(
        lambda kit: _forged(kit, {"alg": "none", "kid": kit.police.signing_key.kid}, lambda _signed: b""),
        UNAUTHENTICATED,
        "TOKEN_INVALID",
        "EdDSA",
        rule="algorithm",
    ),
    "HS256 with the public key": Row(
        _hs256_with_the_public_key, UNAUTHENTICATED, "TOKEN_INVALID", "EdDSA", rule="algorithm"
    ),
    "EdDSA without a signature": Row(
        lambda kit: _forged(kit, {"alg": "EdDSA", "kid": kit.police.signing_key.kid}, lambda _signed: b"\0" * 64),
        UNAUTHENTICATED,
        "TOKEN_INVALID",
        rule="signature",
    ),
    "a key of its own, in the header": Row(
        lambda kit: _forged(
            kit,
            {"alg": "EdDSA", "jwk": kit.issuer("mp").signing_key.as_dict(private=False)},
            lambda _signed: b"\0" * 64,
        ),
        UNAUTHENTICATED,
        "TOKEN_INVALID",
        rule="signature",
    ),
    "signed by another institution": Row(_signed_by_another, UNAUTHENTICATED, "TOKEN_INVALID", rule="signature"),
    "an issuer that is not enrolled": Row(
        lambda kit: kit.patrol(iss="https://nobody.example"), UNAUTHENTICATED, "TOKEN_INVALID", rule="issuer"
    ),
    "wrong audience": Row(
        lambda kit: kit.patrol(audience="payroll"), UNAUTHENTICATED, "TOKEN_INVALID", "audience", rule="audience"
    ),
    "token of another device": Row(_another_devices_token, UNAUTHENTICATED, "TOKEN_NOT_BOUND"),
    "token of another institution's officer": Row(
        _another_institutions_token, UNAUTHENTICATED, "TOKEN_INVALID", rule="institution"
    ),
    "token without a binding": Row(lambda kit: kit.patrol(cnf={}), UNAUTHENTICATED, "TOKEN_INVALID", rule="cnf"),
    "expired token": Row(
        lambda kit: kit.patrol(iat=_now() - 500, nbf=_now() - 500, exp=_now() - 60), UNAUTHENTICATED, "TOKEN_EXPIRED"
    ),
    "token not yet valid": Row(lambda kit: kit.patrol(nbf=_now() + 300), UNAUTHENTICATED, "TOKEN_NOT_YET_VALID"),
    "token issued in the future": Row(
        lambda kit: kit.patrol(iat=_now() + 300, nbf=None, exp=_now() + 900), UNAUTHENTICATED, "TOKEN_NOT_YET_VALID"
    ),
    "token for a year": Row(
        lambda kit: kit.patrol(seconds=31_536_000), UNAUTHENTICATED, "TOKEN_INVALID", rule="lifetime"
    ),
    "delegation by a gateway that may not": Row(lambda kit: _gateway(kit, "other"), DENIED, "DELEGATION_FORBIDDEN"),
    "delegation by a gateway in another's name": Row(
        lambda kit: _gateway(kit, "other", kit.police.spiffe("/gateway/sms")), DENIED, "DELEGATION_FORBIDDEN"
    ),
    "a gateway without delegation": Row(lambda kit: _gateway(kit, "sms", ""), DENIED, "DELEGATION_FORBIDDEN"),
    "break-glass through a gateway": Row(
        lambda kit: _gateway(kit, "sms"),
        DENIED,
        "FORBIDDEN",
        request=lambda: question(context_pb2.PURPOSE_BREAK_GLASS, reason="disparos en la zona"),
    ),
    "an investigation through a gateway that a patrol may use": Row(
        lambda kit: _gateway(kit, "sms", roles=("investigator", "patrol")),
        DENIED,
        "FORBIDDEN",
        request=lambda: question(context_pb2.PURPOSE_INVESTIGATION, case_number="C-1"),
    ),
    "delegation by a patrol car": Row(
        lambda kit: kit.patrol(gateway=kit.police.spiffe("/unit/zona-1/device/patrol-1")),
        DENIED,
        "DELEGATION_FORBIDDEN",
    ),
    "unknown purpose": Row(TrustKit.patrol, INVALID, "FIELD_INVALID", "context.purpose", request=lambda: question(77)),
    "no purpose": Row(TrustKit.patrol, DENIED, "FORBIDDEN", request=lambda: question(0)),
    "a purpose of others": Row(
        TrustKit.patrol, DENIED, "FORBIDDEN", request=lambda: question(context_pb2.PURPOSE_INVESTIGATION)
    ),
    "missing case number": Row(
        TrustKit.patrol,
        INVALID,
        "FIELD_INVALID",
        "context.case_number",
        request=lambda: question(context_pb2.PURPOSE_WARRANT_SERVICE),
    ),
    "break-glass without a reason": Row(
        TrustKit.patrol,
        INVALID,
        "FIELD_INVALID",
        "context.reason",
        request=lambda: question(context_pb2.PURPOSE_BREAK_GLASS),
    ),
    "role escalation: a role that the institution does not have": Row(
        lambda kit: kit.patrol(roles=["mp/prosecutor", "prosecutor", "auditor"]), DENIED, "FORBIDDEN"
    ),
    "role escalation: roles in the metadata": Row(
        lambda kit: Client(
            (client := kit.patrol()).pair, (*client.metadata, ("x-roles", "investigator"), ("roles", "investigator"))
        ),
        DENIED,
        "FORBIDDEN",
        request=lambda: question(context_pb2.PURPOSE_INVESTIGATION, case_number="C-1"),
    ),
    "a method that the grant lacks": Row(
        TrustKit.patrol,
        DENIED,
        "FORBIDDEN",
        method="CheckService/SearchVehicles",
        request=lambda: check_service_pb2.SearchVehiclesRequest(
            context=context_pb2.RequestContext(purpose=STOP), plate_pattern="P-1*"
        ).SerializeToString(),
    ),
    "oversized metadata": Row(
        lambda kit: Client((client := kit.patrol()).pair, (*client.metadata, ("x-padding", "x" * 9000))),
        EXHAUSTED,
        "METADATA_TOO_LARGE",
        "8192",
    ),
    "oversized token": Row(
        lambda kit: kit.client(kit.patrol().pair, "x" * 5000), UNAUTHENTICATED, "TOKEN_INVALID", rule="size"
    ),
}


@pytest.mark.parametrize("name", AFTER_THE_HANDSHAKE)
def test_refused_after_the_handshake(trusted: TrustedServer, name: str) -> None:
    row = AFTER_THE_HANDSHAKE[name]
    with trusted.kit.channel(trusted.address, client := row.client(trusted.kit)) as channel:
        failed = failure(channel, row.method, row.request(), metadata=client.metadata)
    assert (failed.code, failed.reason) == (row.code, row.reason), failed.text
    assert row.says in failed.text
    assert failed.metadata.get("rule", "") == row.rule
    record = trusted.newest()[0]
    assert record.status == error_pb2.ErrorReason.Value(f"ERROR_REASON_{row.reason}")
    known = row.reason not in ("CERTIFICATE_UNKNOWN", "TLS_TOO_OLD")
    assert record.identity["device"].startswith("spiffe://pnc.gob.gt/") == known
    # a token that is not believed names nobody
    assert ("nip" in record.identity) == (row.code in (DENIED, INVALID) and row.reason != "DELEGATION_FORBIDDEN")


def test_who_is_in_order_is_answered(trusted: TrustedServer) -> None:
    for client, request in (
        (trusted.kit.patrol(nip="10003"), question()),
        (trusted.kit.patrol(), question(context_pb2.PURPOSE_WARRANT_SERVICE, case_number="C-1-2026")),
        (trusted.kit.patrol(), question(context_pb2.PURPOSE_BREAK_GLASS, reason="disparos en la zona")),
        (_gateway(trusted.kit, "sms"), question()),
    ):
        with trusted.kit.channel(trusted.address, client) as channel:
            assert call(channel, CHECK_PERSON, request, metadata=client.metadata)
    delegated, break_glass, *_ = trusted.newest(4)
    assert delegated.identity["act"] == {"device": "spiffe://pnc.gob.gt/gateway/sms"}
    assert delegated.identity["nip"] == "10001"
    assert (delegated.flags & DELEGATED, break_glass.flags & BREAK_GLASS) == (DELEGATED, BREAK_GLASS)


def test_tls_1_2_is_refused_call_by_call(trusted: TrustedServer) -> None:
    client = trusted.kit.patrol()
    path = "/ronda.v1." + CHECK_PERSON
    seen = call_over_tls_1_2(trusted.address, trusted.kit.directory, client, path, question())
    assert seen["grpc-status"] == str(UNAUTHENTICATED.value[0])
    assert "TLS" in seen["grpc-message"]


def test_a_replay_for_another_question_is_refused(trusted: TrustedServer) -> None:
    client = trusted.kit.patrol(nip="10002")
    with trusted.kit.channel(trusted.address, client) as channel:
        for _ in range(3):  # a retry is no replay
            assert call(channel, CHECK_PERSON, question(request_id="r-1"), metadata=client.metadata)
        other = question(cui="", request_id="r-1")
        failed = failure(channel, CHECK_PERSON, other, metadata=client.metadata)
    assert (failed.code, failed.reason) == (INVALID, "FIELD_INVALID")
    assert list(failed.fields) == ["context.request_id"]


def test_a_clear_stream_needs_the_same(trusted: TrustedServer) -> None:
    client = trusted.kit.patrol()
    first = clearance_service_pb2.ClearRequest(
        context=context_pb2.RequestContext(purpose=context_pb2.PURPOSE_CLEARANCE),
        standard=clearance_service_pb2.CLEARANCE_STANDARD_WANTED,
    ).SerializeToString()
    with trusted.kit.channel(trusted.address, client) as channel, pytest.raises(grpc.RpcError) as caught:
        open_stream: Any = channel.stream_stream("/ronda.v1.ClearanceService/Clear", None, None)
        next(open_stream(iter([first]), timeout=20, metadata=client.metadata))
    failed = Failure(caught.value)
    assert (failed.code, failed.reason) == (DENIED, "FORBIDDEN")


def _strangers(kit: TrustKit) -> dict[str, Client]:
    spiffe = [_uri("spiffe://pnc.gob.gt/unit/zona-1/device/patrol-1")]
    expired = issue(kit.police.ca, "old", spiffe, days=1, starts=datetime.now(UTC) - timedelta(days=3))
    unknown = issue(make_ca("nobody"), "forged", spiffe)
    return {"no certificate": Client(None, ()), "wrong CA": Client(unknown, ()), "expired": Client(expired, ())}


@pytest.mark.parametrize("name", ["no certificate", "wrong CA", "expired"])
def test_refused_in_the_handshake(trusted: TrustedServer, name: str) -> None:
    client = _strangers(trusted.kit)[name]
    with trusted.kit.channel(trusted.address, client) as channel:
        failed = failure(channel, CHECK_PERSON, question(), metadata=client.metadata)
    assert failed.code is grpc.StatusCode.UNAVAILABLE


def test_plaintext_is_no_way_in(trusted: TrustedServer) -> None:
    with grpc.insecure_channel(trusted.server.address) as channel:
        assert failure(channel, CHECK_PERSON, question()).code is grpc.StatusCode.UNAVAILABLE
