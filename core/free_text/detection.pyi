"""Detects the kinds of identifier that a text from one box fits."""

from core.identifiers.kinds import IdentifierKind

def detect(text: str | bytes, country: str | bytes = "") -> list[tuple[IdentifierKind, str]]:
    """Every kind that fits a one-box query, ascending, each with its canonical text (a name: folded).

    `country`: ISO alpha-3 of the plate or document; "" = none given. Empty when nothing fits.
    Raises IdentifierError for a country that is none.
    """
