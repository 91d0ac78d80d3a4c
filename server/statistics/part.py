"""The card of StatisticsService."""

from __future__ import annotations

from server.part import Part
from server.statistics.settings import StatisticsSettings

STATISTICS = Part(
    name="statistics",
    service="ronda.v1.StatisticsService",
    settings=StatisticsSettings,
    handlers="server.statistics.wiring",
)
