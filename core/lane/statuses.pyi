"""google.rpc.Status of what the core refuses, written without the GIL."""

from collections.abc import Mapping

from typing_extensions import disjoint_base

@disjoint_base
class StatusTable:
    """The status of each reason of the contract; server/errors.py gives it."""

    def __init__(self, rows: Mapping[int, tuple[int, bool, bytes, bytes]], domain: bytes) -> None:
        """rows: reason -> google.rpc.Code, whether it may be tried again, its name, its text. Raises ValueError."""

    def status(
        self,
        reason: int,
        *,
        field: bytes = b"",
        rule: bytes = b"",
        count: int = 0,
        limit: bytes = b"",
        retry_after_ms: int = 0,
    ) -> tuple[int, bytes, bytes] | None:
        """Code, message and google.rpc.Status of a failure of the core; None for one that Python has to log."""
