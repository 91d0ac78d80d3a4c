"""Decides whether this machine may judge: checks certificate, key and token on its disk against the trust directory.

The same code as a server's TLS and workers (server/trust) checks the executor itself. The key's file proves that it
holds the certificate's private key.
"""

from __future__ import annotations

import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from core.access.limits import Limits
from core.files.regular_file import read_file
from ronda.spark.orders import FILE, SETTINGS, Orders, Refused
from ronda.v1 import error_pb2
from server.errors import Refusal, reason_name
from server.host.file_stamps import Stamp, stamp_of
from server.settings import SettingsError
from server.trust.allowances import PersonBounds
from server.trust.callers import Admitted, UsualBounds, admit, device_identity
from server.trust.directory import read_trust
from server.trust.peer import Peer, peer_of
from server.trust.snapshot import Trust

_SPKI = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
_USUAL = UsualBounds(0, PersonBounds())  # a clearance is no break-glass, and shows nobody


class Admission:
    """One machine's, looked at again whenever a file of it changes: a revocation holds from the next batch on."""

    def __init__(self, orders: Orders) -> None:
        """Raises Refused: the file in which all executors of the machine count."""
        self._orders = orders
        self._files = tuple(Path(f"{orders.identity}{end}") for end in (".pem", ".key", ".token"))
        self._stamp: Stamp = ()
        self._trust: Trust | None = None
        self._admitted: Admitted | None = None
        try:
            self._limits = Limits(f"{orders.spool}/limits")
        except (OSError, ValueError) as error:
            raise Refused(SETTINGS, f"limits: {error.strerror if isinstance(error, OSError) else error}") from None

    def look(self) -> tuple[Admitted, bool]:
        """Returns the caller, and whether it is another than at the last look. Raises Refused; Refusal with its
        `identity`."""
        files = self._watched()
        stamp = stamp_of(files)
        if self._admitted is not None and self._trust is not None and stamp == self._stamp:
            return self._admitted, False
        self._admitted = None
        certificate, key, token = (_content(path) for path in self._files)
        try:
            self._trust = read_trust(Path(self._orders.trust))
        except SettingsError as error:
            raise Refused(SETTINGS, str(error)) from None
        # With other files than before, read once more: one of them may have changed since.
        self._stamp = stamp if files == self._watched() else ()
        peer = _own_peer(certificate, key, self._trust)
        try:
            text = token.decode("ascii", "replace").strip()
            bearer = f"Bearer {text}" if text else ""
            self._admitted = admit(peer, bearer, self._trust, self._orders.rules, self._limits)
        except Refusal as refusal:
            refusal.identity = device_identity(peer)
            raise
        return self._admitted, True

    def _watched(self) -> tuple[Path, ...]:
        return (*self._files, *(self._trust.files if self._trust is not None else ()))

    def decide(self, purpose: int) -> None:
        """Asks policy about a purpose, after GrantNeeded."""
        assert self._admitted is not None and self._trust is not None
        self._admitted.decide(self._trust.policy, purpose, _USUAL)


def refused(refusal: Refusal) -> Refused:
    """Returns the refusal for the driver."""
    return Refused(reason_name(refusal.reason), refusal.rule or refusal.quota)


def _content(path: Path) -> bytes:
    try:
        return read_file(path)
    except OSError as error:
        raise Refused(FILE, f"{path}: {error.strerror}") from None


def _own_peer(certificate: bytes, key: bytes, trust: Trust) -> Peer:
    """The device that this machine is. Raises Refused; Refusal CERTIFICATE_UNKNOWN."""
    try:
        leaf = x509.load_pem_x509_certificate(certificate)
        private = load_pem_private_key(key, password=None)
    except (ValueError, TypeError):
        raise Refused(SETTINGS, "the certificate or its key is no PEM, or the key has a password") from None
    if private.public_key().public_bytes(*_SPKI) != leaf.public_key().public_bytes(*_SPKI):
        raise Refused(SETTINGS, "the key is not the certificate's")
    peer = peer_of(certificate, trust.institutions)
    verifier = (
        PolicyBuilder()
        .store(Store(list(peer.institution.ca)))
        .time(datetime.datetime.now(datetime.UTC))
        .build_client_verifier()
    )
    try:
        verifier.verify(leaf, [])
    except VerificationError:  # its text quotes the certificate
        rule = "the certificate is not valid now, or not for a client"
        raise Refusal(error_pb2.ERROR_REASON_CERTIFICATE_UNKNOWN, rule=rule) from None
    return peer
