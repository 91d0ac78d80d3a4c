"""Series of labelled counters before their first event.

An increase is the difference of two samples: a series that first appears with 1 shows none.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product

from prometheus_client import Counter, Gauge

from ronda.v1 import error_pb2

REASONS: tuple[str, ...] = tuple(
    value.name.removeprefix("ERROR_REASON_") for value in error_pb2.ErrorReason.DESCRIPTOR.values
)


def begin(metric: Counter | Gauge, *labels: Iterable[str]) -> None:
    """Makes the series of every combination appear with 0. labels: the values of each label, in the metric's order."""
    for values in product(*labels):
        metric.labels(*values)
