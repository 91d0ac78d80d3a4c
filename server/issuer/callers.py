"""Identifies gateways and devices by certificate: of this institution, allowed, not revoked. Reads revoked officers
too."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from ronda.v1 import error_pb2
from server.errors import Refusal
from server.host.file_stamps import stamp_of
from server.issuer.settings import IssuerSettings
from server.logs import ERROR, log
from server.settings import SettingsError
from server.trust.faults import Faults
from server.trust.institutions import Institution, Institutions
from server.trust.peer import Peer, Peers, check_tls
from server.trust.revocations import Revocations, read_revocations, revocations_in_force

Auth = Mapping[str, Iterable[bytes]]


class Callers:
    """The one institution of the trust directory, and its revocations: `revoked.toml` is read again when it changes."""

    def __init__(self, settings: IssuerSettings) -> None:
        """Raises SettingsError."""
        assert settings.trust is not None
        institutions = Institutions(settings.trust / "institutions.toml")
        if len(institutions.all) != 1:
            raise SettingsError(f"{settings.trust}: an issuer serves one institution")
        self.institution: Institution = institutions.all[0]
        for name in settings.gateways:
            if not name.startswith(f"spiffe://{self.institution.trust_domain}/"):
                raise SettingsError(f"gateways: {name} is not of {self.institution.trust_domain}")
        self._gateways = frozenset(settings.gateways)
        self._peers = Peers(institutions)
        self._path: Path = settings.trust / "revoked.toml"
        self._stamp = stamp_of([self._path])
        self._revoked: Revocations = read_revocations(self._path)

    def peer(self, auth: Auth) -> Peer:
        """Raises Refusal TLS_TOO_OLD, CERTIFICATE_UNKNOWN, REVOKED, of a machine FORBIDDEN."""
        check_tls(auth)
        peer = self._peers.of(next(iter(auth.get("x509_pem_cert", ())), b""))
        self._now_revoked().check_peer(peer)
        if peer.is_machine:  # no officer signs in on it, and no token is bound to it
            raise Refusal(error_pb2.ERROR_REASON_FORBIDDEN)
        return peer

    def allow_gateway(self, peer: Peer) -> None:
        """Raises Refusal FORBIDDEN for a device, DELEGATION_FORBIDDEN for a gateway that is not named."""
        if not peer.is_gateway:
            raise Refusal(error_pb2.ERROR_REASON_FORBIDDEN)
        if peer.device not in self._gateways:
            raise Refusal(error_pb2.ERROR_REASON_DELEGATION_FORBIDDEN)

    def allow_device(self, peer: Peer) -> None:
        """Raises Refusal FORBIDDEN for a gateway."""
        if peer.is_gateway:
            raise Refusal(error_pb2.ERROR_REASON_FORBIDDEN)

    def revoked_officer(self, nip: str) -> bool:
        """Returns whether the file names the officer; `ronda keys issuer revoke` is the other way. Thread-safe."""
        return f"{self.institution.id}/{nip}" in self._now_revoked().officers

    def _now_revoked(self) -> Revocations:
        stamp = stamp_of([self._path])
        if stamp != self._stamp:
            self._stamp = stamp
            faults = Faults(strict=False)
            self._revoked = revocations_in_force(self._path, self._revoked, faults)
            log("revocations_changed")
            for fault in faults.found:
                log("trust_refused", level=ERROR, part=fault.part, why=fault.why)
        return self._revoked
