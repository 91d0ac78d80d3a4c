"""The institutions with access: the CAs of their devices, and the keys that sign their officers' tokens.

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
import ssl
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from core.documents import json_of, toml_of
from core.files.regular_file import read_file
from server.settings import SettingsError, file_fault
from server.trust.faults import LIST, Faults
from server.trust.small_order import is_of_small_order

# Also the head of role names in policy ("pnc/patrol"), so nothing that Cedar or a path would read otherwise.
_ID = re.compile(r"\A[a-z][a-z0-9-]{0,31}\Z")
_CA_KEYS = (ec.EllipticCurvePublicKey, ed25519.Ed25519PublicKey, rsa.RSAPublicKey)


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1)
    trust_domain: str = Field(pattern=r"^[a-z0-9._-]{1,255}$")  # SPIFFE ID, section 2.1
    ca: Path
    issuer: str = Field(min_length=1)
    keys: Path


@dataclass(frozen=True)
class Institution:
    """One institution. `ca_pem` is what its devices' chains end in; `stated`: all that it was read from."""

    id: str
    name: str
    trust_domain: str
    issuer: str
    ca_pem: bytes
    ca: tuple[x509.Certificate, ...]
    keys: KeySet
    stated: Stated


@dataclass(frozen=True)
class Stated:
    """The texts that an institution is made of: its table without paths, the CA file and the key file."""

    name: str
    trust_domain: str
    issuer: str
    ca: str
    keys: str


class Institutions:
    """All of them, by trust domain and by issuer."""

    def __init__(self, path: Path, last: Mapping[str, Institution] | None = None, faults: Faults | None = None) -> None:
        """Raises SettingsError with the file and the rule, unless `faults` takes them.

        last: the institutions in force, by id. An institution stays as it was in force if its files are invalid, or if
        it would take a name or a key of another. One that never was in force is left out.
        """
        faults = faults or Faults(strict=True)
        last = last or {}
        self.files: tuple[Path, ...] = (path,)
        self.by_domain: dict[str, Institution] = {}
        self.by_issuer: dict[str, Institution] = {}
        tables = faults.tried(LIST, lambda: _tables(path))
        if tables is None:
            for institution in last.values():
                self._add(path, institution)
            return
        read: dict[str, Institution | None] = {}
        for identity, table in tables.items():
            self.files += tuple(path.parent / str(table[name]) for name in ("ca", "keys") if name in table)
            read[identity] = faults.tried(f"institution/{identity}", lambda: _read(path, identity, table))  # noqa: B023
        # Who did not change comes first: a changed file that takes a key of another institution is the one at fault.
        for identity in sorted(read, key=lambda each: _is_other(read[each], last.get(each))):
            found, before = read[identity], last.get(identity)
            added = found is not None and faults.tried(f"institution/{identity}", lambda: self._add(path, found))  # noqa: B023
            if not added and before is not None:
                faults.tried(f"institution/{identity}", lambda: self._add(path, before))  # noqa: B023
        in_order = {each.trust_domain: each for name in read for each in self.all if each.id == name}
        self.by_domain = in_order

    @classmethod
    def of(cls, path: Path, institutions: Iterable[Institution]) -> Institutions:
        """Returns the given institutions, without files. path: for error texts. Raises SettingsError."""
        made = cls.__new__(cls)
        made.files, made.by_domain, made.by_issuer = (), {}, {}
        for each in institutions:
            made._add(path, each)
        return made

    def _add(self, path: Path, institution: Institution) -> bool:
        """Takes one in. Raises SettingsError where a name or key is another's."""
        if institution.trust_domain in self.by_domain or institution.issuer in self.by_issuer:
            raise SettingsError(f"{path}: {institution.id}: trust_domain and issuer belong to one institution each")
        for other in self.all:
            _have_keys_of_their_own(path, institution, other)
        self.by_domain[institution.trust_domain] = institution
        self.by_issuer[institution.issuer] = institution
        return True

    @property
    def all(self) -> tuple[Institution, ...]:
        """The institutions in the order of the file."""
        return tuple(self.by_domain.values())

    @property
    def bundle(self) -> bytes:
        """The CAs of all, PEM, accepted in the TLS handshake. The device's institution is checked after it."""
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
    texts = []
    for file in (ca_path, keys_path):
        try:
            texts.append(read_file(file).decode())
        except (OSError, ValueError) as error:
            raise file_fault(file, error) from None
    stated = Stated(entry.name, entry.trust_domain, entry.issuer, *texts)
    return institution_of(identity, stated, ca_path, keys_path)


def institution_of(identity: str, stated: Stated, ca_path: Path, keys_path: Path) -> Institution:
    """The institution that the texts make. The paths are for error texts. Raises SettingsError."""
    ca = _certificates(stated.ca.encode(), ca_path)
    ca_pem = b"".join(each.public_bytes(Encoding.PEM) for each in ca)
    keys = _key_set(stated.keys.encode(), keys_path)
    return Institution(identity, stated.name, stated.trust_domain, stated.issuer, ca_pem, ca, keys, stated)


def _certificates(pem: bytes, path: Path) -> tuple[x509.Certificate, ...]:
    try:
        found = tuple(x509.load_pem_x509_certificates(pem))
        public = [each.public_key() for each in found]
    except (ValueError, UnsupportedAlgorithm) as error:
        raise SettingsError(f"{path}: no PEM certificates: {error}") from None
    if not all(isinstance(each, _CA_KEYS) for each in public):
        raise SettingsError(f"{path}: the key of a CA is RSA, ECDSA or Ed25519")
    if any(_anybody_signs_under(each) for each in public):
        raise SettingsError(f"{path}: the key of a CA is of small order: anybody signs under it")
    if not all(_is_ca(each) for each in found):
        raise SettingsError(f"{path}: a certificate that is no CA (basic constraints) vouches for nobody")
    try:  # as the handshake reads them: one block that it refuses would refuse those of all institutions
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_verify_locations(
            cadata=b"".join(each.public_bytes(Encoding.DER) for each in found)
        )
    except ssl.SSLError as error:
        raise SettingsError(f"{path}: OpenSSL refuses a certificate: {error.reason}") from None
    return found


def _is_other(read: Institution | None, last: Institution | None) -> bool:
    return read is None or last is None or read.stated != last.stated


def check_id(identity: str, where: str = "") -> None:
    """Raises SettingsError for what is no institution's id; where: begins its text."""
    if not _ID.match(identity):
        raise SettingsError(f"{where}{identity}: an institution's id has lower-case letters, digits and hyphens")


def _anybody_signs_under(key: object) -> bool:
    return isinstance(key, ed25519.Ed25519PublicKey) and is_of_small_order(key.public_bytes_raw())


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


def _key_set(text: bytes, path: Path) -> KeySet:
    """A JWK Set of Ed25519 public keys, each with a kid."""
    try:
        document = json_of(text)
        keys = document["keys"]
        for key in keys:
            if key.get("kty") != "OKP" or key.get("crv") != "Ed25519" or "kid" not in key or "d" in key:
                raise SettingsError(f"{path}: holds Ed25519 public keys only, each with a kid")
        found = KeySet.import_key_set(document)
        for each in found.keys:
            if _anybody_signs_under(each.public_key):
                raise SettingsError(f"{path}: key {each.kid} is of small order: anybody signs under it")
        return found
    except (OSError, ValueError, KeyError, TypeError, AttributeError, JoseError) as error:
        raise SettingsError(f"{path}: no JWK Set: {type(error).__name__}") from None
