"""Metrics of confirmations: what waits for a desk, how long, and what went past a silent one."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import orjson
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from core.files.regular_file import read_file

_LABELS = ["urgency"]


class ConfirmationCollector(Collector):
    """Metrics from the file that the writer process leaves each second; none if no confirmation was ever asked for."""

    def __init__(self, status: Path) -> None:
        self._status = status

    def collect(self) -> Iterator[Metric]:
        """Families of the scrape. What was asked over a day ago is over."""
        try:
            told = orjson.loads(read_file(self._status))
        except (OSError, ValueError):
            return
        now = time.time()
        waiting = GaugeMetricFamily("ronda_confirmations_open", "Confirmations without an answer.", labels=_LABELS)
        escalated = GaugeMetricFamily(
            "ronda_confirmations_escalated", "Those of them that went past a silent desk.", labels=_LABELS
        )
        oldest = GaugeMetricFamily(
            "ronda_confirmations_oldest_age_seconds", "Since the oldest of them was asked; 0 = none.", labels=_LABELS
        )
        escalations = CounterMetricFamily(
            "ronda_confirmations_escalations", "Times that a desk was silent for too long.", labels=_LABELS
        )
        for urgency, each in told["urgencies"].items():
            waiting.add_metric([urgency], each["waiting"])
            escalated.add_metric([urgency], each["escalated"])
            oldest.add_metric([urgency], max(0.0, now - each["oldest_ms"] / 1000) if each["waiting"] else 0.0)
            escalations.add_metric([urgency], each["escalations"])
        yield from (waiting, escalated, oldest, escalations)
        yield GaugeMetricFamily(
            "ronda_confirmations_looked_age_seconds",
            "Since the process that escalates what is overdue last looked at the clock.",
            value=max(0.0, now - told["at_ms"] / 1000),
        )
