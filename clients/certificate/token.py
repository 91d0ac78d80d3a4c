"""The token in a certificate's QR code: a compact JWS (RFC 7515), signed with Ed25519, readable without a network.

A stranger may photograph it. It names no person. It holds number, standard, result and dates, and a hash of the CUI
under a key that is printed on the page, outside the code.

    {"iss": "mingob", "jti": number, "std": "wanted", "res": "NO_RECORD", "iat": ..., "exp": ..., "cuih": ...,
     "pdfs": ...}

`res` of a sample is SAMPLE: a reader that knows no samples takes it for no certificate. `pdfs` names the certificate
that signed the PDF: another signer of the same authority makes no page for this token.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, OKPKey

from clients.certificate.asking import Standard
from clients.certificate.facts import NO_RECORD, SAMPLE
from clients.certificate.refused import Fault, NotValid
from clients.certificate.validity import end_of

if TYPE_CHECKING:
    from clients.certificate.facts import Certificate

TYPE = "ronda-certificate"
_ALGORITHMS = ["EdDSA"]
_LONGEST = 2048  # characters; ours have some 450
_CLOCKS_DIFFER = timedelta(minutes=10)


@dataclass(frozen=True)
class TokenSaid:
    """The content of a token with a valid signature."""

    institution: str
    number: str
    standard: Standard
    issued: datetime
    expires: datetime
    binding: str
    signer_print: str
    sample: bool = False


def make_token(certificate: Certificate, key: OKPKey, signer_print: str) -> str:
    """The signed token. signer_print: of the certificate that signs the PDF."""
    claims = {
        "iss": certificate.institution.id,
        "jti": certificate.number,
        "std": certificate.standard.value,
        "res": SAMPLE if certificate.sample else NO_RECORD,
        "iat": int(certificate.issued.timestamp()),
        "exp": int(end_of(certificate.valid_until).timestamp()),
        "cuih": certificate.binding,
        "pdfs": signer_print,
    }
    header = {"alg": "EdDSA", "kid": key.kid, "typ": TYPE}
    return jws.serialize_compact(header, json.dumps(claims, separators=(",", ":")), key, algorithms=_ALGORITHMS)


def in_text(text: str) -> str:
    """The token of what a QR code holds: it may follow an address and `#`."""
    return text.strip().rpartition("#")[2]


def read_token(text: str, keys: KeySet, now: datetime) -> TokenSaid:
    """Checks signature, type, claims and dates. Raises NotValid."""
    said = read_signed(text, keys)
    if said.issued > now + _CLOCKS_DIFFER:
        raise NotValid(Fault.NOT_YET)
    if now >= said.expires:
        raise NotValid(Fault.EXPIRED)
    if said.sample:
        raise NotValid(Fault.SAMPLE)
    return said


def read_signed(text: str, keys: KeySet) -> TokenSaid:
    """Checks all but the dates. Raises NotValid."""
    token = in_text(text)
    if len(token) > _LONGEST or not token.isascii():
        raise NotValid(Fault.NO_TOKEN)
    try:
        signed = jws.deserialize_compact(token, keys, algorithms=_ALGORITHMS)
        claims = json.loads(signed.payload)
    except (JoseError, ValueError):  # ValueError: no key of that id, no JSON
        raise NotValid(Fault.SIGNATURE) from None
    if signed.headers().get("typ") != TYPE or not isinstance(claims, dict):
        raise NotValid(Fault.NO_TOKEN)
    try:
        return _said(claims)
    except (KeyError, TypeError, ValueError, OverflowError):
        raise NotValid(Fault.NO_TOKEN) from None


def _said(claims: dict[str, Any]) -> TokenSaid:
    if claims["res"] not in (NO_RECORD, SAMPLE):
        raise ValueError
    texts = [claims[name] for name in ("iss", "jti", "cuih", "pdfs")]
    if not all(isinstance(text, str) and text for text in texts):
        raise TypeError
    issued, expires = (datetime.fromtimestamp(int(claims[name]), UTC) for name in ("iat", "exp"))
    return TokenSaid(
        texts[0], texts[1], Standard(claims["std"]), issued, expires, texts[2], texts[3], claims["res"] == SAMPLE
    )
