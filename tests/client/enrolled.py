"""A device of its own with its officer's token, as files beside the development set's."""

from __future__ import annotations

from typing import Any

from clients.client.identity import Identity
from server.trust.issuing import Issuer, Pair
from tests.trust.conftest import TrustedServer

_NIP = "10007"


class Enrolled:
    """identity: what the client shows. Its token is `fresh_token()` unless another was written."""

    def __init__(self, trusted: TrustedServer, device: str, role: str = "patrol", institution: str = "pnc") -> None:
        self._issuer: Issuer = trusted.kit.issuer(institution)
        self.pair: Pair = self._issuer.device("zona-1", device)
        prefix = trusted.kit.directory / device
        for path in (prefix.with_suffix(".pem"), prefix.with_suffix(".key")):
            path.unlink(missing_ok=True)
        self.pair.write(prefix.with_suffix(".pem"), prefix.with_suffix(".key"))
        self.identity = Identity.beside(prefix)
        self._role = role
        self.write(self.token())

    def token(self, **changes: Any) -> str:
        """A token, valid from now on unless changed."""
        return self._issuer.token(_NIP, "zona-1", [self._role], self.pair.thumbprint, **changes)

    def token_at(self, start: int) -> str:
        """A token of a quarter of an hour, which begins then (seconds since 1970)."""
        return self.token(iat=start, nbf=start, exp=start + 900)

    def write(self, token: str) -> None:
        """Into the token's file."""
        self.identity.certificate.with_suffix(".token").write_text(token, encoding="ascii")
