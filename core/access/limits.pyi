"""Limits and signs of misuse, shared by all workers: one mapped file of counters, without the GIL and without locks."""

from os import PathLike

from typing_extensions import disjoint_base

@disjoint_base
class Limits:
    """The mapped file. Every process that opens the same path counts together."""

    def __init__(self, path: str | PathLike[str], spent: bool = False) -> None:
        """Opens, or makes with mode 0600. Raises OSError, ValueError for a file of another kind or version.

        spent: one that is made begins with every allowance spent.
        """

    def units_now(self, clock_ms: int | None = None) -> dict[str, int]:
        """Returns the number of different persons that lists showed each unit's officers in this hour; only units with
        some.

        clock_ms: None = now.
        """
