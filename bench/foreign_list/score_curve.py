"""From evidence to score: the curve that makes a score the share of such pairs that are one person.

`python -m bench.foreign_list.score_curve` asks Ronda about the half A of the foreign list, as
bench.foreign_list.measured does, fits the curve to everybody who was found, and prints the two arrays of
core/names/weights.pxd; it writes them with what the half says to bench/foreign_list/score_curve.json. The order of
candidates is by evidence and stays as it is.
"""

from __future__ import annotations

import json
import math
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bench.foreign_list import files, scoring
from bench.foreign_list.product import Product
from bench.foreign_list.verdict import Asked
from core.linking import index
from core.names import comparison

WRITTEN = Path(__file__).parent / "score_curve.json"
# Evidence above the population's prior, hundredths of a bit: within two of these the pairs are counted together.
EDGES = (-1100, -900, -650, -500, -250, 0, 240, 400, 500, 800, 1000, 1400)
LEAST_SLOPE = 0.05  # of the curve, bits a bit: it rises everywhere


def pairs(half: str) -> tuple[list[int], list[bool]]:
    """Evidence above the prior of everybody who was found for anybody, and whether it was that one."""
    found: list[int] = []
    same: list[bool] = []
    with tempfile.TemporaryDirectory() as directory:
        listed = files.read(files.DEFAULT, "listed", "AB")
        product = Product(listed, Path(directory) / "names.bin", index, comparison)
        asked = [
            row for name in ("questions", "strangers", "guatemalans") for row in files.read(files.DEFAULT, name, half)
        ]
        for row in asked:
            for person, above in product.told(Asked(row["asked"], row["birth"], row["sex"])):
                found.append(above)
                same.append(person == row.get("person", ""))
    return found, same


def _pooled(groups: Sequence[tuple[int, int]]) -> list[tuple[int, int, int]]:
    """(groups, pairs, true ones) of blocks: neighbours whose share would fall are pooled (isotonic regression)."""
    blocks: list[tuple[int, int, int]] = []
    for count, true in groups:
        blocks.append((1, count, true))
        while len(blocks) > 1 and blocks[-2][2] * blocks[-1][1] >= blocks[-1][2] * blocks[-2][1]:
            last, before = blocks.pop(), blocks.pop()
            blocks.append((last[0] + before[0], last[1] + before[1], last[2] + before[2]))
    return blocks


def fit(above: Sequence[int], same: Sequence[bool]) -> tuple[list[int], list[int]]:
    """Knots and values of the curve, hundredths of a bit: two for each block of groups, where it begins and ends."""
    places, truths = np.array(above), np.array(same)
    of_group = np.searchsorted(np.array(EDGES), places, side="right")
    kept = [group for group in range(len(EDGES) + 1) if (of_group == group).any()]
    knots: list[int] = []
    values: list[int] = []
    start = 0
    for groups, count, true in _pooled([(int((of_group == g).sum()), int(truths[of_group == g].sum())) for g in kept]):
        here = np.isin(of_group, kept[start : start + groups])
        first, last = int(places[here].min()), int(places[here].max())
        value, rise = 100 * math.log2((true + 0.5) / (count - true + 0.5)), LEAST_SLOPE * (last - first) / 2
        knots += [first, last]
        values += [round(value - rise), round(value + rise)]
        start += groups
    for at in range(1, len(values)):
        values[at] = max(values[at], values[at - 1] + 1)
    return knots, values


def score_at(above: Sequence[int], knots: Sequence[int], values: Sequence[int]) -> list[float]:
    """The score that the curve gives to each evidence above the prior."""
    places, ends = np.array(above, dtype=np.float64), np.array(knots, dtype=np.float64)
    at = np.clip(np.searchsorted(ends, places, side="right"), 1, len(knots) - 1)
    heights = np.array(values, dtype=np.float64)
    rise = (heights[at] - heights[at - 1]) / (ends[at] - ends[at - 1])
    bits = (heights[at - 1] + (places - ends[at - 1]) * rise) / 100
    return [float(score) for score in 1 / (1 + np.exp2(-bits))]


def _tenths(above: Sequence[int], same: Sequence[bool], knots: list[int], values: list[int]) -> list[dict[str, Any]]:
    tenths = scoring.calibration(score_at(above, knots, values), same)
    return [{"from": t.low, "pairs": t.pairs, "expected": round(t.expected, 1), "true": t.true} for t in tenths]


def main() -> None:
    """Fits on the half A, prints and writes."""
    above, same = pairs("A")
    knots, values = fit(above, same)
    tenths = _tenths(above, same, knots, values)
    found = {"knots": knots, "values": values, "half A": tenths}
    WRITTEN.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print(f"SCORE_KNOTS {', '.join(map(str, knots))}\nSCORE_VALUES {', '.join(map(str, values))}")
    for row in tenths:
        print(f"{row['from']:.1f}: {row['pairs']:,} pairs, expected {row['expected']:,}, true {row['true']:,}")


if __name__ == "__main__":
    main()
