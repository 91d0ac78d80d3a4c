"""Finds the Caller of a call: certificate and token checked once, policy asked once a purpose, then looked up.

Entries are found by the whole certificate and the whole token, never by address or connection: addresses are used
again. All entries are dropped when the trust directory changes, and the Callers handed out are retired, so that a
revocation also reaches a live stream.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

import grpc

from core.access.caller import Caller
from core.access.grant import Grant
from core.access.limits import Limits
from core.audit.reader import Flag
from ronda.v1 import context_pb2, error_pb2
from server.errors import Refusal
from server.metrics import counts as call_metrics
from server.trust.allowances import PersonBounds
from server.trust.directory import TrustKeeper
from server.trust.machine import MachineAlone, machine_alone
from server.trust.officer_token import Officer, TokenRules, read_token
from server.trust.peer import Peer, Peers, check_tls
from server.trust.policy import Decision, Policy, Principal
from server.trust.policy_model import METHOD_BITS, RECALL_METHODS
from server.trust.snapshot import Trust

Context = grpc.aio.ServicerContext[bytes, bytes]
Auth = Mapping[str, Iterable[bytes]]
OnAdmitted = Callable[[str, int], None]  # the other end as gRPC writes it, Caller.device_key (0: every device is one)
OnRefused = Callable[[str, str], None]  # the other end, the device that its certificate names ("": none)

# LOOK_* of core/access/caller.pxd

_KEPT = 16_384  # callers of one worker: more are forgotten, oldest first, and admitted again
FIELD_BYTES = 32  # that each field of metadata counts beside its name and value (RFC 9113, section 6.5.2)
_RECALL = sum(1 << METHOD_BITS[name] for name in RECALL_METHODS)
_LIMIT_NAMES = ("officer", "officer_day", "device", "rows", "neighbours", "repeats", "misses", "subjects")


@dataclass(frozen=True)
class UsualBounds:
    """The settings for every caller. break_glass_ms: how long after sign-in break-glass may be used."""

    break_glass_ms: int
    persons: PersonBounds


DEVELOPMENT_IDENTITY = json.dumps({"development": True, "device": "loopback", "nip": "development"}).encode()


class Presented(Protocol):
    """The caller's credentials in a call, over grpcio (Context) or the express lane (server/lane/parked_call.py)."""

    def peer(self) -> str:
        """The other end, as gRPC writes it."""

    def auth_context(self) -> Auth:
        """Returns properties by gRPC's names: transport_security_type, ssl_tls_version, x509_pem_cert."""

    def invocation_metadata(self) -> Iterable[tuple[str, str | bytes]] | None:
        """The call's own, names in lower case."""


class Callers(Protocol):
    """Identifies the callers."""

    def of(self, context: Presented) -> Caller:
        """The caller of a call. Raises Refusal; its `identity` says who it seems to be."""

    def knows(self, authorization: str) -> bool:
        """Returns whether a caller was admitted with this header; the header alone proves nothing."""

    def decide(self, context: Presented, purpose: int) -> Caller:
        """The caller with its purpose decided, after GrantNeeded. Raises Refusal."""

    def turned_away(self, context: Presented) -> None:
        """Counts a call that was refused before its caller was identified, as `of` counts its refusals."""


class DevelopmentCallers:
    """Loopback without TLS: one built-in caller that may do everything."""

    def __init__(self, on_admitted: OnAdmitted) -> None:
        self._caller = Caller.of_development(DEVELOPMENT_IDENTITY)
        self._on_admitted = on_admitted

    def of(self, context: Presented) -> Caller:
        self._on_admitted(context.peer(), 0)
        return self._caller

    def knows(self, _authorization: str) -> bool:
        return True

    def decide(self, _context: Presented, _purpose: int) -> Caller:
        return self._caller

    def turned_away(self, _context: Presented) -> None:
        pass


