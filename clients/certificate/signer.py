"""The office's keys: a document-signing certificate for the PDF, and an Ed25519 key for the token."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from joserfc.errors import JoseError
from joserfc.jwk import KeySet, OKPKey
from pyhanko.keys import load_cert_from_pemder
from pyhanko.sign.signers import SimpleSigner

from clients.client.whole_file import json_of, read_whole

if TYPE_CHECKING:
    from asn1crypto.x509 import Certificate as X509

# id-kp-documentSigning, RFC 9336.
DOCUMENT_SIGNING = "1.3.6.1.5.5.7.3.36"
_PRINT_BYTES = 16


class KeysUnusable(Exception):
    """The office's key files are none, or may not sign; the text names the file and the rule."""


def _may_sign_documents(certificate: X509) -> bool:
    """Key usage nonRepudiation, and where it says for what, documents: what readers of a PDF ask for."""
    usage, extended = certificate.key_usage_value, certificate.extended_key_usage_value
    return (
        usage is not None
        and "non_repudiation" in usage.native
        and not certificate.ca
        and (extended is None or DOCUMENT_SIGNING in (each.dotted for each in extended))
    )


def certificate_print(certificate: X509) -> str:
    """16 bytes of the SHA-256 of a certificate, as tokens name it."""
    return base64.urlsafe_b64encode(hashlib.sha256(certificate.dump()).digest()[:_PRINT_BYTES]).rstrip(b"=").decode()


@dataclass(frozen=True)
class Signer:
    """The signer of certificates. not_after: end of the document-signing certificate, UTC; print: its fingerprint."""

    documents: SimpleSigner
    token_key: OKPKey
    not_after: datetime
    print: str

    @classmethod
    def read(cls, certificate: Path, key: Path, authority: Path, token_key: Path) -> Signer:
        """Reads PEM files and a private JWK. Raises OSError, KeysUnusable."""
        for path in (certificate, key, authority):
            read_whole(path)  # the library logs what it cannot read, and says nothing to us
        documents = SimpleSigner.load(  # type: ignore[no-untyped-call]
            str(key), str(certificate), ca_chain_files=(str(authority),)
        )
        if documents is None or documents.signing_cert is None:
            raise KeysUnusable(f"{certificate}: no certificate with its key")
        if not _may_sign_documents(documents.signing_cert):
            raise KeysUnusable(f"{certificate}: not a certificate for documents (key usage nonRepudiation)")
        try:
            private = OKPKey.import_key(json_of(read_whole(token_key).decode()))
        except (JoseError, ValueError, KeyError, TypeError):
            raise KeysUnusable(f"{token_key}: no private JWK (Ed25519)") from None
        if not private.is_private or private.curve_name != "Ed25519":
            raise KeysUnusable(f"{token_key}: no private JWK (Ed25519)")
        return cls(
            documents, private, documents.signing_cert.not_valid_after, certificate_print(documents.signing_cert)
        )


@dataclass(frozen=True)
class Trusted:
    """The keys that a verifier trusts: the authority of documents, and the keys of tokens. Both files are public."""

    authority: X509
    token_keys: KeySet

    @classmethod
    def read(cls, authority: Path, token_keys: Path) -> Trusted:
        """Reads a PEM file and a JWK Set. Raises OSError, KeysUnusable."""
        content = read_whole(token_keys).decode()
        read_whole(authority)
        try:
            certificate = load_cert_from_pemder(str(authority))  # type: ignore[no-untyped-call]
        except ValueError:
            raise KeysUnusable(f"{authority}: no certificate") from None
        try:
            keys = KeySet.import_key_set(json_of(content))
        except (JoseError, ValueError, KeyError, TypeError):
            raise KeysUnusable(f"{token_keys}: no JWK Set") from None
        return cls(certificate, keys)
