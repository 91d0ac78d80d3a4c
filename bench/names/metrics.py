"""Recall, thresholds, calibration, F1: figures from ranks and scores, without a look at where these come from."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def rank_of(truth: Hashable, found: Sequence[Hashable]) -> int | None:
    """Place of the truth, from 1, counting equal keys as one; None = not there."""
    distinct = list(dict.fromkeys(found))
    return distinct.index(truth) + 1 if truth in distinct else None


def recall_at(ranks: Sequence[int | None], first: int) -> float:
    """Share of ranks within the first so many."""
    return sum(rank is not None and rank <= first for rank in ranks) / len(ranks) if ranks else 0.0


def threshold_at(scores_of_strangers: Sequence[float], rate: float) -> float:
    """The least threshold at which at most a share `rate` of the strangers scores as high or higher."""
    ordered = np.sort(np.asarray(scores_of_strangers, dtype=np.float64))[::-1]
    allowed = int(rate * len(ordered))
    if allowed >= len(ordered):
        return 0.0
    return float(np.nextafter(ordered[allowed], np.inf))


def recall_at_rate(scores_of_truths: Sequence[float], scores_of_strangers: Sequence[float], rate: float) -> float:
    """Share of truths that score at least the threshold for that rate of false alarms."""
    limit = threshold_at(scores_of_strangers, rate)
    return float(np.mean(np.asarray(scores_of_truths) >= limit)) if len(scores_of_truths) else 0.0


def curve(scores_of_truths: Sequence[float], scores_of_strangers: Sequence[float]) -> tuple[Floats, Floats]:
    """(false-alarm rates, recalls) at each threshold, from strict to lax."""
    limits = np.unique(np.concatenate([np.asarray(scores_of_truths), np.asarray(scores_of_strangers)]))[::-1]
    truths = np.sort(np.asarray(scores_of_truths, dtype=np.float64))
    others = np.sort(np.asarray(scores_of_strangers, dtype=np.float64))
    alarms = 1 - np.searchsorted(others, limits, side="left") / max(1, len(others))
    recalls = 1 - np.searchsorted(truths, limits, side="left") / max(1, len(truths))
    return np.asarray(alarms, dtype=np.float64), np.asarray(recalls, dtype=np.float64)


@dataclass(frozen=True)
class Bin:
    """One bin of a reliability diagram."""

    pairs: int
    mean_score: float
    same: float  # share that is the same person


def reliability(scores: Sequence[float], same: Sequence[bool], bins: int = 10) -> list[Bin]:
    """Equal-width bins of the score, empty ones left out."""
    score, truth = np.asarray(scores, dtype=np.float64), np.asarray(same, dtype=bool)
    which = np.minimum((score * bins).astype(int), bins - 1)
    return [
        Bin(int((which == b).sum()), float(score[which == b].mean()), float(truth[which == b].mean()))
        for b in range(bins)
        if (which == b).any()
    ]


def calibration_error(bins: Sequence[Bin]) -> float:
    """Expected calibration error: |score - share that is the same|, weighted by pairs."""
    total = sum(one.pairs for one in bins)
    return sum(one.pairs * abs(one.mean_score - one.same) for one in bins) / total if total else 0.0


def f1(scores: Sequence[float], same: Sequence[bool], limit: float) -> tuple[float, float, float]:
    """(F1, precision, recall) of calling a pair the same person when it scores at least `limit`."""
    said, truth = np.asarray(scores) >= limit, np.asarray(same, dtype=bool)
    right = int((said & truth).sum())
    precision = right / max(1, int(said.sum()))
    recall = right / max(1, int(truth.sum()))
    return (2 * precision * recall / (precision + recall) if right else 0.0), precision, recall


def best_limit(scores: Sequence[float], same: Sequence[bool]) -> float:
    """The threshold with the best F1; to be chosen on the tuning half only."""
    score, truth = np.asarray(scores, dtype=np.float64), np.asarray(same, dtype=bool)
    order = np.argsort(-score, kind="stable")
    right = np.cumsum(truth[order])
    said = np.arange(1, len(score) + 1)
    value = 2 * right / (said + truth.sum())
    # Only where the score changes can a threshold stand.
    last = np.append(score[order][1:] != score[order][:-1], True)
    return float(score[order][np.argmax(np.where(last, value, -1.0))])


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which this share lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