class Admitted:
    """A Caller and the facts for policy. recall_only: of the officer's methods only those of recall are given."""

    __slots__ = ("caller", "principal", "recall_only", "signed_in_ms")

    def __init__(self, caller: Caller, principal: Principal, signed_in_ms: int, *, recall_only: bool) -> None:
        self.caller = caller
        self.principal = principal
        self.signed_in_ms = signed_in_ms
        self.recall_only = recall_only

    def decide(self, policy: Policy, purpose: int, usual: UsualBounds) -> None:
        """Asks policy about a purpose, once."""
        if self.caller.decided(purpose):
            return
        decision = policy.decide(self.principal, purpose)
        if decision is None:
            self.caller.deny(purpose)
        else:
            methods = decision.methods & _RECALL if self.recall_only else decision.methods
            _give(self.caller, purpose, decision, methods, usual, self.signed_in_ms)


class GatewayAlone:
    """A gateway by its certificate, without an officer: it may only hear which officers have a waiting recall."""

    def __init__(self, caller: Caller, gateway: tuple[str, str]) -> None:
        """gateway: SPIFFE name, institution."""
        self.caller = caller
        self._gateway = gateway

    def decide(self, policy: Policy, purpose: int, _usual: UsualBounds) -> None:
        """Asks policy about a purpose, once."""
        if self.caller.decided(purpose):
            return
        if methods := policy.hears(self._gateway, purpose):
            self.caller.give(purpose, Grant({}), methods=methods)
        else:
            self.caller.deny(purpose)


AnyCaller = Admitted | GatewayAlone | MachineAlone


def gateway_alone(peer: Peer, trust: Trust) -> GatewayAlone | None:
    """The caller that a gateway is without a token; None: policy lets it hear nothing. Raises Refusal."""
    trust.revocations.check_peer(peer)
    gateway = peer.device, peer.institution.id
    if not peer.is_gateway or not trust.policy.hears_at_all(gateway):
        return None
    caller = Caller(device_identity(peer), device=peer.device.encode(), expires_ms=peer.not_after_ms)
    return GatewayAlone(caller, gateway)


