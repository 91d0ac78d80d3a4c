"""Officers' tokens, signed with the institution's key, for the certificate that asked and for no other."""

from __future__ import annotations

import stat
from pathlib import Path

from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from core.documents import json_of
from core.files.regular_file import read_file
from ronda.v1 import error_pb2
from server.errors import Refusal
from server.issuer.sessions import Session
from server.issuer.store import Officer
from server.settings import SettingsError, file_fault
from server.trust.institutions import Institution
from server.trust.issuing import Subject, sign_token
from server.trust.officer_token import RECALL
from server.trust.peer import Peer


class Tokens:
    """The signing key, checked against what Ronda has of the institution."""

    def __init__(self, path: Path, institution: Institution, seconds: int) -> None:
        """Raises SettingsError: no key, one that others may read, or none of the institution's."""
        try:
            self._key = OKPKey.import_key(json_of(read_file(path)))
            mode = stat.S_IMODE(path.stat().st_mode)
        except (OSError, ValueError) as error:
            raise file_fault(path, error) from None
        except (JoseError, TypeError, AttributeError):
            raise SettingsError(f"{path}: no Ed25519 key (JWK)") from None
        if mode & 0o077:
            raise SettingsError(f"{path}: mode {mode:04o}: only its owner may read it (0600)")
        if self._key.thumbprint() not in {each.thumbprint() for each in institution.keys.keys}:
            raise SettingsError(f"{path}: its public half is not among the keys that Ronda knows of {institution.id}")
        self._institution = institution
        self._seconds = seconds

    def sign(self, officer: Officer, peer: Peer, session: Session) -> tuple[str, int]:
        """The token and its life in seconds, which ends with the session. Raises Refusal SESSION_OVER."""
        seconds = min(self._seconds, int(session.seconds_left))
        if seconds < 1:
            raise Refusal(error_pb2.ERROR_REASON_SESSION_OVER)
        subject = _subject(officer, peer)
        issuer = self._institution.issuer
        return sign_token(self._key, issuer, subject, seconds=seconds, auth_time=session.signed_in), seconds

    def sign_for_recall(self, officer: Officer, peer: Peer) -> tuple[str, int]:
        """A token that opens AlertService alone, and its life in seconds."""
        issuer, seconds = self._institution.issuer, self._seconds
        audience = f"ronda{RECALL}"
        return sign_token(self._key, issuer, _subject(officer, peer), seconds=seconds, audience=audience), seconds


def _subject(officer: Officer, peer: Peer) -> Subject:
    gateway = peer.device if peer.is_gateway else ""
    return Subject(officer.nip, officer.unit, officer.roles, peer.thumbprint, gateway)
