"""A witness's metrics for Prometheus: time of the last checkpoint, numbers kept and refused, and its disk."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

NOT_SIGNED, NOT_CONTINUED, NOT_WRITTEN, NOT_ACCEPTED, LOST = REASONS = (
    "NOT_SIGNED",
    "NOT_CONTINUED",
    "NOT_WRITTEN",
    "NOT_ACCEPTED",
    "LOST",
)


class WitnessFigures(Collector):
    """Counted by the threads of a witness, under its lock; read by a scrape."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._kept = 0
        self._refused = dict.fromkeys(REASONS, 0)
        self._number = 0
        self._kept_s = time.time()  # none yet: since the witness began
        self.streams = 0

    def found(self, number: int, time_ms: int) -> None:
        """The last checkpoint that lies there at the start, signed at that time."""
        self._number, self._kept_s = number, time_ms / 1000

    def kept(self, number: int) -> None:
        """A checkpoint was taken."""
        self._kept += 1
        self._number, self._kept_s = number, time.time()

    def refused(self, reason: str) -> None:
        """One was not. reason: of REASONS."""
        self._refused[reason] += 1

    def collect(self) -> Iterator[Metric]:
        """Families of the scrape."""
        yield InfoMetricFamily("ronda_build", "The release that serves.", value={"version": version("ronda")})
        yield GaugeMetricFamily(
            "ronda_witness_checkpoint_age_seconds",
            "Since a checkpoint was last taken; a log signs one a minute at least. None yet: since the witness began.",
            value=max(0.0, time.time() - self._kept_s),
        )
        yield GaugeMetricFamily("ronda_witness_checkpoint", "Number of the last one.", value=self._number)
        yield CounterMetricFamily("ronda_witness_kept", "Checkpoints taken.", value=self._kept)
        refused = CounterMetricFamily(
            "ronda_witness_refused",
            "Checkpoints refused: of another key, no continuation, no room, after a restore, or what was kept is gone.",
            labels=["reason"],
        )
        for reason, count in self._refused.items():
            refused.add_metric([reason], count)
        yield refused
        yield GaugeMetricFamily("ronda_witness_streams", "Streams that are open; a log has one.", value=self.streams)
        try:
            free = shutil.disk_usage(self._directory).free
        except OSError:
            return
        yield GaugeMetricFamily("ronda_witness_disk_free_bytes", "Bytes left where they are kept.", value=free)