def admit(peer: Peer, authorization: str, trust: Trust, rules: TokenRules, limits: Limits | None) -> Admitted:
    """The caller that a device and an `authorization` header make, by this state of trust. Raises Refusal."""
    trust.revocations.check_peer(peer)
    officer = read_token(authorization, trust.institutions, rules, time.time_ns() // 1_000_000)
    principal = _principal(officer, peer, trust)
    trust.revocations.check_officer(officer)
    flags = (Flag.OFF_UNIT if principal.off_unit else 0) | (Flag.DELEGATED if principal.delegated else 0)
    caller = Caller(
        identity_of(peer, officer),
        device=peer.device.encode(),
        officer=f"{officer.institution.id}/{officer.nip}".encode(),
        unit=f"{officer.institution.id}/{officer.unit}".encode(),
        expires_ms=min(officer.expires_ms, peer.not_after_ms),
        flags=flags,
        limits=limits,
    )
    return Admitted(caller, principal, officer.signed_in_ms, recall_only=officer.recall_only)


class CertifiedCallers:
    """mTLS and officer tokens, as the trust directory has them."""

    def __init__(
        self,
        keeper: TrustKeeper,
        rules: TokenRules,
        limits: Limits | None,
        on_admitted: OnAdmitted,
        on_refused: OnRefused,
        *,
        usual: UsualBounds,
        max_metadata_bytes: int,
    ) -> None:
        self._keeper = keeper
        self._rules = rules
        self._limits = limits
        self._on_admitted = on_admitted
        self._on_refused = on_refused
        self._usual = usual
        self._max_metadata = max_metadata_bytes
        self._known: dict[tuple[bytes, bytes, str], AnyCaller] = {}
        self._tokens: set[str] = set()  # of `_known`
        self._peers = Peers(keeper.trust.institutions)

    def forget(self) -> None:
        """Forgets all callers after a change of the trust directory: they are admitted anew."""
        known, self._known = self._known, {}
        self._tokens.clear()
        for admitted in known.values():
            admitted.caller.retire()

    def stands(self, certificate: bytes) -> bool:
        """Returns whether a device is enrolled by this certificate (PEM), and is not revoked."""
        try:
            self._keeper.trust.revocations.check_peer(self._peer(certificate))
        except Refusal:
            return False
        return True

    def of(self, context: Presented) -> Caller:
        return self._admitted(context).caller

    def knows(self, authorization: str) -> bool:
        return authorization in self._tokens

    def decide(self, context: Presented, purpose: int) -> Caller:
        admitted = self._admitted(context)
        admitted.decide(self._keeper.trust.policy, purpose, self._usual)
        return admitted.caller

    def turned_away(self, context: Presented) -> None:
        auth: Auth = context.auth_context()
        device = ""
        with suppress(Refusal):
            device = self._peer(_certificate(auth)).device
        self._on_refused(context.peer(), device)

    def too_much_metadata(self, context: Presented) -> Refusal:
        """Returns the refusal for a call with too much metadata; its `identity` names the connection's owner."""
        auth: Auth = context.auth_context()
        return self._refused(context, auth, _certificate(auth), metadata_too_large(self._max_metadata))

    def _admitted(self, context: Presented) -> AnyCaller:
        auth: Auth = context.auth_context()
        shown: list[str] = []
        size = 0
        for key, value in context.invocation_metadata() or ():
            size += len(key) + len(value) + FIELD_BYTES
            if key == "authorization":
                shown.append(value if isinstance(value, str) else value.decode("latin-1"))
        token = ",".join(shown)  # two are none, an empty one among them
        certificate = _certificate(auth)
        version = next(iter(auth.get("ssl_tls_version", ())), b"")
        if size > self._max_metadata:
            raise self.too_much_metadata(context)
        key_of_caller = (certificate, version, token)
        admitted = self._known.get(key_of_caller)
        if admitted is None:
            admitted = self._admit(context, auth, certificate, token)
            if len(self._known) >= _KEPT:
                oldest = next(iter(self._known))
                self._known.pop(oldest).caller.retire()  # `forget` would not reach the holders of the caller
                self._tokens.discard(oldest[2])  # another certificate's own: read again, no more
            self._known[key_of_caller] = admitted
            if token:  # a caller without one is known by nothing before the admission
                self._tokens.add(token)
        elif time.time_ns() // 1_000_000 >= admitted.caller.expires_ms:
            self._tokens.discard(token)
            raise self._refused(context, auth, certificate, Refusal(error_pb2.ERROR_REASON_TOKEN_EXPIRED))
        self._on_admitted(context.peer(), admitted.caller.device_key)
        return admitted

    def _admit(self, context: Presented, auth: Auth, certificate: bytes, token: str) -> AnyCaller:
        try:
            check_tls(auth)
            peer, trust = self._peer(certificate), self._keeper.trust
            if peer.is_machine:
                return machine_alone(peer, token, trust.revocations, device_identity(peer))
            alone = gateway_alone(peer, trust) if not token else None
            return alone or admit(peer, token, trust, self._rules, self._limits)
        except Refusal as refusal:
            raise self._refused(context, auth, certificate, refusal) from None

    def _peer(self, certificate: bytes) -> Peer:
        """Returns the peer. Raises Refusal. A peer refused thousands of times costs one check of a signature."""
        institutions = self._keeper.trust.institutions
        if self._peers.institutions is not institutions:
            self._peers = Peers(institutions)
        return self._peers.of(certificate)

    def _refused(self, context: Presented, auth: Auth, certificate: bytes, refusal: Refusal) -> Refusal:
        """`refusal`, with what the certificate proves about who asked: the token is not believed."""
        call_metrics.NOT_ADMITTED.labels(str(refusal)).inc()
        device = ""
        try:
            check_tls(auth)
            peer = self._peer(certificate)
            device = peer.device
            refusal.identity = device_identity(peer)
        except Refusal:
            refusal.identity = _encoded({"device": ""})
        self._on_refused(context.peer(), device)
        return refusal


def _certificate(auth: Auth) -> bytes:
    return next(iter(auth.get("x509_pem_cert", ())), b"")


def _principal(officer: Officer, peer: Peer, trust: Trust) -> Principal:
    """Binds the token to the device, or to the gateway that policy lets ask. Raises Refusal."""
    if officer.thumbprint != peer.thumbprint:
        raise Refusal(error_pb2.ERROR_REASON_TOKEN_NOT_BOUND)
    off_unit = bool(peer.unit) and (peer.unit, peer.institution.id) != (officer.unit, officer.institution.id)
    gateway = (peer.device, peer.institution.id) if officer.actor or peer.is_gateway else None
    delegated = bool(officer.actor)
    principal = Principal(officer.institution.id, officer.roles, officer.unit, off_unit, delegated, gateway)
    if gateway is not None and (officer.actor != peer.device or not trust.policy.may_delegate(principal)):
        raise Refusal(error_pb2.ERROR_REASON_DELEGATION_FORBIDDEN)
    if gateway is None and peer.institution.id != officer.institution.id:
        rule = "the officer's institution is not the device's"
        raise Refusal(error_pb2.ERROR_REASON_TOKEN_INVALID, rule=rule, metadata={"rule": "institution"})
    return principal


def identity_of(peer: Peer, officer: Officer) -> bytes:
    """Returns the caller's identity for the audit record: equal bytes for equal officer and device
    (docs/audit-format.md)."""
    who: dict[str, object] = {
        "device": peer.device,
        "institution": officer.institution.id,
        "nip": officer.nip,
        "roles": list(officer.roles),
        "unit": officer.unit,
    }
    if peer.unit:
        who["device_unit"] = peer.unit
    if officer.actor:
        who["act"] = {"device": officer.actor}
    return _encoded(who)


def device_identity(peer: Peer) -> bytes:
    """Returns the caller's identity as the certificate proves it; for calls with a token that is not believed."""
    return _encoded({"device": peer.device, "institution": peer.institution.id})


def _encoded(who: dict[str, object]) -> bytes:
    return json.dumps(who, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def _give(
    caller: Caller, purpose: int, decision: Decision, methods: int, usual: UsualBounds, signed_in_ms: int
) -> None:
    allowance = decision.allowance
    break_glass_ends_ms = signed_in_ms + usual.break_glass_ms
    break_glass = purpose == context_pb2.PURPOSE_BREAK_GLASS
    limits = {name: allowance.limit(name) for name in _LIMIT_NAMES}
    caller.give(
        purpose,
        Grant(decision.masks, masks_lists=not decision.lists_whole),
        methods=methods,
        needs_case=decision.needs_case,
        needs_reason=break_glass,
        break_glass=break_glass,
        # Break-glass needs a fresh sign-in and ends soon after it, on every worker at the same moment.
        expires_ms=min(caller.expires_ms, break_glass_ends_ms) if break_glass else None,
        hours=allowance.hour_mask,
        hours_refused="hours" in allowance.refuse,
        repeats_refused="repeats" in allowance.refuse,
        neighbours_refused="neighbours" in allowance.refuse,
        misses_refused="misses" in allowance.refuse,
        subjects_refused="subjects" in allowance.refuse,
        persons=allowance.persons_shown(usual.persons),
        **limits,
    )


def metadata_too_large(limit: int) -> Refusal:
    """METADATA_TOO_LARGE, with the limit in bytes."""
    return Refusal(
        error_pb2.ERROR_REASON_METADATA_TOO_LARGE,
        rule=f"the metadata of a call may have at most {limit} bytes",
        metadata={"limit_bytes": str(limit)},
    )
