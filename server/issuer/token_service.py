"""TokenService as an institution's issuer answers it (proto/ronda/v1/token_service.proto)."""

from __future__ import annotations

import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, NoReturn, cast

import grpc
from google.protobuf.message import DecodeError, Message
from google.protobuf.timestamp_pb2 import Timestamp

from core.errors import AuditUnavailable
from ronda.v1 import error_pb2
from ronda.v1 import token_service_pb2 as contract
from server.audit.issuer_acts import IssuerAct
from server.errors import Refusal, abort, is_our_fault, refusal_of, status_of
from server.issuer import forms, recall_handles
from server.issuer.admission import Admission
from server.issuer.awaiting import Awaited
from server.issuer.callers import Callers
from server.issuer.forms import Kind, field_invalid, need
from server.issuer.metrics import Metrics
from server.issuer.pepper import Pepper
from server.issuer.proving import Claim, Prover, now_ms, subject_hashes
from server.issuer.recall_handles import RecallHandle
from server.issuer.records import Records
from server.issuer.retries import Retries
from server.issuer.sessions import Session, Sessions, boot_clock
from server.issuer.settings import IssuerSettings
from server.issuer.store import Officer, Secret, Store
from server.issuer.tokens import Tokens
from server.logs import ERROR, log
from server.trust.peer import Peer

Work = Callable[[Awaited], Coroutine[Any, Any, Message]]

DAY_MS = 86_400_000
_RECALL_WAITS_MS = 7 * DAY_MS  # that a recall waits for its officer (docs/live.md)
_LONGEST_SESSION = 64  # characters of a handle
_TELEPHONE_RULE = "+ and 8 to 15 digits"
_NIP_RULE = "1 to 32 letters, digits, dots, hyphens or underscores"
_ID_RULE = "16 to 64 letters, digits, dots, hyphens or underscores"


@dataclass(frozen=True)
class _Signed:
    """The common result of both kinds of sign-in."""

    officer: Officer
    token: str
    seconds: int
    handle: str
    session: Session


@dataclass
class Parts:
    """The parts of the service."""

    settings: IssuerSettings
    callers: Callers
    admission: Admission
    prover: Prover
    sessions: Sessions
    tokens: Tokens
    records: Records
    pepper: Callable[[], Pepper]
    metrics: Metrics


