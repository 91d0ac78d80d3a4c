"""Every figure equals the naive twin's; through the front door it is the twin's, hidden and rounded."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from clients.client.connection import Connection, request_context
from clients.statistics.asking import ask_table
from core.mart.layout import DISCLOSURE_KEY, FOLDER
from ronda.v1 import context_pb2, value_pb2
from ronda.v1 import statistics_service_pb2 as contract
from server.statistics.counting import count
from server.statistics.mart import OpenMart
from server.statistics.question import read_question
from tests.kit.incident_nation import AS_OF, IncidentNation
from tests.server.running_server import RunningServer
from tests.statistics import oracle

pytestmark = pytest.mark.slow

EVENT, OFFENCE, VICTIM, SUSPECT, STEP = 1, 2, 3, 4, 5
QUESTIONS: list[tuple[int, bool, tuple[str, ...], tuple[int, int], str, dict[str, str], str]] = [
    (VICTIM, False, ("department",), (2024, 2024), "0101", {}, ""),
    (VICTIM, False, ("sex", "age_band"), (2024, 2024), "0101", {}, ""),
    (VICTIM, True, ("year", "mechanism"), (2018, 2024), "01", {}, ""),
    (VICTIM, False, ("month", "department", "sex"), (2023, 2024), "02", {}, ""),
    (VICTIM, False, ("year", "relation"), (2020, 2025), "", {"sex": "F"}, ""),
    (VICTIM, False, ("year", "sex"), (2016, 2025), "0101", {}, "inacif_necropsias"),
    (VICTIM, False, ("month",), (2020, 2023), "0101", {}, "ine_defunciones"),
    (EVENT, False, ("year", "department"), (2016, 2025), "02051", {}, ""),
    (EVENT, True, ("year", "offence"), (2020, 2022), "", {}, ""),
    (OFFENCE, True, ("year", "offence"), (2020, 2022), "", {}, ""),
    (OFFENCE, False, ("weekday", "hour"), (2024, 2024), "", {}, ""),
    (SUSPECT, False, ("year",), (2016, 2024), "04", {}, ""),
    (SUSPECT, True, ("municipality",), (2024, 2024), "0401", {"department": "09"}, ""),
    (EVENT, False, ("week", "department"), (2023, 2024), "", {}, ""),
    (EVENT, False, ("week", "municipality"), (2024, 2024), "04", {"department": "01"}, ""),
    (EVENT, False, ("hour",), (2024, 2024), "", {"municipality": "0101"}, ""),
    (EVENT, False, ("weekday", "department"), (2024, 2024), "", {}, ""),
    (EVENT, False, ("month", "mechanism"), (2022, 2024), "", {"department": "01"}, ""),
    (VICTIM, False, ("week", "municipality"), (2024, 2024), "0101", {"department": "01"}, ""),
    (STEP, False, ("year", "step"), (2018, 2025), "", {}, ""),
    (EVENT, True, (), (2024, 2024), "02", {}, ""),
]
VINTAGES = (datetime.date(2025, 1, 20), datetime.date(2025, 8, 1), AS_OF)


def request(
    rule: int,
    every: bool,
    by: tuple[str, ...],
    years: tuple[int, int],
    offence: str,
    fixed: dict[str, Any],
    source: str,
) -> contract.QueryRequest:
    return contract.QueryRequest(
        context=request_context(context_pb2.PURPOSE_STATISTICS),
        rule=rule,  # type: ignore[arg-type]
        every_offence=every,
        by=[contract.Dimension.Value(f"DIMENSION_{name.upper()}") for name in by],  # type: ignore[misc]
        filter=contract.StatisticsFilter(first_year=years[0], last_year=years[1], offence=offence, **fixed),
        source=source,
    )


def as_of(asked: contract.QueryRequest, day: datetime.date) -> contract.QueryRequest:
    asked.vintage.CopyFrom(value_pb2.PartialDate(year=day.year, month=day.month, day=day.day))
    return asked


@pytest.fixture(scope="module", params=["rolled", "facts"])
def opened(incident_nation: IncidentNation, request: pytest.FixtureRequest) -> Iterator[OpenMart]:
    """Once as a mart is asked, once without its roll-ups."""
    key = (incident_nation.data / FOLDER / DISCLOSURE_KEY).read_bytes()
    mart = OpenMart(incident_nation.folder, key, 256, 1)
    if request.param == "facts":
        mart.rolled = {source.id: {} for source in mart.mart.sources}
    yield mart
    mart.close()


def test_a_board_is_answered_by_roll_ups_and_what_tells_units_apart_by_facts(opened: OpenMart) -> None:
    rolled = any(opened.rolled.get(source.id) != {} for source in opened.mart.sources)
    source = opened.mart.source("pnc_hechos")
    assert source is not None

    def kinds(parts: set[Any], columns: set[str]) -> set[str]:
        lists = opened.files(source, 2018, 2024, parts, columns)
        return {Path(path).name.split(".")[0] for paths in lists for path in paths}

    assert kinds({"week"}, {"occurred", "department"}) == {"rollup" if rolled else "fact_incident"}
    assert kinds({"weekday"}, {"occurred", "hour"}) == {"rollup" if rolled else "fact_incident"}
    assert kinds({"year"}, {"unit_no"}) == {"fact_incident"}
    assert kinds({"weekday"}, {"hour", "municipality"}) == {"fact_incident"}


@pytest.mark.parametrize("vintage", VINTAGES, ids=str)
@pytest.mark.parametrize("case", QUESTIONS, ids=lambda case: f"{case[0]}-{'-'.join(case[2])}-{case[4]}")
def test_exact_counts_equal_the_naive_twins(
    incident_nation: IncidentNation,
    opened: OpenMart,
    case: tuple[int, bool, tuple[str, ...], tuple[int, int], str, dict[str, str], str],
    vintage: datetime.date,
) -> None:
    rule, every, by, years, offence, fixed, _ = case
    question = read_question(as_of(request(*case), vintage), opened, AS_OF)
    table = oracle.facts(incident_nation.data, incident_nation.mart, question.source.id)
    told = oracle.count(table, rule, every, by, years, vintage, offence, **fixed)
    assert count(question, opened) == {key: n for key, n in told.items() if n}
    # Every combination that happened has a cell.
    assert set(told) <= {*oracle.combinations([[code for code, _ in domain] for domain in question.domains])}


@pytest.fixture(scope="module")
def server(incident_nation: IncidentNation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    running = RunningServer(incident_nation.data, tmp_path_factory.mktemp("log") / "serve.log", workers=1)
    try:
        yield running.wait_ready()
    finally:
        running.process.terminate()
        running.process.wait(30)


def test_the_front_door_shows_the_twins_figures_hidden_and_rounded(
    incident_nation: IncidentNation, server: RunningServer
) -> None:
    key = (incident_nation.data / FOLDER / DISCLOSURE_KEY).read_bytes()
    table = oracle.facts(incident_nation.data, incident_nation.mart, "pnc_victimas")
    exact = oracle.count(table, VICTIM, False, ("department",), (2024, 2024), AS_OF, "0101")
    with Connection(server.address) as connection:
        asked = request(VICTIM, False, ("department",), (2024, 2024), "0101", {}, "")
        answer = ask_table(connection, as_of(asked, AS_OF), 30)
    assert answer.frame.cells == len(answer.cells) == 23
    for cell in answer.cells:
        code = cell.keys[0].code
        identity = f"pnc_victimas;3;0;offence=0101;place={code};time=2024"
        expected = oracle.shown(key, identity, exact.get((code,), 0))
        assert (cell.value if cell.HasField("value") else None) == expected
        assert expected is None or (expected % 5 == 0 and abs(expected - exact[code,]) < 5)
    assert answer.frame.hidden == sum(not cell.HasField("value") for cell in answer.cells) > 0


def test_sources_side_by_side_are_the_twins_figures(incident_nation: IncidentNation, server: RunningServer) -> None:
    key = (incident_nation.data / FOLDER / DISCLOSURE_KEY).read_bytes()
    asked = contract.CompareSourcesRequest(
        context=request_context(context_pb2.PURPOSE_STATISTICS),
        offence="0101",
        year=2023,
        vintage=value_pb2.PartialDate(year=AS_OF.year, month=AS_OF.month, day=AS_OF.day),
    )
    with Connection(server.address) as connection:
        answer = connection.statistics.CompareSources(asked, timeout=30)
        listed = connection.statistics.ListSources(
            contract.ListSourcesRequest(context=request_context(context_pb2.PURPOSE_STATISTICS)), timeout=30
        )
    assert [each.source.institution for each in answer.sources] == ["PNC", "INACIF", "INE"]
    for each in answer.sources:
        table = oracle.facts(incident_nation.data, incident_nation.mart, each.source.id)
        exact = oracle.count(table, VICTIM, False, (), (2023, 2023), AS_OF, "0101")[()]
        assert each.value == oracle.shown(key, f"{each.source.id};3;0;offence=0101;time=2023", exact)
        assert each.reasons[0].startswith("Cuenta ")
    assert {each.id for each in listed.sources} == {each.id for each in incident_nation.mart.sources}
    for source in listed.sources:
        counts = (source.units, source.late, source.corrected, source.withdrawn, source.unmapped)
        assert all(number % 5 == 0 for number in counts)


def test_a_large_table_comes_in_parts_and_whole(server: RunningServer) -> None:
    with Connection(server.address) as connection:
        asked = request(VICTIM, False, ("month", "municipality"), (2024, 2024), "", {}, "")
        parts = list(connection.statistics.Query(as_of(asked, AS_OF), timeout=60))
    assert [part.HasField("frame") for part in parts] == [True] + [False] * (len(parts) - 1)
    assert sum(len(part.cells) for part in parts) == parts[0].frame.cells == 12 * 363
    assert max(part.ByteSize() for part in parts) < 64 * 1024


def test_no_file_of_the_mart_names_anybody(incident_nation: IncidentNation) -> None:
    for path in Path(incident_nation.folder).iterdir():
        assert b"H00000" not in path.read_bytes(), path.name  # the police's number of an event
