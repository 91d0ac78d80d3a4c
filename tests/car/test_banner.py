"""The level is shown by colour, word and shape; an unknown one is never green."""

from __future__ import annotations

import pytest

from clients.car.app import CarApp
from clients.car.banner import _SHAPES, REPEAT, WAITING, level_banner, state_banner
from clients.officer_view.styles import BADGES
from clients.spanish.words import LEVELS
from ronda.v1 import level_pb2

ROWS = 3


def test_no_two_levels_share_a_shape_or_a_word() -> None:
    drawn = {level: level_banner(level, 80).plain for level in LEVELS}
    told = [*drawn.values(), state_banner(WAITING, 80).plain, state_banner(REPEAT, 80).plain]
    assert len(set(told)) == len(told)
    assert {LEVELS[level][0] for level in LEVELS} - {"SIN NIVEL"} <= _SHAPES.keys()
    assert len(set(_SHAPES.values())) == len(_SHAPES)


@pytest.mark.parametrize("width", [20, 40, 80, 200])
@pytest.mark.parametrize("level", [*level_pb2.Level.values(), 6, 99, -1])
def test_it_is_three_whole_rows_and_green_for_clear_alone(level: int, width: int) -> None:
    banner = level_banner(level, width)
    assert len(banner.plain.splitlines()) == ROWS
    assert all(len(line) <= width for line in banner.plain.splitlines())
    assert (str(banner.style) == BADGES["VERDE"]) == (level == level_pb2.LEVEL_CLEAR)


def test_the_bell_is_of_the_contracts_hit() -> None:
    assert CarApp.level_of_hit == level_pb2.LEVEL_HIT
