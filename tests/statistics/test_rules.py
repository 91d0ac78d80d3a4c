"""The rules of figures (docs/numbers.md), one a row: each is held by what leaves the server, or by the mart's files."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest

from core.mart.layout import DISCLOSURE_KEY, FOLDER
from ronda.v1 import statistics_service_pb2 as contract
from ronda.v1.statistics_service_pb2 import CellState, ChangeState, Dimension
from server.statistics.comparison import sources_response
from server.statistics.mart import OpenMart
from server.statistics.question import read_question
from server.statistics.table import answer
from tests.kit.incident_nation import AS_OF, IncidentNation

D = Dimension
_SILENT = AS_OF + datetime.timedelta(200)
_PERSONAL = {"cui", "nip", "name", "nombre", "address", "direccion", "latitude", "longitude", "point", "minute", "time"}


@dataclass
class Rules:
    """A mart, and what is asked of it."""

    nation: IncidentNation
    opened: OpenMart

    def table(self, day: datetime.date = AS_OF, **asked: Any) -> tuple[contract.StatisticsFrame, list[Any]]:
        filters = contract.StatisticsFilter(**{"first_year": 2024, **asked.pop("filter", {})})
        rates, change = asked.pop("rates", False), asked.pop("change", False)
        request = contract.QueryRequest(filter=filters, **asked)
        messages = list(answer(read_question(request, self.opened, day), self.opened, day, rates, change))
        return messages[0].frame, [cell for message in messages for cell in message.cells]


@pytest.fixture(scope="module")
def rules(incident_nation: IncidentNation) -> Iterator[Rules]:
    key = (incident_nation.data / FOLDER / DISCLOSURE_KEY).read_bytes()
    opened = OpenMart(incident_nation.folder, key, 256, 1)
    yield Rules(incident_nation, opened)
    opened.close()


def nobody_is_in_the_mart(rules: Rules) -> None:
    for path in rules.nation.folder.glob("*.parquet"):
        schema = pq.read_schema(path)
        if path.name.startswith(("fact_", "rollup.")):
            assert not _PERSONAL & set(schema.names), path.name
            assert str(schema.field("occurred").type) == "date32[day]"
    hours = pd.read_parquet(rules.nation.folder / "fact_incident.pnc_hechos.2024.parquet")["hour"].dropna()
    assert set(hours) <= set(range(24))  # and no minute beside it


def a_figure_has_all_its_parts(rules: Rules) -> None:
    frame, cells = rules.table(rule=3, by=[D.DIMENSION_DEPARTMENT], filter={"offence": "0101"}, rates=True)
    assert any(cell.HasField("value") for cell in cells)
    for part in (frame.as_of.year, frame.vintage.year, frame.rule, frame.population, frame.source.counts):
        assert part
    assert not frame.every_offence  # the principal one
    assert frame.disclosure
    assert frame.mart_id == rules.nation.mart.id
    assert all(cell.state != CellState.CELL_STATE_UNSPECIFIED for cell in cells)
    assert frame.coverage  # the outage, the late municipality: said in words


def each_counting_rule_is_another_figure_of_one_table(rules: Rules) -> None:
    told = {}
    for rule in (1, 2, 4):
        for every in (False, True):
            frame, (cell,) = rules.table(rule=rule, every_offence=every)
            assert (frame.rule, frame.every_offence) == (rule, every)
            told[rule, every] = cell.value
    assert told[1, False] <= told[2, True]
    assert len(set(told.values())) > 2


def what_was_known_on_a_day_is_asked_again(rules: Rules) -> None:
    early = {"year": 2025, "month": 1, "day": 20}
    frame, (then,) = rules.table(rule=1, vintage=early)
    assert frame.as_of.year == 2025
    _, (now,) = rules.table(rule=1)
    assert frame.vintage.day == 20
    assert then.value < now.value  # late reports came since


def cells_under_five_are_hidden_and_bases_rounded(rules: Rules) -> None:
    frame, cells = rules.table(rule=3, by=[D.DIMENSION_MUNICIPALITY], filter={"offence": "0101"}, rates=True)
    shown = [cell for cell in cells if cell.HasField("value")]
    assert frame.hidden == len(cells) - len(shown) > 0
    assert all(cell.value >= 5 and cell.value % 5 == 0 for cell in shown)
    assert all(cell.population % 100 == 0 for cell in cells)
    assert not any(cell.HasField("rate") for cell in cells if not cell.HasField("value"))


def a_stale_register_is_grey_and_never_a_fall(rules: Rules) -> None:
    for by in (D.DIMENSION_MONTH, D.DIMENSION_WEEK):
        frame, cells = rules.table(_SILENT, rule=1, by=[by], filter={"first_year": 2025}, change=True)
        assert {cell.state for cell in cells} == {CellState.CELL_STATE_STALE}
        assert frame.tested == 0
        assert {cell.change for cell in cells} == {ChangeState.CHANGE_STATE_UNSPECIFIED}
        assert any("GRIS" in text for text in frame.coverage)


def change_is_called_beyond_limits_and_says_how_many_were_tested(rules: Rules) -> None:
    frame, cells = rules.table(rule=1, by=[D.DIMENSION_DEPARTMENT], change=True)
    tested = [cell for cell in cells if cell.HasField("z")]
    assert frame.tested == len(tested) > 0
    called = (ChangeState.CHANGE_STATE_RISE, ChangeState.CHANGE_STATE_FALL)
    assert all((abs(cell.z) > 3) == (cell.change in called) for cell in tested)
    frame, cells = rules.table(rule=1, by=[D.DIMENSION_WEEK, D.DIMENSION_DEPARTMENT], change=True)
    tested = [cell for cell in cells if cell.HasField("expected")]
    assert frame.tested == len(tested) > 0
    assert frame.change_method
    for cell in tested:
        value = cell.value if cell.HasField("value") else 4
        assert (cell.change == ChangeState.CHANGE_STATE_RISE) <= (value >= cell.high - 0.1)
        assert (cell.change == ChangeState.CHANGE_STATE_FALL) <= (value <= cell.low + 0.1)


def offences_carry_iccs_and_what_is_not_mapped_is_counted_and_named(rules: Rules) -> None:
    codes = rules.opened.offences
    _, cells = rules.table(rule=2, by=[D.DIMENSION_OFFENCE])
    assert {cell.keys[0].code for cell in cells} <= {code[:4] for code in codes}
    assert all(cell.keys[0].text for cell in cells)
    listed = {each.id: each for each in sources_response(rules.opened, AS_OF).sources}
    police = listed["pnc_hechos"]
    assert police.unmapped > 0
    assert all(text.text for text in police.unmapped_texts)
    _, (unmapped,) = rules.table(rule=1, filter={"offence": "99"})
    assert unmapped.value > 0


RULES: list[Callable[[Rules], None]] = [
    nobody_is_in_the_mart,
    a_figure_has_all_its_parts,
    each_counting_rule_is_another_figure_of_one_table,
    what_was_known_on_a_day_is_asked_again,
    cells_under_five_are_hidden_and_bases_rounded,
    a_stale_register_is_grey_and_never_a_fall,
    change_is_called_beyond_limits_and_says_how_many_were_tested,
    offences_carry_iccs_and_what_is_not_mapped_is_counted_and_named,
]


@pytest.mark.slow
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_it_holds(rules: Rules, rule: Callable[[Rules], None]) -> None:
    rule(rules)
