"""A call of the express lane that Python answers, as the handlers of server/calls see it."""

from __future__ import annotations

import ssl
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NoReturn

from core.lane.express import Ended
from server.errors import DETAILS_KEY
from server.trust.peer import TLS

if TYPE_CHECKING:
    import grpc

    from core.lane.waiting import Told
    from server.trust.callers import Auth

_NO_DEADLINE = (1 << 63) - 1  # nanoseconds


class CallEnded(Exception):
    """The handler has ended its call: `ended` says how."""

    def __init__(self, ended: Ended) -> None:
        super().__init__(ended.code)
        self.ended = ended


@dataclass
class LaneConnection:
    """A connection of the lane on which a call was made."""

    number: int
    name: str  # as gRPC writes a peer
    certificate: bytes  # DER; b"" = plaintext
    pem: bytes = field(init=False)  # as grpcio gives it

    def __post_init__(self) -> None:
        self.pem = ssl.DER_cert_to_PEM_cert(self.certificate).encode() if self.certificate else b""

    def auth(self) -> Auth:
        """Returns the properties as grpcio reports them; the lane speaks TLS 1.3 alone."""
        if not self.pem:
            return {}
        return {"transport_security_type": [b"ssl"], "ssl_tls_version": [TLS], "x509_pem_cert": [self.pem]}


class ParkedCall:
    """The part of grpc.aio.ServicerContext that handlers use."""

    def __init__(self, told: Told, connection: LaneConnection) -> None:
        self.connection = connection
        self.authorization = told.authorization
        self._deadline_ns = told.deadline_ns

    def peer(self) -> str:
        """The other end."""
        return self.connection.name

    def auth_context(self) -> Auth:
        """Returns the identity that the connection's TLS proves."""
        return self.connection.auth()

    def invocation_metadata(self) -> tuple[tuple[str, str], ...]:
        """The one header that is read; how large all are the lane has counted."""
        return (("authorization", self.authorization.decode("latin-1")),) if self.authorization else ()

    def time_remaining(self) -> float | None:
        """Seconds to the deadline; None = it has none."""
        if self._deadline_ns >= _NO_DEADLINE:
            return None
        return (self._deadline_ns - time.monotonic_ns()) / 1e9

    async def abort(
        self, code: grpc.StatusCode, details: str = "", trailing_metadata: tuple[tuple[str, bytes], ...] = ()
    ) -> NoReturn:
        """Ends the call. Raises CallEnded."""
        packed = dict(trailing_metadata).get(DETAILS_KEY, b"")
        raise CallEnded(Ended(code.value[0], details.encode(), packed))
