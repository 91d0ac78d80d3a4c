"""A view: a base generation with delta generations over it, read as one (docs/live.md)."""

from collections.abc import Mapping, Sequence
from typing import Any

from typing_extensions import disjoint_base

from core.generation.store import Generation

MOST_LEVELS: int

@disjoint_base
class DeltaGeneration:
    """One open delta, and the subjects of its base that it replaces; kept from one view to the next.

    Raises GenerationDamaged for a damaged dossier, or a generation that is no delta of `base`.
    """

    def __new__(cls, base: Generation, generation: Generation) -> DeltaGeneration: ...
    @property
    def generation(self) -> Generation: ...
    @property
    def base(self) -> Generation: ...
    @property
    def gone(self) -> list[bytes]:
        """Subject ids, 16 bytes each, that are nobody's any more."""
    @property
    def sequence(self) -> int:
        """Sequence of the ledger: the delta holds the changes up to this one."""

def overlay(
    base: Generation,
    deltas: Sequence[DeltaGeneration],
    sequence: int,
    live: Mapping[str, Mapping[str, Any]],
    made_with: str = "",
) -> Generation:
    """The base with the deltas, oldest first, over it: an Engine answers from it as from any generation.

    sequence: of the ledger, written into audit records. live: register id -> what its entry of the manifest says
    otherwise now ("as_of_ms", "carried_forward"). made_with: StatedView's, and its ledger. Both go into audit records.
    The view's `entities` and `lookup` know of the levels, `plates` does not.
    Raises GenerationDamaged.
    """
