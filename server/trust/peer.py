"""The device at the other end, as its TLS certificate proves it.

Its name is the one SPIFFE URI of the certificate's SAN; the subject's common name is never read. Paths known here:

    spiffe://<trust domain>/unit/<unit>/device/<device>    a device of a unit
    spiffe://<trust domain>/gateway/<name>                 asks on behalf of officers (SMS, night batch)
    spiffe://<trust domain>/machine/<name>                 a program that feeds, for itself and without an officer
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes

from ronda.v1 import error_pb2
from server.errors import Refusal
from server.trust.institutions import Institution, Institutions

# SPIFFE ID, section 2: lower-case trust domain, path segments of letters, digits, dots, hyphens and underscores; none
# that a reader of paths would take for this one or the one above.
_SPIFFE = re.compile(r"\Aspiffe://(?P<domain>[a-z0-9._-]{1,255})(?P<path>(?:/(?!\.{1,2}(?:/|\Z))[A-Za-z0-9._-]+)+)\Z")
_DEVICE = re.compile(r"\A/unit/(?P<unit>[^/]+)/device/[^/]+\Z")
_GATEWAY = re.compile(r"\A/gateway/[^/]+\Z")
_MACHINE = re.compile(r"\A/machine/[^/]+\Z")
_MAX_NAME = 2048  # bytes, SPIFFE ID section 2.3
_KEPT = 4096  # certificates; more are forgotten, oldest first, and read again

TLS = b"TLSv1.3"


@dataclass(frozen=True)
class Peer:
    """A device of an institution. `thumbprint` is RFC 8705's x5t#S256, `not_after_ms` the certificate's end."""

    device: str
    institution: Institution
    unit: str  # "" of a gateway or machine
    is_gateway: bool
    is_machine: bool
    thumbprint: str
    serial: str  # SHA-256 of the certificate, hexadecimal: what revocations name
    not_after_ms: int


def check_tls(auth: Mapping[str, Iterable[bytes]]) -> None:
    """Refuses what is not TLS 1.3 with a client certificate: gRPC cannot set the least version by itself."""
    if next(iter(auth.get("transport_security_type", ())), b"") != b"ssl":
        raise Refusal(error_pb2.ERROR_REASON_CERTIFICATE_UNKNOWN, rule="no TLS on this connection")
    version = next(iter(auth.get("ssl_tls_version", ())), b"")
    if version != TLS:
        raise Refusal(error_pb2.ERROR_REASON_TLS_TOO_OLD, metadata={"version": version.decode("ascii", "replace")})


def peer_of(certificate_pem: bytes, institutions: Institutions) -> Peer:
    """The device that a verified certificate names. Raises Refusal CERTIFICATE_UNKNOWN."""
    if not certificate_pem:
        raise _unknown("no client certificate")
    certificate = x509.load_pem_x509_certificate(certificate_pem)
    name, domain, path = _spiffe_name(certificate)
    institution = institutions.by_domain.get(domain)
    # An institution's CA may name that institution's devices alone, whoever's CAs the handshake accepts.
    if institution is None or not any(_issued_by(certificate, ca) for ca in institution.ca):
        raise _unknown("no institution answers for this name")
    if _may_sign(certificate):  # X.509-SVID, section 4: a leaf is no CA
        raise _unknown("the certificate may sign others: it is not a device's")
    unit = _DEVICE.match(path)
    is_gateway, is_machine = bool(_GATEWAY.match(path)), bool(_MACHINE.match(path))
    if unit is None and not is_gateway and not is_machine:
        raise _unknown("the name is neither of a device of a unit nor of a gateway or machine")
    digest = certificate.fingerprint(hashes.SHA256())
    return Peer(
        device=name,
        institution=institution,
        unit=unit["unit"] if unit else "",
        is_gateway=is_gateway,
        is_machine=is_machine,
        thumbprint=base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
        serial=digest.hex(),
        not_after_ms=int(certificate.not_valid_after_utc.timestamp() * 1000),
    )


class Peers:
    """The devices of one state of the institutions: each certificate is read once, and its signature checked."""

    def __init__(self, institutions: Institutions) -> None:
        self.institutions = institutions
        self._read: dict[bytes, Peer | Refusal] = {}

    def of(self, certificate_pem: bytes) -> Peer:
        """Returns the peer, as `peer_of`."""
        found = self._read.get(certificate_pem)
        if found is None:
            try:
                found = peer_of(certificate_pem, self.institutions)
            except Refusal as refusal:
                found = refusal
            if len(self._read) >= _KEPT:
                del self._read[next(iter(self._read))]
            self._read[certificate_pem] = found
        if isinstance(found, Refusal):
            raise _unknown(found.rule)
        return found


def domain_of(name: str) -> str:
    """The trust domain of a device's, gateway's or machine's SPIFFE name. Raises ValueError for any other text."""
    match = _SPIFFE.match(name)
    if match is None or not any(kind.match(match["path"]) for kind in (_DEVICE, _GATEWAY, _MACHINE)):
        raise ValueError("not the name of a device, gateway or machine")
    return match["domain"]


def _spiffe_name(certificate: x509.Certificate) -> tuple[str, str, str]:
    """(name, trust domain, path) of the one URI in the SAN."""
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError):
        raise _unknown("the certificate has no subject alternative name") from None
    uris = names.get_values_for_type(x509.UniformResourceIdentifier)
    match = _SPIFFE.match(uris[0]) if len(uris) == 1 and len(uris[0]) <= _MAX_NAME else None
    if match is None:  # X.509-SVID, section 2: exactly one URI
        raise _unknown("the certificate's SAN holds not exactly one SPIFFE name")
    return uris[0], match["domain"], match["path"]


def _issued_by(certificate: x509.Certificate, ca: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(ca)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def _may_sign(certificate: x509.Certificate) -> bool:
    found: list[bool] = []
    extensions = certificate.extensions
    with suppress(x509.ExtensionNotFound):
        found.append(extensions.get_extension_for_class(x509.BasicConstraints).value.ca)
    with suppress(x509.ExtensionNotFound):
        usage = extensions.get_extension_for_class(x509.KeyUsage).value
        found += [usage.key_cert_sign, usage.crl_sign]
    return any(found)


def _unknown(rule: str) -> Refusal:
    return Refusal(error_pb2.ERROR_REASON_CERTIFICATE_UNKNOWN, rule=rule)
