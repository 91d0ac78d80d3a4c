"""Twenty tables of a board, each as it would be asked for."""

from __future__ import annotations

from typing import Any

from bench.numbers.published import YEARS
from ronda.v1 import statistics_service_pb2 as contract
from ronda.v1.statistics_service_pb2 import Dimension as D

_EVENT, _OFFENCE, _SUSPECT = 1, 2, 4
_ALL = {"first_year": YEARS[0], "last_year": YEARS[-1]}
_LAST = {"first_year": YEARS[-2]}  # whole


def _asked(rule: int, by: list[int], fixed: dict[str, Any], **more: Any) -> contract.QueryRequest:
    return contract.QueryRequest(
        rule=rule,  # type: ignore[arg-type]
        by=by,  # type: ignore[arg-type]
        filter=contract.StatisticsFilter(**fixed),
        **more,
    )


def tables() -> dict[str, contract.QueryRequest]:
    """Name -> question."""
    homicide = {**_LAST, "offence": "0101"}
    return {
        "homicides by department, a year": _asked(_EVENT, [D.DIMENSION_DEPARTMENT], homicide),
        "homicides by municipality, a year": _asked(_EVENT, [D.DIMENSION_MUNICIPALITY], homicide),
        "homicides by month, ten years": _asked(_EVENT, [D.DIMENSION_MONTH], {**_ALL, "offence": "0101"}),
        "homicides by week, a year": _asked(_EVENT, [D.DIMENSION_WEEK], homicide),
        "homicides by year and department": _asked(
            _EVENT, [D.DIMENSION_YEAR, D.DIMENSION_DEPARTMENT], {**_ALL, "offence": "0101"}
        ),
        "homicides by hour and weekday": _asked(_EVENT, [D.DIMENSION_WEEKDAY, D.DIMENSION_HOUR], homicide),
        "homicides by mechanism, ten years": _asked(
            _EVENT, [D.DIMENSION_YEAR, D.DIMENSION_MECHANISM], {**_ALL, "offence": "0101"}
        ),
        "extortion by month, one department": _asked(
            _EVENT, [D.DIMENSION_MONTH], {**_ALL, "offence": "02051", "department": "01"}
        ),
        "extortion by department, change": _asked(
            _EVENT, [D.DIMENSION_DEPARTMENT], {**_LAST, "offence": "02051"}, change=True
        ),
        "robbery by week and department": _asked(
            _EVENT, [D.DIMENSION_WEEK, D.DIMENSION_DEPARTMENT], {**_LAST, "offence": "0401"}, change=True
        ),
        "theft by hour, one municipality": _asked(
            _EVENT, [D.DIMENSION_HOUR], {**_LAST, "offence": "0502", "municipality": "0101"}
        ),
        "assault by year": _asked(_EVENT, [D.DIMENSION_YEAR], {**_ALL, "offence": "0201"}),
        "section 02 by offence, a year": _asked(_OFFENCE, [D.DIMENSION_OFFENCE], {**_LAST, "offence": "02"}),
        "all by offence, a year": _asked(_OFFENCE, [D.DIMENSION_OFFENCE], _LAST),
        "all by department, a year": _asked(_EVENT, [D.DIMENSION_DEPARTMENT], _LAST),
        "all by month, a year": _asked(_EVENT, [D.DIMENSION_MONTH], _LAST),
        "all by year": _asked(_EVENT, [D.DIMENSION_YEAR], _ALL),
        "all by year and offence": _asked(_OFFENCE, [D.DIMENSION_YEAR, D.DIMENSION_OFFENCE], _ALL),
        "suspects of robbery by department": _asked(_SUSPECT, [D.DIMENSION_DEPARTMENT], {**_LAST, "offence": "0401"}),
        "all of one municipality by month": _asked(_EVENT, [D.DIMENSION_MONTH], {**_ALL, "municipality": "0920"}),
    }
