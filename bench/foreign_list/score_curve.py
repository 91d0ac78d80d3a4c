"""From evidence to score: the curve that makes a score the share of such pairs that are one person.

`python -m bench.foreign_list.score_curve` asks Ronda about the half A of the foreign list, as
bench.foreign_list.measured does, fits the curve to everybody who was found, and prints the two arrays of
core/names/score_curve.pxd; it writes them with what the half says to bench/foreign_list/score_curve.json. The order of
candidates is by evidence and stays as it is.
"""

from __future__ import annotations

import json
import math
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.foreign_list import files, scoring
from bench.foreign_list.product import Product
from bench.foreign_list.verdict import Asked
from core.linking import index
from core.names import comparison

WRITTEN = Path(__file__).parent / "score_curve.json"
# Evidence above the population's prior, hundredths of a bit: between two of these the logarithm of the odds is a line.
KNOTS = (-2000, -1500, *range(-1100, 1500, 100), 1500, 2000, 3000, 4500)
# Here it leaps, as counted: 0.43 of those just below are meant, 0.76 of those just above.
STEP = 240
LEAST_SLOPE = 0.05  # of the curve, bits a bit: it rises everywhere
# Of lines that bend between knots: fitted on one half of half A and held against its other half, a curve of ten times
# as much or as little is further off, and so are the shares of twelve groups that stood here before.
SMOOTHING = 10.0
_PENALTY = 1e-3  # on each value, so that where no pair lies it has one


def asked(half: str) -> Iterator[tuple[dict[str, Any], list[tuple[str, int]]]]:
    """Each question and stranger, and everybody who was found for it with the evidence above the prior."""
    with tempfile.TemporaryDirectory() as directory:
        listed = files.read(files.DEFAULT, "listed", "AB")
        product = Product(listed, Path(directory) / "names.bin", index, comparison)
        for name in ("questions", "strangers", "guatemalans"):
            for row in files.read(files.DEFAULT, name, half):
                yield row, product.told(Asked(row["asked"], row["birth"], row["sex"]))


def pairs(half: str) -> tuple[list[int], list[bool]]:
    """Evidence above the prior of everybody who was found for anybody, and whether it was that one."""
    found: list[int] = []
    same: list[bool] = []
    for row, people in asked(half):
        for person, above in people:
            found.append(above)
            same.append(person == row.get("person", ""))
    return found, same


def _basis(above: NDArray[np.float64]) -> NDArray[np.float64]:
    """One column a knot, the share that its value has in the line at each place, and one for the leap."""
    within = np.clip(above, KNOTS[0], KNOTS[-1])
    hats = [np.interp(within, KNOTS, row) for row in np.eye(len(KNOTS))]
    return np.column_stack([*hats, (above >= STEP).astype(np.float64)])


def fit(above: Sequence[int], same: Sequence[bool]) -> tuple[list[int], list[int]]:
    """Knots and values of the curve, hundredths of a bit: log odds by logistic regression, smooth but for a leap."""
    places, truths = np.array(above, dtype=np.float64), np.array(same, dtype=np.float64)
    basis = _basis(places)
    found = np.append(np.linspace(-6, 6, len(KNOTS)), 0.0)
    bends = np.diff(np.eye(len(KNOTS)), 2, axis=0)
    penalty = _PENALTY * np.eye(len(found))
    penalty[: len(KNOTS), : len(KNOTS)] += SMOOTHING * bends.T @ bends
    for _ in range(100):
        share = 1 / (1 + np.exp(-basis @ found))
        weight = np.maximum(share * (1 - share), 1e-9)
        curved = (basis * weight[:, None]).T @ basis + penalty
        moved = np.clip(np.linalg.solve(curved, basis.T @ (truths - share) - penalty @ found), -2, 2)
        found = found + moved
        if np.abs(moved).max() < 1e-7:
            break
    knots = sorted((*KNOTS, STEP - 1, STEP))
    bits = _basis(np.array(knots, dtype=np.float64)) @ found * 100 / math.log(2)
    values = [round(float(bits[0]))]
    for at in range(1, len(knots)):
        least = values[-1] + max(1, round(LEAST_SLOPE * (knots[at] - knots[at - 1])))
        values.append(max(round(float(bits[at])), least))
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
