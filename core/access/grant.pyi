"""The rights of a caller: for each sensitivity a mask of sections."""

from collections.abc import Mapping, Sequence

from typing_extensions import disjoint_base

@disjoint_base
class Grant:
    """The rights of a caller: for each Sensitivity (1 to 5) a 64-bit mask with bit n set for Section n. Immutable."""

    def __init__(self, masks: Mapping[int, int] | Sequence[int], *, masks_lists: bool = False) -> None:
        """`masks` by sensitivity number, or five in the order OPEN, DISCREET, MINOR, VICTIM, EXPUNGED.

        masks_lists: lists of persons lack the CUI but for its last digits, and day and month of birth.
        A sensitivity that a mapping leaves out shows nothing. Raises ValueError for another sensitivity, another count,
        or a mask outside 64 bits.
        """

    @staticmethod
    def everything() -> Grant:
        """Every section of every sensitivity."""

    def mask(self, sensitivity: int, /) -> int:
        """The mask of one Sensitivity (1 to 5). Raises ValueError for another."""

    @property
    def masks_lists(self) -> bool:
        """Returns whether lists of persons are shown in part."""

    def with_whole_lists(self) -> Grant:
        """Returns the same sections, with whole lists: to ask on behalf of a caller who gets no list."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
