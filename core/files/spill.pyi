"""(hash, entity) pairs, collected in bounded memory and read back sorted."""

from pathlib import Path

from typing_extensions import disjoint_base

@disjoint_base
class Spill:
    """Pairs on their way to keys.mdb and names.bin. Raises OSError when the disk fails."""

    def __new__(cls, directory: str | Path) -> Spill:
        """Makes its temporary file in `directory`, already unlinked."""
    @property
    def pairs(self) -> int:
        """Pairs added, repeats included."""
    def append(self, hash: int, entity: int) -> None:
        """Adds one pair. For tests."""
    def sorted_pairs(self) -> list[tuple[int, int]]:
        """Every pair, sorted and without repeats. For tests."""
    def close(self) -> None:
        """Gives back memory and disk; may be called again."""
