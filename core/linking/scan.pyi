"""One name against every name of a list, without an index: what a search is held against."""

from array import array
from collections.abc import Sequence
from typing import final

from core.names.frequencies import NameFrequencies

@final
class NameScan:
    """Names, stored or plain, read once; with how common their sounds are."""

    def __new__(cls, texts: Sequence[str], frequencies: NameFrequencies) -> NameScan: ...
    def compare(self, text: str) -> tuple[bytearray, array[int], bytearray, array[int]]:
        """Compares with each name in turn, as core.names.comparison compares two.

        Columns: Agreement; evidence (hundredths of a bit); whether every token of `text` is paired; the evidence if the
        birth dates are equal.
        """
