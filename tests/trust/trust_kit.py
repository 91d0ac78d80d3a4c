"""A trust directory of its own, and clients with whatever certificate and token a test wants."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import h2.config
import h2.connection
import h2.events

from ronda.v1 import check_service_pb2, context_pb2
from server.trust.development_ca import make_development_set
from server.trust.issuing import Issuer, Pair
from tests.server.requests import CUI

PATROL = ("zona-1", ["patrol"])


def question(purpose: int = context_pb2.PURPOSE_TRAFFIC_STOP, cui: str = CUI, **context: Any) -> bytes:
    """A CheckPerson request of this purpose."""
    frame = context_pb2.RequestContext(purpose=purpose, **context)  # type: ignore[arg-type]
    return check_service_pb2.CheckPersonRequest(context=frame, cui=cui).SerializeToString()


@dataclass(frozen=True)
class Client:
    """A certificate and the metadata that goes with each call."""

    pair: Pair | None
    metadata: tuple[tuple[str, str], ...]


class TrustKit:
    """One development set in `directory`."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        make_development_set(directory)
        self.trust = directory / "trust"
        self.server_ca = (directory / "server-ca.pem").read_bytes()
        self.police = self.issuer("pnc")

    def issuer(self, identity: str) -> Issuer:
        """An institution's private side."""
        return Issuer(self.directory / "institutions" / identity)

    @property
    def settings(self) -> dict[str, object]:
        """Returns what a server needs of this set."""
        return {
            "trust": self.trust,
            "tls_cert": self.directory / "server.pem",
            "tls_key": self.directory / "server.key",
            "audit_auditor_key": self.directory / "audit-keys" / "auditor.pub",
            "audit_signing_key": self.directory / "audit-keys" / "signing.key",
        }

    def patrol(
        self, device: str = "patrol-1", nip: str = "10001", roles: Sequence[str] = ("patrol",), **changes: Any
    ) -> Client:
        """Yields an officer of the police at a device of the same unit."""
        pair = self.police.device("zona-1", device)
        return self.client(pair, self.police.token(nip, "zona-1", roles, pair.thumbprint, **changes))

    def client(self, pair: Pair | None, token: str, *more: tuple[str, str]) -> Client:
        """A client that shows this certificate and token."""
        bearer = (("authorization", f"Bearer {token}"),) if token else ()
        return Client(pair, (*bearer, *more))

    def channel(self, address: str, client: Client) -> grpc.Channel:
        """A TLS channel with a connection of its own."""
        shown = (client.pair.key, client.pair.certificate) if client.pair is not None else (None, None)
        credentials = grpc.ssl_channel_credentials(self.server_ca, *shown)
        options = [
            ("grpc.use_local_subchannel_pool", 1),
            ("grpc.max_metadata_size", 1 << 20),
            ("grpc.initial_reconnect_backoff_ms", 100),  # as the cars' client has it
            ("grpc.max_reconnect_backoff_ms", 2000),
        ]
        return grpc.secure_channel(address, credentials, options)


def call_over_tls_1_2(address: str, directory: Path, client: Client, path: str, request: bytes) -> dict[str, str]:
    """One gRPC call as the bare protocol has it, over TLS 1.2, which grpcio's client cannot be made to use.

    Returns the response's headers and trailers.
    """
    assert client.pair is not None
    client.pair.write(directory / "old.pem", directory / "old.key")
    context = ssl.create_default_context(cafile=str(directory / "server-ca.pem"))
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(directory / "old.pem", directory / "old.key")
    context.set_alpn_protocols(["h2"])
    host, _, port = address.rpartition(":")
    with (
        socket.create_connection((host, int(port)), timeout=10) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as tls,
    ):
        assert tls.version() == "TLSv1.2"
        connection = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding="utf-8"))
        connection.initiate_connection()
        headers = [(":method", "POST"), (":scheme", "https"), (":path", path), (":authority", "localhost")]
        headers += [("content-type", "application/grpc"), ("te", "trailers"), *client.metadata]
        connection.send_headers(1, headers)
        connection.send_data(1, b"\0" + len(request).to_bytes(4, "big") + request, end_stream=True)
        seen: dict[str, str] = {}
        while True:
            tls.sendall(connection.data_to_send())
            received = tls.recv(65536)
            if not received:
                return seen
            for event in connection.receive_data(received):
                if isinstance(event, h2.events.ResponseReceived | h2.events.TrailersReceived):
                    seen |= {str(name): str(value) for name, value in event.headers or ()}
                if isinstance(event, h2.events.StreamEnded | h2.events.StreamReset | h2.events.ConnectionTerminated):
                    return seen
