"""Keys, certificates and tokens as an institution issues them: for development, tests, and institutions without a PKI.

Certificates follow RFC 5280, identifiers of both keys included: Python 3.13's ssl, like OpenSSL's `-x509_strict`,
refuses others.

An institution's directory, everything private with mode 0600:

    institution.json      id, trust domain, issuer
    ca.pem, ca.key        signs its devices' certificates (P-256); `ca.pem` goes to Ronda
    officers.jwks.json    public keys of its officers' tokens; goes to Ronda
    officers.key.json     the private one (Ed25519, a JWK)
"""

from __future__ import annotations

import base64
import errno
import ipaddress
import json
import os
import re
import shutil
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from joserfc import jwt
from joserfc.jwk import OKPKey

from core.documents import json_of
from core.files.regular_file import read_file
from core.files.replacement import create_file, give_to_owner_of, make_directory, replace_file
from server.trust.institutions import Institutions, check_id

_CA_DAYS = 3650
_DOCUMENT_SIGNING = x509.ObjectIdentifier("1.3.6.1.5.5.7.3.36")  # RFC 9336
_LONGEST_NAME = 253
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_HOST_NAME = re.compile(rf"(?:\*\.)?{_LABEL}(?:\.{_LABEL})*")
_EARLY = timedelta(minutes=5)  # before now: the clocks of both ends differ
_LONGEST_COMMON_NAME = 64  # characters; RFC 5280, ub-common-name. A DNS name may have 253.


@dataclass(frozen=True)
class Pair:
    """A certificate and its private key, PEM."""

    certificate: bytes
    key: bytes

    @property
    def thumbprint(self) -> str:
        """RFC 8705's x5t#S256."""
        digest = x509.load_pem_x509_certificate(self.certificate).fingerprint(hashes.SHA256())
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()

    def write(self, certificate: Path, key: Path) -> None:
        """Writes both, the key for its owner alone. Raises FileExistsError before it writes: neither is overwritten."""
        for path in (certificate, key):
            if os.path.lexists(path):
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path))
        write_private(key, self.key)
        write_new(certificate, self.certificate, 0o644)


def write_private(path: Path, content: bytes) -> None:
    """Makes a new file of mode 0600. Raises FileExistsError: no key is ever overwritten."""
    write_new(path, content, 0o600)


def write_new(path: Path, content: bytes, mode: int) -> None:
    """Makes a new file. Raises FileExistsError."""
    with os.fdopen(create_file(path, mode), "wb") as file:
        file.write(content)


def make_ca(name: str) -> Pair:
    """A certification authority of its own."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = _subject(name)
    certificate = (
        _builder(subject, subject, key.public_key(), key.public_key(), _CA_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs=True), critical=True)
        .sign(key, hashes.SHA256())
    )
    return Pair(certificate.public_bytes(Encoding.PEM), _pem(key))


def issue(
    ca: Pair,
    common_name: str,
    names: Sequence[x509.GeneralName],
    *,
    days: float = 90,
    server: bool = False,
    starts: datetime | None = None,
    is_ca: bool = False,
    may_sign: bool = False,
) -> Pair:
    """A certificate of `ca` with these subject alternative names, for a client or a server.

    is_ca, may_sign: says so of itself, as no leaf may; for tests.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    issuer = x509.load_pem_x509_certificate(ca.certificate)
    subject = _subject(common_name)
    usage = ExtendedKeyUsageOID.SERVER_AUTH if server else ExtendedKeyUsageOID.CLIENT_AUTH
    signer: Any = load_pem_private_key(ca.key, password=None)
    builder = (
        _builder(subject, issuer.subject, key.public_key(), signer.public_key(), days, starts)
        .add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True)
        .add_extension(_usage(signs=may_sign, leaf=True), critical=True)
        .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=not list(subject))
    return Pair(builder.sign(signer, hashes.SHA256()).public_bytes(Encoding.PEM), _pem(key))


