"""The card of StatisticsService."""

from __future__ import annotations

from server.part import Method, Part
from server.statistics.settings import StatisticsSettings

_GROUP = "Statistics"
QUERY = Method("QUERY", "pedir cifras", 44, _GROUP, "QueryRequest")
COMPARE_SOURCES = Method("COMPARE_SOURCES", "comparar cifras", 45, _GROUP, "CompareSourcesRequest")
LIST_SOURCES = Method("LIST_SOURCES", "ver fuentes de cifras", 46, _GROUP, "ListSourcesRequest")
WATCH_SOURCES = Method("WATCH_SOURCES", "seguir fuentes", 47, _GROUP, "WatchSourcesRequest")
STATISTICS = Part(
    name="statistics",
    service="ronda.v1.StatisticsService",
    contract="ronda.v1.statistics_service_pb2",
    methods=(QUERY, COMPARE_SOURCES, LIST_SOURCES, WATCH_SOURCES),
    settings=StatisticsSettings,
    handlers="server.statistics.wiring",
)
