"""Metrics of hot lists: how old the newest one of each kind is, what is on it, and whether making one fails."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import orjson
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from core.files.regular_file import read_file


class HotlistCollector(Collector):
    """Metrics from the file that the making process leaves each second; none if no list was ever asked for."""

    def __init__(self, status: Path, valid_s: int) -> None:
        self._status, self._valid_s = status, valid_s

    def collect(self) -> Iterator[Metric]:
        """Families of the scrape. mask: sections that are on a list, in hexadecimal; a few by the policy."""
        try:
            told = orjson.loads(read_file(self._status))
        except (OSError, ValueError):
            return
        now = time.time()
        yield GaugeMetricFamily(
            "ronda_hotlist_looked_age_seconds",
            "Since the process that makes hot lists last ended a turn.",
            value=max(0.0, now - told["at_ms"] / 1000),
        )
        yield GaugeMetricFamily(
            "ronda_hotlist_valid_seconds", "How long a hot list answers off line.", value=self._valid_s
        )
        yield GaugeMetricFamily(
            "ronda_hotlist_failing", "Lists that are wanted whose last try failed.", value=told["failing"]
        )
        failures = CounterMetricFamily(
            "ronda_hotlist_failures", "Tries that failed: a list to make, or to follow.", labels=["what"]
        )
        for what, count in told["failures"].items():
            failures.add_metric([what], count)
        yield failures
        age = GaugeMetricFamily(
            "ronda_hotlist_age_seconds",
            "Since the newest list, with its steps, was what answers on line are; none yet: since one is wanted.",
            labels=["mask"],
        )
        for mask, each in told["masks"].items():
            age.add_metric([mask], max(0.0, now - each["current_ms"] / 1000))
        yield age
        for name, words in (
            ("entries", "Entries of the list."),
            ("left_out", "Entries that had no room on it (hotlist_entries)."),
            ("due", "Identifiers that may have changed and that no step tells of yet: devices that follow lack them."),
        ):
            family = GaugeMetricFamily(f"ronda_hotlist_{name}", words, labels=["mask"])
            for mask, each in told["masks"].items():
                family.add_metric([mask], each[name])
            yield family
