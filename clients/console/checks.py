"""Checks of the present week and their hits by kind, for the live strip: figures as they left the server."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from ronda.v1 import statistics_service_pb2 as contract
from ronda.v1.statistics_service_pb2 import CountingRule, Dimension

if TYPE_CHECKING:
    from clients.console.reading import SeenTable
    from clients.statistics.asking import Cell

_NO_HIT = ("", "NONE")


@dataclass(frozen=True)
class WeeksChecks:
    """as_of: the last count of the audit log. A figure None = hidden. hits: kind in Spanish -> figure."""

    as_of: date
    total: int | None
    hits: tuple[tuple[str, int | None], ...]


async def weeks_checks(ask: Callable[[contract.QueryRequest], Awaitable[SeenTable]], year: int) -> WeeksChecks | None:
    """Returns the checks of the last counted week; None = none. Raises CallFailure."""
    whole = (await ask(_asked(year, []))).table
    kinds = (await ask(_asked(year, [Dimension.DIMENSION_HIT]))).table
    told = whole.frame.as_of
    as_of = date(told.year, told.month, told.day)
    week = max((cell.keys[0].code for cell in whole.cells if cell.keys[0].code <= as_of.isoformat()), default="")
    totals = [_figure(cell) for cell in whole.cells if cell.keys[0].code == week]
    if not totals:
        return None
    of_week = [cell for cell in kinds.cells if cell.keys[0].code == week and cell.keys[1].code not in _NO_HIT]
    return WeeksChecks(as_of, totals[0], tuple((cell.keys[1].text, _figure(cell)) for cell in of_week))


def _asked(year: int, more: list[int]) -> contract.QueryRequest:
    return contract.QueryRequest(
        rule=CountingRule.COUNTING_RULE_CHECK,
        by=[Dimension.DIMENSION_WEEK, *more],  # type: ignore[list-item]
        filter=contract.StatisticsFilter(first_year=year),
    )


def _figure(cell: Cell) -> int | None:
    return cell.value if cell.HasField("value") else None
