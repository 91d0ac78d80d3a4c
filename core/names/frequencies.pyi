"""The information of a token of a name (docs/names.md, "Frequencies"), in hundredths of a bit.

Tokens are known by their phonetic key: a rare misspelling has no more information than the name it stands for.
"""

from collections.abc import Mapping
from typing import final

GIVEN_NAMES: str
SURNAMES: str

def given_names() -> list[str]:
    """Given names of the built-in table, folded, the commonest first."""

@final
class NameFrequencies:
    """The number of persons, of `population`, that bear a token of each phonetic key.

    Keys missing in `counts` have the information of an unknown token. Raises ValueError for an empty key or one over 64
    symbols, a negative count, or a population that is not above 0.
    """

    def __new__(cls, counts: Mapping[str, float], population: float) -> NameFrequencies: ...
    def bits(self, phonetic_key: str) -> float:
        """Information of a token with this phonetic key, bits."""

def built_in(phonetic_key: str) -> tuple[int, int, bool]:
    """Returns a phonetic key's data from the built-in table: information, share as a given name (hundredths of a bit),
    known."""
