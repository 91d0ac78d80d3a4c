"""Figures of one matcher from its answers: ranks, recall at rates of strangers, calibration at a base rate."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from bench.names.kinds.truth import Question

RATES = (0.01, 0.001)
# Shares of those asked about who are listed. The first is what score_curve.json was fitted to, about.
BASE_RATES = (0.23, 0.5, 0.1, 0.01)
LEAST_OF_A_BAND = 100

Answers = Mapping[str, Sequence[tuple[str, float]]]  # question -> (person, score), best first


def recall(answers: Answers, questions: Sequence[Question], first: int) -> float | None:
    """Returns the share of the questions with their person among the first so many."""
    asked = [one for one in questions if one.id in answers]
    hits = sum(one.person in [person for person, _ in answers[one.id][:first]] for one in asked)
    return hits / len(asked) if asked else None


def recall_at(
    answers: Answers, questions: Sequence[Question], strangers: Sequence[Question], rate: float
) -> float | None:
    """Returns the share of the questions with a person that scores above all but a share `rate` of the strangers' best.

    Of persons with just the score of the last of these strangers, as large a share counts as of the strangers. So a
    ratio that gives 100 to many is not reported as finding nobody.
    """
    asked = [one for one in questions if one.id in answers]
    others = sorted((_best(answers[one.id]) for one in strangers if one.id in answers), reverse=True)
    allowed = rate * len(others)
    if not asked or allowed < 1:
        return None
    limit = others[int(allowed) - 1] if allowed < len(others) else -math.inf
    above, tied = sum(score > limit for score in others), sum(score == limit for score in others)
    share = (allowed - above) / tied if tied else 1.0
    truths = [_best([(who, score) for who, score in answers[one.id] if who == one.person]) for one in asked]
    found = sum(1.0 if score > limit else share if score == limit else 0.0 for score in truths if score > -math.inf)
    return found / len(asked)


def _best(found: Sequence[tuple[str, float]]) -> float:
    return max((score for _, score in found), default=-math.inf)


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
