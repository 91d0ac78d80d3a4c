"""Subjects by what they were ever given. Where two hashes are equal it returns the subjects of both: never too few."""

from __future__ import annotations

from collections.abc import Hashable


class EverGiven:
    """Subject ids by what they were given; by its hash, for a million of these are kept, of one subject mostly."""

    def __init__(self) -> None:
        self._whom: dict[int, bytes | frozenset[bytes]] = {}

    def add(self, what: Hashable, subject_id: bytes) -> None:
        """Notes that this subject was given it."""
        key = hash(what)
        known = self._whom.get(key)
        if known is None:
            self._whom[key] = subject_id
        elif known != subject_id:
            self._whom[key] = _as_set(known) | {subject_id}

    def of(self, what: Hashable) -> frozenset[bytes]:
        """Returns all subjects that were ever given it, and perhaps others."""
        known = self._whom.get(hash(what))
        return frozenset() if known is None else _as_set(known)


def _as_set(known: bytes | frozenset[bytes]) -> frozenset[bytes]:
    return frozenset((known,)) if isinstance(known, bytes) else known