class TokenService:
    """The handlers; each is one answer, however often its request comes."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._retries = Retries()

    def methods(self) -> dict[str, Callable[[object, Any], Coroutine[Any, Any, bytes]]]:
        """Handlers of streams on this side, by method: gRPC would wait without end for a unary call's message."""
        return {
            "Exchange": self._handler(contract.ExchangeRequest, self.exchange),
            "Login": self._handler(contract.LoginRequest, self.login),
            "ChangePin": self._handler(contract.ChangePinRequest, self.change_pin),
            "EndSession": self._handler(contract.EndSessionRequest, self.end_session),
        }

    def _handler(
        self, kind: Any, work: Callable[[Any, Peer, float | None], Coroutine[Any, Any, Message]]
    ) -> Callable[[object, Any], Coroutine[Any, Any, bytes]]:
        """The caller first, then the message, then the work."""

        name = kind.DESCRIPTOR.name.removesuffix("Request")
        fields = kind.DESCRIPTOR.fields_by_name
        kinds = [" by session"] * ("session" in fields and name != "EndSession") + [" for recalls"] * (
            "recall" in fields
        )
        for method in (name, *(name + kind for kind in kinds)):
            self._parts.metrics.begin(method)

        async def handle(_requests: object, context: Any) -> bytes:
            peer: Peer | None = None
            method, began = name, boot_clock()
            try:
                peer = self._parts.admission.peer(context)
                with self._parts.admission.place(peer):
                    message = await self._parts.admission.message(context)
                    began = boot_clock()
                    request = _read(kind, message)
                    method = f"{name} by session" if getattr(request, "session", "") and name != "EndSession" else name
                    method = f"{name} for recalls" if getattr(request, "recall", "") else method
                    answer: bytes = (await work(request, peer, context.time_remaining())).SerializeToString()
                self._parts.metrics.ended(method, None, boot_clock() - began)
                return answer
            except Exception as error:
                refusal = self._told(error)
                self._parts.metrics.ended(method, refusal, boot_clock() - began)
                if peer is None:
                    await self._parts.records.refused(IssuerAct.EXCHANGE, None, refusal)
                await _end(context, refusal)

        return handle

    async def exchange(self, request: contract.ExchangeRequest, peer: Peer, seconds: float | None) -> Message:
        """A gateway, for a sender."""

        async def work(awaited: Awaited) -> Message:
            self._parts.callers.allow_gateway(peer)
            telephone = need(forms.TELEPHONE, request.telephone, "telephone", _TELEPHONE_RULE)
            claim = Claim(Kind.PIN, telephone, peer, request.request_id, awaited)
            if request.recall:
                if request.pin or request.session:
                    raise field_invalid("recall", "came together with a PIN or a session")
                return await self._for_recall(claim, request.recall)
            signed = await self._sign_in(claim, request.pin, request.session, "pin")
            recall, recall_ends_ms = self._recall_handle(claim, signed) if request.pin else ("", 0)
            return contract.ExchangeResponse(
                officer_token=signed.token,
                expires_at=_in(signed.seconds),
                session=signed.handle,
                session_expires_at=_in(signed.session.seconds_left),
                officer_reference=signed.officer.reference.hex(),
                pin_expires_at=_at(signed.session.secret_expires_ms),
                recall=recall,
                recall_expires_at=_at(recall_ends_ms) if recall else None,
            )

        act = IssuerAct.EXCHANGE_RENEWED if request.session else IssuerAct.EXCHANGE
        act = IssuerAct.EXCHANGE_RECALL if request.recall else act
        return await self._answer(act, request, request.telephone, peer, work, seconds)

    async def login(self, request: contract.LoginRequest, peer: Peer, seconds: float | None) -> Message:
        """Signs in the officer who uses a device."""

        async def work(awaited: Awaited) -> Message:
            self._parts.callers.allow_device(peer)
            nip = need(forms.NIP, request.nip, "nip", _NIP_RULE)
            claim = Claim(Kind.PASSWORD, nip, peer, request.request_id, awaited)
            signed = await self._sign_in(claim, request.password, request.session, "password")
            return contract.LoginResponse(
                officer_token=signed.token,
                expires_at=_in(signed.seconds),
                session=signed.handle,
                session_expires_at=_in(signed.session.seconds_left),
                officer_reference=signed.officer.reference.hex(),
                password_expires_at=_at(signed.session.secret_expires_ms),
            )

        act = IssuerAct.LOGIN_RENEWED if request.session else IssuerAct.LOGIN
        return await self._answer(act, request, request.nip, peer, work, seconds)

    async def change_pin(self, request: contract.ChangePinRequest, peer: Peer, seconds: float | None) -> Message:
        """A new PIN by a gateway, a new password by a device."""

        async def work(awaited: Awaited) -> Message:
            if request.nip and request.telephone:
                raise field_invalid("nip", "came together with a telephone")
            if peer.is_gateway:
                self._parts.callers.allow_gateway(peer)
                kind, subject = Kind.PIN, need(forms.TELEPHONE, request.telephone, "telephone", _TELEPHONE_RULE)
            else:
                kind, subject = Kind.PASSWORD, need(forms.NIP, request.nip, "nip", _NIP_RULE)
            claim = Claim(kind, subject, peer, request.request_id, awaited)
            return await self._change(claim, request.present, request.wanted)

        asked = request.telephone or request.nip
        return await self._answer(IssuerAct.CHANGE_PIN, request, asked, peer, work, seconds)

    async def end_session(self, request: contract.EndSessionRequest, peer: Peer, _seconds: float | None) -> Message:
        """The officer signed off."""
        _short(request.session)
        if self._parts.sessions.end(request.session):
            await self._parts.records.granted(IssuerAct.END_SESSION, peer, None)
        return contract.EndSessionResponse()

    # ---- what they share ----

    async def _answer(
        self, act: IssuerAct, request: Any, subject: str, peer: Peer, work: Work, seconds: float | None
    ) -> Message:
        """Answers once for each request id, recorded whatever its outcome. seconds: until the caller's deadline."""

        async def once(awaited: Awaited) -> Message:
            try:
                return await work(awaited)
            except Exception as error:
                refusal = self._told(error)
                await self._parts.records.refused(act, peer, refusal, subject, request.request_id)
                raise refusal from None

        need(forms.REQUEST_ID, request.request_id, "request_id", _ID_RULE)
        return await self._retries.once(peer.thumbprint, request.request_id, request, once, seconds)

    def _told(self, error: Exception) -> Refusal:
        if is_our_fault(error) and not isinstance(error, AuditUnavailable):
            log("issuer_failed", level=ERROR, error=error)
        return refusal_of(error)

    async def _sign_in(self, claim: Claim, secret: str, handle: str, field: str) -> _Signed:
        _short(handle)
        if bool(secret) == bool(handle):
            raise field_invalid(field, f"a {field} or a session, one of both")
        return await (self._renew(claim, handle) if handle else self._open(claim, secret, field))

    async def _open(self, claim: Claim, secret: str, field: str) -> _Signed:
        parts, peer = self._parts, claim.caller
        pepper = parts.pepper()
        _possible(claim.kind, secret, field)
        proof = await parts.prover.prove(pepper, claim, secret)
        officer, held = proof.officer, proof.held
        _still_good(held)
        life = parts.settings.sms_session_s if claim.kind is Kind.PIN else parts.settings.shift_session_s
        session = Session(
            officer=officer.id,
            epoch=officer.epoch,
            subject=subject_hashes(pepper, claim.kind, claim.subject)[0],
            thumbprint=peer.thumbprint,
            ends=boot_clock() + life,
            signed_in=int(time.time()),
            secret_expires_ms=held.expires_ms,
        )
        token, seconds = parts.tokens.sign(officer, peer, session)
        act = IssuerAct.EXCHANGE if claim.kind is Kind.PIN else IssuerAct.LOGIN
        await parts.records.granted(act, peer, officer, claim.subject, claim.request_id)
        return _Signed(officer, token, seconds, parts.sessions.open(session), session)

    async def _renew(self, claim: Claim, handle: str) -> _Signed:
        parts, peer = self._parts, claim.caller
        subjects = subject_hashes(parts.pepper(), claim.kind, claim.subject)
        session = parts.sessions.find(handle, subjects, peer.thumbprint)
        if session is None or not session.may_renew():
            raise Refusal(error_pb2.ERROR_REASON_SESSION_OVER)
        officer = await parts.prover.look(lambda store: store.officer(session.officer))
        if officer is None or officer.revoked or officer.epoch != session.epoch:
            parts.sessions.end(handle)
            raise Refusal(error_pb2.ERROR_REASON_SESSION_OVER)
        token, seconds = parts.tokens.sign(officer, peer, session)
        act = IssuerAct.EXCHANGE_RENEWED if claim.kind is Kind.PIN else IssuerAct.LOGIN_RENEWED
        await parts.records.granted(act, peer, officer, claim.subject, claim.request_id)
        return _Signed(officer, token, seconds, handle, session)

    def _recall_handle(self, claim: Claim, signed: _Signed) -> tuple[str, int]:
        """Returns the handle for an exchange by PIN, and its end; ("", 0) if the institution wants none."""
        days = self._parts.settings.sms_recall_days
        if not days:
            return "", 0
        ends_ms = now_ms() + days * DAY_MS + _RECALL_WAITS_MS
        officer = signed.officer
        handle = RecallHandle(officer.id, officer.reference, claim.subject, claim.caller.device, ends_ms)
        return recall_handles.sealed(handle, self._parts.pepper()), ends_ms

    async def _for_recall(self, claim: Claim, text: str) -> Message:
        """Returns a token that opens AlertService alone, while the number is the officer's and they are not revoked."""
        parts, peer, pepper = self._parts, claim.caller, self._parts.pepper()
        if len(text) > recall_handles.LONGEST:
            raise field_invalid("recall", "too long")
        handle = recall_handles.opened(text, claim.subject, peer.device, pepper, now_ms())
        if handle is None or not parts.settings.sms_recall_days:
            raise Refusal(error_pb2.ERROR_REASON_SESSION_OVER)
        hashes = subject_hashes(pepper, claim.kind, claim.subject)
        officer = await parts.prover.look(lambda store: store.by_telephone(hashes))
        if officer is None or officer.revoked or (officer.id, officer.reference) != (handle.officer, handle.reference):
            raise Refusal(error_pb2.ERROR_REASON_SESSION_OVER)
        token, seconds = parts.tokens.sign_for_recall(officer, peer)
        await parts.records.granted(IssuerAct.EXCHANGE_RECALL, peer, officer, claim.subject, claim.request_id)
        return contract.ExchangeResponse(
            officer_token=token, expires_at=_in(seconds), officer_reference=officer.reference.hex()
        )

    async def _change(self, claim: Claim, present: str, wanted: str) -> Message:
        parts = self._parts
        pepper = parts.pepper()
        _possible(claim.kind, present, "present")
        proof = await parts.prover.prove(pepper, claim, present, wanted=wanted)
        officer, held = proof.officer, proof.held
        if proof.is_repeated:
            await parts.records.granted(IssuerAct.CHANGE_PIN, claim.caller, officer, claim.subject, claim.request_id)
            return contract.ChangePinResponse(expires_at=_at(held.expires_ms))
        if held.expires_ms <= now_ms() and held.provisional:
            raise Refusal(error_pb2.ERROR_REASON_PIN_EXPIRED)  # given by a clerk, and not taken up in time
        telephones = (claim.subject,) if claim.kind is Kind.PIN else ()
        weak = forms.weakness(claim.kind, wanted, nip=officer.nip, telephones=telephones)
        if weak or wanted == present:
            raise field_invalid("wanted", weak or "the same as before")
        made = await parts.prover.hash_new(pepper, claim, officer.id, wanted)
        days = parts.settings.pin_days if claim.kind is Kind.PIN else parts.settings.password_days
        expires_ms = now_ms() + days * DAY_MS
        await parts.records.granted(IssuerAct.CHANGE_PIN, claim.caller, officer, claim.subject, claim.request_id)

        def put(store: Store) -> None:
            with store.change():
                store.put_secret(officer.id, claim.kind, made, expires_ms, provisional=False, former=held.hash)
                store.end_sessions(officer.id)

        await parts.prover.change(put)
        parts.sessions.end_of(officer.id)
        return contract.ChangePinResponse(expires_at=_at(expires_ms))

    async def end(self) -> None:
        """Waits for what runs."""
        await self._retries.end()


