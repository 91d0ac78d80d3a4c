"""Identifiers of Guatemala's registers: canonical form, check digits, likely slips.

Rules by which a text is refused, as words: "length", "characters", "checksum", "department", "municipality", "format".
Texts are str, or bytes of UTF-8.
"""

from core.identifiers.types import IdentifierError as IdentifierError
from core.identifiers.types import Plate

def canonical(kind: int, text: str | bytes) -> str:
    """Canonical text of an identifier.

    Raises IdentifierError; ValueError for a kind that has no canonical text (NAME).
    """

def problem(kind: int, text: str | bytes) -> str | None:
    """The rule that the text breaks; None when it is a valid identifier of this kind."""

def document(country: str | bytes, number: str | bytes) -> str:
    """Canonical "SLV:A123456" of a document and its country (ISO alpha-3). Raises IdentifierError."""

def country_code(text: str | bytes) -> str:
    """Three upper-case letters. Raises IdentifierError."""

def plate(text: str | bytes, country: str | bytes = "GTM") -> Plate:
    """Takes a plate apart. Raises IdentifierError."""

def cui_digits(text: str | bytes) -> tuple[str | None, bool]:
    """A register's CUI: its 13 digits, or None, and whether every rule of the CUI holds."""

def read_otherwise(kind: int, text: str | bytes) -> bool:
    """Returns whether the text is an identifier of this kind, but not as it is strictly written (docs/answers.md
    section 4)."""

def shown_cuis(text: str | bytes) -> list[str]:
    """The valid CUIs that stand in a text that is none, as they are met; none where there are more than four."""

def shown_plates(text: str | bytes) -> list[Plate]:
    """The Guatemalan plates that stand in a text that is none, as shown_cuis says."""

def cedula_orden(text: str | bytes) -> str:
    """Orden of a cédula ("A-1"), also where its registro is missing or zero: that is no identifier.

    Raises IdentifierError.
    """

def is_vin(text: str | bytes) -> bool:
    """Returns whether the text is 17 characters of the VIN's alphabet; separators are ignored."""

def vin_check_digit_valid(text: str | bytes) -> bool:
    """Returns whether the text is a VIN with a right check digit (place 9, ISO 3779): outside North America only a
    warning."""

def suggest(kind: int, text: str | bytes) -> list[str]:
    """Valid CUI (of 12 and 14 digits too), NIT or VIN one slip away from the text, most plausible first, at most 96."""

def plate_misreads(plate: str | bytes) -> list[str]:
    """Guatemalan plates ("P-123BCD") that may have been misread as this text, at most 48: one misread, then two."""
