"""`revoked.toml`: revoked devices, certificates, officers and tokens, from the second at which the file is written.

devices = ["spiffe://pnc.gob.gt/unit/zona-1/device/42"]
certificates = ["<SHA-256 of the DER certificate, hexadecimal>"]
officers = ["pnc/12345"]                                   # institution/NIP
tokens = ["<jti>"]

An entry that can match nobody (a NIP without its institution, a mistyped SPIFFE name, half a fingerprint) is refused:
its author believes that it revokes somebody. In a running server the other entries of the file are in force all the
same; so is, until the file is mended, each earlier entry.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError
from pydantic_core import PydanticCustomError

from core.documents import toml_of
from core.files.regular_file import read_file
from ronda.v1 import error_pb2
from server.errors import Refusal
from server.settings import SettingsError, file_fault
from server.trust.faults import REVOCATIONS, Faults
from server.trust.institutions import Institutions
from server.trust.officer_token import Officer
from server.trust.peer import Peer, domain_of

_OFFICER = re.compile(r"\A[a-z][a-z0-9-]{0,31}/[A-Za-z0-9._-]{1,32}\Z")
_FINGERPRINT = re.compile(r"\A(?:[0-9a-f]{64}|[0-9a-f]{2}(?::[0-9a-f]{2}){31})\Z", re.IGNORECASE)


def _device(text: str) -> str:
    try:
        domain_of(text)
    except ValueError:
        raise PydanticCustomError("device", "a device's SPIFFE name, as its certificate has it") from None
    return text


def _certificate(text: str) -> str:
    if not _FINGERPRINT.match(text):
        raise PydanticCustomError("certificate", "SHA-256 of the certificate, 64 hexadecimal digits")
    return text.replace(":", "").lower()


def _officer(text: str) -> str:
    if not _OFFICER.match(text):
        raise PydanticCustomError("officer", "institution/NIP")
    return text


def _token(text: str) -> str:
    if not text.strip():
        raise PydanticCustomError("token", "a jti")
    return text


class Revocations(BaseModel):
    """The lists of the file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    devices: frozenset[Annotated[str, AfterValidator(_device)]] = frozenset()
    certificates: frozenset[Annotated[str, AfterValidator(_certificate)]] = frozenset()
    officers: frozenset[Annotated[str, AfterValidator(_officer)]] = frozenset()
    tokens: frozenset[Annotated[str, AfterValidator(_token)]] = frozenset()

    def check_peer(self, peer: Peer) -> None:
        """Raises Refusal REVOKED for a device or certificate on the list."""
        if peer.device in self.devices or peer.serial in self.certificates:
            raise Refusal(error_pb2.ERROR_REASON_REVOKED, rule="the device was revoked")

    def check_officer(self, officer: Officer) -> None:
        """Raises Refusal REVOKED for an officer or token on the list."""
        if f"{officer.institution.id}/{officer.nip}" in self.officers or officer.token_id in self.tokens:
            raise Refusal(error_pb2.ERROR_REASON_REVOKED, rule="the officer or her token was revoked")

    def joined(self, other: Revocations) -> Revocations:
        """Returns a union of both lists."""
        return self.model_copy(
            update={name: getattr(self, name) | getattr(other, name) for name in Revocations.model_fields}
        )

    def withdrawn(self, later: Revocations) -> dict[str, int]:
        """Counts the entries that `later` lacks, by list; lists that lack none are left out."""
        lacking = {name: len(getattr(self, name) - getattr(later, name)) for name in Revocations.model_fields}
        return {name: count for name, count in lacking.items() if count}

    def strangers(self, institutions: Institutions) -> list[str]:
        """Institutions and trust domains that entries name and nobody enrolled: left over, or mistyped."""
        named = {officer.partition("/")[0] for officer in self.officers} - {each.id for each in institutions.all}
        return sorted(named | {domain_of(device) for device in self.devices} - institutions.by_domain.keys())


def read_revocations(path: Path) -> Revocations:
    """The lists; a file that is not there revokes nobody. Raises SettingsError with the file and the rule."""
    try:
        return Revocations.model_validate(toml_of(read_file(path)))
    except FileNotFoundError:
        return Revocations()
    except ValidationError as error:
        issue = error.errors(include_input=False, include_url=False)[0]
        raise SettingsError(f"{path}: {'.'.join(map(str, issue['loc']))}: {issue['msg']}") from None
    except (OSError, ValueError) as error:
        raise file_fault(path, error) from None


def revocations_in_force(path: Path, last: Revocations, faults: Faults) -> Revocations:
    """Returns the lists in force after `last`. A fault takes no entry out of force, and keeps no other out of it.

    A missing file keeps the revocations of the last one: losing a file is no order to revoke nobody.
    """
    tables = faults.tried(REVOCATIONS, lambda: _content(path, last))
    if tables is None:
        return last
    faulty = False
    found: dict[str, frozenset[str]] = {}
    for name, entries in tables.items():
        good = []
        for entry in entries if isinstance(entries, list) else [entries]:
            try:
                good.append(Revocations.model_validate({name: [entry]}))
            except ValidationError as error:
                faulty = True
                issue = error.errors(include_input=False, include_url=False)[0]
                faults.told(REVOCATIONS, f"{path}: {'.'.join(map(str, issue['loc'][:1]))}: {issue['msg']}")
        if name in Revocations.model_fields:
            found[name] = frozenset(text for each in good for text in getattr(each, name))
    made = Revocations().model_copy(update=found)
    return made.joined(last) if faulty else made


def _content(path: Path, last: Revocations) -> dict[str, object]:
    try:
        return toml_of(read_file(path))
    except FileNotFoundError:
        if last == Revocations():
            return {}
        raise SettingsError(f"{path}: the file is gone; to revoke nobody, leave it empty") from None
    except (OSError, ValueError) as error:
        raise file_fault(path, error) from None
