"""The types that core.identifiers.api gives to Python callers."""

from __future__ import annotations

from typing import NamedTuple


class IdentifierError(ValueError):
    """A text that is no identifier of the kind asked. The message names the rule, never the text.

    rule: "length", "characters", "checksum", "department", "municipality" or "format".
    """

    def __init__(self, rule: str) -> None:
        super().__init__(f"not an identifier of this kind: rule {rule}")
        self.rule = rule


class Plate(NamedTuple):
    """A plate taken apart.

    type: "P", "TC"...; "" = unknown. number: six characters for Guatemala, 3 to 10 otherwise.
    country: ISO 3166-1 alpha-3. vowel: a letter of the number is a vowel, which is a warning and no refusal.
    """

    type: str
    number: str
    country: str
    vowel: bool

    @property
    def text(self) -> str:
        """Canonical "P-123BCD", or "?-123BCD" when the type is unknown."""
        return f"{self.type or '?'}-{self.number}"
