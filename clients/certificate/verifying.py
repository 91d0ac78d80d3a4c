"""Verifies a certificate shown by its holder: the signed PDF, or the token of its QR code, without a network."""

from __future__ import annotations

import hmac
import io
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from asn1crypto import cms
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko.sign.validation.settings import KeyUsageConstraints
from pyhanko.sign.validation.status import SignatureCoverageLevel
from pyhanko_certvalidator import ValidationContext

from clients.certificate.facts import binding, plain
from clients.certificate.page import ATTACHED
from clients.certificate.refused import Fault, NotValid
from clients.certificate.signer import DOCUMENT_SIGNING, certificate_print
from clients.certificate.token import read_token
from clients.client.whole_file import json_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature

    from clients.certificate.signer import Trusted
    from clients.certificate.token import TokenSaid

LARGEST_PDF = 8 << 20  # bytes; ours have 60,000
_USAGE = KeyUsageConstraints(key_usage={"non_repudiation"}, extd_key_usage={DOCUMENT_SIGNING})


@dataclass(frozen=True)
class Printed:
    """The text on the page beside the code, typed by the verifier; "" = not compared."""

    number: str = ""
    cui: str = ""
    page_key: str = ""


def verify_token(text: str, trusted: Trusted, now: datetime, printed: Printed | None = None) -> TokenSaid:
    """The token of a QR code. Raises NotValid.

    The CUI is compared where it and the page's key are given: without them the code may be of another page.
    """
    said = read_token(text, trusted.token_keys, now)
    printed = printed or Printed()
    if printed.number and plain(printed.number) != plain(said.number):
        raise NotValid(Fault.ANOTHER_PAGE)
    if printed.cui and printed.page_key:
        found = binding(printed.page_key, said.number, "".join(printed.cui.split()).replace("-", ""))
        if not hmac.compare_digest(found, said.binding):
            raise NotValid(Fault.ANOTHER_PAGE)
    return said


def verify_pdf(content: bytes, trusted: Trusted, now: datetime, printed: Printed | None = None) -> TokenSaid:
    """The signed PDF: its signature, that nothing was changed or added, its signer, and the token within.

    Raises NotValid.
    """
    logging.getLogger("pyhanko").setLevel(logging.CRITICAL)  # it logs, with their traces, what is raised here
    logging.getLogger("pyhanko_certvalidator").setLevel(logging.CRITICAL)
    if len(content) > LARGEST_PDF or not content.startswith(b"%PDF-"):
        raise NotValid(Fault.NO_PDF)
    reader = _within(lambda: PdfFileReader(io.BytesIO(content)))
    signatures = _within(lambda: list(reader.embedded_signatures))
    if len(signatures) != 1:
        raise NotValid(Fault.UNSIGNED)
    _check_signature(signatures[0], trusted, now)
    beside = _attached(reader)
    if printed is not None:
        verify_token(beside["token"], trusted, now, printed)
    said = verify_token(beside["token"], trusted, now, Printed(beside["number"], beside["cui"], beside["page_key"]))
    if certificate_print(signatures[0].signer_cert) != said.signer_print:
        raise NotValid(Fault.SIGNER_UNKNOWN)
    return said


def _check_signature(signature: EmbeddedPdfSignature, trusted: Trusted, now: datetime) -> None:
    context = ValidationContext(
        trust_roots=[trusted.authority], allow_fetching=False, moment=now, revocation_mode="soft-fail"
    )
    try:
        status = validate_pdf_signature(signature, context, key_usage_settings=_USAGE)
    except (SignatureValidationError, PdfError, ValueError):
        raise NotValid(Fault.ALTERED) from None
    padding = signature.pkcs7_content[len(cms.ContentInfo.load(signature.pkcs7_content).dump()) :]
    if padding.strip(b"\0"):  # the only bytes of the file that nothing signs
        raise NotValid(Fault.ALTERED)
    whole = status.coverage == SignatureCoverageLevel.ENTIRE_FILE and status.docmdp_ok
    if not (status.intact and status.valid and whole):
        raise NotValid(Fault.ALTERED)
    if not status.trusted:
        certificate = status.signing_cert
        if certificate.issuer != trusted.authority.subject:
            raise NotValid(Fault.SIGNER_UNKNOWN)
        if now < certificate.not_valid_before:
            raise NotValid(Fault.NOT_YET)
        raise NotValid(Fault.SIGNER_EXPIRED if now > certificate.not_valid_after else Fault.SIGNER_UNKNOWN)


def _attached(reader: PdfFileReader) -> dict[str, str]:
    """Returns the data attached to the file. Raises NotValid."""
    found = _within(lambda: _attached_bytes(reader))
    try:
        beside = json_of(found)
        texts = {name: beside[name] for name in ("token", "number", "cui", "page_key")}
    except (ValueError, KeyError, TypeError):
        raise NotValid(Fault.NO_TOKEN) from None
    if not all(isinstance(text, str) and text for text in texts.values()):
        raise NotValid(Fault.NO_TOKEN)
    return texts


def _attached_bytes(reader: PdfFileReader) -> bytes:
    names = reader.root["/Names"]["/EmbeddedFiles"]["/Names"]
    pairs = {str(names[at]): names[at + 1] for at in range(0, len(names), 2)}
    return bytes(pairs[ATTACHED]["/EF"]["/F"].data)


def _within(read: Callable[[], Any]) -> Any:
    """Returns the result of a reader; its errors on a damaged or hostile file become NotValid."""
    try:
        return read()
    except NotValid:
        raise
    except Exception:  # the library raises whatever its parts do
        raise NotValid(Fault.NO_PDF) from None


def is_pdf(content: bytes) -> bool:
    """Returns whether it claims to be a PDF."""
    return content.startswith(b"%PDF-")
