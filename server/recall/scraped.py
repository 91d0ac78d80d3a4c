"""Metrics of recall: how far it followed the views, and how many recalls wait for their officers."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import orjson
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from core.files.regular_file import read_file


class RecallCollector(Collector):
    """Metrics from the file that the recall process leaves each second; none if recalls are off."""

    def __init__(self, status: Path) -> None:
        self._status = status

    def collect(self) -> Iterator[Metric]:
        """Families of the scrape."""
        try:
            told = orjson.loads(read_file(self._status))
        except (OSError, ValueError):
            return
        age_s = max(0.0, time.time() - told["at_ms"] / 1000)
        for name, words, value in (
            ("ronda_recall_sequence", "Entry of the ledger up to which looks were held against changes.", "sequence"),
            ("ronda_recall_waiting", "Recalls that no officer acknowledged yet.", "waiting"),
            ("ronda_recall_records_altered", "Audit records that it met, and that are not as written.", "altered"),
        ):
            yield GaugeMetricFamily(name, words, value=told.get(value, 0))
        yield GaugeMetricFamily("ronda_recall_looked_age_seconds", "Since recall last looked at the view.", value=age_s)
