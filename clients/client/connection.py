"""A connection to a Ronda server: channel settings that every client should share, and call errors made readable.

Retries are gRPC's own (service config): UNAVAILABLE, which a server sends while it drains or has no generation, and
CANCELLED, which calls get that a stopping worker holds but has not answered (a call that the client itself cancels is
not tried again). Every method reads only, and a question never counts twice because every request carries a
request_id. A clearance stream is not tried again: its batches are the caller's to send again.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import grpc
from google.protobuf.timestamp_pb2 import Timestamp
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from ronda.v1 import context_pb2
from ronda.v1.check_service_pb2_grpc import CheckServiceStub
from ronda.v1.clearance_service_pb2_grpc import ClearanceServiceStub
from ronda.v1.register_service_pb2_grpc import RegisterServiceStub

if TYPE_CHECKING:
    from types import TracebackType

DEFAULT_SERVER = "127.0.0.1:50051"
DEFAULT_DEADLINE_SECONDS = 5.0

RETRY_ATTEMPTS = 4  # in all
RETRY_BACKOFF_SECONDS = (0.1, 1.0)  # first, most; twice as long each time
RETRIED_STATUSES = ("UNAVAILABLE", "CANCELLED")

# A connection that was refused is tried again while a call's attempts last: gRPC's own second, soon two minutes, is
# longer than all four of them, so each would fail without anybody having been asked.
_RECONNECT = [("grpc.initial_reconnect_backoff_ms", 100), ("grpc.max_reconnect_backoff_ms", 2000)]

_SERVICE_CONFIG = json.dumps(
    {
        "methodConfig": [
            {
                "name": [{"service": "ronda.v1.CheckService"}, {"service": "ronda.v1.RegisterService"}],
                "retryPolicy": {
                    "maxAttempts": RETRY_ATTEMPTS,
                    "initialBackoff": f"{RETRY_BACKOFF_SECONDS[0]}s",
                    "maxBackoff": f"{RETRY_BACKOFF_SECONDS[1]}s",
                    "backoffMultiplier": 2,
                    "retryableStatusCodes": RETRIED_STATUSES,
                },
            }
        ]
    }
)


@dataclass(frozen=True)
class FieldViolation:
    """One field that breaks a rule, as the server names them."""

    field: str
    rule: str


@dataclass(frozen=True)
class CallFailure(Exception):
    """A call that got no answer.

    status: gRPC status name, for example "INVALID_ARGUMENT".
    reason: ErrorReason name without prefix, "" where the server sent none.
    retry_after_seconds: None where the server named no time.
    """

    status: str
    message: str
    reason: str = ""
    violations: tuple[FieldViolation, ...] = ()
    retry_after_seconds: float | None = None
    metadata: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.status} {self.reason}: {self.message}"


def read_failure(error: grpc.RpcError) -> CallFailure:
    """Turns a gRPC error with google.rpc details into a CallFailure."""
    if not isinstance(error, grpc.Call):
        return CallFailure(status="UNKNOWN", message=str(error))
    reason = ""
    violations: list[FieldViolation] = []
    retry_after: float | None = None
    metadata: dict[str, str] = {}
    try:
        status = rpc_status.from_call(error)
    except ValueError:  # the details do not belong to the status: show the plain status
        status = None
    for detail in status.details if status else ():
        if detail.Is(error_details_pb2.ErrorInfo.DESCRIPTOR):
            info = error_details_pb2.ErrorInfo()
            detail.Unpack(info)
            reason, metadata = info.reason, dict(info.metadata)
        elif detail.Is(error_details_pb2.BadRequest.DESCRIPTOR):
            bad = error_details_pb2.BadRequest()
            detail.Unpack(bad)
            violations += [FieldViolation(v.field, v.description) for v in bad.field_violations]
        elif detail.Is(error_details_pb2.RetryInfo.DESCRIPTOR):
            retry = error_details_pb2.RetryInfo()
            detail.Unpack(retry)
            retry_after = retry.retry_delay.ToTimedelta().total_seconds()
    return CallFailure(
        status=error.code().name,
        message=error.details() or "",
        reason=reason,
        violations=tuple(violations),
        retry_after_seconds=retry_after,
        metadata=metadata,
    )


def request_context(
    purpose: int = context_pb2.PURPOSE_UNSPECIFIED, case_number: str = "", reason: str = ""
) -> context_pb2.RequestContext:
    """A context with a new request_id and the time of asking."""
    asked_at = Timestamp()
    asked_at.GetCurrentTime()
    return context_pb2.RequestContext(
        purpose=purpose,  # type: ignore[arg-type]
        case_number=case_number,
        reason=reason,
        request_id=str(uuid.uuid4()),
        asked_at=asked_at,
    )


@dataclass(frozen=True)
class Identity:
    """What a client shows: its certificate and key, and the file that holds its officer's token of the moment.

    The token is read for each call, so whoever renews it need not tell us.
    """

    server_ca: Path
    certificate: Path
    key: Path
    token: Path

    @classmethod
    def beside(cls, prefix: Path) -> Identity:
        """<prefix>.pem, .key and .token, and server-ca.pem in the same directory: as `ronda keys dev-ca` lays them."""
        return cls(prefix.with_name("server-ca.pem"), *(Path(f"{prefix}{end}") for end in (".pem", ".key", ".token")))

    def credentials(self) -> grpc.ChannelCredentials:
        """TLS with the client certificate, and the token with each call. Raises OSError."""
        tls = grpc.ssl_channel_credentials(
            self.server_ca.read_bytes(), self.key.read_bytes(), self.certificate.read_bytes()
        )
        return grpc.composite_channel_credentials(tls, grpc.metadata_call_credentials(_Authorization(self.token)))


class _Authorization(grpc.AuthMetadataPlugin):
    """Reads the token of the moment for each call."""

    def __init__(self, token: Path) -> None:
        self._token = token

    def __call__(self, context: grpc.AuthMetadataContext, callback: grpc.AuthMetadataPluginCallback) -> None:
        try:
            callback((("authorization", f"Bearer {self._token.read_text(encoding='ascii').strip()}"),), None)
        except (OSError, UnicodeDecodeError) as error:
            callback((), error)


class Connection:
    """A channel with the three services; use it as a context manager.

    target: "host:port". Without an identity plaintext, which only a server in development mode on loopback answers.
    retries: False for a caller that counts, who tries again by itself (gRPC tells nobody that it did).
    """

    def __init__(self, target: str = DEFAULT_SERVER, identity: Identity | None = None, *, retries: bool = True) -> None:
        self.target = target
        options = [
            *([("grpc.service_config", _SERVICE_CONFIG)] if retries else []),
            ("grpc.enable_retries", 1),
            *_RECONNECT,
            ("grpc.max_receive_message_length", 4 * 1024 * 1024),
        ]
        self._channel = (
            grpc.insecure_channel(target, options)
            if identity is None
            else grpc.secure_channel(target, identity.credentials(), options)
        )
        self.checks = CheckServiceStub(self._channel)  # type: ignore[no-untyped-call]
        self.clearance = ClearanceServiceStub(self._channel)  # type: ignore[no-untyped-call]
        self.registers = RegisterServiceStub(self._channel)  # type: ignore[no-untyped-call]

    def __enter__(self) -> Connection:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._channel.close()
