"""The content of one certificate, with its number and key."""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date, datetime

    from clients.certificate.asking import RegisterRead, Standard

NO_RECORD = "NO_RECORD"  # the only result of a certificate
SAMPLE = "SAMPLE"  # in its place, where the server said that its answer certifies nothing
_BOUND_BYTES = 16
_CONTEXT = b"ronda-certificate-1"


@dataclass(frozen=True)
class Institution:
    """The certifying institution. id: short, in tokens; online: address for questions about a number, "" = none.

    heading: lines above the name; foot: at the end of each page; arms: a PNG or JPEG above all, None = none.
    """

    id: str
    name: str
    online: str
    heading: str = ""
    foot: str = ""
    arms: bytes | None = None


@dataclass(frozen=True)
class Certificate:
    """number: as printed, `XXXXX-XXXXX-XXXXX-XXXXX`. page_key: as printed, 80 random bits, on the page alone.

    issued: UTC; valid_until: the last day. review: number of the review that it rests on, "" = none.
    sample: the server said that its people are invented, or that it is in development mode.
    """

    number: str
    page_key: str
    institution: Institution
    standard: Standard
    cui: str
    name: str
    issued: datetime
    valid_until: date
    generation: str
    registers: tuple[RegisterRead, ...]
    review: str = ""
    sample: bool = False

    @property
    def binding(self) -> str:
        """The binding of the token to the CUI."""
        return binding(self.page_key, self.number, self.cui)


def plain(text: str) -> str:
    """A number or page key as compared: without hyphens and blanks, in capitals, O as 0, I and L as 1."""
    letters = "".join(text.split()).replace("-", "").upper()
    return letters.replace("O", "0").replace("I", "1").replace("L", "1")


def binding(page_key: str, number: str, cui: str) -> str:
    """A hash of the CUI under the page's key: who has the token alone cannot try the 20 million CUIs on it."""
    said = b"|".join((_CONTEXT, plain(number).encode(), cui.encode()))
    digest = hmac.digest(plain(page_key).encode(), said, hashlib.sha256)
    return base64.urlsafe_b64encode(digest[:_BOUND_BYTES]).rstrip(b"=").decode()
