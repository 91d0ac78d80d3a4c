"""An owner of another day bears no level: no alert of his is looked up, so that none on file means nothing."""

from __future__ import annotations

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from clients.officer_view.ownership import day_of, why_not_looked_up
from clients.officer_view.records import records_table
from clients.officer_view.vehicle import vehicle_lines
from clients.spanish import words as spanish
from ronda.v1 import level_pb2, section_pb2, vehicle_pb2
from ronda.v1.value_pb2 import PartialDate
from tests.clients.test_officer_view import printed

ANSWERED = Timestamp(seconds=1_790_000_000)  # 21/09/2026 in Guatemala
COLOURS = [colour for colour, _ in spanish.LEVELS.values()]


def owner(valid_from: PartialDate | None = None, valid_to: PartialDate | None = None) -> vehicle_pb2.Owner:
    return vehicle_pb2.Owner(
        ordinal=2,
        name="Selvyn Tzoc",
        valid_from=valid_from,
        valid_to=valid_to,
        level=level_pb2.LEVEL_CLEAR,
        identity_status=level_pb2.IDENTITY_STATUS_FOUND,
    )


@pytest.mark.parametrize(
    ("of_another_day", "word"),
    [
        (owner(valid_to=PartialDate(year=2026, month=9, day=20)), "anterior"),
        (owner(valid_to=PartialDate(year=2025)), "anterior"),
        (owner(valid_from=PartialDate(year=2026, month=9, day=22)), "posterior"),
    ],
)
def test_an_owner_of_another_day_bears_no_colour(of_another_day: vehicle_pb2.Owner, word: str) -> None:
    shown = printed(vehicle_lines(vehicle_pb2.Vehicle(owners=[of_another_day]), day_of(ANSWERED)))
    listed = printed(records_table(section_pb2.SECTION_OWNER, [of_another_day], 1, ANSWERED))
    for text in (shown, listed):
        assert f"{word}, no consultado: pregunte por su CUI" in text
        assert not any(colour in text for colour in COLOURS)


@pytest.mark.parametrize(
    "of_today",
    [
        owner(),
        owner(valid_to=PartialDate(year=2026, month=9, day=21)),
        owner(valid_to=PartialDate(year=2026)),
        owner(valid_from=PartialDate(year=2026, month=9)),
    ],
)
def test_an_owner_of_today_bears_his_level(of_today: vehicle_pb2.Owner) -> None:
    assert not why_not_looked_up(of_today, day_of(ANSWERED))
    assert "VERDE" in printed(vehicle_lines(vehicle_pb2.Vehicle(owners=[of_today]), day_of(ANSWERED)))
    assert "VERDE" in printed(records_table(section_pb2.SECTION_OWNER, [of_today], 1, ANSWERED))
