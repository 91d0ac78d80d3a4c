"""Weighs a bit of a birth date against a bit of names: names repeat evidence, dates do not.

`python -m bench.foreign_list.date_count` asks about the half A as bench.foreign_list.score_curve does, and counts the
dates' evidence as often as each of FACTORS says. It prints the likelihood of the truth of everybody found when the
score is the share of those with about as much evidence. The likeliest is bench.names.birth_grades.COUNTED.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence

from bench.foreign_list import files, score_curve
from bench.foreign_list.product import birth_of
from bench.names import birth_grades
from core.calendar import grade_of_birth_dates

FACTORS = (1.0, 1.1, 1.15, 1.2, 1.25, 1.3, 1.35, 1.4, 1.5)
TOGETHER = 60  # neighbours by evidence whose share is one


def _pooled(groups: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Returns (pairs, true ones) of blocks: neighbours with a falling share are pooled (isotonic regression)."""
    blocks: list[tuple[int, int]] = []
    for count, true in groups:
        blocks.append((count, true))
        while len(blocks) > 1 and blocks[-2][1] * blocks[-1][0] >= blocks[-1][1] * blocks[-2][0]:
            (count_2, true_2), (count_1, true_1) = blocks.pop(), blocks.pop()
            blocks.append((count_1 + count_2, true_1 + true_2))
    return blocks


def _log_likelihood(above: Sequence[float], same: Sequence[bool]) -> float:
    """Bits, of truths by the shares of their block: neighbours by evidence, pooled where the share would fall."""
    ranked = [truth for _, truth in sorted(zip(above, same, strict=True), key=lambda pair: pair[0])]
    groups = [ranked[at : at + TOGETHER] for at in range(0, len(ranked), TOGETHER)]
    told = 0.0
    for count, true in _pooled([(len(group), sum(group)) for group in groups]):
        for n in (true, count - true):
            told += n * math.log2(max(n, 1e-3) / count)
    return told


def main() -> None:
    """Prints the likelihood at each factor."""
    bits = {grade: row["bits"] for grade, row in json.loads(birth_grades.WRITTEN.read_text(encoding="utf-8")).items()}
    listed = {row["id"]: birth_of(row["birth"]) for row in files.read(files.DEFAULT, "listed", "AB")}
    names: list[float] = []
    dates: list[float] = []
    same: list[bool] = []
    for row, found in score_curve.asked("A"):
        for person, above in found:
            grade = grade_of_birth_dates(birth_of(row["birth"]), listed[person])
            told = bits.get(grade, 0.0)
            names.append(above - birth_grades.weight(told))
            dates.append(100 * told)
            same.append(person == row.get("person", ""))
    for factor in FACTORS:
        counted = [name + factor * date for name, date in zip(names, dates, strict=True)]
        print(f"{factor:.2f}: {_log_likelihood(counted, same):,.0f} bits, of {len(same):,} pairs")


if __name__ == "__main__":
    main()
