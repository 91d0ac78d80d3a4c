"""Limits and signs of misuse, shared by all workers: one mapped file of counters, without the GIL and without locks."""

from os import PathLike

from typing_extensions import disjoint_base

from core.caller import Caller

@disjoint_base
class Limits:
    """The mapped file. Every process that opens the same path counts together."""

    def __init__(self, path: str | PathLike[str]) -> None:
        """Opens, or makes with mode 0600. Raises OSError, ValueError for a file of another kind or version."""

    def take(
        self,
        caller: Caller,
        purpose: int,
        method: int,
        request_id: bytes,
        request: bytes,
        clock_ms: int,
        asked_key: bytes = b"",
        found: bool | None = None,
    ) -> int:
        """Counts one look-up as the engine does (limits_take, limits_watch); returns LOOK_* of core/caller.pxd.

        asked_key: one byte KEY_* of core/dossier.pxd, then the canonical text. found: whether it found somebody; None =
        neither a sign of enumeration nor ordinary work.

        Raises LimitExceeded, QuestionError (context.request_id), ValueError for a purpose that was not given.
        """

    def take_rows(self, caller: Caller, purpose: int, rows: int, request_id: bytes, batch: bytes, clock_ms: int) -> int:
        """Counts the rows of one Clear batch (limits_take_rows). Raises LimitExceeded, ValueError."""

    def used(self, caller: Caller, purpose: int, clock_ms: int) -> tuple[float, float, float]:
        """What an officer has used of `neighbours`, `misses` and `subjects`: 0 to 1 each, 0 where there is no bound."""
