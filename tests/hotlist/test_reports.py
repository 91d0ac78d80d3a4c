"""Checks which numbers of an off-line log have come, against a set of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.hotlist.reports import GAPS, Progress, Reports, TooManyGaps, advanced


@given(st.lists(st.lists(st.integers(1, 40), min_size=1, max_size=8), max_size=12))
def test_gaps_are_what_is_missing_below_the_highest(batches: list[list[int]]) -> None:
    come: set[int] = set()
    progress = Progress(0, [], [], [])
    for batch in batches:
        progress = advanced(progress.through, progress.gaps, batch)
        assert sorted(set(batch) - come) == progress.fresh
        come |= set(batch)
        assert progress.through == max(come)
        missing = {number for first, last in progress.gaps for number in range(first, last + 1)}
        assert missing == set(range(1, progress.through)) - come
        assert progress.gaps == sorted(progress.gaps)


def test_no_gap_is_forgotten(tmp_path: Path) -> None:
    """A report that opens one more than are kept is refused whole; what fills one is taken."""
    reports = Reports(tmp_path)
    odd = list(range(2, 2 * GAPS + 2, 2))
    assert len(reports.advance("car", "log", odd, lambda _: None).gaps) == GAPS
    with pytest.raises(TooManyGaps):
        reports.advance("car", "log", [2 * GAPS + 1, 2 * GAPS + 4], lambda _: None)
    after = reports.advance("car", "log", [1, 2 * GAPS + 2], lambda _: None)
    assert after.fresh == [1, 2 * GAPS + 2] and after.gaps[0] == (3, 3) and len(after.gaps) == GAPS


def test_nothing_is_noted_without_its_record(tmp_path: Path) -> None:
    reports = Reports(tmp_path)

    def fails(_progress: Progress) -> None:
        raise OSError

    with pytest.raises(OSError):
        reports.advance("car", "log", [1, 2], fails)
    assert reports.advance("car", "log", [1, 2], lambda _: None).fresh == [1, 2]
    assert reports.advance("car", "log", [2, 3], lambda _: None).fresh == [3]
    assert reports.advance("other", "log", [1], lambda _: None).fresh == [1]
