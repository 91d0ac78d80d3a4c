"""A connection to a Ronda server, and the channel settings that every client shares; `ronda` itself uses it.

A program of its own finds more in clients.client.blocking and clients.client.asynchronous. Retries here are gRPC's own
(service config), for two statuses. UNAVAILABLE: a server sends it while it drains or has no generation. CANCELLED:
calls get it that a stopping worker holds but has not answered (a call that the client itself cancels is not tried
again). Every method reads only, and a question never counts twice because every request carries a request_id. A
clearance stream is not tried again: its caller sends the batches again.
"""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

import grpc
from google.protobuf.timestamp_pb2 import Timestamp

from clients.client.failures import RETRYABLE_STATUSES, CallFailure, FieldViolation, read_failure
from clients.client.identity import Identity
from ronda.v1 import context_pb2
from ronda.v1.alert_service_pb2_grpc import AlertServiceStub
from ronda.v1.check_service_pb2_grpc import CheckServiceStub
from ronda.v1.clearance_service_pb2_grpc import ClearanceServiceStub
from ronda.v1.confirmation_service_pb2_grpc import ConfirmationServiceStub
from ronda.v1.feed_service_pb2_grpc import FeedServiceStub
from ronda.v1.hotlist_service_pb2_grpc import HotlistServiceStub
from ronda.v1.register_service_pb2_grpc import RegisterServiceStub
from ronda.v1.statistics_service_pb2_grpc import StatisticsServiceStub

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

__all__ = [
    "CHANNEL_OPTIONS",
    "DEFAULT_DEADLINE_SECONDS",
    "DEFAULT_SERVER",
    "RETRIED_STATUSES",
    "RETRY_ATTEMPTS",
    "RETRY_BACKOFF_SECONDS",
    "CallFailure",
    "Connection",
    "FieldViolation",
    "Identity",
    "read_failure",
    "request_context",
]

DEFAULT_SERVER = "127.0.0.1:50051"
DEFAULT_DEADLINE_SECONDS = 5.0

RETRY_ATTEMPTS = 4  # in all
RETRY_BACKOFF_SECONDS = (0.1, 1.0)  # first, most; twice as long each time
RETRIED_STATUSES = RETRYABLE_STATUSES

# A connection that was refused is tried again while a call's attempts last: gRPC's own second, soon two minutes, is
# longer than all four of them, so each would fail without anybody having been asked.
# Pings, also between calls, tell of a connection that vanished (coverage, NAT): a server takes one in ten seconds.
CHANNEL_OPTIONS: tuple[tuple[str, int], ...] = (
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 2000),
    ("grpc.keepalive_time_ms", 20_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.max_pings_without_data", 0),
    ("grpc.max_receive_message_length", 4 * 1024 * 1024),
)

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


_SERVING = b"\x08\x01"  # HealthCheckResponse: status SERVING


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


class Connection:
    """A channel with the services; use it as a context manager.

    target: "host:port". Without an identity plaintext, which only a server in development mode on loopback answers.
    retries: False for a caller that counts, who tries again by itself (gRPC tells nobody that it did). options: more of
    gRPC's channel arguments. Raises OSError for a file of the identity that cannot be read.
    """

    def __init__(
        self,
        target: str = DEFAULT_SERVER,
        identity: Identity | None = None,
        *,
        retries: bool = True,
        options: Sequence[tuple[str, Any]] = (),
    ) -> None:
        self.target = target
        options = [
            *options,
            *([("grpc.service_config", _SERVICE_CONFIG)] if retries else []),
            ("grpc.enable_retries", 1),
            *CHANNEL_OPTIONS,
        ]
        self._channel = (
            grpc.insecure_channel(target, options)
            if identity is None
            else grpc.secure_channel(target, identity.credentials(), options)
        )
        self.checks = CheckServiceStub(self._channel)  # type: ignore[no-untyped-call]
        self.clearance = ClearanceServiceStub(self._channel)  # type: ignore[no-untyped-call]
        self.registers = RegisterServiceStub(self._channel)  # type: ignore[no-untyped-call]
        self.confirmations = ConfirmationServiceStub(self._channel)  # type: ignore[no-untyped-call]
        self.feed = FeedServiceStub(self._channel)  # type: ignore[no-untyped-call]
        self.hotlists = HotlistServiceStub(self._channel)  # type: ignore[no-untyped-call]
        self.recalls = AlertServiceStub(self._channel)  # type: ignore[no-untyped-call]
        self.statistics = StatisticsServiceStub(self._channel)  # type: ignore[no-untyped-call]

    def ask_health(self, timeout: float) -> grpc.Future[bytes]:
        """Asks whether the server serves (grpc.health.v1, the whole): needs no token, and leaves no record."""
        asking: Any = self._channel.unary_unary("/grpc.health.v1.Health/Check", None, None)
        asked: grpc.Future[bytes] = asking.future(b"", timeout=timeout)
        return asked

    @staticmethod
    def serves(health: bytes) -> bool:
        """Returns whether the answer to `ask_health` means serving."""
        return health == _SERVING

    def __enter__(self) -> Connection:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Ends the channel; calls in flight end as CANCELLED."""
        self._channel.close()
