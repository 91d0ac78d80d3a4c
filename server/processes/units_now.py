"""Units with officers who are shown many persons by lists now: one of them may be going through the register."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from core.access.limits import Limits
from server.processes.settings import ServerSettings

_TOLD = 32  # units, the ones that are shown most


class UnitCollector(Collector):
    """Reads the file in which all workers count, at each scrape; nothing in development mode."""

    def __init__(self, settings: ServerSettings) -> None:
        self._settings = settings

    def collect(self) -> Iterator[Metric]:
        """Yields one family: the units at or over `persons_unit_hour`, none in an ordinary hour."""
        listed = GaugeMetricFamily(
            "ronda_unit_persons_listed",
            "Different persons that lists showed the officers of a unit in this hour, from `persons_unit_hour` on.",
            labels=["unit"],
        )
        for unit, persons in self._most_first():
            listed.add_metric([unit], persons)
        yield listed

    def _most_first(self) -> list[tuple[str, int]]:
        if self._settings.trust is None or not self._settings.limits_path.exists():
            return []
        try:
            units = Limits(self._settings.limits_path).units_now()
        except (OSError, ValueError):
            return []
        many = [(unit, count) for unit, count in units.items() if count >= self._settings.persons_unit_hour]
        return sorted(many, key=lambda each: -each[1])[:_TOLD]
