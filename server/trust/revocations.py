"""`revoked.toml`: who may no longer ask, from the second at which the file is written.

devices = ["spiffe://pnc.gob.gt/unit/zona-1/device/42"]
certificates = ["<SHA-256 of the DER certificate, hexadecimal>"]
officers = ["pnc/12345"]                                   # institution/NIP
tokens = ["<jti>"]
"""

from __future__ import annotations

import tomllib
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from ronda.v1 import error_pb2
from server.errors import Refusal
from server.settings import SettingsError, file_fault
from server.trust.officer_token import Officer
from server.trust.peer import Peer


class Revocations(BaseModel):
    """The lists of the file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    devices: frozenset[str] = frozenset()
    certificates: frozenset[str] = frozenset()
    officers: frozenset[str] = frozenset()
    tokens: frozenset[str] = frozenset()

    def check_peer(self, peer: Peer) -> None:
        """Raises Refusal REVOKED for a device or certificate on the list."""
        if peer.device in self.devices or peer.serial in self.certificates:
            raise Refusal(error_pb2.ERROR_REASON_REVOKED, rule="the device was revoked")

    def check_officer(self, officer: Officer) -> None:
        """Raises Refusal REVOKED for an officer or token on the list."""
        if f"{officer.institution.id}/{officer.nip}" in self.officers or officer.token_id in self.tokens:
            raise Refusal(error_pb2.ERROR_REASON_REVOKED, rule="the officer or her token was revoked")


def read_revocations(path: Path) -> Revocations:
    """The lists; a file that is not there revokes nobody. Raises SettingsError with the file and the rule."""
    try:
        return Revocations.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return Revocations()
    except ValidationError as error:
        issue = error.errors(include_input=False, include_url=False)[0]
        raise SettingsError(f"{path}: {'.'.join(map(str, issue['loc']))}: {issue['msg']}") from None
    except (OSError, ValueError) as error:
        raise file_fault(path, error) from None
