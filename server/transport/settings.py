"""Settings of connections and their TLS."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from pydantic import Field, model_validator

from server.settings import MIB, GroundSettings


class TransportSettings(GroundSettings):
    """The number and lifetime of connections, and their certificates."""

    max_transport_message_bytes: int = Field(
        12 * MIB,
        ge=1024,
        description="Largest message that gRPC itself takes in, in bytes; larger is gRPC's own RESOURCE_EXHAUSTED, "
        "without ErrorInfo. Bounds the memory of a message that is then refused.",
    )
    max_concurrent_streams: int = Field(
        32,
        ge=1,
        description="Calls at once on one connection; a client keeps more until one has ended. Of a stranger's "
        "connection that is ended, so many are still taken in.",
    )
    max_connections: int = Field(
        8192,
        ge=16,
        description="Connections that one worker holds at most; fewer where the limit of open files leaves fewer. "
        "Those on which no caller was admitted yet may have half of what is left by the others.",
    )
    max_connections_per_device: int = Field(
        64, ge=1, description="Connections of one device that one worker holds; of more, the oldest are closed."
    )
    handshake_s: int = Field(20, ge=1, description="Time that a TLS handshake may take, in seconds.")
    max_connection_idle_s: int = Field(
        240, ge=1, description="Time after which a connection without calls is asked to go (GOAWAY), in seconds."
    )
    max_connection_age_s: int = Field(
        300, ge=1, description="Age at which a connection is asked to go (GOAWAY), in seconds, so that clients spread."
    )
    max_connection_age_grace_s: int = Field(
        600, ge=1, description="Time that calls on such a connection have to end, in seconds."
    )
    tls_cert: Path | None = Field(None, description="Server certificate chain, PEM file; with `tls_key` turns on TLS.")
    tls_key: Path | None = Field(None, description="Private key of that certificate, PEM file.")
    tls_client_ca: Path | None = Field(
        None, description="CA of client certificates, PEM file; when set, every client must show one."
    )

    @model_validator(mode="after")
    def _tls_is_whole(self) -> Self:
        if (self.tls_cert is None) != (self.tls_key is None):
            raise ValueError("tls_cert and tls_key belong together: set both or none")
        if self.tls_client_ca is not None and self.tls_cert is None:
            raise ValueError("tls_client_ca needs tls_cert and tls_key")
        return self
