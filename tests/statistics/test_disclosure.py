"""A differencing attacker: every table of a small country, at several vintages, and no hidden cell closes to a number.

The attacker knows the rule (docs/numbers.md) and not the key: hidden is 0 to 8, shown r is r - 4 to r + 4 and at
least 5; has every family (a cell and what it is broken down into), and narrows all ranges until nothing moves.
"""

from __future__ import annotations

import itertools
from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.statistics.disclosure import Disclosure

Cell = tuple[str, ...]
LEVELS = {"place": ("", "d", "m"), "time": ("y", "q"), "sex": ("", "s"), "offence": ("", "o")}


def records(rng: np.random.Generator, count: int) -> list[tuple[int, int, int, int]]:
    """Municipality of 12 (four a department), quarter of 8 (four a year), sex, offence of 6: unevenly, as crime is."""
    weights = rng.gamma(0.5, 1.0, 12) + 0.02
    kinds = rng.gamma(0.6, 1.0, 6) + 0.02
    return list(
        zip(
            rng.choice(12, count, p=weights / weights.sum()).tolist(),
            rng.integers(0, 8, count).tolist(),
            rng.choice(2, count, p=(0.85, 0.15)).tolist(),
            rng.choice(6, count, p=kinds / kinds.sum()).tolist(),
            strict=True,
        )
    )


def nodes(record: tuple[int, int, int, int]) -> list[list[str]]:
    """The nodes of each dimension that a record is below, coarse first."""
    town, quarter, sex, offence = record
    return [
        ["", f"d{town // 4}", f"m{town}"],
        [f"y{quarter // 4}", f"q{quarter}"],
        ["", f"s{sex}"],
        ["", f"o{offence}"],
    ]


def cells_of(rows: list[tuple[int, int, int, int]]) -> dict[Cell, int]:
    """Every cell of the whole lattice, zeros too."""
    whole = [
        ["", *(f"d{n}" for n in range(3)), *(f"m{n}" for n in range(12))],
        [*(f"y{n}" for n in range(2)), *(f"q{n}" for n in range(8))],
        ["", "s0", "s1"],
        ["", *(f"o{n}" for n in range(6))],
    ]
    counts: dict[Cell, int] = dict.fromkeys(itertools.product(*whole), 0)
    for row in rows:
        for cell in itertools.product(*nodes(row)):
            counts[cell] += 1
    return counts


def children(cell: Cell) -> list[list[Cell]]:
    """The ways in which a cell is broken down by one dimension."""
    place, time, sex, offence = cell
    ways: list[list[Cell]] = []
    if place == "":
        ways.append([(f"d{n}", time, sex, offence) for n in range(3)])
        ways.append([(f"m{n}", time, sex, offence) for n in range(12)])
    elif place[0] == "d":
        ways.append([(f"m{int(place[1:]) * 4 + n}", time, sex, offence) for n in range(4)])
    if time[0] == "y":
        ways.append([(place, f"q{int(time[1:]) * 4 + n}", sex, offence) for n in range(4)])
    if sex == "":
        ways.append([(place, time, f"s{n}", offence) for n in range(2)])
    if offence == "":
        ways.append([(place, time, sex, f"o{n}") for n in range(6)])
    return ways


def attack(shown: list[dict[Cell, int | None]]) -> dict[Cell, tuple[int, int]]:
    """Ranges of each cell at the last vintage; the vintages before only grew to it."""
    low: dict[Cell, int] = {}
    high: dict[Cell, int] = {}
    for vintage in shown:
        for cell, value in vintage.items():
            least, most = (0, 8) if value is None else (max(5, value - 4), value + 4)
            low[cell] = max(low.get(cell, 0), least)  # reports are only added in this country
            high[cell] = most
        _narrow(low, high)
    return {cell: (low[cell], high[cell]) for cell in low}


def _narrow(low: dict[Cell, int], high: dict[Cell, int]) -> None:
    families = [(cell, way) for cell in low for way in children(cell)]
    moved = True
    while moved:
        moved = False
        for cell, way in families:
            least, most = sum(low[c] for c in way), sum(high[c] for c in way)
            for name, value in ((cell, max(low[cell], least)),):
                if value > low[name]:
                    low[name], moved = value, True
            if most < high[cell]:
                high[cell], moved = most, True
            for child in way:
                up = high[cell] - (least - low[child])
                down = low[cell] - (most - high[child])
                if up < high[child]:
                    high[child], moved = up, True
                if down > low[child]:
                    low[child], moved = down, True


@pytest.mark.parametrize("seed", range(4))
def test_no_range_closes_to_a_number_under_five(seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows = records(rng, 700)
    disclosure = Disclosure(bytes(rng.integers(0, 256, 32, dtype=np.uint8)))
    vintages = [cells_of(rows[:until]) for until in (650, 690, 700)]
    shown = [{cell: disclosure.shown("/".join(cell), n) for cell, n in counts.items()} for counts in vintages]
    ranges = attack(shown)
    truth = vintages[-1]
    for cell, (low, high) in ranges.items():
        assert low <= truth[cell] <= high, "the attacker reasons rightly, so the test is one"
    small = [cell for cell, n in truth.items() if 1 <= n <= 4]
    widths: dict[int, int] = defaultdict(int)
    for cell in small:
        widths[ranges[cell][1] - ranges[cell][0]] += 1
    assert len(small) > 300
    assert widths[0] == 0, dict(widths)
    assert sum(n for width, n in widths.items() if width < 3) <= 0.01 * len(small), dict(widths)


@given(st.binary(min_size=32, max_size=32), st.text(max_size=40), st.integers(0, 100_000))
def test_small_ones_are_hidden_and_others_near(key: bytes, identity: str, count: int) -> None:
    found = Disclosure(key).shown(identity, count)
    assert count >= 5 or found is None
    assert count < 9 or found is not None
    assert found is None or (found % 5 == 0 and found >= 5 and abs(found - count) < 5)


@given(st.binary(min_size=32, max_size=32), st.text(max_size=40), st.lists(st.integers(0, 300), max_size=30))
def test_a_cell_only_moves_as_its_count_does(key: bytes, identity: str, counts: list[int]) -> None:
    disclosure = Disclosure(key)
    found = [disclosure.shown(identity, count) or 0 for count in sorted(counts)]
    assert found == sorted(found), "one more report never shows less, at whatever vintage"


def test_rounding_is_right_in_the_mean() -> None:
    disclosure = Disclosure(bytes(32))
    for count in (11, 12, 13, 14, 103):
        found = [disclosure.shown(f"cell {n}", count) or 0 for n in range(20_000)]
        assert abs(float(np.mean(found)) - count) < 0.08