def document_signer(ca: Pair, institution: str, days: float, starts: datetime | None = None) -> Pair:
    """A certificate that signs documents: nonRepudiation alone (ETSI EN 319 412-2, type A), purpose of RFC 9336."""
    key = ec.generate_private_key(ec.SECP256R1())
    issuer = x509.load_pem_x509_certificate(ca.certificate)
    names = [(NameOID.COUNTRY_NAME, "GT"), (NameOID.ORGANIZATION_NAME, institution), (NameOID.COMMON_NAME, institution)]
    subject = x509.Name([x509.NameAttribute(kind, text) for kind, text in names if len(text) <= _LONGEST_COMMON_NAME])
    signer: Any = load_pem_private_key(ca.key, password=None)
    certificate = (
        _builder(subject, issuer.subject, key.public_key(), signer.public_key(), days, starts)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs=False, commits=True), critical=True)
        .add_extension(x509.ExtendedKeyUsage([_DOCUMENT_SIGNING]), critical=False)
        .sign(signer, hashes.SHA256())
    )
    return Pair(certificate.public_bytes(Encoding.PEM), _pem(key))


def server_certificate(ca: Pair, hosts: Sequence[str], days: float = 90) -> Pair:
    """Returns a certificate for the server itself, by host names and addresses."""
    return issue(ca, hosts[0], [_host(host) for host in hosts], days=days, server=True)


class Issuer:
    """One institution's directory, opened."""

    def __init__(self, directory: Path) -> None:
        """Raises OSError, ValueError, KeyError for a directory that `make` did not make."""
        facts = json_of(read_file(directory / "institution.json").decode())
        self.id: str = facts["id"]
        self.trust_domain: str = facts["trust_domain"]
        self.issuer: str = facts["issuer"]
        self.ca = Pair(read_file(directory / "ca.pem"), read_file(directory / "ca.key"))
        self.signing_key = OKPKey.import_key(json_of(read_file(directory / "officers.key.json").decode()))

    @classmethod
    def make(cls, directory: Path, identity: str, trust_domain: str, issuer: str) -> Issuer:
        """Makes a new institution's keys. Raises FileExistsError."""
        directory.mkdir(parents=True, mode=0o700)
        make_ca(f"{identity} device CA").write(directory / "ca.pem", directory / "ca.key")
        key = OKPKey.generate_key("Ed25519", {"kid": uuid.uuid4().hex[:12], "use": "sig"})
        write_private(directory / "officers.key.json", json.dumps(key.as_dict(private=True)).encode())
        (directory / "officers.jwks.json").write_text(_jwks(key), encoding="utf-8")
        facts = {"id": identity, "trust_domain": trust_domain, "issuer": issuer}
        (directory / "institution.json").write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
        return cls(directory)

    def enrol(self, trust: Path, name: str) -> None:
        """Adds this institution to a trust directory."""
        enrol(
            trust,
            self.id,
            name,
            trust_domain=self.trust_domain,
            issuer=self.issuer,
            ca=self.ca.certificate,
            jwks=_jwks(self.signing_key),
        )

    def spiffe(self, path: str) -> str:
        """A name in this institution's trust domain."""
        return f"spiffe://{self.trust_domain}{path}"

    def device(self, unit: str, device: str, days: float = 90) -> Pair:
        """The certificate of a device of a unit."""
        return self._client(f"/unit/{unit}/device/{device}", device, days)

    def gateway(self, name: str, days: float = 90) -> Pair:
        """The certificate of a gateway, which asks on behalf of officers."""
        return self._client(f"/gateway/{name}", name, days)

    def machine(self, name: str, days: float = 365) -> Pair:
        """The certificate of a machine account, which feeds by it alone."""
        return self._client(f"/machine/{name}", name, days)

    def _client(self, path: str, common_name: str, days: float) -> Pair:
        return issue(self.ca, common_name, [x509.UniformResourceIdentifier(self.spiffe(path))], days=days)

    def token(
        self,
        nip: str,
        unit: str,
        roles: Sequence[str],
        thumbprint: str,
        *,
        seconds: int = 900,
        audience: str = "ronda",
        gateway: str = "",
        **changes: Any,
    ) -> str:
        """Returns a token, as `sign_token`."""
        return sign_token(
            self.signing_key,
            self.issuer,
            Subject(nip, unit, roles, thumbprint, gateway),
            seconds=seconds,
            audience=audience,
            **changes,
        )


