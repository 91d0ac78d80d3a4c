"""Statements of issuing institutions about hits, for an engine's answers (docs/confirmation.md)."""

from collections.abc import Iterable

from typing_extensions import disjoint_base

@disjoint_base
class Confirmations:
    """A table that never changes; `core.engine.entry.Engine.confirmations` holds the one that counts."""

    def __new__(cls, entries: Iterable[tuple[bytes, bool, bytes]] = ()) -> Confirmations:
        """entries: tuples of three. First a key: 16 bytes of the subject's id (zeros = every subject of the record),
        the register's id, a zero byte, the record's id. Then whether the hit is denied and so at most POSSIBLE. Then
        encoded fields of ronda.v1.Hit that are added to it. Raises ValueError for a key of another size."""

    def __len__(self) -> int: ...
