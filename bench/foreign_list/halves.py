"""Assigns persons to halves: A may be looked at while the matcher is worked on, B is held back for the verdict."""

from __future__ import annotations

import hashlib

HALVES = ("A", "B")


def half_of(identifier: str, seed: int) -> str:
    """By a hash of the id and the seed: what belongs to one person is of one half."""
    return HALVES[hashlib.sha256(f"{seed}:half:{identifier}".encode()).digest()[0] & 1]