@dataclass(frozen=True)
class Subject:
    """The officer and the client certificate that a token names.

    `gateway`: SPIFFE name of the gateway that asks on the officer's behalf, "" = no gateway.
    """

    nip: str
    unit: str
    roles: Sequence[str]
    thumbprint: str
    gateway: str = ""


def sign_token(
    key: OKPKey, issuer: str, subject: Subject, *, seconds: int, audience: str = "ronda", **more: Any
) -> str:
    """An officer's token that begins now; `more`: further claims, or claims to set otherwise, for tests."""
    now = int(datetime.now(UTC).timestamp())
    claims: dict[str, Any] = {
        "iss": issuer,
        "aud": audience,
        "sub": subject.nip,
        "unit": subject.unit,
        "roles": list(subject.roles),
        "jti": uuid.uuid4().hex,
        "iat": now,
        "nbf": now,
        "exp": now + seconds,
        "cnf": {"x5t#S256": subject.thumbprint},
    }
    if subject.gateway:
        claims["act"] = {"sub": subject.gateway}
    claims |= more
    return jwt.encode({"alg": "EdDSA", "kid": key.kid}, claims, key, algorithms=["EdDSA"])


def enrol(trust: Path, identity: str, name: str, *, trust_domain: str, issuer: str, ca: bytes, jwks: str) -> None:
    """Adds an institution to a trust directory: its public files and its table.

    Raises FileExistsError where it is there, SettingsError where the directory would not hold together with it. The
    directory is then as it was.
    """
    check_id(identity)
    directory, path = trust / identity, trust / "institutions.toml"
    make_directory(trust, 0o755)
    directory.mkdir(mode=0o755)
    try:
        directory.chmod(0o755)  # the server may be another account
        give_to_owner_of(trust, directory)
        replace_file(directory / "ca.pem", ca, mode=0o644)
        replace_file(directory / "officers.jwks.json", jwks.encode(), mode=0o644)
        before = read_file(path) if path.exists() else b""
        table = (b"\n" if before else b"") + _institution_table(identity, name, trust_domain, issuer).encode()
        replace_file(path, before + table, mode=0o644, check=Institutions)
    except BaseException:
        shutil.rmtree(directory)
        raise


def _institution_table(identity: str, name: str, trust_domain: str, issuer: str) -> str:
    """The lines of one institution in `institutions.toml`."""
    table = {
        "name": name,
        "trust_domain": trust_domain,
        "ca": f"{identity}/ca.pem",
        "issuer": issuer,
        "keys": f"{identity}/officers.jwks.json",
    }
    # JSON's strings are TOML's basic strings, but for characters that no name of ours has.
    lines = [
        f"[{identity}]",
        *(f"{key} = {json.dumps(str(value), ensure_ascii=False)}" for key, value in table.items()),
    ]
    return "\n".join(lines) + "\n"


def _jwks(key: OKPKey) -> str:
    return json.dumps({"keys": [key.as_dict(private=False)]}, indent=2) + "\n"


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePublicKey,
    signing_key: ec.EllipticCurvePublicKey,
    days: float,
    starts: datetime | None = None,
) -> x509.CertificateBuilder:
    start = starts if starts is not None else datetime.now(UTC) - _EARLY
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=days) + _EARLY)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signing_key), critical=False)
    )


def _subject(name: str) -> x509.Name:
    """The common name, for people: nobody reads it where the alternative names say it; a longer one is left to them."""
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)] if len(name) <= _LONGEST_COMMON_NAME else [])


def _usage(*, signs: bool, leaf: bool = False, commits: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=(leaf or not signs) and not commits,
        content_commitment=commits,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs,
        crl_sign=signs,
        encipher_only=False,
        decipher_only=False,
    )


def is_host(text: str) -> bool:
    """Returns whether it is an address, or a host name (RFC 1123, the first label may be *) that a client may dial."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return len(text) <= _LONGEST_NAME and _HOST_NAME.fullmatch(text) is not None
    return True


def _host(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
