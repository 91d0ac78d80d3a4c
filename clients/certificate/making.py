"""Makes a signed certificate from an answer; nothing is written to disk yet."""

from __future__ import annotations

import hashlib
import io
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields, signers

from clients.certificate.asking import Outcome
from clients.certificate.facts import Certificate, Institution
from clients.certificate.page import render
from clients.certificate.token import make_token
from clients.certificate.validity import end_of, last_day

if TYPE_CHECKING:
    from clients.certificate.asking import Clearance
    from clients.certificate.signer import Signer

CLOCKS_DIFFER = timedelta(minutes=10)  # of this machine and the server, at most
_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's: none is read as another
_PAGE_KEY_LETTERS = 16  # 80 bits
_GROUP = 4
_SIGNATURE_BYTES = 16_384  # room for the signature and its certificates in the file


class ClocksDiffer(Exception):
    """This machine's clock and the server's differ too much to write a date on anything."""


class SignerEnds(Exception):
    """The document-signing certificate ends before the certificate would: nobody could verify it then."""


@dataclass(frozen=True)
class Made:
    """A certificate, its token and its signed PDF."""

    certificate: Certificate
    token: str
    pdf: bytes

    @property
    def sha256(self) -> str:
        """SHA-256 of the PDF, hexadecimal."""
        return hashlib.sha256(self.pdf).hexdigest()


def make_certificate(
    clearance: Clearance, number: str, institution: Institution, signer: Signer, now: datetime, review: str = ""
) -> Made:
    """Writes and signs it. review: number of the review that lets it be issued; else the answer must be NO_RECORD.

    Raises ValueError for an answer of which no certificate may be made, ClocksDiffer, SignerEnds, page.FontMissing,
    page.Unwritable.
    """
    may_be = clearance.outcome is Outcome.NO_RECORD or (review and clearance.outcome is Outcome.REVIEW)
    fresh = bool(clearance.registers) and all(register.fresh for register in clearance.registers)
    if not may_be or not clearance.name or not fresh:
        raise ValueError(clearance.outcome)
    if abs(now - clearance.answered_at) > CLOCKS_DIFFER:
        raise ClocksDiffer
    until = last_day(now)
    if signer.not_after < end_of(until):
        raise SignerEnds
    certificate = Certificate(
        number=number,
        page_key=_page_key(),
        institution=institution,
        standard=clearance.standard,
        cui=clearance.cui,
        name=clearance.name,
        issued=now,
        valid_until=until,
        generation=clearance.generation,
        registers=clearance.registers,
        review=review,
        sample=clearance.sample,
    )
    token = make_token(certificate, signer.token_key, signer.print)
    return Made(certificate, token, _sign(render(certificate, token), certificate, signer))


def _page_key() -> str:
    letters = "".join(secrets.choice(_LETTERS) for _ in range(_PAGE_KEY_LETTERS))
    return "-".join(letters[at : at + _GROUP] for at in range(0, len(letters), _GROUP))


def _sign(pdf: bytes, certificate: Certificate, signer: Signer) -> bytes:
    """PAdES (ETSI EN 319 142-1, level B-B), a certifying signature that permits no change at all."""
    metadata = signers.PdfSignatureMetadata(
        field_name="Firma",
        md_algorithm="sha256",
        subfilter=fields.SigSeedSubFilter.PADES,
        certify=True,
        docmdp_permissions=fields.MDPPerm.NO_CHANGES,
        name=certificate.institution.name,
        reason="Constancia",
    )
    signing = signers.PdfSigner(metadata, signer=signer.documents)
    signed = signing.sign_pdf(IncrementalPdfFileWriter(io.BytesIO(pdf)), bytes_reserved=_SIGNATURE_BYTES)
    return bytes(signed.getbuffer())
