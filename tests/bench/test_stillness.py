"""The latency that a core itself adds, from the gaps in which a loop did not run."""

from __future__ import annotations

import pytest

from bench.limit.stillness import gaps, percentile_us

MS = 1_000_000


def test_a_core_that_is_never_taken_away_adds_nothing() -> None:
    assert percentile_us([], 1.0) == 0.0
    assert percentile_us([9 * MS], 1.0) == pytest.approx(0, abs=0.001)  # 0.9 % of the instants


def test_of_gaps_the_part_that_waits_longer_counts() -> None:
    # Ten gaps of 5 ms in a second: 5 % of the instants wait, evenly up to 5 ms; 1 % of all wait over 4 ms.
    assert percentile_us([5 * MS] * 10, 1.0) == pytest.approx(4000, abs=1)
    # One of 30 ms: 1 % of the instants wait over 20 ms.
    assert percentile_us([30 * MS], 1.0) == pytest.approx(20_000, abs=1)
    assert percentile_us([30 * MS], 1.0, share=0.98) == pytest.approx(10_000, abs=1)


def test_gaps_are_of_the_time_looked_at() -> None:
    found = gaps(0.05)
    assert all(gap > 0 for gap in found)
    assert sum(found) < 10e9
