"""The credentials of a car's device; the officer's token goes with each call, from the session."""

from __future__ import annotations

import grpc

from clients.client.identity import Identity


class Device(Identity):
    """The device's certificate alone."""

    def credentials(self) -> grpc.ChannelCredentials:
        """TLS with the client certificate. Raises OSError."""
        return self.tls()
