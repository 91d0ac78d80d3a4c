"""names.bin from Python: building it outside a generation, and asking it without the engine."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from typing_extensions import disjoint_base

from core.generation.store import Generation
from core.linking.types import NameSearch
from core.machine.arrow_export import ExportsArrow
from core.names.frequencies import NameFrequencies

POSSIBLE_SCORE: float
CLAIM_FIELDS: list[tuple[str, str]]
ASKED_FIELDS: list[tuple[str, str]]

def name_roles(text: str | bytes) -> list[tuple[str, int]]:
    """Tokens of a stored or plain name, each with its role: 0 unknown, 1 given, 2 surname, 3 surname of the husband."""

def build_names(path: str | Path, batches: Iterable[ExportsArrow], *, build: int = 0) -> dict[str, int | str]:
    """Writes a names.bin of claims; returns its size, SHA-256, tokens, strays and population.

    Batches have CLAIM_FIELDS, rows in ascending order of entity; every row counts as an OPEN identity claim.
    Entities that have
    no row hold nothing. In order of the year of birth of each entity's first row (unknown first), years narrow a
    search; in any
    other order they only sift. Raises OSError, MemoryError, OverflowError (too many distinct tokens), ValueError
    (order),
    AssemblyError (columns).
    """

@disjoint_base
class NameIndex:
    """A names.bin, mapped. Safe from one thread at a time. Raises GenerationDamaged when it is none, or damaged."""

    def __init__(self, source: str | Path | Generation) -> None: ...
    @property
    def population(self) -> int:
        """Persons with a name in a claim of sensitivity OPEN."""
    @property
    def tokens(self) -> int: ...
    @property
    def entities(self) -> int: ...
    @property
    def strays(self) -> int:
        """Number of persons with birth years kept apart, see core/name_index/file.pxd."""
    @property
    def frequencies(self) -> NameFrequencies:
        """Frequency of each phonetic key: core.names.comparison with these gives a search's scores."""
    def counts(self) -> dict[str, int]:
        """Persons by phonetic key."""
    def token_entities(self, token: str) -> list[int]:
        """Entities that hold a folded token, ascending."""
    def search(
        self,
        names: str | bytes,
        *,
        birth: tuple[int, int, int] = ...,
        sex: int = 0,
        year_from: int = 0,
        year_to: int = 0,
        department: int = 0,
        municipality: int = 0,
        possible: float = ...,
        filling: bool = False,
        limit: int = 20,
        visible: Sequence[tuple[int, int]] | None = None,
    ) -> NameSearch:
        """Returns persons who may bear a name.

        Those are persons with names that AGREE and no other fact that DISAGREES, and those with a score of at least
        `possible`, even if something disagrees. filling: as a search fills its page of `limit`: 14 bits below the
        population's, and then with holders of a rare asked word.

        names: stored or plain (core/names/reading.pxd). Years, department and municipality exclude persons with other
        known ones. visible: (section, sensitivity) of the claims that count; None: all.
        """
    def check(self) -> None:
        """Reads every block and list. Raises GenerationDamaged."""
