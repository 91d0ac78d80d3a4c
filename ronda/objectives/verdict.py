"""Decides whether an objective is met, figure by figure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ronda.objectives.asking import Asked
from ronda.objectives.targets import PERCENTILES, Target


@dataclass(frozen=True)
class Figure:
    """One figure of an objective. limit: None = measured, not judged. value: None = nothing was answered."""

    name: str
    value: float | None
    limit: float | None

    @property
    def met(self) -> bool:
        """True also where there is no limit."""
        return self.limit is None or (self.value is not None and self.value <= self.limit)


@dataclass(frozen=True)
class Verdict:
    """An objective, what came of it, and its figures."""

    target: Target
    asked: Asked
    figures: tuple[Figure, ...]

    @property
    def met(self) -> bool:
        """True if all its figures are within their limits."""
        return all(figure.met for figure in self.figures)


def percentile(values: Sequence[float], share: float) -> float | None:
    """The value below which this share lies (nearest rank); None of nothing."""
    if not values:
        return None
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def judge(target: Target, asked: Asked) -> Verdict:
    """Holds what was measured against the objective."""
    latencies = (
        Figure(name, percentile(asked.milliseconds, share), getattr(target, name))
        for name, share in PERCENTILES.items()
        if target.count >= round(1 / (1 - share))  # else it would be the slowest call's, and no percentile
    )
    failures = Figure("failures", float(sum(asked.failures.values())), float(target.failures))
    return Verdict(target, asked, (*latencies, failures))
