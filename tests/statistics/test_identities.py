"""Checks what a cell is: one number has one rounding, by whatever name it is asked for; two numbers have two."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import Any

import pytest

from core.mart.layout import DISCLOSURE_KEY, FOLDER
from ronda.v1 import statistics_service_pb2 as contract
from server.errors import Refusal
from server.statistics.mart import OpenMart
from server.statistics.question import Question, read_question
from server.statistics.table import answer
from tests.mart.small_sources import SmallSources, event

D = contract.Dimension
TODAY = datetime.date(2025, 6, 1)
DAY = datetime.date(2024, 3, 7)


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenMart]:
    sources = SmallSources(tmp_path_factory.mktemp("sources"))
    kinds = (("EXTORSION", 100), ("COACCION", 400), ("ATENTADO", 60), ("HOMICIDIO", 12))
    rows = [
        event(1000 * place + n, DAY, offence=text) for place, (text, count) in enumerate(kinds) for n in range(count)
    ]
    sources.csv("hechos_2024_20250115.csv", rows)
    mart = sources.build().mart
    found = OpenMart(sources.data / FOLDER / mart.id, (sources.data / FOLDER / DISCLOSURE_KEY).read_bytes(), 64, 1)
    yield found
    found.close()


def question(
    opened: OpenMart, by: list[int] | None = None, rule: int = 1, every: bool = False, **fixed: Any
) -> Question:
    asked = contract.QueryRequest(
        rule=rule,  # type: ignore[arg-type]
        by=by or [],  # type: ignore[arg-type]
        every_offence=every,
        filter=contract.StatisticsFilter(**{"first_year": 2024, **fixed}),
    )
    return read_question(asked, opened, TODAY)


def figures(opened: OpenMart, asked: Question) -> dict[tuple[str, ...], int]:
    cells = [cell for message in answer(asked, opened, TODAY, False, False) for cell in message.cells]
    return {tuple(key.code for key in cell.keys): cell.value for cell in cells if cell.HasField("value")}


def test_a_number_has_one_rounding_by_whatever_rule(opened: OpenMart) -> None:
    """The event has one offence and one suspect: four roundings of twelve would have revealed that it is no ten."""
    asked = [question(opened, rule=rule, every=every, offence="0101") for rule in (1, 2, 4) for every in (False, True)]
    assert len({each.identity(()) for each in asked}) == 1
    assert len({figures(opened, each)[()] for each in asked}) == 1


def test_what_is_not_said_is_not_the_whole(opened: OpenMart) -> None:
    assert question(opened, [D.DIMENSION_HOUR]).identity(("",)) != question(opened).identity(())


def test_a_sections_own_row_is_not_the_section(opened: OpenMart) -> None:
    table = question(opened, [D.DIMENSION_OFFENCE])
    assert table.identity(("02",)) != question(opened, offence="02").identity(())
    assert table.identity(("0205",)) == question(opened, offence="0205").identity(())
    assert table.identity(("08",)) == question(opened, offence="08").identity(())  # it has no parts here
    texts = dict(table.domains[0])
    assert texts["02"].endswith("sin más detalle")
    assert not texts["08"].endswith("sin más detalle")
    assert abs(figures(opened, table)["0205",] - 500) < 5


def test_no_row_by_offence_tells_a_part_for_the_whole(opened: OpenMart) -> None:
    """Extortions (02051): a row 0205 would say coercion, and hold extortions alone."""
    with pytest.raises(Refusal) as refused:
        question(opened, [D.DIMENSION_OFFENCE], offence="02051")
    assert refused.value.field == "by"
    assert set(figures(opened, question(opened, [D.DIMENSION_OFFENCE], offence="0205"))) == {("0205",)}
