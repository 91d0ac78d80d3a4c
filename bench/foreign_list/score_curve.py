"""Fits the curve from evidence to score: it makes a score the share of such pairs that are one person.

`python -m bench.foreign_list.score_curve` asks Ronda about the half A of the foreign list, as
bench.foreign_list.measured does, and about whole lists drawn anew. It fits the curve to everybody found, and prints the
two arrays of core/names/score_curve.pxd. It writes them with the half's figures to bench/foreign_list/score_curve.json.
The order of candidates is by evidence and stays unchanged.
"""

from __future__ import annotations

import json
import math
import tempfile
from collections.abc import Iterator, Sequence
from itertools import pairwise
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
# Between these it is all but level: the share of all who are found there. Half a list has a few hundred of each tenth,
# and six questions are about one person, so a finer curve says more than that many can bear out.
LEVELS = (-400, 0, 240, 900)
LEVEL_SLOPE = 0.02  # of a level, bits a bit
# Lists of their own, by seed: half A alone has a tenth fewer of who is meant there than others of its generator.
ANEW = (2001, 2002)
# Of lines that bend between knots.
SMOOTHING = 10.0
_PENALTY = 1e-3  # on each value, so that where no pair lies it has one
ASKED = ("questions", "strangers", "guatemalans")


Found = Iterator[tuple[dict[str, Any], list[tuple[str, int]]]]


def _asked(of: dict[str, list[dict[str, Any]]]) -> Found:
    with tempfile.TemporaryDirectory() as directory:
        product = Product(of["listed"], Path(directory) / "names.bin", index, comparison)
        for name in ASKED:
            for row in of[name]:
                yield row, product.told(Asked(row["asked"], row["birth"], row["sex"]))


def asked(half: str) -> Found:
    """Each question and stranger, and everybody who was found for it with the evidence above the prior."""
    asking = {name: files.read(files.DEFAULT, name, half) for name in ASKED}
    return _asked({"listed": files.read(files.DEFAULT, "listed", "AB")} | asking)


def asked_anew(seed: int) -> Found:
    """The same of a whole list of another seed."""
    return _asked({name: list(files.rows_of(name, seed, files.WHOLE)) for name in ("listed", *ASKED)})


def pairs(asking: Found) -> tuple[list[int], list[bool]]:
    """Evidence above the prior of everybody who was found for anybody, and whether it was that one."""
    found: list[int] = []
    same: list[bool] = []
    for row, people in asking:
        for person, above in people:
            found.append(above)
            same.append(person == row.get("person", ""))
    return found, same


def _basis(above: NDArray[np.float64]) -> NDArray[np.float64]:
    """One column a knot, the share that its value has in the line at each place."""
    within = np.clip(above, KNOTS[0], KNOTS[-1])
    return np.column_stack([np.interp(within, KNOTS, row) for row in np.eye(len(KNOTS))])


def _smooth(places: NDArray[np.float64], pairs: NDArray[np.float64], true: NDArray[np.float64]) -> NDArray[np.float64]:
    """Log odds at KNOTS, hundredths of a bit, by logistic regression. pairs, true: how many there are at each place."""
    basis = _basis(places)
    found = np.linspace(-6, 6, len(KNOTS))
    bends = np.diff(np.eye(len(KNOTS)), 2, axis=0)
    penalty = _PENALTY * np.eye(len(found)) + SMOOTHING * bends.T @ bends
    for _ in range(100):
        share = 1 / (1 + np.exp(-basis @ found))
        weight = np.maximum(pairs * share * (1 - share), 1e-9)
        curved = (basis * weight[:, None]).T @ basis + penalty
        moved = np.clip(np.linalg.solve(curved, basis.T @ (true - pairs * share) - penalty @ found), -2, 2)
        found = found + moved
        if np.abs(moved).max() < 1e-7:
            break
    return np.asarray(found * 100 / math.log(2))


def fit(above: Sequence[int], same: Sequence[bool]) -> tuple[list[int], list[int]]:
    """Knots and values of the curve, hundredths of a bit: smooth at its ends, between them LEVELS."""
    places, at = np.unique(np.array(above, dtype=np.float64), return_inverse=True)
    pairs = np.bincount(at).astype(np.float64)
    true = np.bincount(at, weights=np.array(same, dtype=np.float64)).astype(np.float64)
    smooth = _smooth(places, pairs, true)
    points = [
        (knot, float(bits)) for knot, bits in zip(KNOTS, smooth, strict=True) if not LEVELS[0] <= knot < LEVELS[-1]
    ]
    points.append((LEVELS[0] - 1, float(np.interp(LEVELS[0] - 1, KNOTS, smooth))))
    for low, high in pairwise(LEVELS):
        inside = (places >= low) & (places < high)
        all_of, true_of = float(pairs[inside].sum()), float(true[inside].sum())
        bits = 100 * math.log2((true_of + 0.5) / (all_of - true_of + 0.5))
        middle = float((places * pairs)[inside].sum()) / max(all_of, 1)
        points += [(end, bits + LEVEL_SLOPE * (end - middle)) for end in (low, high - 1)]
    knots: list[int] = []
    values: list[int] = []
    for knot, value in sorted(points):
        least = values[-1] + max(1, round(LEVEL_SLOPE * (knot - knots[-1]))) if knots else round(value)
        knots.append(knot)
        values.append(max(round(value), least))
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
    """Fits on the half A and the lists drawn anew, prints and writes."""
    above, same = pairs(asked("A"))
    fitted_on, truths = list(above), list(same)
    for seed in ANEW:
        more, true = pairs(asked_anew(seed))
        fitted_on += more
        truths += true
    knots, values = fit(fitted_on, truths)
    tenths = _tenths(above, same, knots, values)
    found = {"knots": knots, "values": values, "half A": tenths}
    WRITTEN.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print(f"SCORE_KNOTS {', '.join(map(str, knots))}\nSCORE_VALUES {', '.join(map(str, values))}")
    for row in tenths:
        print(f"{row['from']:.1f}: {row['pairs']:,} pairs, expected {row['expected']:,}, true {row['true']:,}")


if __name__ == "__main__":
    main()
