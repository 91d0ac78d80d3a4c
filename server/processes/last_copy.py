"""<data>/backup.json: time of the last whole copy by `ronda backup`. A scrape reports it if a site expects copies.

Only a command that ran to its end writes the note. So a timer that is off, a disk that is away and a copy that is
refused each night look alike: the note gets old.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from core.documents import json_of
from core.files.regular_file import read_file
from core.files.replacement import replace_file

NOTE = "backup.json"  # in the data directory
_AHEAD_S = 3600.0  # of this clock: a note from further on was written by a wrong one, and would be young for years


def note_copy(data: Path) -> None:
    """Notes that a copy is whole now. Raises OSError."""
    replace_file(data / NOTE, json.dumps({"at_ms": time.time_ns() // 1_000_000}).encode() + b"\n")


class CopyCollector(Collector):
    """Reads the note at each scrape; nothing where no copies are expected."""

    def __init__(self, data: Path, within_h: int) -> None:
        """within_h: setting `backup_within_h`."""
        self._note, self._within_h = data / NOTE, within_h

    def collect(self) -> Iterator[Metric]:
        """Families of the scrape."""
        if not self._within_h:
            return
        yield GaugeMetricFamily(
            "ronda_backup_last_success_timestamp_seconds",
            "When the newest whole copy was made, Unix time; 0 = none is known.",
            value=self._made_at(),
        )
        yield GaugeMetricFamily(
            "ronda_backup_within_seconds", "How old it may be (backup_within_h).", value=self._within_h * 3600
        )

    def _made_at(self) -> float:
        try:
            at = int(json_of(read_file(self._note))["at_ms"]) / 1000
        except (OSError, ValueError, KeyError, TypeError, OverflowError):
            return 0.0
        return at if at <= time.time() + _AHEAD_S else 0.0
