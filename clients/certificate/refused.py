"""The reasons why a shown certificate is not valid."""

from __future__ import annotations

from enum import Enum, auto


class Fault(Enum):
    """The fault of a certificate."""

    NO_TOKEN = auto()  # no token of a certificate, or of another version
    SIGNATURE = auto()  # not signed with a key of the office, or altered
    EXPIRED = auto()
    NOT_YET = auto()  # issued in the future: one of the clocks is wrong
    NO_PDF = auto()
    UNSIGNED = auto()  # a PDF without exactly one signature
    ALTERED = auto()  # bytes of the PDF were changed, or added after the signature
    SIGNER_UNKNOWN = auto()  # the signer's certificate is of another authority, or not one for documents
    SIGNER_EXPIRED = auto()  # the signer's certificate is not in force
    ANOTHER_PAGE = auto()  # page and token do not belong together: number, CUI or dates
    REVOKED = auto()
    SAMPLE = auto()  # issued of invented data or by a server in development mode
    UNKNOWN = auto()  # the office knows no such number


class NotValid(Exception):
    """The certificate is not valid; holds nothing personal."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.name)
        self.fault = fault
