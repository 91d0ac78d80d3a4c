"""Metrics of the feed: how fresh each fed register is, and what is missing."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import orjson
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from core.files.regular_file import read_file

_LABELS = ["source", "register"]


class FeedCollector(Collector):
    """Metrics from the file that the writer process leaves each second; none if nothing is fed."""

    def __init__(self, status: Path) -> None:
        self._status = status

    def collect(self) -> Iterator[Metric]:
        """Families of the scrape."""
        try:
            told = orjson.loads(read_file(self._status))
        except (OSError, ValueError):
            return
        now = time.time()
        yield GaugeMetricFamily(
            "ronda_ledger_sequence", "Entries of the ledger of fed changes.", value=told["sequence"]
        )
        event = GaugeMetricFamily(
            "ronda_feed_event_age_seconds", "Since the newest event of a change that was fed.", labels=_LABELS
        )
        sign = GaugeMetricFamily(
            "ronda_feed_sign_age_seconds", "Since the last change or heartbeat came.", labels=_LABELS
        )
        stale = GaugeMetricFamily(
            "ronda_feed_stale",
            "1 while a register may lack changes: the cause is GAP, SILENT or RESTORED.",
            labels=[*_LABELS, "cause"],
        )
        through = GaugeMetricFamily("ronda_feed_through", "All changes up to this sequence came.", labels=_LABELS)
        held = GaugeMetricFamily("ronda_feed_held", "Changes that wait for one that is missing.", labels=_LABELS)
        skipped = GaugeMetricFamily(
            "ronda_feed_skipped", "Numbers that two officers skipped, up to 100.", labels=_LABELS
        )
        columns = CounterMetricFamily(
            "ronda_feed_unknown_columns",
            "Cells taken of columns that the manifest does not know; `ronda feed status` names the columns.",
            labels=_LABELS,
        )
        for each in told["positions"]:
            labels = [each["source"], each["register"]]
            if each["event_ms"]:
                event.add_metric(labels, max(0.0, now - each["event_ms"] / 1000))
            if each["sign_ms"]:
                sign.add_metric(labels, max(0.0, now - each["sign_ms"] / 1000))
            for cause in ("GAP", "SILENT", "RESTORED"):
                stale.add_metric([*labels, cause], float(cause in each["stale"].split()))
            through.add_metric(labels, each["through"])
            held.add_metric(labels, each["held"])
            skipped.add_metric(labels, len(each.get("skipped", ())))
            columns.add_metric(labels, sum(each.get("unknown_columns", {}).values()))
        yield from (event, sign, stale, through, held, skipped, columns)
