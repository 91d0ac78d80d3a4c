"""Questions that are refused, each by its field and rule, and each rule with its Spanish."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from clients.spanish.words import FIELDS, RULES
from core.mart.layout import DISCLOSURE_KEY, FOLDER
from ronda.command import app
from ronda.v1 import statistics_service_pb2 as contract
from server.errors import Refusal
from server.statistics.mart import OpenMart
from server.statistics.question import read_question
from server.statistics.table import answer
from tests.mart.small_sources import CALLS, CHECKS, COUNTS, EVENTS, SmallSources, event

D = contract.Dimension
TODAY = datetime.date(2025, 6, 1)


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenMart]:
    sources = SmallSources(tmp_path_factory.mktemp("sources"), EVENTS, COUNTS, CHECKS, CALLS)
    day = datetime.date(2025, 1, 15)
    sources.checks(2024, day, [["2024-12-30", 7, "TRAFFIC_STOP", "CHECK", "HIT", "WARRANT", 12]])
    sources.csv("hechos_2024_20250115.csv", [event(n, datetime.date(2024, 3, 7)) for n in range(50)])
    head = ("año", "mes", "municipio", "delito", "sexo", "casos")
    sources.csv("cuadro_2024_20250115.csv", [["2024", "1", "0101", "HOMICIDIO", "1", "50"]], head)
    mart = sources.build().mart
    key = (sources.data / FOLDER / DISCLOSURE_KEY).read_bytes()
    found = OpenMart(sources.data / FOLDER / mart.id, key, 64, 1)
    yield found
    found.close()


def asked(**given: Any) -> contract.QueryRequest:
    years = {"first_year": 2024, **given.pop("filter", {})}
    return contract.QueryRequest(rule=given.pop("rule", 1), filter=contract.StatisticsFilter(**years), **given)


@pytest.mark.parametrize(
    ("request_", "name", "rule"),
    [
        (
            asked(by=[D.DIMENSION_YEAR, D.DIMENSION_HOUR, D.DIMENSION_OFFENCE, D.DIMENSION_MECHANISM]),
            "by",
            "at most three",
        ),
        (asked(by=[D.DIMENSION_YEAR, D.DIMENSION_MONTH]), "by", "one dimension of time"),
        (asked(by=[D.DIMENSION_DEPARTMENT, D.DIMENSION_MUNICIPALITY]), "by", "one of place"),
        (asked(by=[D.DIMENSION_HOUR, D.DIMENSION_HOUR]), "by", "one dimension"),
        (asked(by=[0]), "by", "unknown dimension"),
        (asked(by=[D.DIMENSION_SEX]), "by", "does not have this dimension"),
        (asked(rule=3, by=[D.DIMENSION_WEEK]), "by", "does not have this dimension"),
        (asked(by=[D.DIMENSION_ZONE]), "by", "zones are those"),
        (
            asked(
                by=[D.DIMENSION_MUNICIPALITY, D.DIMENSION_WEEK, D.DIMENSION_OFFENCE],
                filter={"first_year": 2010, "last_year": 2024},
            ),
            "by",
            "20,000 combinations",
        ),
        (asked(by=[D.DIMENSION_DEPARTMENT], filter={"department": "01"}), "by", "held fixed"),
        (asked(filter={"first_year": 0}), "filter.first_year", "a year"),
        (asked(filter={"first_year": 2025, "last_year": 2024}), "filter.first_year", "not after"),
        (asked(filter={"first_year": 2020, "last_year": 2024}), "filter.last_year", "dimension of time"),
        (asked(filter={"month": 13}), "filter.month", "1 to 12"),
        (asked(filter={"department": "23"}), "filter.department", "unknown department"),
        (asked(filter={"municipality": "0199"}), "filter.municipality", "unknown municipality"),
        (asked(filter={"department": "02", "municipality": "0101"}), "filter.municipality", "another department"),
        (asked(filter={"offence": "0101' OR 1=1"}), "filter.offence", "unknown ICCS"),
        (asked(rule=3, filter={"sex": "X"}), "filter.sex", "unknown code"),
        (asked(filter={"sex": "F"}), "filter.sex", "does not have this dimension"),
        (asked(source="nobody"), "source", "unknown source"),
        (asked(source="cuadros"), "rule", "does not count"),
        (asked(rule=5), "rule", "no source counts"),
        (asked(rule=9), "rule", "unknown counting rule"),
        (asked(vintage={"year": 2010, "month": 1, "day": 1}), "vintage", "before the first delivery"),
        (asked(vintage={"year": 2030, "month": 1, "day": 1}), "vintage", "not after today"),
        (asked(vintage={"year": 2025}), "vintage", "a whole date"),
    ],
)
def test_a_question_that_breaks_a_rule_is_refused_by_name(
    opened: OpenMart, request_: contract.QueryRequest, name: str, rule: str
) -> None:
    with pytest.raises(Refusal) as refused:
        read_question(request_, opened, TODAY)
    assert refused.value.field == name
    assert rule in refused.value.rule


def test_one_persons_street_is_no_question() -> None:
    words = ["statistics", "homicides", "--year", "2024", "--by", "street"]
    done = CliRunner().invoke(app, words, env={"COLUMNS": "200"})
    assert done.exit_code == 2
    assert "no hay dimensión «street»" in done.output
    assert "lo más fino es el municipio" in done.output
    assert not set(contract.StatisticsFilter.DESCRIPTOR.fields_by_name) & {"street", "address", "name"}


def test_checks_have_no_place_and_no_offence(opened: OpenMart) -> None:
    for given, name in (
        ({"by": [D.DIMENSION_DEPARTMENT]}, "by"),
        ({"by": [D.DIMENSION_OFFENCE]}, "by"),
        ({"filter": {"offence": "0101"}}, "filter.offence"),
        ({"filter": {"department": "01"}}, "filter.department"),
        ({"filter": {"municipality": "0101"}}, "filter.municipality"),
    ):
        with pytest.raises(Refusal) as refused:
            read_question(asked(rule=6, **given), opened, TODAY)
        assert (refused.value.field, refused.value.rule) == (name, "the source does not have this dimension")
    for by in (D.DIMENSION_HIT, D.DIMENSION_LEVEL, D.DIMENSION_PURPOSE, D.DIMENSION_METHOD):
        with pytest.raises(Refusal):
            read_question(asked(rule=1, by=[by]), opened, TODAY)
    with pytest.raises(Refusal) as refused:
        read_question(asked(rule=7), opened, TODAY)
    assert refused.value.rule == "no source counts this"


@pytest.mark.parametrize(
    ("by", "rates", "change", "name"),
    [
        ([D.DIMENSION_HOUR], True, False, "rates"),
        ([D.DIMENSION_MUNICIPALITY, D.DIMENSION_WEEK], False, True, "change"),  # with the two years before it
    ],
)
def test_what_a_table_cannot_add_is_refused(
    opened: OpenMart, by: list[int], rates: bool, change: bool, name: str
) -> None:
    question = read_question(asked(by=by), opened, TODAY)
    with pytest.raises(Refusal) as refused:
        list(answer(question, opened, TODAY, rates, change))
    assert refused.value.field == name


def test_each_rule_and_field_has_its_spanish() -> None:
    folder = Path(__file__).parents[2] / "server" / "statistics"
    told = [
        found
        for path in folder.glob("*.py")
        for found in re.findall(r'invalid\(f?"([^"]+)", "([^"]+)"\)', path.read_text(encoding="utf-8"))
    ]
    assert len(told) > 25
    assert {rule for _, rule in told} <= set(RULES)
    assert {name for name, _ in told if "{" not in name} <= set(FIELDS)


def test_a_stale_source_is_grey_and_its_silence_no_fall(opened: OpenMart) -> None:
    question = read_question(asked(by=[D.DIMENSION_MONTH]), opened, TODAY)
    (message,) = answer(question, opened, TODAY, False, True)
    assert {cell.state for cell in message.cells} == {contract.CELL_STATE_STALE}
    assert message.frame.tested == 0
    assert any("GRIS" in text for text in message.frame.coverage)
    fresh = read_question(asked(by=[D.DIMENSION_MONTH]), opened, datetime.date(2025, 1, 20))
    (message,) = answer(fresh, opened, datetime.date(2025, 1, 20), False, False)
    assert {cell.state for cell in message.cells} == {contract.CELL_STATE_COMPLETE}
