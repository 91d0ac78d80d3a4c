"""The costs that `python -m bench.names.fit_differences` wrote (docs/names.md, "Learned costs")."""

from __future__ import annotations

import json

from bench.names.fit_differences import EXACT, FEATURES, INITIAL, WRITTEN
from core.names.comparison import DIFFERENCES


def test_costs_are_of_all_differences_and_monotone() -> None:
    """A bound by the bits of the pairs holds, and what is worse never costs less."""
    written = json.loads(WRITTEN.read_text(encoding="utf-8"))["costs by name; where the date agrees"]
    assert tuple(written) == FEATURES
    for number in (0, 1):
        costs = [row[number] for row in written.values()]
        assert min(costs) >= 0
        assert all(costs[place] >= costs[EXACT] for place in range(EXACT, INITIAL + 1)), DIFFERENCES[
            EXACT : INITIAL + 1
        ]
