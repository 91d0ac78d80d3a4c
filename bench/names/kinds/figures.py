"""Figures of one matcher from its answers: ranks, recall at rates of strangers, calibration at a base rate."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from bench.foreign_list import scoring
from bench.names.kinds.truth import Question

RATES = (0.01, 0.001)
# Shares of those asked about who are listed. The first is what score_curve.json was fitted to, about.
BASE_RATES = (0.23, 0.5, 0.1, 0.01)
LEAST_OF_A_BAND = 100

Answers = Mapping[str, Sequence[tuple[str, float]]]  # question -> (person, score), best first


def recall(answers: Answers, questions: Sequence[Question], first: int) -> float | None:
    """Share of the questions whose person is among the first so many."""
    asked = [one for one in questions if one.id in answers]
    hits = sum(one.person in [person for person, _ in answers[one.id][:first]] for one in asked)
    return hits / len(asked) if asked else None


def recall_at(
    answers: Answers, questions: Sequence[Question], strangers: Sequence[Question], rate: float
) -> float | None:
    """Share of the questions whose person scores above all but a share `rate` of the strangers' best."""
    asked = [one for one in questions if one.id in answers]
    others = [max((s for _, s in answers[one.id]), default=-math.inf) for one in strangers if one.id in answers]
    if not asked or len(others) * rate < 1:
        return None
    truths = [max((s for who, s in answers[one.id] if who == one.person), default=-math.inf) for one in asked]
    found = scoring.at_rate([_finite(s) for s in truths], [_finite(s) for s in others], rate)
    return found.recall.value


def _finite(score: float) -> float:
    """Who is not found at all scores less than anybody."""
    return score if math.isfinite(score) else -1e9


def of_names(answers: Answers, questions: Sequence[Question], strangers: Sequence[Question]) -> dict[str, float | None]:
    """The row of one matcher and kind."""
    found = {f"r@{first}": recall(answers, questions, first) for first in (1, 5, 20)}
    return found | {f"at {rate:.1%}": recall_at(answers, questions, strangers, rate) for rate in RATES}


def calibration(
    scored: Mapping[str, Sequence[tuple[str, float]]],
    questions: Sequence[Question],
    strangers: Sequence[Question],
    base_rate: float,
) -> list[dict[str, Any]]:
    """Tenths of the score: pairs, how many are expected to be right and are, strangers weighed to the base rate."""
    weight = (1 - base_rate) / base_rate * len(questions) / max(1, len(strangers))
    pairs, expected, true = [0] * 10, [0.0] * 10, [0.0] * 10
    for one in (*questions, *strangers):
        count = 1.0 if one.person else weight
        for person, score in scored[one.id]:
            tenth = min(int(score * 10), 9)
            pairs[tenth] += 1
            expected[tenth] += score * count
            true[tenth] += count * (person == one.person)
    return [
        {"from": n / 10, "pairs": pairs[n], "expected": round(expected[n], 1), "true": round(true[n], 1)}
        for n in range(10)
    ]


def worst_band(bands: Sequence[Mapping[str, Any]]) -> float | None:
    """By how much of what is expected the true ones differ, in the worst band of LEAST_OF_A_BAND pairs or more."""
    off = [
        abs(band["true"] - band["expected"]) / band["expected"]
        for band in bands
        if band["pairs"] >= LEAST_OF_A_BAND and band["expected"]
    ]
    return max(off, default=None)
