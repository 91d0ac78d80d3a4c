"""Figures from ranks, scores and labels, with their intervals: who plugs in a matcher brings a callable that scores.

All intervals are Wilson's, 95 %: a recall of 1 from ten questions is not one from ten thousand.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any

_Z = 1.959964  # of 95 %

Ranking = Callable[[dict[str, Any]], Sequence[Hashable]]  # a question -> ids of listed persons, the likeliest first
Scoring = Callable[[dict[str, Any]], float]  # a question or stranger -> the best score that anybody on the list gets


@dataclass(frozen=True)
class Share:
    """A share with its interval. hits of total; low and high bound it at 95 %."""

    hits: int
    total: int
    value: float
    low: float
    high: float


def share(hits: int, total: int) -> Share:
    """Wilson's interval; of nothing it is 0 to 1, with value 0."""
    if not total:
        return Share(0, 0, 0.0, 0.0, 1.0)
    seen, square = hits / total, _Z * _Z
    middle = (seen + square / (2 * total)) / (1 + square / total)
    half = _Z / (1 + square / total) * sqrt(seen * (1 - seen) / total + square / (4 * total * total))
    low, high = (0.0 if hits == 0 else middle - half), (1.0 if hits == total else middle + half)
    return Share(hits, total, seen, low, high)


def recall_at(questions: Iterable[dict[str, Any]], ranking: Ranking, first: int) -> Share:
    """Returns the share of the questions with their person among the first so many of `ranking`."""
    found = [question["person"] in list(ranking(question))[:first] for question in questions]
    return share(sum(found), len(found))


@dataclass(frozen=True)
class AtRate:
    """Recall at a rate of false alarms: the least limit that alerts at most `rate` of the strangers."""

    rate: float
    limit: float
    recall: Share
    alarms: Share


def at_rate(truths: Sequence[float], strangers: Sequence[float], rate: float) -> AtRate:
    """From scores of listed persons' questions and of strangers; who scores the limit or more is alerted.

    Ties go against us: where the limit would alert one stranger too many, it lies above all who score alike.
    The limit is infinite when there is no stranger to choose it by.
    """
    ordered = sorted(strangers, reverse=True)
    allowed = int(rate * len(ordered) + 1e-9)
    if allowed < len(ordered):
        above = [score for score in (*truths, *ordered) if score > ordered[allowed]]
        limit = min(above, default=float("inf"))
    else:
        limit = min((*truths, *ordered), default=float("inf"))
    if not ordered:
        limit = float("inf")
    return AtRate(
        rate=rate,
        limit=limit,
        recall=share(sum(score >= limit for score in truths), len(truths)),
        alarms=share(sum(score >= limit for score in ordered), len(ordered)),
    )


def at_limit(truths: Sequence[float], strangers: Sequence[float], limit: float) -> AtRate:
    """Returns the alerts of a given limit: the product's own."""
    alarms = share(sum(score >= limit for score in strangers), len(strangers))
    return AtRate(alarms.value, limit, share(sum(score >= limit for score in truths), len(truths)), alarms)


@dataclass(frozen=True)
class Verdict:
    """The verdict on pairs that count as one person from a limit on."""

    limit: float
    f1: float
    precision: Share
    recall: Share


def f1_at(scores: Sequence[float], same: Sequence[bool], limit: float) -> Verdict:
    """F1, precision and recall of calling a pair one person when it scores `limit` or more."""
    said = [score >= limit for score in scores]
    right = sum(one and truth for one, truth in zip(said, same, strict=True))
    precision, recall = share(right, sum(said)), share(right, sum(same))
    both = precision.value + recall.value
    return Verdict(limit, 2 * precision.value * recall.value / both if both else 0.0, precision, recall)


def best_limit(scores: Sequence[float], same: Sequence[bool]) -> float:
    """The limit with the best F1, the highest of equals; infinite without a pair of one person. Choose it on half A."""
    ranked = sorted(zip(scores, same, strict=True), reverse=True)
    best, limit, right, positives = 0.0, float("inf"), 0, sum(same)
    for n, (score, truth) in enumerate(ranked, 1):
        right += truth
        # Only where the score changes can a limit stand.
        if n == len(ranked) or ranked[n][0] != score:
            value = 2 * right / (n + positives) if positives else 0.0
            if value > best:
                best, limit = value, score
    return limit


def auc(scores: Sequence[float], same: Sequence[bool]) -> float:
    """The chance that a pair of one person scores above a pair of two; equal scores count half. 0.5 of nothing."""
    twos = sorted(score for score, truth in zip(scores, same, strict=True) if not truth)
    ones = [score for score, truth in zip(scores, same, strict=True) if truth]
    if not ones or not twos:
        return 0.5
    below = 0.0
    for score in ones:
        less, upto = bisect_left(twos, score), bisect_right(twos, score)
        below += (less + upto) / 2
    return below / (len(ones) * len(twos))


@dataclass(frozen=True)
class Tenth:
    """Pairs that score from `low` to below `low` + 0.1 (the last with 1): how many are expected to be true, and are."""

    low: float
    pairs: int
    expected: float
    true: int

    @property
    def off(self) -> float:
        """By how much of the expected the true ones differ; infinite where nothing was expected and something is."""
        if not self.expected:
            return 0.0 if not self.true else float("inf")
        return abs(self.true - self.expected) / self.expected


def calibration(scores: Sequence[float], same: Sequence[bool]) -> list[Tenth]:
    """All ten, the empty ones too. Raises ValueError for a score that is no probability."""
    if any(not 0.0 <= score <= 1.0 for score in scores):
        raise ValueError("scores: a probability lies in 0 to 1")
    pairs, expected, true = [0] * 10, [0.0] * 10, [0] * 10
    for score, truth in zip(scores, same, strict=True):
        tenth = min(int(score * 10), 9)
        pairs[tenth] += 1
        expected[tenth] += score
        true[tenth] += truth
    return [Tenth(n / 10, pairs[n], expected[n], true[n]) for n in range(10)]
