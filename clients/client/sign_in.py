"""An officer's sign-in at their institution's issuer (`TokenService.Login`): a token for this device, and its renewal.

`OfficerSignIn.token` is the `token` of an Identity: it renews by the session, without the password, which is kept
nowhere. The session is in this process alone.
"""

from __future__ import annotations

import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grpc

from clients.client.connection import CHANNEL_OPTIONS
from clients.client.failures import OutcomeUnknown, failure_of
from clients.client.identity import Token
from clients.client.repeating import may_be_done, pause_before_repeating
from clients.client.whole_file import read_whole
from ronda.v1 import token_service_pb2 as contract
from ronda.v1.token_service_pb2_grpc import TokenServiceStub

if TYPE_CHECKING:
    from types import TracebackType

ISSUER_CA = "issuer-ca.pem"  # beside the device's certificate
_DEADLINE_SECONDS = 10.0  # a hash waits for its turn
_SETTLED_SECONDS = 20.0  # in which another attempt begins


class OfficerSignIn:
    """One officer at one device. Safe from several threads; close it, or use it in `with`."""

    def __init__(self, target: str, prefix: Path) -> None:
        """prefix: <prefix>.pem and .key of the device, with issuer-ca.pem beside them. Raises OSError."""
        key, certificate = read_whole(Path(f"{prefix}.key")), read_whole(Path(f"{prefix}.pem"))
        credentials = grpc.ssl_channel_credentials(read_whole(prefix.with_name(ISSUER_CA)), key, certificate)
        self._channel = grpc.secure_channel(target, credentials, CHANNEL_OPTIONS)
        self._tokens = TokenServiceStub(self._channel)  # type: ignore[no-untyped-call]
        self._nip = ""
        self._session = ""

    def login(self, nip: str, password: str) -> Token:
        """Opens the session. Raises CallFailure: SIGN_IN_REFUSED, PIN_EXPIRED, LIMIT_EXCEEDED..."""
        given = self._ask(contract.LoginRequest(request_id=uuid.uuid4().hex, nip=nip, password=password))
        self._nip = nip
        return given

    def token(self) -> Token:
        """Returns another token of the session. Raises CallFailure: SESSION_OVER."""
        return self._ask(contract.LoginRequest(request_id=uuid.uuid4().hex, nip=self._nip, session=self._session))

    def change_password(self, nip: str, present: str, wanted: str) -> None:
        """Ends the officer's sessions. Raises CallFailure: FIELD_INVALID for a new one that breaks a rule,
        OutcomeUnknown where no answer came.
        """
        request = contract.ChangePinRequest(request_id=uuid.uuid4().hex, nip=nip, present=present, wanted=wanted)
        self._settled(self._tokens.ChangePin, request)
        self._session = ""

    def _settled(self, method: Any, request: Any) -> Any:
        """Returns the issuer's answer; the same bytes go again while there is none, and count once. Raises CallFailure.

        OutcomeUnknown where one attempt may have been carried out. An issuer that nobody reaches is tried twice.
        """
        began, attempt, is_unknown = time.monotonic(), 0, False
        while True:
            attempt += 1
            try:
                return method(request, timeout=_DEADLINE_SECONDS)
            except grpc.RpcError as error:
                failure = failure_of(error, request)
            is_unknown = is_unknown or may_be_done(failure)
            pause = pause_before_repeating(failure, attempt)
            is_over = time.monotonic() - began + (pause or 0.0) > _SETTLED_SECONDS
            if pause is None or is_over or (failure.status == "UNAVAILABLE" and attempt > 1):
                break
            time.sleep(pause)
        if pause is not None and is_unknown and isinstance(request, contract.ChangePinRequest):
            raise OutcomeUnknown(failure.status, failure.message, failure.reason)
        raise failure

    def end(self) -> None:
        """Signs off; a session that is over already is none. Raises CallFailure."""
        session, self._session = self._session, ""
        if session:
            request = contract.EndSessionRequest(session=session)
            try:
                self._tokens.EndSession(request, timeout=_DEADLINE_SECONDS)
            except grpc.RpcError as error:
                raise failure_of(error, request) from None

    def _ask(self, request: contract.LoginRequest) -> Token:
        given = self._settled(self._tokens.Login, request)
        self._session = given.session
        return Token(given.officer_token, given.expires_at.ToMicroseconds() / 1e6)

    def close(self) -> None:
        """Closes the connection; the session stays until its end."""
        self._channel.close()

    def __enter__(self) -> OfficerSignIn:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
