"""Comparison of two persons: one score, and what agrees (docs/names.md).

The score is the share of such pairs that are one person, between 0 and 1, for a pair drawn from `population` persons.
By default a pair is looked at by itself. Search over an index gives the same score as `compare` does with the index's
frequencies and population.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import TypeAlias, final

from core.names.frequencies import NameFrequencies

_Name: TypeAlias = str | bytes | Mapping[str, str]
_Birth: TypeAlias = tuple[int, int, int] | str | date

POPULATION: int
TOKEN_KINDS: tuple[str, ...]
DIFFERENCES: tuple[str, ...]

def name_text(
    given: str | bytes = "", surnames: str | bytes = "", married: str | bytes = "", full: str | bytes = ""
) -> bytes:
    """The stored form of a name, UTF-8: its parts, parted by 0x1F; `full` when they hold no token."""

def compare_texts(a: str | bytes, b: str | bytes) -> int:
    """ronda.v1 Agreement of two names, stored or plain: 1 AGREES, 2 DISAGREES, 3 UNKNOWN."""

def token_kind(a: str, b: str) -> str:
    """Returns how two tokens go together, a value of TOKEN_KINDS. Raises ValueError for more or less than one."""

def terms(token: str) -> frozenset[int]:
    """The terms of a token: tokens that go together share one, but for the exceptions of core/names/tokens.pxd."""

@final
class Person:
    """The stated facts of a person, read once for many comparisons.

    names: a text, a dict (given, surnames, married; or full), or a list of them: the best counts. birth: (year, month,
    day) with 0 for an unknown part, "YYYY-MM-DD", a date, or a list of them: the best counts. sex: ronda.v1 Sex (1
    female, 2 male), 0 unknown. department: INE 1 to 22, or several (birth, residence). municipality: INE code. father,
    mother: names. Raises ValueError or TypeError for anything else.
    """

    def __new__(
        cls,
        *,
        names: _Name | Sequence[_Name] | None = None,
        birth: _Birth | Sequence[_Birth] | None = None,
        sex: int = 0,
        department: int | Iterable[int] | None = None,
        municipality: int = 0,
        father: str | bytes = "",
        mother: str | bytes = "",
    ) -> Person: ...

@final
class Comparison:
    """Outcome of a comparison.

    score: 0..1. evidence: bits, before the prior. names, birth, sex, parents, department: ronda.v1 Agreement, 1 AGREES,
    2 DISAGREES, 3 UNKNOWN.
    """

    score: float
    evidence: float
    names: int
    birth: int
    sex: int
    parents: int
    department: int
    @property
    def pairs(self) -> list[tuple[str, str, str, float]]:
        """(token of a, token of b, kind, built-in bits of the token) of the names that compared best."""
    @property
    def names_evidence(self) -> float:
        """The part of the evidence that comes from the names, bits."""
    @property
    def told(self) -> tuple[float, float]:
        """Bits that the pairs of the best names tell, and of these the bits of pairs with a surname in them."""
    @property
    def counts(self) -> dict[str, int]:
        """The number of each of DIFFERENCES in the best names; those not found are left out."""

def compare(
    person_a: object, person_b: object, *, frequencies: NameFrequencies | None = None, population: float = 128.0
) -> Comparison:
    """Compares two persons: Person, or a dict or object with its fields.

    frequencies: how common tokens are (None: a built-in table). population: persons that a was drawn from, at least 1.
    """

def similarity(a: str | bytes, b: str | bytes) -> float:
    """Returns the score 0..1 of two names alone, as `compare` does for two persons without other facts."""
