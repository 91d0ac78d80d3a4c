"""An owner's level, of the owners of today only: of one before or later no alert is looked up (docs/answers.md).

Such an owner's level says nothing of whether he is wanted: it is never shown, least of all as green.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from clients.officer_view.words import GUATEMALA

if TYPE_CHECKING:
    from google.protobuf.timestamp_pb2 import Timestamp

    from ronda.v1 import value_pb2, vehicle_pb2

Day = tuple[int, int, int]
_NOT_LOOKED_UP = "no consultado: pregunte por su CUI"


def day_of(answered_at: Timestamp) -> Day:
    """Year, month and day in Guatemala; of an answer without its time, this machine's."""
    now = datetime.now(GUATEMALA)
    when = datetime.fromtimestamp(answered_at.seconds, GUATEMALA) if answered_at.seconds else now
    return when.year, when.month, when.day


def why_not_looked_up(owner: vehicle_pb2.Owner, today: Day) -> str:
    """Returns the text in place of a level; "" for an owner of today, with a level that counts."""
    if owner.valid_to.year and _last(owner.valid_to) < today:
        return f"anterior, {_NOT_LOOKED_UP}"
    if owner.valid_from.year and _first(owner.valid_from) > today:
        return f"posterior, {_NOT_LOOKED_UP}"
    return ""


def _first(date: value_pb2.PartialDate) -> Day:
    return date.year, date.month or 1, date.day or 1


def _last(date: value_pb2.PartialDate) -> Day:
    """No later than it may be; 31 stands for the end of every month."""
    return date.year, date.month or 12, date.day or 31
