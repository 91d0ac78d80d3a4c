"""Times and lists of codes as words."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from google.protobuf.timestamp_pb2 import Timestamp

_Code = TypeVar("_Code", bound=int)

GUATEMALA = timezone(timedelta(hours=-6))  # no daylight saving


def time_text(time: Timestamp) -> str:
    """dd/mm/yyyy hh:mm in Guatemala; "nunca" when unset."""
    if not time.seconds:
        return "nunca"
    return datetime.fromtimestamp(time.seconds, GUATEMALA).strftime("%d/%m/%Y %H:%M")


def as_of_text(time: Timestamp) -> str:
    """Returns the date of a register's data; one that was never loaded, or was withdrawn, has none."""
    return f"datos al {time_text(time)}" if time.seconds else "sin datos cargados"


def words(codes: Iterable[_Code], table: Mapping[_Code, str]) -> str:
    """The codes' words; a code without one is shown as its number."""
    return ", ".join(table.get(code, f"código {code}") for code in codes)
