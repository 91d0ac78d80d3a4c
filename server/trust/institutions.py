"""The institutions that may ask: whose devices, signed by whom, whose officers, vouched for by which keys.

`institutions.toml`, one table an institution, paths relative to the file:

    [pnc]
    name = "Policía Nacional Civil"
    trust_domain = "pnc.gob.gt"                 # devices are spiffe://pnc.gob.gt/...
    ca = "pnc/ca.pem"                           # signs its devices' certificates, nobody else's
    issuer = "https://identidad.pnc.gob.gt"     # iss of its officers' tokens
    keys = "pnc/officers.jwks.json"             # public keys of that issuer, a JWK Set (RFC 7517), Ed25519 only
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from core.documents import json_of, toml_of
from server.settings import SettingsError, file_fault, read_file

# Also the head of role names in policy ("pnc/patrol"), so nothing that Cedar or a path would read otherwise.
_ID = re.compile(r"\A[a-z][a-z0-9-]{0,31}\Z")


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1)
    trust_domain: str = Field(pattern=r"^[a-z0-9._-]{1,255}$")  # SPIFFE ID, section 2.1
    ca: Path
    issuer: str = Field(min_length=1)
    keys: Path


@dataclass(frozen=True)
class Institution:
    """One institution. `ca_pem` is what its devices' chains end in."""

    id: str
    name: str
    trust_domain: str
    issuer: str
    ca_pem: bytes
    ca: tuple[x509.Certificate, ...]
    keys: KeySet


class Institutions:
    """All of them, by trust domain and by issuer. Raises SettingsError with the file and the rule."""

    def __init__(self, path: Path) -> None:
        self.files: tuple[Path, ...] = (path,)
        self.by_domain: dict[str, Institution] = {}
        self.by_issuer: dict[str, Institution] = {}
        for identity, table in _tables(path).items():
            institution = _read(path, identity, table)
            self.files += (path.parent / str(table["ca"]), path.parent / str(table["keys"]))
            if institution.trust_domain in self.by_domain or institution.issuer in self.by_issuer:
                raise SettingsError(f"{path}: {identity}: trust_domain and issuer belong to one institution each")
            for other in self.all:
                _have_keys_of_their_own(path, institution, other)
            self.by_domain[institution.trust_domain] = institution
            self.by_issuer[institution.issuer] = institution

    @property
    def all(self) -> tuple[Institution, ...]:
        """In the order of the file."""
        return tuple(self.by_domain.values())

    @property
    def bundle(self) -> bytes:
        """The CAs of all, PEM: whom the TLS handshake accepts. Whose device it is, is checked after it."""
        return b"\n".join(institution.ca_pem for institution in self.all)


def _tables(path: Path) -> dict[str, dict[str, object]]:
    try:
        tables = toml_of(read_file(path))
    except (OSError, ValueError) as error:
        raise file_fault(path, error) from None
    if not tables or not all(isinstance(table, dict) for table in tables.values()):
        raise SettingsError(f"{path}: holds one table for each institution")
    return tables


def _read(path: Path, identity: str, table: dict[str, object]) -> Institution:
    check_id(identity, f"{path}: ")
    try:
        entry = _Entry.model_validate(table)
    except ValidationError as error:
        issue = error.errors(include_input=False, include_url=False)[0]
        raise SettingsError(f"{path}: {identity}.{'.'.join(map(str, issue['loc']))}: {issue['msg']}") from None
    ca_path, keys_path = path.parent / entry.ca, path.parent / entry.keys
    try:
        ca_pem = read_file(ca_path)
        ca = tuple(x509.load_pem_x509_certificates(ca_pem))
    except (OSError, ValueError) as error:
        raise SettingsError(f"{ca_path}: no PEM certificates: {error}") from None
    if not all(_is_ca(each) for each in ca):
        raise SettingsError(f"{ca_path}: a certificate that is no CA (basic constraints) vouches for nobody")
    return Institution(identity, entry.name, entry.trust_domain, entry.issuer, ca_pem, ca, _key_set(keys_path))


def check_id(identity: str, where: str = "") -> None:
    """Raises SettingsError for what is no institution's id; where: begins its text."""
    if not _ID.match(identity):
        raise SettingsError(f"{where}{identity}: an institution's id has lower-case letters, digits and hyphens")


def _is_ca(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except (x509.ExtensionNotFound, ValueError):
        return False


def _have_keys_of_their_own(path: Path, one: Institution, other: Institution) -> None:
    """A CA or token key of two institutions lets each speak for the other: a copied line, never meant."""
    shared = {"ca": _ca_keys(one) & _ca_keys(other), "keys": _token_keys(one) & _token_keys(other)}
    for field, keys in shared.items():
        if keys:
            raise SettingsError(f"{path}: {one.id}: {field}: holds a key of {other.id}")


def _ca_keys(institution: Institution) -> set[bytes]:
    spki = PublicFormat.SubjectPublicKeyInfo
    return {each.public_key().public_bytes(Encoding.DER, spki) for each in institution.ca}


def _token_keys(institution: Institution) -> set[str]:
    return {key.thumbprint() for key in institution.keys.keys}


def _key_set(path: Path) -> KeySet:
    """A JWK Set of Ed25519 public keys, each with a kid."""
    try:
        document = json_of(read_file(path))
        keys = document["keys"]
        for key in keys:
            if key.get("kty") != "OKP" or key.get("crv") != "Ed25519" or "kid" not in key or "d" in key:
                raise SettingsError(f"{path}: holds Ed25519 public keys only, each with a kid")
        return KeySet.import_key_set(document)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, JoseError) as error:
        raise SettingsError(f"{path}: no JWK Set: {type(error).__name__}") from None
