"""The result types of a search by core.linking.index."""

from __future__ import annotations

from typing import NamedTuple


class NameMatch(NamedTuple):
    """One person on file. Agreements are ronda.v1 Agreement: 1 AGREES, 2 DISAGREES, 3 UNKNOWN."""

    entity: int
    score: float
    evidence: float  # bits
    names: int
    birth: int
    sex: int
    alerts: bool  # a check would be POSSIBLE by this evidence


class NameSearch(NamedTuple):
    """Persons found, best first, and how many there are in all.

    `too_broad`: the search stopped; `total` then counts persons that might fit, and there are no matches.
    """

    matches: list[NameMatch]
    total: int
    too_broad: bool
    candidates: int  # scored
    looked: int  # ordinals read from lists
