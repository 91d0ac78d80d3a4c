"""The tables of the situation room: which questions it asks, and their answers kept while the same mart answers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from clients.client.failures import CallFailure
from clients.statistics import words
from ronda.v1 import statistics_service_pb2 as contract
from ronda.v1 import value_pb2
from ronda.v1.statistics_service_pb2 import CountingRule, Dimension

if TYPE_CHECKING:
    from clients.console.officer import Officer
    from clients.console.reading import SeenTable

EARLY_MONTHS = 3  # of a year, in which the year before is shown with it
TREND_YEARS = 3
VINTAGE_DAYS = 60  # the trend is shown as it is known now, and as it was known so many days ago
_KEPT_S = 60.0
_MOST_KEPT = 64
_MOST_GRANTS = 50
_COUNTRY = ZoneInfo("America/Guatemala")

TOPICS = {
    name: (code, shows.partition(":")[0]) for name, (code, rule, shows) in words.TOPICS.items() if rule != "checks"
}
"""Word of a topic of offences -> its ICCS code, what it is in Spanish; all are counted as events."""
DEFAULT_TOPIC = "all"


def today() -> date:
    """Returns today's date in Guatemala."""
    return datetime.now(_COUNTRY).date()


def _asked(topic: str, by: list[int], **fixed: object) -> contract.QueryRequest:
    return contract.QueryRequest(
        rule=CountingRule.COUNTING_RULE_EVENT,
        by=by,  # type: ignore[arg-type]
        filter=contract.StatisticsFilter(offence=TOPICS[topic][0], **fixed),  # type: ignore[arg-type]
    )


def weekly(topic: str, day: date, department: str = "") -> contract.QueryRequest:
    """Weeks of each department, or of each municipality of one, with their limits."""
    place = Dimension.DIMENSION_MUNICIPALITY if department else Dimension.DIMENSION_DEPARTMENT
    first = day.year - 1 if day.month <= EARLY_MONTHS else day.year
    request = _asked(
        topic, [Dimension.DIMENSION_WEEK, place], first_year=first, last_year=day.year, department=department
    )
    request.change = True
    return request


def hours_year(day: date) -> int:
    """Returns the year of the shown weekdays and hours."""
    return day.year - 1 if day.month <= EARLY_MONTHS else day.year


def hours(topic: str, day: date, department: str = "") -> contract.QueryRequest:
    """Day of the week by hour, of this year; of the last one in a year's first months."""
    year = hours_year(day)
    by = [Dimension.DIMENSION_WEEKDAY, Dimension.DIMENSION_HOUR]
    return _asked(topic, list(by), first_year=year, department=department)


def trend(topic: str, day: date, department: str = "", *, known_days_ago: int = 0) -> contract.QueryRequest:
    """Months of some years, as known now or some days ago."""
    request = _asked(
        topic,
        [Dimension.DIMENSION_MONTH],
        first_year=day.year - TREND_YEARS + 1,
        last_year=day.year,
        department=department,
    )
    if known_days_ago:
        known = day - timedelta(known_days_ago)
        request.vintage.CopyFrom(value_pb2.PartialDate(year=known.year, month=known.month, day=known.day))
    return request


class SharedTables:
    """Answers that a whole console holds: officers who may see the same share them."""

    def __init__(self) -> None:
        self._of: dict[str, KeptTables] = {}

    def of(self, grant: str) -> KeptTables:
        """Returns the tables of one grant's officers (Officer.grant)."""
        if grant not in self._of:
            while len(self._of) >= _MOST_GRANTS:
                del self._of[next(iter(self._of))]
            self._of[grant] = KeptTables()
        return self._of[grant]


@dataclass(frozen=True)
class _Kept:
    since: float
    asker: Officer
    task: asyncio.Task[SeenTable]


class KeptTables:
    """Answers to officers of one grant: asked once for all their screens, and anew when the figures changed."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._kept: dict[bytes, _Kept] = {}
        self._figures: tuple[str, bytes] | None = None

    async def table(self, officer: Officer, request: contract.QueryRequest) -> SeenTable:
        """Returns a table; the first officer that needs it asks, in their own name. Raises CallFailure, to that officer
        alone."""
        key = request.SerializeToString(deterministic=True)  # it has no context yet
        while True:
            kept = self._kept.get(key)
            if kept is None or self._clock() - kept.since > _KEPT_S or _failed(kept.task):
                self._sweep()
                kept = _Kept(self._clock(), officer, asyncio.ensure_future(officer.table(request)))
                self._kept[key] = kept
            try:
                # One screen that goes away does not end what the others wait for.
                return await asyncio.shield(kept.task)
            except CallFailure:
                if kept.asker is officer:
                    raise

    def heard(self, mart_id: str, sources: bytes) -> None:
        """Takes the mart and sources of an answer; drops the tables of others."""
        if (mart_id, sources) == self._figures:
            return
        for key, kept in list(self._kept.items()):
            task = kept.task
            if self._figures or not task.done() or _failed(task) or task.result().mart_id != mart_id:
                del self._kept[key]
        self._figures = (mart_id, sources)

    def _sweep(self) -> None:
        for key in [key for key, kept in self._kept.items() if self._clock() - kept.since > _KEPT_S]:
            del self._kept[key]
        while len(self._kept) >= _MOST_KEPT:
            del self._kept[next(iter(self._kept))]


def _failed(task: asyncio.Task[SeenTable]) -> bool:
    return task.done() and (task.cancelled() or task.exception() is not None)