def _possible(kind: Kind, secret: str, field: str) -> None:
    """Refuses a text that cannot be a PIN or password: it is no attempt. Raises Refusal FIELD_INVALID."""
    if kind is Kind.PIN and not (secret.isascii() and secret.isdigit() and 6 <= len(secret) <= 12):
        raise field_invalid(field, "6 to 12 digits")
    if kind is Kind.PASSWORD and not 1 <= len(secret) <= 128:
        raise field_invalid(field, "8 to 128 characters")


def _read(kind: Any, message: bytes) -> Any:
    try:
        return kind.FromString(message)
    except DecodeError:
        raise Refusal(error_pb2.ERROR_REASON_MESSAGE_MALFORMED) from None


def _short(handle: str) -> None:
    if len(handle) > _LONGEST_SESSION:
        raise field_invalid("session", "too long")


def _still_good(held: Secret) -> None:
    if held.provisional or held.expires_ms <= now_ms():
        raise Refusal(error_pb2.ERROR_REASON_PIN_EXPIRED)


def _in(seconds: float) -> Timestamp:
    return _at(now_ms() + int(seconds * 1000))


def _at(milliseconds: int) -> Timestamp:
    stamp = Timestamp()
    stamp.FromMilliseconds(milliseconds)
    return stamp


async def _end(context: Any, refusal: Refusal) -> NoReturn:
    await abort(cast("grpc.aio.ServicerContext[bytes, bytes]", context), *status_of(refusal))
